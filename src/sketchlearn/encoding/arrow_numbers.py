"""Arrow columns as numbers, and numbers as Arrow columns of a given type."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.errors import ColumnError

if TYPE_CHECKING:
    import pyarrow as pa

_DAY = 86_400
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 (the origin of moments without a time zone)
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_MICROSECOND = dt.timedelta(microseconds=1)


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


def units_of(seconds: float | Fraction, kind: pa.DataType) -> float:
    """Return how many units of a type of dates, times or durations are so many seconds."""
    return float(Fraction(seconds) * _per_second(kind))


def seconds_of(units: float, kind: pa.DataType) -> float:
    """Return how many seconds so many units of a type of dates, times or durations are."""
    seconds = Fraction(float(units)) / _per_second(kind)
    return int(seconds) if seconds.denominator == 1 else float(seconds)


def _per_second(kind: pa.DataType) -> Fraction:
    import pyarrow as pa

    if pa.types.is_date32(kind):
        return Fraction(1, _DAY)
    return Fraction(_PER_SECOND["ms" if pa.types.is_date64(kind) else kind.unit])


def number_of(value: Any, kind: pa.DataType) -> float:
    """Return a declared value as `as_numbers` would, from a column of this type.

    Numbers stand for themselves, and for seconds of a duration. Moments without an offset are in
    UTC where the column has a time zone.

    Raises:
        TypeError: the value is of another type; the message says what was expected.
    """
    import pyarrow as pa

    real = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_moment(kind):
        if not real:
            raise TypeError("a number")
        return float(value)
    if pa.types.is_duration(kind):
        if isinstance(value, dt.timedelta):
            value = Fraction(value // _MICROSECOND, 10**6)
        elif not real:
            raise TypeError("a number of seconds")
        return units_of(value, kind)
    if pa.types.is_time(kind):
        if not isinstance(value, dt.time) or value.tzinfo is not None:
            raise TypeError("a time of day, such as 12:30:00")
        since = dt.datetime.combine(_EPOCH, value) - _EPOCH
    elif pa.types.is_date(kind):
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            raise TypeError("a date, such as 2024-02-29")
        since = value - _EPOCH.date()
    else:
        since = _moment(value, zoned=kind.tz is not None) - _EPOCH
    return units_of(Fraction(since // _MICROSECOND, 10**6), kind)


def _moment(value: Any, *, zoned: bool) -> dt.datetime:
    """Return a date or moment as one in UTC, without saying so."""
    if not isinstance(value, dt.date):
        raise TypeError("a date or a moment, such as 2024-02-29T12:00:00")
    if not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    if value.tzinfo is None:
        return value
    if not zoned:
        raise TypeError("a moment without an offset: the column has no time zone")
    return value.astimezone(dt.UTC).replace(tzinfo=None)


def value_of(number: float, kind: pa.DataType, *, up: bool = False) -> Any:
    """Return what `number_of` takes for a number: digits below the microsecond go down, or up.

    Raises:
        OverflowError: the moment is not from the year 1 to 9999.
    """
    import pyarrow as pa

    if not is_moment(kind):
        whole = pa.types.is_integer(kind) and float(number).is_integer()
        return int(number) if whole else float(number)
    if pa.types.is_duration(kind):
        return seconds_of(number, kind)
    exact = Fraction(float(number)) / _per_second(kind) * 10**6
    whole = -(-exact // 1) if up else exact // 1
    if units_of(Fraction(round(exact), 10**6), kind) == number:
        whole = round(exact)  # that moment is this number, to the digits a float64 has
    if pa.types.is_time(kind):
        whole = min(whole, _DAY * 10**6 - 1)
    moment = _EPOCH + int(whole) * _MICROSECOND
    if pa.types.is_time(kind):
        return moment.time()
    if pa.types.is_date(kind):
        return moment.date()
    return moment.replace(tzinfo=dt.UTC) if kind.tz is not None else moment


def shown(number: float, kind: pa.DataType) -> str:
    """Return a number of `as_numbers` as people write it."""
    import pyarrow as pa

    try:
        value = value_of(number, kind)
    except OverflowError:
        return f"{number:.15g}"
    return f"{value} s" if pa.types.is_duration(kind) else f"{value}"
