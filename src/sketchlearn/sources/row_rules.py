"""What is asked of every row of a table in memory, in SQL."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from sketchlearn.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    import pyarrow as pa

# The number of a row, in a table that is asked which rows satisfy a condition.
_ROW = "number of this row"


@final
class RowRules:
    """Columns computed from the others of their row, then a condition; a context manager.

    DuckDB evaluates them. It is given the rows and no file, and nothing that looks beyond a row.

    Attributes:
        where: the condition, or None.
        derive: the columns that are computed, each with its expression.
    """

    def __init__(self, where: str | None = None, derive: Mapping[str, str] | None = None) -> None:
        """Start DuckDB; leaving the context, or `close`, ends it.

        Args:
            where: a condition, such as "age > 60 and town = 'Nice'".
            derive: an expression for each column that is computed, such as {"total": "food +
                rent"}, in order: an expression sees the columns computed before it.

        Raises:
            OptionError: `derive` names no columns.
            MissingExtraError: DuckDB is not installed.
        """
        if derive is not None and not isinstance(derive, Mapping):
            raise OptionError(
                f"derive={derive!r} was given; expected an expression for each column that is "
                'computed, such as {"total": "food + rent"}.'
            )
        try:
            import duckdb
        except ImportError as error:
            raise MissingExtraError.needs("duckdb", "sql", "where or derive") from error
        self.where = where
        self.derive = dict(derive or {})
        self._failure = duckdb.Error
        # no number of threads changes which rows pass; few rows at a time gain nothing from more
        config = {"enable_external_access": False, "threads": 1}
        self._connection = duckdb.connect(":memory:", config=config)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End DuckDB."""
        self._connection.close()

    @property
    def text(self) -> str:
        """All that is asked, the condition and the expressions."""
        return "\n".join([self.where or "", *self.derive.values()])

    def applied(self, table: pa.Table) -> tuple[pa.Table, np.ndarray]:
        """Compute the columns of rows, and ask the condition of them.

        Args:
            table: n rows.

        Returns:
            The rows with the columns computed, each in its own type, and the numbers of those
            for which the condition holds, increasing int64.

        Raises:
            OptionError: a column to compute is absent, an expression or the condition cannot be
                evaluated on a row, or a result does not fit the type of its column.
        """
        for name, expression in self.derive.items():
            table = self._derived(table, name, expression)
        return table, self._passing(table)

    def _derived(self, table: pa.Table, name: str, expression: str) -> pa.Table:
        import pyarrow as pa

        if name not in table.column_names:
            raise _absent(name, table.column_names)
        where, kind = table.column_names.index(name), table.schema.field(name).type
        try:
            rows = self._connection.from_arrow(table)
            # asked as a condition first, which is refused where it would look at other rows
            rows.filter(f"({expression}\n) is null")
            value = f"cast(({expression}\n) as {rows.types[where]})"
            if pa.types.is_duration(kind):  # which come out of DuckDB as months, days and time
                value = f"epoch_us({value})"
            made = rows.project(f"{value} as made").to_arrow_table()["made"]
            made = made.cast(pa.duration("us")) if pa.types.is_duration(kind) else made
            return table.set_column(where, name, made.cast(kind))
        except (self._failure, pa.ArrowException) as error:
            raise OptionError(
                f"derive: {name!r} cannot be computed as {expression!r} in its type {kind} "
                f"({_reason(error)}). {_hint(error, table.column_names)}"
            ) from error

    def _passing(self, table: pa.Table) -> np.ndarray:
        import pyarrow as pa

        numbers = np.arange(len(table))
        if self.where is None:
            return numbers
        try:
            rows = self._connection.from_arrow(table.append_column(_ROW, pa.array(numbers)))
            found = rows.filter(f"({self.where}\n)").project(f'"{_ROW}"').to_arrow_table()
        except self._failure as error:
            raise OptionError(
                f"where={self.where!r} cannot be evaluated ({_reason(error)}). "
                f"{_hint(error, table.column_names)}"
            ) from error
        return np.sort(found[_ROW].to_numpy())


def _absent(name: str, names: list[str]) -> OptionError:
    return OptionError(
        f"derive: there is no column {name!r} to compute; the columns are {', '.join(names)}."
        f"{_near(name, names)}"
    )


def _near(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=3)
    return f" Did you mean {', '.join(map(repr, close))}?" if close else ""


def _reason(error: Any) -> str:
    return str(error).strip().splitlines()[0]


def _hint(error: Any, names: list[str]) -> str:
    unknown = re.search(r'column "(.+?)" not found', _reason(error))
    near = _near(unknown[1], names) if unknown else ""
    return f"The columns are {', '.join(names)}; write text in single quotes.{near}"
