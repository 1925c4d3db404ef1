"""Arrow columns as numbers, and numbers as Arrow columns of a given type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.errors import ColumnError

if TYPE_CHECKING:
    import pyarrow as pa


def is_moment(kind: pa.DataType) -> bool:
    """Tell whether a type holds dates, times of day, moments or durations."""
    import pyarrow as pa

    return pa.types.is_temporal(kind)


def as_numbers(values: pa.Array, name: str) -> np.ndarray:
    """Return float64 (n,), NaN where missing; moments count units of their type since its origin.

    Raises:
        ColumnError: the column holds no numbers.
    """
    import pyarrow as pa

    kind = values.type
    if pa.types.is_null(kind):
        return np.full(len(values), np.nan)
    if is_moment(kind):
        values = values.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
    elif pa.types.is_decimal(kind):
        values = values.cast(pa.float64())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise ColumnError.not_numeric(name, f"values of type {kind}")
    if values.null_count:
        values = values.cast(pa.float64(), safe=False)
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def from_numbers(numbers: np.ndarray, absent: np.ndarray, kind: pa.DataType, *, whole: bool) -> Any:
    """Return an Arrow column of a type; whole numbers of a text file come back as integers."""
    import pyarrow as pa

    if is_moment(kind) or pa.types.is_integer(kind):
        wide = kind if pa.types.is_integer(kind) else _storage(kind)
        info = np.iinfo(wide.to_pandas_dtype())
        limits = float(info.min), np.nextafter(float(info.max), 0)
        filled = np.where(absent, 0, np.clip(np.rint(numbers), *limits))
        return pa.array(filled.astype(wide.to_pandas_dtype()), mask=absent).cast(kind)
    made = pa.array(np.where(absent, 0.0, numbers), mask=absent)
    if whole:
        return made.cast(pa.int64(), safe=False)
    return made.cast(kind, safe=False)


def _storage(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return pa.int32() if kind.bit_width == 32 else pa.int64()
