"""Encoded columns back in their Arrow types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.encoding.arrow_numbers import from_numbers, is_moment
from sketchlearn.encoding.columns import TAIL, Column

if TYPE_CHECKING:
    import pyarrow as pa


def decoded(column: Column, kind: pa.DataType, block: np.ndarray) -> pa.Array:
    """Return the values of a column, of an Arrow type, from its encoded block (n, width)."""
    import pyarrow as pa

    codes = block[:, : column.slots].argmax(axis=1) if column.slots else np.zeros(len(block), int)
    named = column.named
    absent = column.missing & (codes == named + column.tail)
    if not column.numeric:
        tail = TAIL if pa.types.is_string(kind) else None  # no number stands for others
        # codes of a text file are read as fractions may follow, and are given back whole
        given = pa.int64() if pa.types.is_floating(kind) else kind
        names = pa.array([*column.names, tail, None], type=given)
        last = (
            np.minimum(codes, named + 1)
            if column.tail
            else np.where(codes < named, codes, named + 1)
        )
        return names.take(pa.array(last))
    numbers = np.full(len(block), np.nan)
    if named:
        own = codes < named
        numbers[own] = np.asarray(column.categories, dtype=np.float64)[codes[own]]
    if column.number:
        free = codes == column.slots - 1 if column.slots else np.ones(len(block), dtype=bool)
        numbers[free] = column.numbers(block[free, -1])
    return from_numbers(numbers, absent, kind, whole=column.kind == "integer")


def looked_up(values: Sequence[Any], kind: pa.DataType, codes: np.ndarray) -> pa.Array:
    """Return the value of each code (n,), of an Arrow type, moments as numbers of their unit."""
    import pyarrow as pa

    if is_moment(kind):
        absent = np.array([value is None for value in values])
        numbers = np.array([0.0 if value is None else float(value) for value in values])
        return from_numbers(numbers, absent, kind, whole=True).take(pa.array(codes))
    return pa.array(list(values)).cast(kind, safe=False).take(pa.array(codes))


def constant(value: Any, kind: pa.DataType, count: int) -> pa.Array:
    """Return a column that holds one value, moments as numbers of their unit; None is missing."""
    import pyarrow as pa

    if value is None:
        return pa.nulls(count, kind)
    if is_moment(kind):
        return from_numbers(np.full(count, float(value)), np.zeros(count, bool), kind, whole=True)
    return pa.array([value] * count).cast(kind, safe=False)
