"""Queries run by a PostgreSQL server, whose records stream through ADBC."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, final

from sketchlearn.errors import MissingExtraError, SourceError
from sketchlearn.sources.databases import Database, one_query

if TYPE_CHECKING:
    import pyarrow as pa

_TABLES = """
select case when table_schema = 'public' then table_name else table_schema || '.' || table_name end
from information_schema.tables
where table_schema not in ('pg_catalog', 'information_schema') order by 1
"""


@final
class PostgresDatabase(Database):
    """A database of a PostgreSQL server."""

    missing = re.compile(r'relation "([^"]+)" does not exist')

    def __init__(self, uri: str) -> None:
        """Hold where the server is; nothing is opened yet.

        Args:
            uri: as libpq takes it: postgresql://user@host:port/database?options.

        Raises:
            MissingExtraError: the driver is not installed.
        """
        _driver()
        self._uri = uri

    def _write(self, name: str, table: pa.Table) -> None:
        import pyarrow as pa

        for number, field in enumerate(table.schema):
            if field.type == pa.date64():  # which the driver has no type for
                table = table.set_column(number, field.name, table[number].cast(pa.date32()))
        with closing(self._connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.adbc_ingest(name, table, mode="create")
            connection.commit()

    def _schema(self, query: str) -> pa.Schema:
        import pyarrow as pa

        with self._cursor() as cursor:
            arrow = cursor.adbc_execute_schema(one_query(query))
        return pa.schema(
            [pa.field(f.name, pa.float64()) if _is_numeric(f) else _bare(f) for f in arrow]
        )

    def _parts(self, query: str) -> Generator[pa.RecordBatch, None, None]:
        with self._cursor() as cursor:
            cursor.execute(one_query(query))
            yield from map(_with_floats, cursor.fetch_record_batch())

    def _tables(self) -> list[str]:
        with self._cursor() as cursor:
            cursor.execute(_TABLES)
            return [name for (name,) in cursor.fetchall()]

    def _failures(self) -> tuple[type[Exception], ...]:
        return (_driver().Error,)

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        with closing(self._connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("set transaction read only")
            yield cursor

    def _connect(self) -> Any:
        driver = _driver()
        try:
            return driver.connect(self._uri)
        except driver.Error as error:
            raise SourceError(
                f"The PostgreSQL server cannot be reached ({str(error).strip()}). Check its "
                f"address, the name of the database and of the user, and that it runs."
            ) from error


def _is_numeric(field: pa.Field) -> bool:
    # Decimal numbers of any length come as text.
    return (field.metadata or {}).get(b"ADBC:postgresql:typname") == b"numeric"


def _bare(field: pa.Field) -> pa.Field:
    return field.remove_metadata()


def _with_floats(part: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow as pa

    columns = list(part.columns)
    for i, field in enumerate(part.schema):
        if _is_numeric(field):
            text: Any = columns[i]
            text = text.storage if isinstance(text, pa.ExtensionArray) else text
            columns[i] = text.cast(pa.float64())
    return pa.RecordBatch.from_arrays(columns, names=part.schema.names)


def _driver() -> Any:
    try:
        import adbc_driver_postgresql.dbapi as driver
    except ImportError as error:
        raise MissingExtraError.needs(
            "adbc-driver-postgresql", "postgres", "A query run by PostgreSQL"
        ) from error
    return driver
