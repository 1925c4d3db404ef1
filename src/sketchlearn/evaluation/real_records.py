"""Real records to judge against: read, capped and checked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sketchlearn.errors import ColumnError, EmptySourceError, MissingValuesError
from sketchlearn.sources import Batch, Source, open_source

# Records kept of each source: enough for every metric to settle, few enough for memory.
MOST_RECORDS = 20_000
# Under this many records no metric says anything.
LEAST_RECORDS = 20


class ModelSchema(Protocol):
    """What evaluation asks of a model's schema."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of the numeric columns, in order."""
        ...

    @property
    def label(self) -> Any:
        """The label column: its name, or an object with a `name`; None without one."""
        ...

    @property
    def image(self) -> tuple[int, ...] | None:
        """Shape of one record when records are images, else None."""
        ...


@dataclass(frozen=True)
class LabelledRecords:
    """Records as a matrix of floats, with their labels when they have any.

    Attributes:
        values: shape (n, d), float64, all finite.
        labels: shape (n,), or None.
    """

    values: np.ndarray
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray) -> LabelledRecords:
        """Return the records at `rows`, in that order."""
        labels = None if self.labels is None else self.labels[rows]
        return LabelledRecords(self.values[rows], labels)


def read_records(
    source: Any, schema: ModelSchema, role: str, seed: int, most: int = MOST_RECORDS
) -> LabelledRecords:
    """Read at most `most` records of a source, drawn at random when it holds more.

    Args:
        source: anything `sketchlearn.sources.open_source` reads.
        schema: of the model under judgement; its columns are read.
        role: what messages call the source, such as "holdout".
        seed: draws the records kept.
        most: records kept.

    Raises:
        ColumnError: if the columns are not those of the model.
        MissingValuesError: if a value is NaN or infinite, or a label is missing.
        EmptySourceError: if there are fewer than 20 records.
    """
    opened = _open(source, schema)
    _check_columns(opened.schema.columns, schema, role)
    records = _reservoir(opened.batches(), len(schema.columns), role, seed, most)
    if len(records) < LEAST_RECORDS:
        raise EmptySourceError(
            f"The {role} source holds {len(records)} records; evaluation needs at least "
            f"{LEAST_RECORDS}, and several hundred to say much. Give more records."
        )
    return records


def _open(source: Any, schema: ModelSchema) -> Source:
    """Open a source on the model's columns and label, by name."""
    if isinstance(source, Source):
        return source
    label = None if schema.label is None else getattr(schema.label, "name", schema.label)
    return open_source(source, columns=tuple(schema.columns), label=label, image=schema.image)


def _check_columns(columns: Sequence[str], schema: ModelSchema, role: str) -> None:
    """Refuse a source whose columns are not those of the model, in the same order."""
    wanted = tuple(schema.columns)
    # A source without records may not know its columns.
    if not columns or tuple(columns) == wanted:
        return
    absent = next((name for name in wanted if name not in columns), None)
    if absent is not None:
        raise ColumnError.absent(absent, columns)
    raise ColumnError(
        f"The {role} source was opened on the columns {list(columns)[:12]}; the model has "
        f"{list(wanted)[:12]}. Open it with columns=[...] of the model, in that order."
    )


def _reservoir(
    batches: Iterator[Batch], width: int, role: str, seed: int, most: int
) -> LabelledRecords:
    """Keep the `most` records with the smallest random keys, in one pass."""
    rng = np.random.default_rng(seed)
    kept, keys = LabelledRecords(np.empty((0, width))), np.empty(0)
    for batch in batches:
        kept = _joined(kept, _checked(batch, width, role))
        keys = np.concatenate([keys, rng.random(len(batch))])
        if len(keys) > most:
            rows = np.sort(np.argpartition(keys, most)[:most])
            kept, keys = kept.take(rows), keys[rows]
    return kept


def _joined(first: LabelledRecords, second: LabelledRecords) -> LabelledRecords:
    """Return the records of both, labelled when both are."""
    if not len(first):
        return second
    labels = None
    if first.labels is not None and second.labels is not None:
        labels = np.concatenate([first.labels, second.labels])
    return LabelledRecords(np.concatenate([first.values, second.values]), labels)


def _checked(batch: Batch, width: int, role: str) -> LabelledRecords:
    """Return the batch as a finite matrix of floats with whole labels."""
    labels = None if batch.labels is None else np.asarray(batch.labels)
    if labels is not None and _has_missing(labels):
        raise MissingValuesError(
            f"The {role} labels hold missing values; expected one label per record. "
            "Drop those records first."
        )
    return LabelledRecords(finite_matrix(batch.values, width, role), labels)


def _has_missing(labels: np.ndarray) -> bool:
    """Tell whether a label is None or NaN, which only floats and objects can be."""
    if labels.dtype.kind not in "fO":
        return False
    return any(
        label is None or (isinstance(label, float) and math.isnan(label))
        for label in labels.tolist()
    )


def finite_matrix(values: Any, width: int, role: str) -> np.ndarray:
    """Return records as an (n, width) matrix of finite floats.

    Raises:
        ColumnError: if the records are not of `width` numbers each.
        MissingValuesError: if a value is NaN or infinite.
    """
    array = np.asarray(values)
    matrix = array.reshape(len(array), -1).astype(np.float64)
    if len(matrix) and matrix.shape[1] != width:
        raise ColumnError(
            f"The {role} records hold {matrix.shape[1]} numbers each, shape {array.shape}; "
            f"expected {width}. Give records with the columns the model was fitted on."
        )
    bad = int(np.sum(~np.isfinite(matrix).all(axis=1)))
    if bad:
        raise MissingValuesError(
            f"{bad} of the {role} records hold NaN or infinite values; expected finite numbers. "
            "Drop or fill those records first; if they are generated, fit the model again."
        )
    return matrix.reshape(len(matrix), width)
