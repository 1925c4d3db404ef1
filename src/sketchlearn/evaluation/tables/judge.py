"""Judging a model of tables, from the sources of real rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.encoding import TableSchema
from sketchlearn.evaluation.case import SupportsSample
from sketchlearn.evaluation.tables.evaluate import TRAINED, Result, evaluate_tables
from sketchlearn.sources import open_source

if TYPE_CHECKING:
    import pyarrow as pa

# What says something of the rows that the model was fitted on, and nothing of others.
_MEMORISATION = ("exact_copies", "closest_record_ratio")


def evaluate_rows(
    model: SupportsSample, holdout: Any, train: Any, samples: int | None, seed: int
) -> Result:
    """Judge a model of tables; see `evaluate` for the arguments and `evaluate_tables` for metrics.

    Without the rows that were fitted, half of the holdout stands for them, and nothing is said
    of copies.
    """
    schema = model.schema
    assert isinstance(schema, TableSchema)
    real = _rows(holdout, schema)
    if train is None:
        order = np.random.default_rng(seed).permutation(len(real))
        half = len(real) // 2
        known, real = real.take(order[half:]), real.take(order[:half])
    else:
        known = _rows(train, schema)
    most = min(len(known), TRAINED, samples or TRAINED)
    made = model.sample(most, seed=seed).to_arrow()
    known = known.select(made.column_names)
    label = schema.label.name if schema.label else None
    found = evaluate_tables(made, known, real.select(made.column_names), label, seed)
    return (
        found if train is not None else {k: v for k, v in found.items() if k not in _MEMORISATION}
    )


def _rows(source: Any, schema: TableSchema) -> pa.Table:
    """Read real rows, the label among them, as one Arrow table."""
    import pyarrow as pa

    label = schema.label.name if schema.label else None
    opened = open_source(source, columns=schema.drawn_columns, label=label)
    parts = []
    for batch in opened.batches():
        assert batch.table is not None
        part = pa.Table.from_batches([batch.table])
        if label is not None and batch.labels is not None:
            part = part.append_column(label, pa.array(batch.labels.tolist()))
        parts.append(part)
    return pa.concat_tables(parts, promote_options="permissive")
