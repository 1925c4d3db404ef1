"""Side sums: first and second moments in exact integers, and bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sketchlearn.errors import OverflowSketchError, PlanError
from sketchlearn.features import UNIT

# Moments are those of encoded records clipped to ±4096 spreads, in steps of 2⁻²⁰ for sums and
# 2⁻¹⁰ for the factors of second moments: 512 products, or more of smaller factors, then sum to at
# most 2⁵³, so float64 matrix products are exact and the order of summation cannot matter.
_CLIP = 4096.0
_FACTOR_UNIT = 2.0**-10
_TILE_ROWS = 512

# Where a plan does not say, as those of the first format version: wider records keep the diagonal
# only, since the full matrix would outweigh the sketch.
FULL_SECOND_MOMENT = 1024


@dataclass(frozen=True)
class SideSums:
    """Sums beside the features, of encoded records.

    Attributes:
        first: Σ x, int64 in units of 2⁻²⁰, shape (d,).
        second: Σ x xᵀ, int64 in units of 2⁻²⁰, shape (d, d), or (d,) for the diagonal
            alone.
        lower: smallest value of each column ever seen, float64 (d,), +inf when none.
        upper: largest value of each column ever seen, float64 (d,), -inf when none.

    Bounds can only widen: subtracting keeps them, and equality leaves them out.
    """

    first: np.ndarray
    second: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @classmethod
    def empty(cls, dimension: int, *, full: bool = True) -> SideSums:
        """Return the sums of no record, with the full second moments or their diagonal."""
        return cls(
            np.zeros(dimension, dtype=np.int64),
            np.zeros((dimension, dimension) if full else dimension, dtype=np.int64),
            np.full(dimension, np.inf),
            np.full(dimension, -np.inf),
        )

    @classmethod
    def of(cls, records: np.ndarray, *, full: bool = True) -> SideSums:
        """Return the sums of encoded records, shape (n, d)."""
        result = cls.empty(records.shape[1], full=full)
        if not len(records):
            return result
        from sketchlearn.sketches.moment_kernels import add_first  # compiles on first use

        records = np.ascontiguousarray(records, dtype=np.float64)
        bounds = np.stack([result.lower, result.upper])
        first, second = result.first, result.second
        factors = np.empty(records.shape if full else (0, 0))
        squares = np.empty(0, dtype=np.int64) if full else second
        per = 1 / UNIT, 1 / _FACTOR_UNIT
        largest = add_first(records, _CLIP, *per, first, factors, squares, bounds)
        rows = max(_TILE_ROWS, int(2.0**53 / max(1.0, largest) ** 2))  # so many sum exactly
        for top in range(0, len(factors), rows):
            tile = factors[top : top + rows]
            second = second + (tile.T @ tile).astype(np.int64)
        return cls(first, second, *bounds)

    def __add__(self, other: SideSums) -> SideSums:
        self._refuse_overflow(other)
        return SideSums(
            self.first + other.first,
            self.second + other.second,
            np.minimum(self.lower, other.lower),
            np.maximum(self.upper, other.upper),
        )

    def __sub__(self, other: SideSums) -> SideSums:
        return SideSums(
            self.first - other.first, self.second - other.second, self.lower, self.upper
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SideSums):
            return NotImplemented
        return np.array_equal(self.first, other.first) and np.array_equal(self.second, other.second)

    __hash__ = None  # type: ignore[assignment]

    @staticmethod
    def record_bounds(
        lower: np.ndarray, upper: np.ndarray, *, full: bool
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return how large one record's integers can be, given bounds of encoded records.

        Returns:
            (greatest sum of squares, greatest sum of absolute values), of the first moments and of
            the second.
        """
        reach = np.minimum(np.maximum(np.abs(lower), np.abs(upper)), _CLIP)
        firsts = [int(value) for value in np.rint(reach / UNIT)]
        factors = [int(value) for value in np.rint(reach / _FACTOR_UNIT)]
        squares = [value**2 for value in factors]
        if full:
            second = sum(squares) ** 2, sum(factors) ** 2
        else:
            second = sum(value**2 for value in squares), sum(squares)
        return (sum(value**2 for value in firsts), sum(firsts)), second

    def mean(self, count: int) -> np.ndarray:
        """Return the mean encoded record, shape (d,)."""
        return self.first * UNIT / count

    def covariance(self, count: int) -> np.ndarray:
        """Return the covariance of encoded records, shape (d, d), or the variances (d,).

        Raises:
            PlanError: encoded values reach beyond ±4096 or all lie within a sixteenth, where
                the integers do not tell it: the plan does not standardise its records.
        """
        reach = np.maximum(np.abs(self.lower), np.abs(self.upper))
        if (reach > _CLIP).any() or (self.upper - self.lower).max() < 1 / 16:
            raise PlanError(
                f"Encoded values reach {reach.max():.3g}; second moments are kept for values of "
                "about unit spread. Make a plan that standardises its columns."
            )
        mean = self.mean(count)
        second = self.second * UNIT / count
        if second.ndim == 1:
            return np.maximum(second - mean**2, 0)
        covariance = second - np.outer(mean, mean)
        # values far below a spread are rounded to 0, whose square is less than that of their mean
        np.fill_diagonal(covariance, np.maximum(np.diag(covariance), 0))
        return covariance

    def _refuse_overflow(self, other: SideSums) -> None:
        # no entry exceeds the largest diagonal one (Cauchy and Schwarz)
        total = float(self._diagonal().max(initial=0)) + float(other._diagonal().max(initial=0))
        if total > 2.0**62:
            raise OverflowSketchError(
                "The second moments would exceed 64-bit integers: the records lie thousands of "
                "spreads away from those of the pilot. Make a new plan from records like these."
            )

    def _diagonal(self) -> np.ndarray:
        return np.diagonal(self.second) if self.second.ndim == 2 else self.second
