"""Records as a user sees them: the source's own columns, units and labels."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from sketchlearn.errors import OptionError
from sketchlearn.sources.database_kinds import database_to_write
from sketchlearn.sources.row_rules import RowRules
from sketchlearn.storage import write_whole

if TYPE_CHECKING:
    import pyarrow as pa


class Exported(ABC):
    """Records that are handed to other libraries, or written to files."""

    @abstractmethod
    def to_numpy(self) -> np.ndarray:
        """Return the values as an array, records first."""

    @abstractmethod
    def to_arrow(self) -> pa.Table:
        """Return a pyarrow table with the source's columns, the label last."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Export an Arrow stream, so that pandas, polars and DuckDB read records as they are."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def save(self, path: str | Path) -> None:
        """Write the records whole to a `.parquet`, `.csv` or `.npy` file, chosen by the suffix.

        Raises:
            OptionError: another suffix.
            StorageError: the file cannot be written.
        """
        write_whole(path, self._serialised(Path(path).suffix.lower()))

    def write_to(self, database: object, table: str) -> None:
        """Write the records to a new table of a database, whole or not at all.

        Types are kept as well as the database has them: of SQLite booleans are 0 and 1, moments
        ISO text, durations seconds.

        Args:
            database: the path of a DuckDB or SQLite file, an open duckdb connection, or a URI
                postgresql://user@host/name. A file that is not there is made, of the kind its
                suffix says, .duckdb or .sqlite.
            table: its name, taken as it is, in the default schema.

        Raises:
            OptionError: the database is of no kind that can be written to.
            StorageError: it has such a table, which stays as it is, or cannot be written.
            SourceError: it cannot be opened.
            MissingExtraError: its driver is not installed.
        """
        database_to_write(database).write(table, self.to_arrow())

    def _serialised(self, suffix: str) -> bytes:
        buffer = io.BytesIO()
        if suffix == ".parquet":
            import pyarrow.parquet as pq

            pq.write_table(self.to_arrow(), buffer)
        elif suffix == ".csv":
            import pyarrow.csv as pc

            pc.write_csv(self.to_arrow(), buffer)
        elif suffix == ".npy":
            values = self.to_numpy()
            if values.dtype == object:
                raise OptionError(
                    "A table of mixed columns cannot be written as .npy; name the file .parquet "
                    "or .csv."
                )
            np.save(buffer, values, allow_pickle=False)
        else:
            raise OptionError(
                f"Records cannot be written as {suffix or 'a file without suffix'!r}; "
                "name the file .parquet, .csv or .npy."
            )
        return buffer.getvalue()


@final
@dataclass(frozen=True)
class Records(Exported):
    """Some records in the source's own columns; exports Arrow and numpy.

    Attributes:
        columns: names of the numeric columns.
        dtypes: numpy dtype name of each column.
        values: numbers in the source's units, shape (n, d).
        image: shape of one record when records are images, else None.
        label: name of the label column, or None.
        labels: one label per record, shape (n,), or None.
    """

    columns: tuple[str, ...]
    dtypes: tuple[str, ...]
    values: np.ndarray
    image: tuple[int, ...] | None = None
    label: str | None = None
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def to_numpy(self) -> np.ndarray:
        """Return the values: shape (n, d), or (n, *image) for images."""
        return self.values if self.image is None else self.values.reshape(-1, *self.image)

    def to_arrow(self) -> pa.Table:
        """Return a pyarrow table with the source's columns, the label last."""
        import pyarrow as pa

        arrays = {
            name: pa.array(self.values[:, j].astype(dtype))
            for j, (name, dtype) in enumerate(zip(self.columns, self.dtypes, strict=True))
        }
        if self.label is not None and self.labels is not None:
            arrays[self.label] = pa.array(self.labels.tolist())
        return pa.table(arrays)

    @classmethod
    def join(cls, parts: Sequence[Records]) -> Records:
        """Return several records of the same columns as one, at least one."""
        labels = [part.labels for part in parts if part.labels is not None]
        values = np.concatenate([part.values for part in parts])
        return replace(parts[0], values=values, labels=np.concatenate(labels) if labels else None)


@final
@dataclass(frozen=True)
class TableRecords(Exported):
    """Some rows of a table, in the source's own columns and types.

    Attributes:
        table: the value columns.
        label: name of the label column, or None.
        labels: one label per record, shape (n,), or None.
    """

    table: pa.Table
    label: str | None = None
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.table)

    def to_numpy(self) -> np.ndarray:
        """Return the columns as Python objects, shape (n, columns); `to_arrow` keeps types."""
        columns = [column.to_numpy(zero_copy_only=False) for column in self.table.columns]
        return np.stack([column.astype(object) for column in columns], axis=1)

    def to_arrow(self) -> pa.Table:
        """Return a pyarrow table with the source's columns, the label last."""
        import pyarrow as pa

        if self.label is None or self.labels is None:
            return self.table
        return self.table.append_column(self.label, pa.array(self.labels.tolist()))

    def where(self, condition: str) -> TableRecords:
        """Return the rows for which an SQL condition holds; the label counts as a column.

        Raises:
            OptionError: the condition cannot be evaluated on these columns.
            MissingExtraError: DuckDB is not installed.
        """
        with RowRules(condition) as rules:
            records, passing = self.under(rules)
        return records.take(passing)

    def under(self, rules: RowRules) -> tuple[TableRecords, np.ndarray]:
        """Return the rows with what rules compute, and the numbers of those that satisfy them.

        Raises:
            OptionError: a rule cannot be evaluated on these columns, or computes the label.
        """
        if self.label is not None and self.label in rules.derive:
            raise OptionError(
                f"derive: {self.label!r} is the label, which the model was given and is not "
                "computed. Ask for a class with label=, or for a condition on it with where=."
            )
        table, passing = rules.applied(self.to_arrow())
        if self.label is not None and self.labels is not None:
            table = table.drop_columns([self.label])
        return TableRecords(table, self.label, self.labels), passing

    def take(self, rows: np.ndarray) -> TableRecords:
        """Return the rows of these numbers, in their order."""
        labels = None if self.labels is None else self.labels[rows]
        return TableRecords(self.table.take(rows), self.label, labels)

    def head(self, count: int) -> TableRecords:
        """Return the first rows."""
        labels = None if self.labels is None else self.labels[:count]
        return TableRecords(self.table.slice(0, count), self.label, labels)

    @classmethod
    def join(cls, parts: Sequence[TableRecords]) -> TableRecords:
        """Return the rows of several tables of the same columns, at least one."""
        import pyarrow as pa

        labels = [part.labels for part in parts if part.labels is not None]
        table = pa.concat_tables([part.table for part in parts])
        return cls(table, parts[0].label, np.concatenate(labels) if labels else None)
