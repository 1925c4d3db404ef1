"""Values that contradict what a pilot showed of columns that are not learnt."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.encoding.columns import Column
from sketchlearn.encoding.decoding import constant, looked_up
from sketchlearn.errors import PlanWarning

if TYPE_CHECKING:
    import pyarrow as pa

# Normal scores that no more than so large a share of a batch should have.
_FAR, _MANY = 8.0, 0.005

# Share of a batch of so many rows that may lie outside declared bounds before a word is said.
_MOVED, _ROWS = 0.5, 100

_REMEDY = "it will be given back as the pilot had it. To learn it, declare its kind and plan again."


def warn_of_surprises(
    column: Column, column_of: Callable[[str], pa.Array], slots_of: Callable[[str], np.ndarray]
) -> None:
    """Warn where a constant, copied or derived column is not what every row of the pilot showed.

    Columns that were declared so are taken at their word. The words are the same for every batch,
    so that Python shows a warning once.

    Args:
        column: the column.
        column_of: values of a column by its name, in the plan's types.
        slots_of: encoded slots of a column by its name, shape (n, slots).
    """
    if "kind" not in column.learnt or column.kind not in ("constant", "copy", "derived"):
        return
    values, expected = column_of(column.name), _expected(column, column_of, slots_of)
    if not values.equals(expected.cast(values.type, safe=False)):
        told = {
            "constant": f"held {column.value!r}",
            "copy": f"was equal to {column.value!r}",
            "derived": f"was decided by {column.value!r}",
        }
        warnings.warn(
            f"Column {column.name!r} {told[column.kind]} in every row of the pilot, but not in all "
            f"rows since; {_REMEDY}",
            PlanWarning,
            stacklevel=2,
        )


def warn_of_numbers(column: Column, numbers: np.ndarray) -> None:
    """Warn where numbers are not like those of the pilot: far outside, or with fractions.

    Args:
        column: a column of numbers.
        numbers: those without a slot of their own, shape (n,).
    """
    if "bounds" in column.learnt and len(numbers):
        far = np.abs(column.scores(numbers)) > _FAR
        if far.mean() > _MANY:
            warnings.warn(
                f"Column {column.name!r} holds many numbers far outside those of the pilot, which "
                "will be learnt badly. Make the plan from rows of all kinds (shuffle the file, or "
                "query rows in random order), or declare the column's bounds.",
                PlanWarning,
                stacklevel=2,
            )
    if column.kind == "integer" and (numbers != np.rint(numbers)).any():
        warnings.warn(
            f"Column {column.name!r} held whole numbers in the pilot and holds fractions, which "
            "will be rounded. Declare it continuous, and plan again.",
            PlanWarning,
            stacklevel=2,
        )


def _expected(column: Column, column_of: Any, slots_of: Any) -> pa.Array:
    if column.kind == "copy":
        return column_of(column.value)
    kind = column_of(column.name).type
    if column.kind == "constant":
        return constant(column.value, kind, len(column_of(column.name)))
    return looked_up(column.values, kind, slots_of(column.value).argmax(axis=1))


def warn_of_moved(names: Sequence[str], outside: np.ndarray, count: int) -> None:
    """Warn of a column of which bounds leave little: most values are moved to them.

    Args:
        names: of the columns.
        outside: share of a batch's values outside the bounds, (d,).
        count: records of the batch.
    """
    if count >= _ROWS and outside.max(initial=0.0) > _MOVED:
        warnings.warn(
            f"Most values of column {names[int(outside.argmax())]!r} lie outside its bounds and "
            "are moved to them, so that little is learnt of it. One pair of bounds is for all "
            "columns; declare one for each where their units differ.",
            PlanWarning,
            stacklevel=2,
        )
