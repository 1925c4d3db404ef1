"""What a user declares of columns: from a schema file, a mapping, or their kinds alone."""

from __future__ import annotations

import datetime as dt
import difflib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sketchlearn.encoding.columns import KINDS, NUMBERS, Kind
from sketchlearn.errors import OptionError

# Everything that a schema may be given as: a file, or what the file holds.
DeclaredSchema = str | os.PathLike[str] | Mapping[str, Mapping[str, Any]]

# What can be declared of each kind of column, beside the kind.
_KEYS: dict[Kind, tuple[str, ...]] = {
    **dict.fromkeys(NUMBERS, ("bounds", "clip", "step", "categories", "missing")),
    "boolean": ("missing",),
    "category": ("categories", "other", "missing"),
    "hashed": ("buckets", "missing"),
    "constant": ("value", "missing"),
    "copy": ("of",),
    "left out": (),
}
_MOST_BUCKETS = 65_536


@dataclass(frozen=True)
class Declaration:
    """What is declared of one column; None where the pilot, or a default, decides.

    Attributes:
        name: the column's name.
        origin: where it was declared, for messages.
        kind: what the values are.
        bounds: the least and the greatest number or moment.
        clip: whether values outside the bounds are taken for the nearest one, not refused.
        step: numbers are given back as multiples of it, 0 for any number; seconds for moments.
        categories: values with a slot of their own.
        other: whether a slot stands for all other categories.
        missing: whether a slot stands for missing values; for a constant, whether all are missing.
        buckets: slots of a hashed column.
        value: what a constant column holds.
        of: the column a copy is equal to.
    """

    name: str
    origin: str = "the schema"
    kind: Kind | None = None
    bounds: tuple[Any, Any] | None = None
    clip: bool | None = None
    step: float | None = None
    categories: tuple[Any, ...] | None = None
    other: bool | None = None
    missing: bool | None = None
    buckets: int | None = None
    value: Any = None
    of: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The keys that were declared."""
        return tuple(key for key in _READERS if getattr(self, key) is not None)

    def require_fit(self, kind: Kind) -> None:
        """Raise OptionError unless a column of this kind can have all that was declared."""
        known = ("kind", *_KEYS[kind])
        for key in self.parts:
            if key not in known:
                raise self.refusal(
                    f"has {key!r}, which a column of kind {kind!r} does not have; it can have "
                    f"{', '.join(known)}"
                )

    def refusal(self, why: str) -> OptionError:
        """Build the error for something declared of this column."""
        return OptionError(f"Column {self.name!r} in {self.origin} {why}.")


def declarations(
    schema: DeclaredSchema | None, kinds: Mapping[str, Any] | None
) -> dict[str, Declaration]:
    """Read what is declared of columns, by name.

    Args:
        schema: a TOML file with a table [columns.NAME] for each column, or a mapping of columns to
            what such a table holds.
        kinds: the short form, kinds alone.

    Raises:
        OptionError: a key or kind is unknown, a value cannot be used, or schema and kinds differ.
        FileFormatError: the file is not TOML.
        StorageError: the file cannot be read.
    """
    origin = "the schema"
    if isinstance(schema, str | os.PathLike):
        from sketchlearn.encoding.schema_files import read_schema

        origin, schema = os.fspath(schema), read_schema(schema)
    if schema is not None and not isinstance(schema, Mapping):
        raise OptionError(f"schema={schema!r} was given; it must be a file or a mapping.")
    tables: dict[str, Any] = {**(schema or {})}
    inner = tables.get("columns")
    # a file's mapping as it is: no column can be declared to hold tables
    if len(tables) == 1 and _is_tables(inner):
        tables = dict(inner)
    found = {str(name): _declaration(str(name), table, origin) for name, table in tables.items()}
    for name, kind in (kinds or {}).items():
        short = _declaration(name, {"kind": kind}, "kinds")
        there = found.get(name)
        if there is None:
            found[name] = short
        elif there.kind != kind:
            raise short.refusal(
                f"is {kind!r}, and was declared in {origin} too. Say it in one place"
            )
    return found


def _is_tables(inner: Any) -> bool:
    return isinstance(inner, Mapping) and all(isinstance(v, Mapping) for v in inner.values())


def _declaration(name: str, table: Any, origin: str) -> Declaration:
    declared = Declaration(name, origin)
    if not isinstance(table, Mapping):
        raise declared.refusal(f"is {table!r}; expected keys such as kind = 'category'")
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _READERS:
            raise declared.refusal(f"has an unknown key {key!r}; {_nearest(key, _READERS)}")
        try:
            given[key] = _READERS[key](_plain(value))
        except TypeError as error:
            raise declared.refusal(f"has {key} = {value!r}; expected {error}") from error
    declared = Declaration(name, origin, **given)
    if declared.clip is not None and declared.bounds is None:
        raise declared.refusal("has clip without bounds. Declare both, or neither")
    if declared.kind is not None:
        declared.require_fit(declared.kind)
    return declared


def _nearest(word: Any, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), list(known), n=1)
    hint = f". Did you mean {near[0]!r}?" if near else ""
    return f"it must be one of {', '.join(known)}{hint}"


def _plain(value: Any) -> Any:
    """Return numpy scalars and arrays as Python values."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def _kind(value: Any) -> Any:
    if value not in KINDS:
        raise TypeError(_nearest(value, KINDS).removeprefix("it must be "))
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
}
# Every key that can be declared has a reader, and the other way round.
assert set(_READERS) == {field.name for field in fields(Declaration)} - {"name", "origin"}
