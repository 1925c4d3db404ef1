"""Frequencies laid out for the data pass, and what their sums mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

# One feature unit. A feature is truncated toward zero to a multiple of 2⁻²⁰, so sums are
# integers, adding is exact in any order, and a record's norm is at most the real one's.
UNIT = 2.0**-20


# How far a feature may be from that of exactly a multiple of the first phase of its run, in all:
# phases of near records (256 turns) are off by 256 · 2⁻²⁴ turns when they are multiplied, those of
# far ones by less; waves and their truncation by 2⁻¹⁹.
_PHASE_ERROR = 2e-4

# Places at which the least sum of cosines is looked for; between them it falls by little.
_PLACES = 2**17


@dataclass(frozen=True, eq=False)
class Projection:
    """Dense frequencies, packed once and used by every batch of a pass.

    Attributes:
        frequencies: radians per encoded unit, float32, shape (d, m).
        dither: phases in turns, float32, shape (m,), for 1-bit features: a record then counts +1
            or -1 by the signs of the cosine and sine of its dithered phases. None for smooth ones.
        harmonics: frequencies in a run: the first of each, and its whole multiples. The pass then
            multiplies phases, so that those of a record are multiples to the last bit but one.
    """

    frequencies: np.ndarray
    dither: np.ndarray | None = None
    harmonics: int = 1

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

    @cached_property
    def record_difference(self) -> float:
        """K in ‖v - v'‖² ≤ k · `record_square` for the integers of any two records.

        It is 4, unless frequencies come with their multiples. Of one direction two records with
        phases θ apart then differ by Σ 2 (1 - cos kθ) = 2 (K - D(θ)), and the sum D of K cosines is
        never near -K: 2.65 for K = 6, towards 2.43 for many.
        """
        # phases of far records are float64, and their fractions what is left of 53 bits
        turns = self.farthest * math.sqrt(len(self.frequencies)) * self.reach
        if self.harmonics == 1 or self.dither is not None or turns * 2.0**-50 > _PHASE_ERROR:
            return 4.0
        runs = np.bincount(np.arange(self.size) // self.harmonics)
        most = sum(count * _run_difference(int(length)) for length, count in _counted(runs))
        return (math.sqrt(most / self.size) + 2 * _PHASE_ERROR) ** 2

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
    def multiples(self) -> np.ndarray:
        """Which multiple of the first of its run each is, float32 (m,); empty without harmonics."""
        if self.harmonics == 1:
            return np.empty(0, dtype=np.float32)
        return (np.arange(self.size) % self.harmonics + 1).astype(np.float32)

    @cached_property
    def turns(self) -> np.ndarray:
        """Frequencies in turns per encoded unit, float64, (d, m): of a run the first, repeated."""
        first = np.arange(self.size) // self.harmonics * self.harmonics
        return np.ascontiguousarray(self.frequencies[:, first], dtype=np.float64) / (2 * np.pi)

    @cached_property
    def reach(self) -> float:
        """Length of the longest frequency, in turns per encoded unit."""
        lengths = np.sqrt((self.turns**2).sum(axis=0))
        return float((lengths * self.multiples if self.harmonics > 1 else lengths).max(initial=0))

    @property
    def farthest(self) -> float:
        """Where a record is taken to lie that is farther, so that phases stay precise enough."""
        return 2.0**40 if self.harmonics == 1 else 2.0**24

    def add_near(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the features of float32 records (n, d) to int64 sums (2, m)."""
        from sketchlearn.features.sum_kernels import add_near

        add_near(records, self.panels, self.multiples, self.shifts, total)

    @cached_property
    def panels(self) -> np.ndarray:
        """The frequencies in turns, float32, shape (panels, d, columns of a tile)."""
        return packed_panels(self.turns)


def _counted(lengths: np.ndarray) -> list[tuple[int, int]]:
    values, counts = np.unique(lengths, return_counts=True)
    return list(zip(values.tolist(), counts.tolist(), strict=True))


def _run_difference(harmonics: int) -> float:
    """Return the greatest squared difference of the features of a run, over all phases apart."""
    phases, multiples = np.linspace(0, np.pi, _PLACES), np.arange(1, harmonics + 1)
    least = np.cos(np.outer(multiples, phases)).sum(axis=0).min()
    fall = multiples.sum() * np.pi / (2 * (_PLACES - 1))  # slope times half a step
    return float(2 * (harmonics - least + fall))


def packed_panels(vectors: np.ndarray) -> np.ndarray:
    """Lay out vectors (d, m) as right panels, float32, shape (panels, d, columns of a tile)."""
    from sketchlearn.features.tile import TILE_COLUMNS

    dimension, size = vectors.shape
    count = -(-size // TILE_COLUMNS)
    padded = np.zeros((dimension, count * TILE_COLUMNS), dtype=np.float32)
    padded[:, :size] = vectors
    by_panel = padded.reshape(dimension, count, TILE_COLUMNS).transpose(1, 0, 2)
    return np.ascontiguousarray(by_panel)
