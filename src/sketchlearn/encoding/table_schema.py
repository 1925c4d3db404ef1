"""Tables with columns of every kind: numbers, moments, categories, holes."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, final

import numpy as np

from sketchlearn.encoding.arrow_numbers import as_numbers
from sketchlearn.encoding.columns import UNKNOWN, Column
from sketchlearn.encoding.decoding import constant, decoded, looked_up
from sketchlearn.encoding.flags import flag_codes, is_set
from sketchlearn.encoding.records import TableRecords
from sketchlearn.encoding.refusals import lost_value, outside_bounds, unknown_value
from sketchlearn.encoding.schema import (
    Encoded,
    Label,
    Missing,
    Schema,
    check_missing,
    label_from_document,
    label_to_document,
)
from sketchlearn.encoding.surprises import warn_of_numbers, warn_of_surprises
from sketchlearn.errors import ColumnError, PlanError
from sketchlearn.sources import Batch
from sketchlearn.sources.arrow_columns import as_stored, is_number, same_type

if TYPE_CHECKING:
    import pyarrow as pa


@final
@dataclass(frozen=True)
class TableSchema(Schema):
    """The columns of a table, each with its encoding.

    Attributes:
        fields: every column of the source, in order.
        types: their Arrow types, as an Arrow schema in base64.
        label: the label column, or None.
    """

    fields: tuple[Column, ...]
    types: str
    label: Label | None = None
    image: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise PlanError("A table needs at least one column that is not constant or left out.")
        if [column.name for column in self.fields] != self.arrow.names:
            raise PlanError("The names of a table's columns and of their types differ.")

    @property
    def columns(self) -> tuple[str, ...]:  # type: ignore[override]
        """Names of the source's columns, in order."""
        return tuple(column.name for column in self.fields)

    @property
    def drawn_columns(self) -> tuple[str, ...]:
        """Names of the columns that generated rows have: those that were not left out."""
        return tuple(column.name for column in self.fields if column.kind != "left out")

    @cached_property
    def arrow(self) -> pa.Schema:
        """Arrow types of the columns."""
        import pyarrow as pa

        try:
            return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(self.types)))
        except (pa.ArrowException, OSError, ValueError, TypeError) as error:
            raise PlanError(f"The types of a table's columns cannot be read ({error}).") from error

    @cached_property
    def encoded(self) -> tuple[Column, ...]:
        """The columns that take numbers in an encoded record, in order."""
        return tuple(column for column in self.fields if column.width)

    @cached_property
    def dimension(self) -> int:  # type: ignore[override]
        """Numbers of an encoded record, d."""
        return sum(column.width for column in self.fields)

    def encode(self, batch: Batch, missing: Missing = "refuse") -> Encoded:
        """Encode a batch and number its labels; see `Schema.encode`."""
        check_missing(missing)
        if batch.table is None:
            raise ColumnError(
                "The plan is for tables with named columns, and an array was given. Give a data "
                "frame, an Arrow table or files with the columns the plan was made from."
            )
        encoded = np.zeros((len(batch), self.dimension))
        whole = np.ones(len(batch), dtype=bool)
        start = 0
        for column in self.encoded:
            block = encoded[:, start : start + column.width]
            start += column.width
            whole &= self._encode_column(batch, column, block, missing)
        dropped = int((~whole).sum())
        if dropped:
            batch, encoded = batch.take(np.flatnonzero(whole)), encoded[whole]
        self._warn_of_surprises(batch, encoded)
        return Encoded(encoded, self.class_numbers(batch), dropped)

    def _encode_column(
        self, batch: Batch, column: Column, block: np.ndarray, missing: Missing
    ) -> np.ndarray:
        """Write one column; return which values could be encoded."""
        assert batch.table is not None
        if column.kind == "flags":
            return self._encode_flags(batch, column, block, missing)
        values = self._values(batch, column.name)
        numbers = as_numbers(values, column.name) if column.numeric else None
        absent = np.asarray(values.is_null()) if numbers is None else np.isnan(numbers)
        infinite = np.isinf(numbers) if numbers is not None else np.zeros_like(absent)
        lost = infinite if column.missing else infinite | absent
        if lost.any() and missing == "refuse":
            raise lost_value(column, infinite, lost)
        if column.slots:
            codes = column.codes(values, numbers)
            unknown = (codes == UNKNOWN) & ~lost
            if unknown.any():
                raise unknown_value(column, values, unknown)
            rows = np.flatnonzero(codes >= 0)
            block[rows, codes[rows]] = 1
        if column.number and numbers is not None:
            here = np.ones(len(block), dtype=bool)
            if column.slots:
                here = block[:, column.slots - 1] == 1
            outlying = column.outlying(numbers) & here & ~lost
            if outlying.any() and column.outside == "refuse":
                raise outside_bounds(column, numbers, outlying, values.type)
            warn_of_numbers(column, numbers[here & ~lost])
            block[here, -1] = column.scores(numbers[here])
        return ~lost

    def _encode_flags(
        self, batch: Batch, column: Column, block: np.ndarray, missing: Missing
    ) -> np.ndarray:
        members = [self._values(batch, name) for name in column.categories]
        lost = np.zeros(len(block), dtype=bool)
        for name, values in zip(column.categories, members, strict=True):
            absent = np.asarray(values.is_null())
            if absent.any() and missing == "refuse":
                raise lost_value(replace(column, name=name), np.zeros_like(absent), absent)
            lost |= absent
        named = zip(column.categories, members, strict=True)
        codes = flag_codes([is_set(values, name) for name, values in named])
        block[np.arange(len(block)), codes] = 1
        return ~lost

    def _values(self, batch: Batch, name: str) -> pa.Array:
        """Return a column of a batch in the plan's type."""
        assert batch.table is not None
        return _as_planned(batch.table.column(name), self.arrow.field(name).type, name)

    def _warn_of_surprises(self, batch: Batch, encoded: np.ndarray) -> None:
        names = [column.name for column in self.encoded]
        for column in self.fields:
            warn_of_surprises(
                column,
                partial(self._values, batch),
                lambda name: self._blocks(encoded)[names.index(name)],
            )

    def decode(self, encoded: np.ndarray, classes: np.ndarray | None = None) -> TableRecords:
        """Turn one-hot vectors back into rows with the source's columns and types.

        Columns that were left out are not there; a tail comes back as "(other)".
        """
        import pyarrow as pa

        made: dict[str, pa.Array] = {}
        blocks = dict(zip((c.name for c in self.encoded), self._blocks(encoded), strict=True))
        for column in self.fields:
            if column.kind == "left out":
                continue
            kind = self.arrow.field(column.name).type
            if column.kind == "copy":
                made[column.name] = made[column.value].cast(kind)
            elif column.kind == "constant":
                made[column.name] = constant(column.value, kind, len(encoded))
            elif column.kind in ("derived", "flags"):
                source = column.value if column.kind == "derived" else column.name
                slots = blocks[source][:, : len(column.values)]
                made[column.name] = looked_up(column.values, kind, slots.argmax(axis=1))
            else:
                made[column.name] = decoded(column, kind, blocks[column.name])
        labels = self.class_names(classes)
        name = self.label.name if self.label and labels is not None else None
        return TableRecords(pa.table(made), name, labels)

    def stored(self, records: TableRecords) -> TableRecords:
        """Return rows with columns stored as the source's were: as categories, views or wide."""
        import pyarrow as pa

        table = records.table
        columns = {
            name: as_stored(table[name], self.arrow.field(name)) for name in table.column_names
        }
        return replace(records, table=pa.table(columns))

    def _blocks(self, encoded: np.ndarray) -> list[np.ndarray]:
        """Return the numbers of each encoded column, in order, each (n, width)."""
        ends = np.cumsum([column.width for column in self.encoded])
        return np.split(encoded, ends[:-1], axis=1)

    @property
    def learnt(self) -> dict[str, tuple[str, ...]]:
        """The parts of each column that come from rows, by the words they are declared with.

        Columns that were declared whole are not there: where the mapping is empty, no row had a
        part in the schema. Plans of the first releases do not say, and all is taken for learnt.
        """
        found = {column.name: column.learnt for column in self.fields if column.learnt}
        if self.label is not None and self.label.learnt:
            found[self.label.name] = ("classes",)
        return found

    def to_document(self) -> dict[str, Any]:
        """Return the schema as JSON values."""
        return {
            "kind": "table",
            "fields": [column.to_document() for column in self.fields],
            "types": self.types,
            "label": label_to_document(self.label),
            "learnt": {name: list(parts) for name, parts in self.learnt.items()},
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> TableSchema:
        """Build the schema that `to_document` described."""
        columns = [Column.from_document(column) for column in document["fields"]]
        label = label_from_document(document["label"])
        if "learnt" in document:
            known = document["learnt"]
            columns = [replace(c, learnt=tuple(known.get(c.name, ()))) for c in columns]
            label = label and replace(label, learnt=label.name in known)
        else:
            columns = [replace(column, learnt=column.learnable) for column in columns]
        return cls(tuple(columns), document["types"], label)


def _as_planned(values: pa.Array, planned: pa.DataType, name: str) -> pa.Array:
    """Return a column in the plan's units of time; refuse one of another kind.

    Raises:
        ColumnError: the types may not meet, or the units lose digits.
    """
    import pyarrow as pa

    if values.type == planned or (is_number(planned) and is_number(values.type)):
        return values
    try:
        if same_type(planned, values.type):
            return values.cast(planned)
    except pa.ArrowInvalid as error:
        raise ColumnError(
            f"Column {name!r} holds {values.type}, and the plan {planned}: {error}. Convert it."
        ) from error
    raise ColumnError(
        f"Column {name!r} holds values of type {values.type}, where the plan has {planned}. "
        "Convert it, or make the plan again."
    )
