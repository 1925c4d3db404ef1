"""How Arrow tables become batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.errors import ColumnError, SourceError
from sketchlearn.sources.arrow_columns import (
    STORED,
    dtype_name,
    given_back,
    plain_column,
    plain_type,
    same_type,
)
from sketchlearn.sources.batch import Batch, SourceSchema
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.records import batch_rows, check_labels, missing_labels

if TYPE_CHECKING:
    import pyarrow as pa


@contextmanager
def arrow_errors(where: str) -> Iterator[None]:
    """Turn the errors of pyarrow into `SourceError`, naming what was being read."""
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as error:
        raise SourceError(
            f"{where} cannot be read ({error}). Check that it is whole, and that each column "
            f"holds values of one type."
        ) from error


@dataclass(frozen=True)
class TableLayout:
    """How Arrow tables become batches.

    Attributes:
        schema: what the source declares.
        names: every column of the source, whether read or not.
    """

    schema: SourceSchema
    names: frozenset[str]

    @classmethod
    def of(cls, arrow: pa.Schema, choice: Choice) -> TableLayout:
        """Build the layout of tables of this Arrow schema.

        Raises:
            ColumnError: a column is absent, named twice, or without name.
        """
        import pyarrow as pa

        hidden = _index_columns(arrow)
        names = choice.names(arrow.names, label_apart=False, hidden=hidden)
        if "" in names:
            raise ColumnError(
                "A column has no name, as when pandas writes its index to CSV. Write the file "
                "with index=False, or choose the columns with columns=[...]."
            )
        fields = [_declared(arrow.field(name)) for name in names]
        schema = SourceSchema(
            columns=names,
            dtypes=tuple(dtype_name(field.type) for field in fields),
            image=choice.image_for(len(names), None),
            label=choice.label,
            arrow=pa.schema(fields),
        )
        return cls(schema, frozenset(arrow.names) - set(hidden))

    @property
    def used(self) -> list[str]:
        """Names of the columns to read, the label last."""
        label = self.schema.label
        return [*self.schema.columns, *(() if label is None else (label,))]

    def check(self, arrow: pa.Schema, where: str) -> None:
        """Refuse a later table that has other columns than the first.

        Raises:
            ColumnError: a column is missing, added, named twice, or of another type.
        """
        names = set(arrow.names) - set(_index_columns(arrow))
        absent, added = sorted(self.names - names), sorted(names - self.names)
        if absent or added:
            raise ColumnError(
                f"{where} has other columns than the first: missing {absent}, added {added}. "
                f"Give tables of the same columns."
            )
        for name in self.used:
            if len(arrow.get_all_field_indices(name)) > 1:
                raise ColumnError(
                    f"{where} has several columns named {name!r}, and one was expected. "
                    f"Rename them so that every name is used once."
                )
        for field in self._fields:
            later = plain_type(arrow.field(field.name).type)
            if not same_type(field.type, later):
                raise ColumnError(
                    f"Column {field.name!r} holds values of type {later} in {where}, where the "
                    f"first had {field.type}. Convert it, so that its type is the same everywhere."
                )

    def batches(self, table: pa.Table | pa.RecordBatch) -> Iterator[Batch]:
        """Yield the records of a table, a batch at a time.

        Raises:
            LabelError: a label is missing.
        """
        import pyarrow as pa

        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        step = batch_rows(len(self.schema.columns))
        for part in table.select(self.used).to_batches(max_chunksize=step):
            if len(part):
                yield Batch.of_table(self._values(part), self._labels(part))

    @property
    def _fields(self) -> pa.Schema:
        assert self.schema.arrow is not None
        return self.schema.arrow

    def _values(self, part: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        if self.schema.label is not None:
            part = part.select(self.schema.columns)
        if part.schema.equals(self._fields):
            return part
        columns = [
            plain_column(column, kind)
            for column, kind in zip(part.columns, self._fields.types, strict=True)
        ]
        return pa.RecordBatch.from_arrays(columns, names=self._fields.names)

    def _labels(self, part: pa.RecordBatch) -> np.ndarray | None:
        import pyarrow as pa

        if self.schema.label is None:
            return None
        column: Any = part.column(self.schema.label)
        if isinstance(column, pa.DictionaryArray):
            column = column.dictionary_decode()
        if column.null_count:
            raise missing_labels(column.null_count, len(part))
        return check_labels(column.to_numpy(zero_copy_only=False), len(part))


def _index_columns(arrow: pa.Schema) -> list[str]:
    # pandas exports an index that is not 0..n-1 as one more column.
    told = json.loads((arrow.metadata or {}).get(b"pandas", b"{}"))
    return [name for name in told.get("index_columns", []) if isinstance(name, str)]


def _declared(field: pa.Field) -> pa.Field:
    import pyarrow as pa

    kind = plain_type(field.type)
    told = dict(field.metadata or {})
    if kind != field.type and given_back(field.type):
        told[STORED] = pa.schema([field.with_metadata(None)]).serialize().to_pybytes()
    return pa.field(field.name, kind, metadata=told or None)
