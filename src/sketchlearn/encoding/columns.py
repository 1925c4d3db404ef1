"""One column of a table: slots for its categories, a number on a normal scale, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from sketchlearn.encoding.buckets import bucket_names, buckets_of
from sketchlearn.encoding.scales import interpolated, multiples_within, times_step
from sketchlearn.errors import PlanError

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal[
    "continuous", "integer", "date", "time", "duration", "boolean", "category", "hashed", "flags",
    "constant", "copy", "derived", "left out",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
NUMBERS: tuple[Kind, ...] = ("continuous", "integer", "date", "time", "duration")

# What is done with numbers outside the knots of a column.
Outside = Literal["extend", "refuse", "clip"]

# The parts of a column that rows may decide, by the words they are declared with.
_LEARNABLE: dict[Kind, tuple[str, ...]] = {
    "continuous": ("kind", "bounds", "step", "categories", "missing"),
    **dict.fromkeys(NUMBERS[1:], ("kind", "bounds", "categories", "missing")),
    "boolean": ("kind", "missing"),
    "category": ("kind", "categories", "missing"),
    "hashed": ("kind", "missing"),
    "flags": ("kind", "categories"),
    "constant": ("kind", "value"),
    "copy": ("kind", "of"),
    "derived": ("kind", "of"),
    "left out": ("kind",),
}

# What stands for every category that has no slot of its own.
TAIL = "(other)"

# Code of a value that the column has no slot for.
UNKNOWN = -1


@dataclass(frozen=True)
class Column:
    """A column of a table and how it is encoded.

    An encoded value is one-hot over slots: its categories or buckets in order, then the tail, then
    missing, then "a number", as far as the column has them; after the slots stands the number
    itself, 0 where none is set. A number alone has no slots.

    Attributes:
        name: the column's name.
        kind: what its values are.
        categories: values with a slot of their own: text, booleans, or numbers that stand out;
            for flags, of which one is set in every row, the names of their columns.
        tail: whether a slot stands for all other categories.
        missing: whether a slot stands for missing values.
        knots: increasing values between which numbers are put on a normal scale; empty
            without numbers.
        levels: the normal scores of the knots.
        step: numbers are multiples of it when given back; 0 for any number.
        value: what a constant column holds, or the column that a copy or a derived one is of.
        values: what a derived column holds for each slot of that column, and a column of flags
            for each of its own; moments as numbers.
        buckets: slots that text is put into by a hash, 0 where it is not.
        outside: what is done with numbers outside the knots: "extend" keeps them, and the scale
            goes on as steep as on average; "refuse" and "clip" are for declared bounds, within
            which numbers are given back.
        learnt: the parts that come from rows of a pilot, by the words they are declared with;
            no part of what is compared.
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
    values: tuple[Any, ...] = field(default=(), repr=False)
    buckets: int = 0
    outside: Outside = "extend"
    learnt: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PlanError(f"Column {self.name!r} is of kind {self.kind!r}, which is unknown.")
        if len(self.knots) != len(self.levels) or len(self.knots) == 1:
            raise PlanError(f"Column {self.name!r} needs a level for each of two or more knots.")
        for points in (self.knots, self.levels):
            if not np.isfinite(points).all() or (np.diff(points) <= 0).any():
                raise PlanError(f"The knots of column {self.name!r} must increase.")
        if (self.kind == "hashed") != (self.buckets > 0) or self.outside not in get_args(Outside):
            raise PlanError(f"Column {self.name!r} has no such buckets or bounds.")
        if len(set(self.categories)) < len(self.categories):
            raise PlanError(f"Column {self.name!r} names a category twice.")

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers, moments or durations, rather than names."""
        return self.kind in NUMBERS

    @property
    def number(self) -> bool:
        """Whether a number follows the slots."""
        return bool(self.knots)

    @property
    def named(self) -> int:
        """Slots for categories or buckets; those of the tail and of missing values come after."""
        return self.buckets or len(self.categories)

    @property
    def names(self) -> tuple[Any, ...]:
        """What stands for each of them in rows that are given back."""
        return bucket_names(self.buckets) if self.buckets else self.categories

    @cached_property
    def slots(self) -> int:
        """One-hot entries."""
        named = self.named + self.tail + self.missing
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
        tail = self.named
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
        elif self.buckets:
            codes, absent = buckets_of(values, self.buckets), np.asarray(values.is_null())
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

    def outlying(self, numbers: np.ndarray) -> np.ndarray:
        """Tell which numbers lie outside declared bounds, bool (n,)."""
        if self.outside == "extend":
            return np.zeros(len(numbers), dtype=bool)
        return (numbers < self.knots[0]) | (numbers > self.knots[-1])

    def scores(self, numbers: np.ndarray) -> np.ndarray:
        """Put numbers on the normal scale; beyond the knots it goes on as steep as on average."""
        if self.outside == "clip":
            numbers = np.clip(numbers, self.knots[0], self.knots[-1])
        return interpolated(numbers - self.knots[0], *self._points)

    def numbers(self, scores: np.ndarray) -> np.ndarray:
        """Take scores back to numbers, multiples of the step, within declared bounds."""
        knots, levels = self._points
        numbers = interpolated(scores, levels, knots) + self.knots[0]
        multiples = np.rint(numbers / self.step) if self.step else numbers
        if self.outside != "extend":
            multiples = np.clip(multiples, *multiples_within(*self.bounds, self.step))
        numbers = times_step(multiples, self.step) if self.step else multiples
        # a multiple may pass its bound by a rounding, and would be refused if encoded again
        return numbers if self.outside == "extend" else np.clip(numbers, *self.bounds)

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest knot of a number."""
        return self.knots[0], self.knots[-1]

    @property
    def learnable(self) -> tuple[str, ...]:
        """The parts of a column of this kind that rows may decide."""
        return _LEARNABLE[self.kind]

    def to_document(self) -> dict[str, Any]:
        """Return the column as JSON values, without what was learnt.

        What has come later is left out where it says nothing, so that older plans keep their
        digest.
        """
        later = {"values": (), "buckets": 0, "outside": "extend", "learnt": self.learnt}
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in vars(self).items()
            if key in self.__dataclass_fields__ and (key not in later or value != later[key])
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Column:
        """Build the column that `to_document` described."""
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in document.items()
        }
        return cls(**fields)
