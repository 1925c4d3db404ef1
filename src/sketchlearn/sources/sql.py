"""Records that a query of a database returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, final

from sketchlearn.errors import OptionError
from sketchlearn.sources.batch import Batch, Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.database_kinds import database_to_read
from sketchlearn.sources.databases import Database
from sketchlearn.sources.pilot import first_rows
from sketchlearn.sources.table_layout import TableLayout

if TYPE_CHECKING:
    import pyarrow as pa


@final
class SqlSource(Source):
    """The records of one query, which is run again for each reading.

    A database that is written to meanwhile may give other records, or another order, each time;
    `order by` fixes the order.
    """

    one_shot = False
    rows = None

    def __init__(self, query: str, database: Database, choice: Choice) -> None:
        """Open a query by asking for its columns.

        Raises:
            SourceError: the query cannot be run.
            ColumnError: a column is absent or named twice.
        """
        self._query = query
        self._database = database
        self._layout = TableLayout.of(database.schema(query), choice)
        self.schema = self._layout.schema

    def batches(self) -> Iterator[Batch]:
        """Run the query and yield its records as they come."""
        return self._read(self._database.read(self._query))

    def pilot(self, rows: int, seed: int) -> Batch:
        """Return records drawn at random by DuckDB, or the first ones of other databases.

        Raises:
            EmptySourceError: the query returns no record.
        """
        return first_rows(self._read(self._database.sample(self._query, rows, seed)), rows)

    def _read(self, parts: Iterator[pa.RecordBatch]) -> Iterator[Batch]:
        checked = None
        for part in parts:
            if part.schema != checked:
                self._layout.check(part.schema, "A later part of the query")
                checked = part.schema
            yield from self._layout.batches(part)


def open_sql(query: object, database: object, choice: Choice) -> SqlSource:
    """Open a query of a database.

    Args:
        query: the text of one SELECT.
        database: where it is run; see `open_source`.
        choice: what the caller asked for.

    Raises:
        OptionError: the query is no text, or the database is of no kind that can be opened.
        SourceError: there is no such file, it is no database, or the query cannot be run.
        ColumnError: a column is absent or named twice.
        MissingExtraError: the driver of this database is not installed.
    """
    if not isinstance(query, str) or not query.strip():
        raise OptionError(
            f"database= came with a source of type {type(query).__name__}, and the text of a "
            f"SELECT was expected. Leave database= out, or give the query as the source."
        )
    return SqlSource(query, database_to_read(database), choice)
