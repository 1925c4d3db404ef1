"""What a user declares of columns: from a schema file, a mapping, or their kinds alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sketchlearn.encoding.columns import NUMBERS, Kind
from sketchlearn.encoding.declared_values import KEYS, nearest, read_value
from sketchlearn.encoding.schema_files import read_schema
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
        learnt: the parts that whoever wrote the schema had from rows, which are no declaration to
            a release.
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
    learnt: tuple[str, ...] | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The keys that were declared."""
        said = (key for key in KEYS if getattr(self, key) is not None)
        return tuple(key for key in said if key != "learnt")

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
    origin, content = "the schema", {} if schema is None else schema
    if isinstance(content, str | os.PathLike):
        origin, content = os.fspath(content), read_schema(content)
    if not isinstance(content, Mapping):
        raise OptionError(f"schema={schema!r} was given; it must be a file or a mapping.")
    tables: dict[str, Any] = {str(name): table for name, table in content.items()}
    inner = tables.get("columns") if len(tables) == 1 else None
    # a file's mapping as it is: what is declared of a column is never a table
    if isinstance(inner, Mapping) and all(isinstance(one, Mapping) for one in inner.values()):
        tables = {**inner}
    found = {name: _declaration(name, table, origin) for name, table in tables.items()}
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


def _declaration(name: str, table: Any, origin: str) -> Declaration:
    declared = Declaration(name, origin)
    if not isinstance(table, Mapping):
        raise declared.refusal(f"is {table!r}; expected keys such as kind = 'category'")
    given: dict[str, Any] = {}
    for key, value in table.items():
        if key not in KEYS:
            raise declared.refusal(f"has an unknown key {key!r}; {nearest(key, KEYS)}")
        try:
            given[key] = read_value(key, value)
        except TypeError as error:
            raise declared.refusal(f"has {key} = {value!r}; expected {error}") from error
    declared = Declaration(name, origin, **given)
    if declared.clip is not None and declared.bounds is None:
        raise declared.refusal("has clip without bounds. Declare both, or neither")
    if declared.kind is not None:
        declared.require_fit(declared.kind)
    return declared


# Every key that can be declared has a reader, and the other way round.
assert set(KEYS) == {field.name for field in fields(Declaration)} - {"name", "origin"}
