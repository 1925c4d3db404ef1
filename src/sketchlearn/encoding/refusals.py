"""The errors for values that a plan has no place for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sketchlearn.encoding.arrow_numbers import shown
from sketchlearn.errors import ColumnError, MissingValuesError

if TYPE_CHECKING:
    import pyarrow as pa

    from sketchlearn.encoding.columns import Column


def unknown_value(column: Column, values: pa.Array, unknown: np.ndarray) -> ColumnError:
    """Build the error for values, where `unknown` (n,) is set, that a column has no slot for."""
    row = int(np.flatnonzero(unknown)[0])
    known = ", ".join(map(repr, column.categories[:8])) + ", ..." * (len(column.categories) > 8)
    remedy = (
        "Make the plan again from more rows, or declare the column's categories."
        if "categories" in column.learnt
        else "Declare other = true, a slot for all others, or every category there can be; one "
        "that is declared because records hold it would be told of in a release."
    )
    return ColumnError(
        f"Column {column.name!r} holds {values[row].as_py()!r} in row {row} of a batch, and the "
        f"plan knows {known or 'numbers only'}. {remedy}"
    )


def outside_bounds(
    column: Column, numbers: np.ndarray, outlying: np.ndarray, kind: pa.DataType
) -> ColumnError:
    """Build the error for numbers (n,), where `outlying` is set, outside declared bounds."""
    row = int(np.flatnonzero(outlying)[0])
    low, high = (shown(bound, kind) for bound in column.bounds)
    return ColumnError(
        f"Column {column.name!r} holds {shown(numbers[row], kind)} in row {row} of a batch, and "
        f"its declared bounds are {low} to {high}. Declare clip = true, which takes such values "
        "for the nearest bound, or bounds that are known without the records; those that records "
        "show would be told of in a release."
    )


def lost_value(column: Column, infinite: np.ndarray, lost: np.ndarray) -> MissingValuesError:
    """Build the error for missing or infinite values, where `lost` (n,) is set."""
    row = int(np.flatnonzero(lost)[0])
    what = "an infinite value" if infinite[row] else "a missing value"
    seen = ", and was declared to have none" * (not infinite[row])
    if seen and "missing" in column.learnt:
        seen = ", and none was missing where the plan was made"
    return MissingValuesError(
        f"Column {column.name!r} holds {what} in row {row} of a batch{seen}. Clean it, or leave "
        "such rows out and count them with missing='drop' (on the command line: --missing drop)."
    )
