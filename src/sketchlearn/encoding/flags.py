"""Flags of which exactly one is set in every row: one column of categories in many.

So tables hold a category for learners that know only numbers. Learnt flag by flag, rows would have
none or several of them set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sketchlearn.encoding.arrow_numbers import as_numbers
from sketchlearn.encoding.columns import Column

if TYPE_CHECKING:
    import pyarrow as pa

# Two flags are one and its opposite, which either decides. In few rows, one may be set by chance.
_FEWEST, _EVIDENCE = 3, 50


def with_flags(
    columns: Sequence[Column], pilot: pa.RecordBatch, fixed: frozenset[str]
) -> list[Column]:
    """Return the columns, runs of flags of which one is set in every pilot row as one.

    The first flag of a run gets a slot for each of them, and one for rows with none or several
    set; the others are derived from it.

    Args:
        columns: what each column is taken for.
        pilot: the rows.
        fixed: names of columns that are declared, and stay as they are.
    """
    made = list(columns)
    if len(pilot) < _EVIDENCE:
        return made
    # what takes no numbers may stand between flags, such as one that is never set in the pilot
    places = [place for place, column in enumerate(columns) if column.width]
    known = {place: _set_in(columns[place], pilot, fixed) for place in places}
    start = 0
    while start < len(places):
        count = _run([known[place] for place in places[start:]])
        group = places[start : start + count]
        if count:
            names = tuple(columns[place].name for place in group)
            for number, place in enumerate(group):
                made[place] = _flag(columns[place], pilot, names, number)
        start += max(count, 1)
    return made


def flag_codes(flags: Sequence[np.ndarray]) -> np.ndarray:
    """Return which flag is set in each row (n,), one more than the last for none or several."""
    table = np.stack(flags)  # (flags, n)
    return np.where(table.sum(axis=0) == 1, table.argmax(axis=0), len(table))


def is_set(values: pa.Array, name: str) -> np.ndarray:
    """Tell in which rows a flag is set, bool (n,)."""
    import pyarrow as pa

    if pa.types.is_boolean(values.type):
        return np.asarray(values.fill_null(False)).astype(bool)
    return np.asarray(as_numbers(values, name) == 1)


def _set_in(column: Column, pilot: pa.RecordBatch, fixed: frozenset[str]) -> np.ndarray | None:
    """Return the pilot rows in which a column is set; None for one that is no flag."""
    values = pilot.column(column.name)
    kinds = ("boolean", "integer", "continuous")
    if column.name in fixed or values.null_count or column.kind not in kinds:
        return None
    if column.numeric and not np.isin(as_numbers(values, column.name), (0, 1)).all():
        return None
    return is_set(values, column.name)


def _run(flags: Sequence[np.ndarray | None]) -> int:
    """Return how many flags from the first on are such a run, 0 for none."""
    total = np.zeros(0)
    for number, flag in enumerate(flags, start=1):
        if flag is None:
            return 0
        total = flag.astype(int) if number == 1 else total + flag
        if total.max() > 1:
            return 0
        if total.min() == 1:
            return number if number >= _FEWEST else 0
    return 0


def _flag(column: Column, pilot: pa.RecordBatch, names: tuple[str, ...], number: int) -> Column:
    values = pilot.column(column.name)
    order = np.flatnonzero(is_set(values, column.name))
    on = values[int(order[0])].as_py()
    off = type(on)(0)
    held = tuple(on if place == number else off for place in range(len(names) + 1))
    if number:
        return Column(column.name, "derived", value=names[0], values=held, learnt=("kind", "of"))
    return replace(
        Column(column.name, "flags", categories=names, tail=True, values=held),
        learnt=("kind", "categories"),
    )
