"""Numbers of a model as a table, for its card."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

_ROWS, _COLUMNS = 20, 10


def numbers_table(columns: Mapping[str, np.ndarray]) -> str:
    """Return columns of numbers, each of shape (n,), as a table in Markdown.

    A card shows the first rows and columns, and says how many there are besides.
    """
    shown = dict(list(columns.items())[:_COLUMNS])
    rows = list(zip(*shown.values(), strict=True))
    lines = [f"| {' | '.join(shown)} |", "|" + " --- |" * len(shown)]
    lines += [f"| {' | '.join(f'{value:.4g}' for value in row)} |" for row in rows[:_ROWS]]
    more = [
        f"{count} {what}"
        for count, what in ((len(rows) - _ROWS, "rows"), (len(columns) - _COLUMNS, "columns"))
        if count > 0
    ]
    return "\n".join(lines) + (f"\n\nand {' and '.join(more)} more" if more else "") + "\n\n"


def by_column(names: tuple[str, ...], values: np.ndarray) -> dict[str, np.ndarray]:
    """Return values (n, d) of the source's columns by their names."""
    return dict(zip(names, values.T, strict=True))
