"""Frequencies laid out for the data pass, and what their sums mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

# One feature unit. A feature is truncated toward zero to a multiple of 2⁻²⁰, so sums are
# integers, adding is exact in any order, and a record's norm is at most the real one's.
UNIT = 2.0**-20


@dataclass(frozen=True, eq=False)
class Projection:
    """Dense frequencies, packed once and used by every batch of a pass.

    Attributes:
        frequencies: radians per encoded unit, float32, shape (d, m).
        dither: phases in turns, float32, shape (m,), for 1-bit features: a record then counts +1
            or -1 by the signs of the cosine and sine of its dithered phases. None for smooth ones.
    """

    frequencies: np.ndarray
    dither: np.ndarray | None = None

    @property
    def size(self) -> int:
        """Number of frequencies, m."""
        return self.frequencies.shape[1]

    @property
    def largest(self) -> int:
        """Largest sum of one record and one frequency, in absolute value."""
        return round(1 / UNIT) if self.dither is None else 1

    @property
    def record_square(self) -> int:
        """Greatest squared norm of one record's integers: of each cosine with its sine, by m.

        Waves are kept within the unit circle before they are truncated toward zero.
        """
        return self.size * self.largest**2 * (1 if self.dither is None else 2)

    @property
    def record_total(self) -> int:
        """Greatest sum of absolute values of one record's integers: at most √2 by wave."""
        return self.size * math.isqrt(2 * self.largest**2 * (1 if self.dither is None else 2))

    @cached_property
    def factor(self) -> np.ndarray:
        """What to multiply mean sums with to get mean features exp(iω·x), complex, shape (m,).

        The first harmonic of the 1-bit features of a phase θ is 4/π exp(iθ); the higher ones have
        random phases by the dither, and are noise to whoever compares with smooth features.
        (Schellekens and Jacques, "Breaking the waves: asymmetric random periodic features", 2022.)
        """
        if self.dither is None:
            return np.full(self.size, UNIT, dtype=np.complex128)
        return np.pi / 4 * np.exp(-2j * np.pi * self.dither)

    @property
    def norm(self) -> float:
        """Modulus of one record's feature: 1, or π/√8 for 1-bit features."""
        return 1.0 if self.dither is None else float(np.pi / np.sqrt(8))

    @property
    def shifts(self) -> np.ndarray:
        """The dither, or an empty array, for compiled loops."""
        return np.empty(0, dtype=np.float32) if self.dither is None else self.dither

    @cached_property
    def turns(self) -> np.ndarray:
        """The frequencies in turns per encoded unit, float64, shape (d, m), C-contiguous."""
        return np.ascontiguousarray(self.frequencies, dtype=np.float64) / (2 * np.pi)

    @cached_property
    def reach(self) -> float:
        """Length of the longest frequency, in turns per encoded unit."""
        return float(np.sqrt((self.turns**2).sum(axis=0).max(initial=0)))

    def add_near(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the features of float32 records (n, d) to int64 sums (2, m)."""
        from sketchlearn.features.sum_kernels import add_near

        add_near(records, self.panels, self.shifts, total)

    @cached_property
    def panels(self) -> np.ndarray:
        """The frequencies in turns, float32, shape (panels, d, columns of a tile)."""
        return packed_panels(self.turns)


def packed_panels(vectors: np.ndarray) -> np.ndarray:
    """Lay out vectors (d, m) as right panels, float32, shape (panels, d, columns of a tile)."""
    from sketchlearn.features.tile import TILE_COLUMNS

    dimension, size = vectors.shape
    count = -(-size // TILE_COLUMNS)
    padded = np.zeros((dimension, count * TILE_COLUMNS), dtype=np.float32)
    padded[:, :size] = vectors
    by_panel = padded.reshape(dimension, count, TILE_COLUMNS).transpose(1, 0, 2)
    return np.ascontiguousarray(by_panel)
