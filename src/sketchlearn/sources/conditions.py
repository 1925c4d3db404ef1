"""Rows of a table in memory for which an SQL condition holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sketchlearn.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    import pyarrow as pa


def rows_where(table: pa.Table, condition: str) -> pa.Table:
    """Return the rows of a table for which a condition holds, such as "age > 60 and town = 'Nice'".

    It is evaluated by DuckDB, which is given this table and no file.

    Raises:
        OptionError: the condition cannot be evaluated on these columns.
        MissingExtraError: DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError.needs("duckdb", "sql", "where") from error
    with duckdb.connect(":memory:", config={"enable_external_access": False}) as connection:
        try:
            return (
                connection.from_arrow(table).filter(condition).to_arrow_table().cast(table.schema)
            )
        except duckdb.Error as error:
            reason = str(error).strip().splitlines()[0]
            raise OptionError(
                f"where={condition!r} cannot be evaluated ({reason}). The columns are "
                f"{', '.join(table.column_names)}; write text in single quotes."
            ) from error
