"""What is known of one column before it is decided how to encode it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.encoding.arrow_numbers import as_numbers, number_of
from sketchlearn.encoding.columns import Kind
from sketchlearn.encoding.declarations import Declaration

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE: tuple[Kind, ...] = ("integer", "continuous", "category")
_FRACTIONS: tuple[Kind, ...] = ("continuous", "integer")

# The kinds that values of a type can be, by the test of Arrow that holds for it.
_BY_TYPE: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("is_boolean", ("boolean",)),
    ("is_string", ("category", "hashed")),
    ("is_duration", ("duration",)),
    ("is_time", ("time",)),
    ("is_date", ("date",)),
    ("is_timestamp", ("date",)),
    ("is_integer", _WHOLE),
    ("is_floating", _FRACTIONS),
    ("is_decimal", _FRACTIONS),
)


@dataclass(frozen=True)
class Evidence:
    """The type of a column, its values in the pilot, and what was declared of it.

    Attributes:
        values: the column of the pilot.
        whole: whether a text file showed whole numbers only, where fractions may follow.
        declared: what was declared; every question asks it first, and the pilot only then.
    """

    values: pa.Array
    whole: bool
    declared: Declaration

    @property
    def name(self) -> str:
        """The column's name."""
        return self.declared.name

    @property
    def type(self) -> pa.DataType:
        """The column's Arrow type."""
        return self.values.type

    @cached_property
    def distinct(self) -> pa.Array:
        """The different values of the pilot, without missing ones."""
        return self.values.drop_null().unique()

    @cached_property
    def numbers(self) -> np.ndarray:
        """The values as numbers, NaN where missing."""
        return as_numbers(self.values, self.name)

    @cached_property
    def missing(self) -> bool:
        """Whether a slot stands for missing values: declared, or seen."""
        if self.declared.missing is not None:
            return self.declared.missing
        if self.type_kinds and self.type_kinds[0] in ("integer", "continuous"):
            return bool(np.isnan(self.numbers).any())
        return self.values.null_count > 0

    @cached_property
    def type_kinds(self) -> tuple[Kind, ...]:
        """The kinds that values of the type can be, the likeliest first; empty if it is unknown."""
        import pyarrow as pa

        if self.whole:
            return _WHOLE
        known = (found for test, found in _BY_TYPE if getattr(pa.types, test)(self.type))
        return next(known, ())

    def as_number(self, value: Any, key: str) -> float:
        """Return a declared value as the column's numbers are.

        Raises:
            OptionError: it is of another type than the column.
        """
        try:
            return number_of(value, self.type)
        except TypeError as error:
            raise self.declared.refusal(
                f"has {value!r} among its {key}, and the column holds values of type {self.type}; "
                f"expected {error}"
            ) from error

    def learnt(self, parts: Iterable[str]) -> tuple[str, ...]:
        """Return which of the parts were not declared."""
        return tuple(part for part in parts if part not in self.declared.parts)
