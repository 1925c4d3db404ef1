"""Queries run by SQLite, whose values may be of any type in any row."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, final

from sketchlearn.errors import ColumnError
from sketchlearn.sources.databases import Database, made_whole, no_table_returned, quoted
from sketchlearn.sources.files import widened
from sketchlearn.sources.records import batch_rows

if TYPE_CHECKING:
    import pyarrow as pa

_TABLES = "select name from sqlite_master where type in ('table', 'view') order by 1"


@final
class SqliteDatabase(Database):
    """A file of SQLite."""

    missing = re.compile(r"no such table: (\S+)")

    def __init__(self, path: Path) -> None:
        """Hold the path of a file; nothing is opened yet."""
        self._path = path

    def _write(self, name: str, table: pa.Table) -> None:
        # explicit transactions: Python's own would not take in the making of the table
        with (
            made_whole(self._path),
            closing(sqlite3.connect(self._path, isolation_level=None)) as connection,
        ):
            connection.execute("begin immediate")
            fields = ", ".join(f"{quoted(f.name)} {_declared(f.type)}" for f in table.schema)
            connection.execute(f"create table {quoted(name)} ({fields})")
            marks = ", ".join("?" * table.num_columns)
            insertion = f"insert into {quoted(name)} values ({marks})"  # noqa: S608
            for part in table.to_batches(max_chunksize=batch_rows(table.num_columns)):
                columns = [_stored(column).to_pylist() for column in part.columns]
                connection.executemany(insertion, zip(*columns, strict=True))
            connection.execute("commit")

    def _schema(self, query: str) -> pa.Schema:
        # The types are those of the first records, so that whole numbers may have fractions later.
        return widened(next(self._parts(query)).schema, None)

    def _parts(self, query: str) -> Generator[pa.RecordBatch, None, None]:
        import pyarrow as pa

        with closing(self._open()) as connection, closing(connection.execute(query)) as cursor:
            if cursor.description is None:
                raise no_table_returned()
            names = [column[0] for column in cursor.description]
            step = batch_rows(len(names))
            rows = cursor.fetchmany(step)
            while True:
                columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
                arrays = [_array(*named) for named in zip(names, columns, strict=True)]
                # The first is yielded without records too, for the names of its columns.
                yield pa.RecordBatch.from_arrays(arrays, names=names)
                rows = cursor.fetchmany(step)
                if not rows:
                    return

    def _tables(self) -> list[str]:
        with closing(self._open()) as connection:
            return [name for (name,) in connection.execute(_TABLES)]

    def _failures(self) -> tuple[type[Exception], ...]:
        return (sqlite3.Error, sqlite3.Warning)

    def _open(self) -> sqlite3.Connection:
        uri = f"{self._path.resolve().as_uri()}?mode=ro"
        # A reading may end in another thread than it began in, never in two at a time.
        return sqlite3.connect(uri, uri=True, check_same_thread=False)


def _array(name: str, values: tuple[object, ...]) -> pa.Array:
    import pyarrow as pa

    kinds = {type(value) for value in values} - {type(None)}
    if kinds == {int, float}:
        return pa.array([None if value is None else float(value) for value in values])  # type: ignore[arg-type]
    if len(kinds) > 1:
        found = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ColumnError(
            f"Column {name!r} holds values of types {found}, and one type was expected. "
            f"Make them one in the query, for instance with cast({name} as text)."
        )
    return pa.array(values)


def _declared(kind: pa.DataType) -> str:
    """Return the type of a column; SQLite keeps any name, and goes by what it sounds like."""
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind) or pa.types.is_duration(kind):
        return "real"
    if pa.types.is_decimal(kind):
        return "numeric"
    for test, name in (("is_date", "date"), ("is_time", "time"), ("is_timestamp", "timestamp")):
        if getattr(pa.types, test)(kind):
            return name
    return "text"


def _stored(column: pa.Array) -> pa.Array:
    """Return values that SQLite keeps: moments as ISO text, durations as seconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_duration(kind):
        nanoseconds = column.cast(pa.duration("ns")).cast(pa.int64()).cast(pa.float64(), safe=False)
        return pc.call_function("divide", [nanoseconds, 1e9])
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.string())
    return column
