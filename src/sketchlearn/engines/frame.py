"""What every engine of a cluster can be asked, and the driver's part of its pass."""

from __future__ import annotations

import importlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, ClassVar, Self

from sketchlearn.encoding import Missing
from sketchlearn.encoding.schema import check_missing
from sketchlearn.engines.partials import Order
from sketchlearn.errors import EmptySourceError, EngineError, MissingExtraError, SketchlearnError
from sketchlearn.sketches import Plan, PlanOptions, Sketch, pilot
from sketchlearn.sources.choice import Choice


class Frame(ABC):
    """A table whose partitions a cluster holds."""

    #: what people call the engine
    engine: ClassVar[str]

    @abstractmethod
    def columns(self) -> list[str]:
        """Return the names of all columns, without reading more than one partition."""

    def hidden(self) -> list[str]:
        """Return those columns that are read only when named, such as an index."""
        return []

    @abstractmethod
    def select(self, names: Sequence[str]) -> Self:
        """Return the frame with these of its columns only, so that the others never travel."""

    @abstractmethod
    def pilot(self, rows: int, seed: int) -> Any:
        """Return about `rows` records to plan with, as an Arrow table."""

    @abstractmethod
    def partials(self, order: Order) -> Generator[bytes, None, None]:
        """Yield partial sketches that together hold every record once, as they arrive."""


def plan_frame(frame: Frame, **options: Any) -> Plan:
    """Make a plan from a pilot of a frame; options and errors are those of `plan`."""
    settings = PlanOptions(**options)
    choice = Choice.checked(settings.columns, settings.label, settings.image)
    with _cluster_errors(frame.engine):
        table = _narrowed(frame, choice).pilot(settings.pilot, settings.seed)
    return pilot.plan(table, **options)


def sketch_frame(
    frame: Frame,
    plan: Plan,
    missing: Missing,
    on_batch: Callable[[int, int | None], None] | None,
) -> Sketch:
    """Sketch a frame where its partitions are; errors are those of `sketch`."""
    check_missing(missing)
    schema = plan.schema
    choice = Choice(schema.columns, schema.label.name if schema.label else None)
    total = Sketch(plan)
    with closing(_arriving(frame, choice, Order.of(plan, missing))) as parts:
        for part in parts:
            before = _read(total)
            total += Sketch.from_bytes(part, plan)
            if on_batch and _read(total) > before:
                on_batch(_read(total), None)
    if not _read(total):
        raise EmptySourceError("The source holds no record. Check the path or the filter.")
    return total


def _read(sketch: Sketch) -> int:
    return sketch.count + sketch.dropped


def require(engine: str, *libraries: str) -> None:
    """Raise MissingExtraError unless the libraries an engine needs are installed."""
    for library in libraries:
        try:
            importlib.import_module(library)
        except ImportError as error:
            purpose = f"Sketching with {engine}"
            raise MissingExtraError.needs(library, engine.lower(), purpose) from error


def _narrowed(frame: Frame, choice: Choice) -> Frame:
    names = choice.names(frame.columns(), label_apart=False, hidden=frame.hidden())
    return frame.select([*names, *(() if choice.label is None else (choice.label,))])


def _arriving(frame: Frame, choice: Choice, order: Order) -> Generator[bytes, None, None]:
    with _cluster_errors(frame.engine), closing(_narrowed(frame, choice).partials(order)) as parts:
        yield from parts


@contextmanager
def _cluster_errors(engine: str) -> Iterator[None]:
    """Let the library's own errors through and turn any other into `EngineError`."""
    try:
        yield
    except SketchlearnError:
        raise
    except Exception as error:
        raise EngineError(
            f"{engine} could not finish the pass ({_cause(error)}). Nothing was counted. If "
            f"workers died, give them more memory or smaller partitions; if reading failed, see "
            f"that every worker reaches the data and has sketchlearn installed. Then run it again."
        ) from error


def _cause(error: Exception) -> str:
    """Return the one line of a cluster's error that names the first exception in its chain."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]+(Error|Exception)\b", line)]
    line = next(iter(named), None) or f"{type(error).__name__}: {next(iter(lines), '')}"
    return line[:300]
