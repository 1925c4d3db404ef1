"""Which database a path, an address or a connection is of."""

from __future__ import annotations

import os
from pathlib import Path

from sketchlearn.errors import OptionError, SourceError, UnsupportedSourceError
from sketchlearn.sources.databases import Database
from sketchlearn.sources.duckdb_database import DuckdbDatabase, is_duckdb_connection
from sketchlearn.sources.postgres_database import PostgresDatabase
from sketchlearn.sources.sqlite_database import SqliteDatabase

_KINDS = (
    "the path of a DuckDB or SQLite file, ':memory:' for a query over files, an open duckdb "
    "connection, or a postgresql:// URI"
)


def database_to_read(given: object) -> Database:
    """Return the database that queries are run by; `open_source` says what may be given.

    Raises:
        OptionError: it is of no kind that can be opened.
        SourceError: there is no such file, or it is no database.
        MissingExtraError: its driver is not installed.
    """
    named = _named(given)
    return _file(named) if isinstance(named, Path) else named


def database_to_write(given: object) -> Database:
    """Return the database that tables are written to; a file that is not there is made.

    Raises:
        OptionError: it is of no kind that can be opened, or keeps nothing.
        SourceError: a file is no database, or its name does not tell of which kind to make it.
        MissingExtraError: its driver is not installed.
    """
    if given == ":memory:":
        raise OptionError(
            "A table in ':memory:' would be gone at once. Name a file to write to, or give an "
            "open duckdb connection."
        )
    named = _named(given)
    if not isinstance(named, Path):
        return named
    if named.exists():
        return _file(named)
    if named.suffix == ".duckdb":
        return DuckdbDatabase(str(named))
    if named.suffix in {".sqlite", ".sqlite3"}:
        return SqliteDatabase(named)
    raise SourceError(
        f"There is no database {str(named)!r}, and its name does not tell which kind to make. "
        "Name a new file .duckdb or .sqlite."
    )


def _named(given: object) -> Database | Path:
    """Return a database, or the path of its file."""
    if is_duckdb_connection(given):
        return DuckdbDatabase("", given)
    if not isinstance(given, str | os.PathLike):
        raise OptionError(f"database={given!r} cannot be opened; expected {_KINDS}.")
    text = os.fspath(given)
    if text == ":memory:":
        return DuckdbDatabase(text)
    scheme, mark, _ = text.partition("://")
    if mark and scheme in {"postgresql", "postgres"}:
        return PostgresDatabase(text)
    if mark:
        raise UnsupportedSourceError(
            f"A database of the kind {scheme!r} cannot be read; expected {_KINDS}. Export the "
            f"records, for instance to Parquet."
        )
    return Path(text).expanduser()


def _file(path: Path) -> Database:
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise SourceError(
            f"The database {str(path)!r} cannot be opened ({error}); expected {_KINDS}. Check the "
            f"path (seen from {Path.cwd()})."
        ) from error
    if head.startswith(b"SQLite format 3"):
        return SqliteDatabase(path)
    if head[8:12] == b"DUCK":
        return DuckdbDatabase(str(path))
    raise SourceError(
        f"{path} is no database of DuckDB or SQLite; expected {_KINDS}. For a query over files "
        f"of records give ':memory:', and name the files in the query."
    )
