"""How Arrow tables become batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.errors import ColumnError, SourceError
from sketchlearn.sources.batch import Batch, SourceSchema
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.records import as_values, batch_rows, check_labels, missing_labels

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
            ColumnError: a column is absent, not numeric, or without name.
        """
        hidden = _index_columns(arrow)
        names = choice.names(arrow.names, label_apart=False, hidden=hidden)
        if "" in names:
            raise ColumnError(
                "A column has no name, as when pandas writes its index to CSV. Write the file "
                "with index=False, or choose the columns with columns=[...]."
            )
        schema = SourceSchema(
            columns=names,
            dtypes=tuple(_dtype(arrow.field(name).type, name).name for name in names),
            image=choice.image_for(len(names), None),
            label=choice.label,
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
            ColumnError: a column is missing, added, or not numeric.
        """
        names = set(arrow.names) - set(_index_columns(arrow))
        absent, added = sorted(self.names - names), sorted(names - self.names)
        if absent or added:
            raise ColumnError(
                f"{where} has other columns than the first: missing {absent}, added {added}. "
                f"Give tables of the same columns."
            )
        for name in self.schema.columns:
            _dtype(arrow.field(name).type, name)

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
                yield Batch(self._values(part), self._labels(part))

    def _values(self, part: pa.RecordBatch) -> np.ndarray:
        columns = [_numbers(part.column(name)) for name in self.schema.columns]
        dtypes = {column.dtype for column in columns}
        # Columns of one dtype keep it; float64 holds any mixture, and the NaN of nulls.
        dtype = dtypes.pop() if len(dtypes) == 1 else np.dtype(np.float64)
        values = np.empty((len(part), len(columns)), dtype)
        for i, column in enumerate(columns):
            values[:, i] = column
        return as_values(values)

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


def _dtype(kind: pa.DataType, name: str) -> np.dtype:
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return np.dtype(np.float64)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        raise ColumnError.not_numeric(name, f"values of type {kind}")
    return np.dtype(kind.to_pandas_dtype())


def _numbers(column: Any) -> np.ndarray:
    import pyarrow as pa

    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())  # booleans with nulls would become Python objects
    elif pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    return column.to_numpy(zero_copy_only=False)
