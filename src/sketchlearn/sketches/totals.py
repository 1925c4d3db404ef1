"""Totals: what a pass adds up, in exact integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchlearn.encoding import Missing
from sketchlearn.errors import FileFormatError, ForgetError
from sketchlearn.features import integer_sums
from sketchlearn.features.statistic import STATISTIC_UNIT, Statistic
from sketchlearn.sketches.moments import SideSums
from sketchlearn.sketches.plan import Plan
from sketchlearn.sources import Batch

# Largest sum of one record in a statistic.
_LARGEST = round(1 / STATISTIC_UNIT)


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums over records under one plan; a commutative group, but for the bounds of `side`.

    Attributes:
        counts: records of each class, int64 (classes,); one entry without a label.
        sums: feature sums in units of 2⁻²⁰, int64 (classes, 2, m): cosines, then sines.
        statistics: sums of the plan's statistics by name, int64 (classes, *shape of each).
        side: first and second moments and bounds.
        dropped: records left out for missing or non-finite values.
    """

    counts: np.ndarray
    sums: np.ndarray
    statistics: dict[str, np.ndarray]
    side: SideSums
    dropped: int = 0

    @classmethod
    def of_none(cls, plan: Plan) -> Totals:
        """Return the totals of no record."""
        classes = plan.schema.class_count
        return cls(
            np.zeros(classes, dtype=np.int64),
            np.zeros((classes, 2, plan.size), dtype=np.int64),
            {
                kept.name: np.zeros((classes, *kept.shape), dtype=np.int64)
                for kept in plan.statistics
            },
            SideSums.empty(plan.schema.dimension, full=plan.full_moments),
        )

    @classmethod
    def of_batch(cls, plan: Plan, batch: Batch, missing: Missing) -> Totals:
        """Return the totals of one batch of a source."""
        classes = plan.schema.class_count
        encoded = plan.schema.encode(batch, missing)
        side = SideSums.of(encoded.values, full=plan.full_moments)
        statistics = {
            kept.name: _by_class(kept, encoded.values, encoded.classes, classes)
            for kept in plan.statistics
        }
        seen = plan.seen(encoded.values)
        sums = integer_sums(seen, plan.projection, encoded.classes, classes)
        counts = np.bincount(encoded.classes, minlength=classes)
        return cls(counts, sums, statistics, side, encoded.dropped)

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.counts + other.counts,
            self.sums + other.sums,
            {name: sums + other.statistics[name] for name, sums in self.statistics.items()},
            self.side + other.side,
            self.dropped + other.dropped,
        )

    def forgetting(self, other: Totals, largest: int) -> Totals:
        """Return these totals without those of other records.

        Args:
            other: what to forget.
            largest: sum of one record and one frequency, at most, in absolute value.

        Raises:
            ForgetError: no records have what would be left.
        """
        rest = Totals(
            self.counts - other.counts,
            self.sums - other.sums,
            {name: sums - other.statistics[name] for name, sums in self.statistics.items()},
            self.side - other.side,
            self.dropped - other.dropped,
        )
        if (rest.counts < 0).any() or rest.dropped < 0:
            raise ForgetError(
                f"{other.counts.sum()} records cannot be forgotten from a sketch of "
                f"{self.counts.sum()}: at least one class would hold less than none. Only what "
                "was added can be forgotten."
            )
        if not rest.possible(largest):
            raise ForgetError(
                "What is left after forgetting cannot be the sums of any records: the records to "
                "forget are not all in this sketch. Only what was added can be forgotten."
            )
        return rest

    def possible(self, largest: int) -> bool:
        """Tell whether records can have these sums, each of them at most `largest` in a wave."""

        def within(sums: np.ndarray, most: int) -> bool:
            room = self.counts.reshape(-1, *[1] * (sums.ndim - 1)) * most
            return bool((np.abs(sums) <= room).all())

        squares = np.diagonal(self.side.second) if self.side.second.ndim == 2 else self.side.second
        return (
            within(self.sums, largest)
            and all(within(sums, _LARGEST) for sums in self.statistics.values())
            and bool((squares >= 0).all())
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Totals):
            return NotImplemented
        return (
            self.dropped == other.dropped
            and np.array_equal(self.counts, other.counts)
            and np.array_equal(self.sums, other.sums)
            and all(
                np.array_equal(sums, other.statistics[name])
                for name, sums in self.statistics.items()
            )
            and self.side == other.side
        )

    __hash__ = None  # type: ignore[assignment]

    def tensors(self) -> dict[str, np.ndarray]:
        """Return every array by the name it has in files."""
        return {
            "counts": self.counts,
            "sums": self.sums,
            "first_moments": self.side.first,
            "second_moments": self.side.second,
            "lower": self.side.lower,
            "upper": self.side.upper,
            **self.statistics,
        }

    @classmethod
    def of_tensors(
        cls, plan: Plan, tensors: Mapping[str, np.ndarray], dropped: int, where: str | Path
    ) -> Totals:
        """Build the totals whose `tensors` were read from the file `where`.

        Raises:
            FileFormatError: an array is missing, or of another shape or dtype.
        """
        none = cls.of_none(plan)
        for name, empty in none.tensors().items():
            found = tensors.get(name)
            if found is None or found.shape != empty.shape or found.dtype != empty.dtype:
                raise FileFormatError(
                    f"{where} does not hold {name!r} as {empty.dtype} of shape {empty.shape}."
                )
        side = SideSums(
            tensors["first_moments"],
            tensors["second_moments"],
            tensors["lower"],
            tensors["upper"],
        )
        statistics = {name: tensors[name] for name in none.statistics}
        return cls(tensors["counts"], tensors["sums"], statistics, side, dropped)


def _by_class(
    kept: Statistic, records: np.ndarray, classes: np.ndarray, class_count: int
) -> np.ndarray:
    total = np.zeros((class_count, *kept.shape), dtype=np.int64)
    for number in range(class_count):
        mine = records if class_count == 1 else records[classes == number]
        if len(mine):
            kept.add(mine, total[number])
    return total
