"""Values that a user declares of a column, one reader for each key."""

from __future__ import annotations

import datetime as dt
import difflib
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sketchlearn.encoding.columns import KINDS

_MOST_BUCKETS = 65_536

# What derived columns and flags hold is read off the rows.
_DECLARABLE = tuple(kind for kind in KINDS if kind not in ("derived", "flags"))


def nearest(word: Any, known: Iterable[str]) -> str:
    """Say what a word must be one of, and which one it is most like."""
    near = difflib.get_close_matches(str(word), list(known), n=1)
    hint = f". Did you mean {near[0]!r}?" if near else ""
    return f"it must be one of {', '.join(known)}{hint}"


def _plain(value: Any) -> Any:
    """Return numpy scalars and arrays as Python values."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def _kind(value: Any) -> Any:
    if value not in _DECLARABLE:
        raise TypeError(nearest(value, _DECLARABLE).removeprefix("it must be "))
    return value


def _finite(value: Any) -> bool:
    """Tell whether a value is no number, or one that a float64 holds."""
    return not isinstance(value, int | float) or abs(value) <= sys.float_info.max


def _bounds(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TypeError("two values, the least and the greatest")
    low, high = map(_plain, value)
    for end in (low, high):
        if isinstance(end, bool) or not isinstance(end, int | float | _Moment):
            raise TypeError("two numbers, or two dates, moments or times")
        if not _finite(end):
            raise TypeError("two finite numbers")
    try:
        increasing = low < high
    except TypeError as error:
        raise TypeError("two values of one type") from error
    if not increasing:
        raise TypeError("the smaller one first, and two that differ")
    return low, high


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _step(value: Any) -> float:
    real = isinstance(value, int | float) and not isinstance(value, bool)
    if not real or not _finite(value) or value < 0:
        raise TypeError("a positive number, or 0 for no rounding")
    return float(value)


def _categories(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError("a list of values")
    listed = tuple(map(_plain, value))
    for one in listed:
        if not isinstance(one, str | int | float | _Moment) or not _finite(one):
            raise TypeError(f"text, finite numbers or moments, and there is {one!r}")
    twice = [one for one, count in Counter(listed).items() if count > 1]
    if twice:
        raise TypeError(f"each category once, and {twice[0]!r} is there twice")
    return listed


def _buckets(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 2 <= value <= _MOST_BUCKETS:
        raise TypeError(f"a whole number from 2 to {_MOST_BUCKETS:,}")
    return value


def _value(value: Any) -> Any:
    if not isinstance(value, str | int | float | bool | _Moment):
        raise TypeError("text, a number, a truth value or a moment")
    if not isinstance(value, float) and not _finite(value):
        raise TypeError("a number that 64 bits hold")
    return value


def _of(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("the name of a column")
    return value


def _learnt(value: Any) -> tuple[str, ...]:
    known = tuple(key for key in _READERS if key != "learnt")
    if not isinstance(value, list | tuple) or any(one not in known for one in value):
        raise TypeError(f"a list of some of {', '.join(known)}")
    return tuple(value)


_Moment = dt.date | dt.time | dt.timedelta

_READERS: dict[str, Callable[[Any], Any]] = {
    "kind": _kind,
    "bounds": _bounds,
    "clip": _flag,
    "step": _step,
    "categories": _categories,
    "other": _flag,
    "missing": _flag,
    "buckets": _buckets,
    "value": _value,
    "of": _of,
    "learnt": _learnt,
}

KEYS = tuple(_READERS)


def read_value(key: str, value: Any) -> Any:
    """Return what was declared under a key as Python values, lists as tuples.

    Raises:
        TypeError: it cannot be used; the message says what was expected.
    """
    return _READERS[key](_plain(value))
