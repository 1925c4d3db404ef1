"""What every database can be asked and given, and what its errors become."""

from __future__ import annotations

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from sketchlearn.errors import OptionError, SourceError, StorageError

if TYPE_CHECKING:
    import pyarrow as pa


class Database(ABC):
    """A place where queries are run, opened anew for each of them.

    Queries read only; what `write` adds is a table of its own.
    """

    #: how its errors say that a table is not there, with the name of the table
    missing: ClassVar[re.Pattern[str]]

    def schema(self, query: str) -> pa.Schema:
        """Return the names and types of the columns of a query.

        Raises:
            SourceError: the query cannot be run.
        """
        with self._explained():
            arrow = self._schema(query)
        if not arrow.names:
            raise no_table_returned()
        return arrow

    def read(self, query: str) -> Iterator[pa.RecordBatch]:
        """Yield the records of a query, as they come.

        Raises:
            SourceError: the query cannot be run, or the database goes away.
        """
        seen = 0
        # A reading that is given up midway lets go of the database at once.
        with closing(self._parts(query)) as parts:
            while True:
                with self._explained(seen):
                    part = next(parts, None)
                if part is None:
                    return
                seen += len(part)
                yield part

    def sample(self, query: str, rows: int, seed: int) -> Iterator[pa.RecordBatch]:
        """Yield at least `rows` records of a query, if it has as many, drawn where that can be.

        Raises:
            SourceError: the query cannot be run, or the database goes away.
        """
        del rows, seed
        return self.read(query)

    def write(self, name: str, table: pa.Table) -> None:
        """Write a new table whole or not at all, with types as near as the database has them.

        Args:
            name: of the table, taken as it is, in the default schema.
            table: its rows.

        Raises:
            OptionError: the name is empty.
            StorageError: there is a table of this name, which stays as it is; or the database
                cannot be written to.
        """
        import pyarrow as pa

        if not name:
            raise OptionError("The name of the table to write is empty. Give one.")
        try:
            self._write(name, table)
        except (*self._failures(), pa.ArrowException, OSError, OverflowError) as error:
            said = str(error).strip()
            if re.search(r"already exists|already a(n index|nother table)", said):
                raise StorageError(
                    f"The database has a table {name!r}, which is never overwritten. Choose "
                    "another name, or drop it first with a client of the database."
                ) from error
            raise StorageError(
                f"The table {name!r} cannot be written ({said}); nothing of it was kept. Correct "
                "the database, or choose another."
            ) from error

    @abstractmethod
    def _write(self, name: str, table: pa.Table) -> None:
        """Write a new table in one transaction, with the driver's own errors."""

    @abstractmethod
    def _schema(self, query: str) -> pa.Schema:
        """Return the schema of a query, with the driver's own errors."""

    @abstractmethod
    def _parts(self, query: str) -> Generator[pa.RecordBatch, None, None]:
        """Yield the records of a query, with the driver's own errors."""

    @abstractmethod
    def _tables(self) -> list[str]:
        """Return the names of the tables and views, with the driver's own errors."""

    @abstractmethod
    def _failures(self) -> tuple[type[Exception], ...]:
        """Return the classes of the driver's own errors."""

    @contextmanager
    def _explained(self, seen: int = 0) -> Iterator[None]:
        import pyarrow as pa

        try:
            yield
        except (*self._failures(), pa.ArrowException, OSError) as error:
            raise self._refusal(error, seen) from error

    def _refusal(self, error: Exception, seen: int) -> SourceError:
        said = str(error).strip()
        if seen:
            return SourceError(
                f"The query stopped after {seen} records ({said}), and was expected to run to its "
                f"end. Check the database and the query, and run it again."
            )
        name = self.missing.search(said)
        if name is not None:
            return _no_table(name[1], self._known_tables())
        if re.search(r"\b(is locked|set lock)\b", said):
            return SourceError(
                f"The database is held by another process ({said}), and was expected to be free "
                f"to read. Try again when that is done, or read a copy."
            )
        return SourceError(
            f"The query cannot be run ({said}). Expected one SELECT over tables of this database. "
            f"Correct the query, or the database it is meant for."
        )

    def _known_tables(self) -> list[str]:
        import pyarrow as pa

        try:
            return self._tables()
        except (*self._failures(), pa.ArrowException, OSError):
            return []  # the names are only a hint


def one_query(query: str) -> str:
    """Return a query as it may stand in another: no semicolon, and an end to its last comment."""
    return query.strip().rstrip(";").rstrip() + "\n"


def quoted(name: str) -> str:
    """Return a name as SQL takes it for one, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def made_whole(path: Path) -> Iterator[None]:
    """Remove a file again that was made in this context, where the context fails."""
    new = not path.exists()
    try:
        yield
    except BaseException:
        if new:
            path.unlink(missing_ok=True)
        raise


def no_table_returned() -> SourceError:
    """Build the error for a statement that is no question, such as an insertion."""
    return SourceError(
        "The query returns no table, and one SELECT was expected, since a source is only read. "
        "Run other statements before, with a client of the database."
    )


def _no_table(name: str, tables: list[str]) -> SourceError:
    short = {table.rpartition(".")[2]: table for table in tables}
    close = difflib.get_close_matches(name.rpartition(".")[2], list(short), n=3)
    hint = f" Did you mean {', '.join(repr(short[table]) for table in close)}?" if close else ""
    shown = ", ".join(tables[:12]) + (", ..." if len(tables) > 12 else "")
    return SourceError(f"The database has no table {name!r}; it has: {shown or 'none'}.{hint}")
