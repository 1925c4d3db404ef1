"""Option dataclasses as command-line flags."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_type_hints

from cyclopts import Parameter, Token


def flags_of(
    options: type, without: tuple[str, ...] = (), types: Mapping[str, Any] | None = None
) -> type:
    """Return a dataclass with the fields of `options` that a command line can express.

    Names, defaults and documentation stay the same, so that Python arguments, flags and TOML
    keys are the same words. `types` are of fields of which a command line can express a part.
    """
    hints = {**get_type_hints(options), **(types or {})}
    whole = Annotated[int, Parameter(converter=_whole)]
    hints = {name: whole if hint is int else hint for name, hint in hints.items()}
    fields = [
        (field.name, hints[field.name], dataclasses.field(default=field.default))
        for field in dataclasses.fields(options)
        if field.name not in without
    ]
    made = dataclasses.make_dataclass(options.__name__, fields, frozen=True)
    # the parser takes classes of the module "types", the default here, for plain values
    made.__module__ = options.__module__
    made.__doc__ = options.__doc__
    return made


def given(flags: Any) -> dict[str, Any]:
    """Return the fields of a flags dataclass as keyword arguments."""
    return {field.name: getattr(flags, field.name) for field in dataclasses.fields(flags)}


def _whole(_: type, tokens: Sequence[Token]) -> int:
    """Return a whole number, where the parser would cut a fraction off."""
    text = tokens[0].value
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} was given; it must be a whole number.") from None
