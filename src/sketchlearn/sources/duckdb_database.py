"""Queries run by DuckDB: over its own files, over other files, or on an open connection."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from sketchlearn.errors import MissingExtraError, SourceError
from sketchlearn.sources.batch import BATCH_ROWS
from sketchlearn.sources.databases import Database, made_whole, one_query, quoted

if TYPE_CHECKING:
    import pyarrow as pa

_TABLES = """
select case when table_schema = 'main' then table_name else table_schema || '.' || table_name end
from information_schema.tables order by 1
"""

# What rows are called while they are written.
_ROWS = "rows of sketchlearn"


def is_duckdb_connection(value: object) -> bool:
    """Tell whether `value` is an open connection of DuckDB, without importing it."""
    return type(value).__name__ == "DuckDBPyConnection"


@final
class DuckdbDatabase(Database):
    """DuckDB, on a file, in memory, or on a connection of the user's."""

    missing = re.compile(r"Table with name (\S+) does not exist")

    def __init__(self, path: str, connection: Any = None) -> None:
        """Hold what to open; nothing is opened yet.

        Args:
            path: a file of DuckDB, or ":memory:" for queries over other files.
            connection: an open connection to use instead, which is left open. While a query is
                read nothing else may run on it.

        Raises:
            MissingExtraError: DuckDB is not installed.
        """
        _duckdb()
        self._path = path
        self._connection = connection

    def sample(self, query: str, rows: int, seed: int) -> Iterator[pa.RecordBatch]:
        """Yield `rows` records of a query, each as likely as any other.

        Raises:
            SourceError: the query cannot be run.
        """
        drawn = f"using sample reservoir({rows} rows) repeatable ({seed % 2**31})"
        # The query is the user's own, and runs where nothing can be written.
        return self.read(f"select * from ({one_query(query)}) as records {drawn}")  # noqa: S608

    def _write(self, name: str, table: pa.Table) -> None:
        if self._connection is not None:
            _create(self._connection, name, table)
            return
        with made_whole(Path(self._path)), closing(self._open(read_only=False)) as connection:
            _create(connection, name, table)

    def _schema(self, query: str) -> pa.Schema:
        with self._opened() as connection:
            # A limit, since asking for the types of a reader starts the whole query.
            none = f"select * from ({self._checked(query)}) as records limit 0"  # noqa: S608
            return connection.sql(none).to_arrow_reader(BATCH_ROWS).schema

    def _parts(self, query: str) -> Generator[pa.RecordBatch, None, None]:
        with self._opened() as connection:
            # A relation streams, where execute() holds all records at once.
            yield from connection.sql(self._checked(query)).to_arrow_reader(BATCH_ROWS)

    def _tables(self) -> list[str]:
        with self._opened() as connection:
            return [name for (name,) in connection.sql(_TABLES).fetchall()]

    def _failures(self) -> tuple[type[Exception], ...]:
        return (_duckdb().Error,)

    def _checked(self, query: str) -> str:
        duckdb = _duckdb()
        kinds = [statement.type for statement in duckdb.extract_statements(query)]
        if kinds != [duckdb.StatementType.SELECT]:
            seen = ", ".join(kind.name for kind in kinds) or "nothing"
            raise SourceError(
                f"The query consists of {seen}, and one SELECT was expected, since a source is "
                f"only read. Run other statements before, on a connection of your own."
            )
        return one_query(query)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        if self._connection is not None:
            yield self._connection
            return
        with closing(self._open(read_only=self._path != ":memory:")) as connection:
            yield connection

    def _open(self, *, read_only: bool) -> Any:
        try:
            return _duckdb().connect(
                self._path,
                read_only=read_only,
                # A table of the query is none of the variables of this library.
                config={"python_enable_replacements": "false"},
            )
        except _duckdb().Error as error:
            raise SourceError(
                f"{self._path} cannot be opened by DuckDB ({error}). Where it is open for writing, "
                f"close it, or in the same program give that connection as database=."
            ) from error


def _create(connection: Any, name: str, table: pa.Table) -> None:
    # One statement, and so one transaction, or part of one that the user began.
    statement = f"create table {quoted(name)} as select * from {quoted(_ROWS)}"  # noqa: S608
    connection.from_arrow(table).query(_ROWS, statement)


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError.needs("duckdb", "sql", "A query run by DuckDB") from error
    return duckdb
