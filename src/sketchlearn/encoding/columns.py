"""One column of a table: slots for its categories, a number on a normal scale, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from sketchlearn.errors import ColumnError, PlanError

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal[
    "continuous", "integer", "date", "time", "duration", "boolean", "category", "constant", "copy",
    "left out",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)

# What stands for every category that has no slot of its own.
TAIL = "(other)"

# Code of a value that the column has no slot for.
UNKNOWN = -1


@dataclass(frozen=True)
class Column:
    """A column of a table and how it is encoded.

    An encoded value is one-hot over slots: its categories in order, then the tail, then missing,
    then "a number", as far as the column has them; after the slots stands the number itself, 0
    where none is set. A number alone has no slots.

    Attributes:
        name: the column's name.
        kind: what its values are.
        categories: values with a slot of their own: text, booleans, or numbers that stand out.
        tail: whether a slot stands for all other categories.
        missing: whether a slot stands for missing values.
        knots: increasing values between which numbers are put on a normal scale; empty
            without numbers.
        levels: the normal scores of the knots.
        step: numbers are multiples of it when given back; 0 for any number.
        value: what a constant column holds, or the column a copy is of.
    """

    name: str
    kind: Kind
    categories: tuple[Any, ...] = ()
    tail: bool = False
    missing: bool = False
    knots: tuple[float, ...] = field(default=(), repr=False)
    levels: tuple[float, ...] = field(default=(), repr=False)
    step: float = 0.0
    value: Any = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PlanError(f"Column {self.name!r} is of kind {self.kind!r}, which is unknown.")
        if len(self.knots) != len(self.levels) or len(self.knots) == 1:
            raise PlanError(f"Column {self.name!r} needs a level for each of two or more knots.")
        for points in (self.knots, self.levels):
            if not np.isfinite(points).all() or (np.diff(points) <= 0).any():
                raise PlanError(f"The knots of column {self.name!r} must increase.")
        if len(set(self.categories)) < len(self.categories):
            raise PlanError(f"Column {self.name!r} names a category twice.")

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers, moments or durations, rather than names."""
        return self.kind in ("continuous", "integer", "date", "time", "duration")

    @property
    def number(self) -> bool:
        """Whether a number follows the slots."""
        return bool(self.knots)

    @cached_property
    def slots(self) -> int:
        """One-hot entries."""
        named = len(self.categories) + self.tail + self.missing
        return named + (1 if named and self.number else 0)

    @property
    def width(self) -> int:
        """Numbers that an encoded value takes."""
        return self.slots + self.number

    @cached_property
    def _points(self) -> tuple[np.ndarray, np.ndarray]:
        """Knots, from the first one on, and levels."""
        return np.asarray(self.knots) - self.knots[0], np.asarray(self.levels)

    def codes(self, values: pa.Array, numbers: np.ndarray | None) -> np.ndarray:
        """Return the slot of each value, int64 (n,); UNKNOWN where there is none for it.

        Args:
            values: the column of a batch.
            numbers: the same as numbers, NaN where missing; None for names.
        """
        tail = len(self.categories)
        last = self.slots - 1
        if numbers is not None:
            codes = np.full(len(numbers), last if self.number else UNKNOWN)
            if self.categories:
                known = np.asarray(self.categories, dtype=np.float64)
                order = np.argsort(known)
                near = np.minimum(np.searchsorted(known[order], numbers), len(known) - 1)
                equal = known[order][near] == numbers
                codes[equal] = order[near[equal]]
            absent = np.isnan(numbers)
        else:
            import pyarrow as pa
            import pyarrow.compute as pc

            known = pa.array(list(self.categories), type=values.type)
            found = pc.call_function("index_in", [values], pc.SetLookupOptions(known))
            unknown = tail if self.tail else UNKNOWN
            codes = np.array(found.fill_null(unknown)).astype(np.int64)
            absent = np.asarray(values.is_null())
        codes[absent] = tail + self.tail if self.missing else UNKNOWN
        return codes

    def scores(self, numbers: np.ndarray) -> np.ndarray:
        """Put numbers on the normal scale; beyond the knots it goes on as steep as on average."""
        return _interpolated(numbers - self.knots[0], *self._points)

    def numbers(self, scores: np.ndarray) -> np.ndarray:
        """Take scores back to numbers, multiples of the step."""
        knots, levels = self._points
        numbers = _interpolated(scores, levels, knots) + self.knots[0]
        return np.rint(numbers / self.step) * self.step if self.step else numbers

    def to_document(self) -> dict[str, Any]:
        """Return the column as JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in vars(self).items()
            if key in self.__dataclass_fields__
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Column:
        """Build the column that `to_document` described."""
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in document.items()
        }
        return cls(**fields)


def _interpolated(x: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    slope = (ys[-1] - ys[0]) / (xs[-1] - xs[0])
    beyond = np.minimum(x - xs[0], 0) + np.maximum(x - xs[-1], 0)
    return np.interp(x, xs, ys) + slope * beyond


def normal_levels(count: int) -> np.ndarray:
    """Return the normal scores of `count` equally likely knots."""
    from scipy import special  # only a plan needs it

    return special.ndtri((np.arange(count) + 0.5) / count)


def unknown_value(column: Column, values: Any, codes: np.ndarray, where: str) -> ColumnError:
    """Build the error for a value that a column has no slot for."""
    row = int(np.flatnonzero(codes == UNKNOWN)[0])
    known = ", ".join(map(repr, column.categories[:8])) + ", ..." * (len(column.categories) > 8)
    return ColumnError(
        f"Column {column.name!r} holds {values[row].as_py()!r} in row {row} of {where}, and the "
        f"plan knows {known or 'numbers only'}. Make the plan again from more rows, or declare "
        "the column's categories."
    )
