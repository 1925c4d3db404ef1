"""Partial sketches: the part of a cluster's pass that runs on its workers.

A partial sketch is a pure function of one partition, so a cluster may run a task again, or
twice, and nothing is counted twice. It travels as the bytes of a sketch file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sketchlearn import errors
from sketchlearn.encoding import Missing
from sketchlearn.errors import PlanMismatchError, SketchlearnError
from sketchlearn.sketches import Plan, Sketch
from sketchlearn.sketches.sketch import open_like

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Order:
    """What every worker is told: the plan, and what to do with missing values.

    Attributes:
        document: the plan as JSON text.
        frequencies_digest: digest of the frequencies the driver drew.
        missing: "refuse" or "drop".
    """

    document: str
    frequencies_digest: str
    missing: Missing

    @classmethod
    def of(cls, plan: Plan, missing: Missing) -> Order:
        """Build the order to sketch with a plan."""
        return cls(json.dumps(plan.to_document()), plan.frequencies_digest, missing)

    def sketch(self, tables: Iterable[Any]) -> bytes:
        """Return the partial sketch of tables, one after the other, as bytes.

        Raises:
            SourceError: a table cannot be read, or holds values that are refused.
            LabelError: a record's label is unknown to the plan.
            PlanMismatchError: this worker draws other frequencies than the driver.
        """
        plan = _plan_of(self.document, self.frequencies_digest)
        part = Sketch(plan)
        for batch in open_like(iter(tables), plan).batches():
            part.add_batch(batch, self.missing)
        return part.to_bytes()

    def merge(self, parts: Iterable[bytes]) -> bytes:
        """Return the sum of partial sketches, holding two of them at a time."""
        plan = _plan_of(self.document, self.frequencies_digest)
        return sum((Sketch.from_bytes(part, plan) for part in parts), Sketch(plan)).to_bytes()


@lru_cache(maxsize=4)
def _plan_of(document: str, frequencies_digest: str) -> Plan:
    """Build a plan once per process, so that its frequencies are drawn once."""
    plan = Plan.from_document(json.loads(document))
    if plan.frequencies_digest != frequencies_digest:
        raise PlanMismatchError(
            "A worker draws other frequencies than the driver from the same plan, because their "
            "mathematical libraries differ. Install the same versions of sketchlearn, numpy and "
            "scipy on the driver and on every worker."
        )
    return plan


def outcome(make: Callable[[], bytes]) -> pa.RecordBatch:
    """Return a partial sketch, or the library's refusal to make it, as a table of one row.

    A refusal that travels like a result reaches the driver as what it is; raised in a worker, it
    would be tried again, logged with its traceback and wrapped in an error of the cluster.
    """
    import pyarrow as pa

    sketch, refusal = None, None
    try:
        sketch = make()
    except SketchlearnError as error:
        refusal = f"{type(error).__name__}: {error}"
    columns = [pa.array([sketch], pa.binary()), pa.array([refusal], pa.string())]
    return pa.record_batch(columns, ["sketch", "refusal"])


def sketches_in(outcomes: Iterable[pa.RecordBatch | pa.Table]) -> Generator[bytes, None, None]:
    """Yield the partial sketches of tables that `outcome` made.

    Raises:
        SketchlearnError: the first refusal among them, as the class it had in the worker.
    """
    for table in outcomes:
        for row in table.to_pylist():
            if row["refusal"] is not None:
                name, _, message = row["refusal"].partition(": ")
                raise getattr(errors, name, SketchlearnError)(message)
            yield row["sketch"]
