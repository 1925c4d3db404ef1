"""Second moments along random directions: what principal components are learnt from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np

from sketchlearn.features.laws import directions, uniforms
from sketchlearn.features.projection import packed_panels
from sketchlearn.features.statistic import REACH, STATISTIC_UNIT, Statistic

# Farther records lie there: products of float32 then stay finite.
_FARTHEST = 2.0**40

MOST_DIRECTIONS = 2**20

# Apart from the streams of frequencies, of their dither and of windows.
_STREAM = 2**32


@final
@dataclass(frozen=True)
class Quadratic(Statistic):
    """Squares of projections on directions uniform on the unit sphere.

    The mean square along w is w'Sw, S being the second moments of the records: m directions are m
    linear measurements of a matrix of d(d + 1)/2 numbers, in place of the matrix.

    Attributes:
        dimension: columns of encoded records, d.
        size: number of directions.
        spread: root mean square of a projection in the pilot; squares count up to 16 of it.
        seed: the directions are a function of dimension, size and seed.
    """

    name: ClassVar[str] = "quadratic"
    dimension: int
    size: int
    spread: float
    seed: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the sums of one class: (size,)."""
        return (self.size,)

    @cached_property
    def directions(self) -> np.ndarray:
        """Unit vectors, shape (size, d)."""
        drawn = uniforms(self.seed, self.size * self.dimension, stream=_STREAM)
        return directions(drawn.reshape(self.size, self.dimension))

    @cached_property
    def _panels(self) -> np.ndarray:
        return packed_panels(self.directions.T / (self.spread * REACH))

    def add(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add squares, over (16 spreads)², of encoded records (n, d) to int64 sums (size,)."""
        from sketchlearn.features.statistic_kernels import add_squares  # compiles on first use

        near = np.clip(records, -_FARTHEST, _FARTHEST).astype(np.float32, order="C")
        add_squares(near, self._panels, 1 / STATISTIC_UNIT, total)

    def squares(self, sums: np.ndarray, count: int) -> np.ndarray:
        """Return the mean square of records along each direction, in encoded units, (size,)."""
        return self.mean(sums, count) * (self.spread * REACH) ** 2

    def explain(self) -> str:
        """Say in words what is kept."""
        return f"mean squares along {self.size} directions, for principal components"

    def to_document(self) -> dict[str, Any]:
        """Return the statistic as JSON values."""
        return {
            "name": self.name,
            "dimension": self.dimension,
            "size": self.size,
            "spread": self.spread,
            "seed": self.seed,
        }

    @classmethod
    def of_fields(cls, fields: dict[str, Any]) -> Quadratic:
        """Build the statistic from the fields of its document."""
        made = cls(
            int(fields["dimension"]),
            int(fields["size"]),
            float(fields["spread"]),
            int(fields["seed"]),
        )
        if not (made.dimension > 0 and 0 < made.size <= MOST_DIRECTIONS and made.seed >= 0):
            raise ValueError(f"there are no {made.size} directions of {made.dimension} columns")
        if not (math.isfinite(made.spread) and made.spread > 0):
            raise ValueError(f"{made.spread} is no spread")
        return made
