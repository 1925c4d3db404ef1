"""Mixtures of elliptical laws, and their expected features in closed form.

An atom is a law with the characteristic function

    exp(iω·c) exp(-(ωᵀΣω / 2)^(α/2)),

an elliptical α-stable law with center c, scatter Σ and stability α. α = 2 is the Gaussian law of
covariance Σ, and Σ = 0 a point. (Nolan, "Multivariate elliptically contoured stable
distributions", Computational Statistics, 2013.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from sketchlearn.features.scatters import SPHERICAL, Scatter

GAUSSIAN = 2.0


@final
@dataclass(frozen=True)
class Frequencies:
    """Frequencies, with what closed forms need of them.

    Attributes:
        array: float64, shape (d, m).
        outside: exponents (m,) that all features are dampened by, or 0: what a law is along
            directions that are left out of it.
    """

    array: np.ndarray
    outside: np.ndarray | float = 0.0

    @property
    def dimension(self) -> int:
        """Dimension of the records, d."""
        return len(self.array)

    @property
    def size(self) -> int:
        """Number of frequencies, m."""
        return self.array.shape[1]

    @cached_property
    def turns(self) -> np.ndarray:
        """Frequencies that give phases in turns, shape (d, m)."""
        return self.array / (2 * np.pi)

    @cached_property
    def squares(self) -> np.ndarray:
        """ω², shape (d, m)."""
        return self.array**2

    @cached_property
    def norms(self) -> np.ndarray:
        """‖ω‖², shape (m,)."""
        return self.squares.sum(axis=0)

    def waves(self, places: np.ndarray) -> np.ndarray:
        """Return features exp(iω·x) of places (n, d): cosines and sines, shape (2, n, m)."""
        turns = places @ self.turns
        return _damped(turns, np.zeros_like(turns), np.zeros(len(places)))[0]


@final
@dataclass(frozen=True)
class Atoms:
    """A mixture of elliptical laws of one kind of scatter.

    Attributes:
        weights: shape (K,), positive; they need not sum to 1.
        centers: shape (K, d).
        scatters: as `scatter` lays them out, K first.
        stabilities: α in (0, 2], shape (K,).
        scatter: the kind of Σ.
    """

    weights: np.ndarray
    centers: np.ndarray
    scatters: np.ndarray
    stabilities: np.ndarray
    scatter: Scatter = SPHERICAL

    @classmethod
    def round(cls, weights: np.ndarray, centers: np.ndarray, variances: np.ndarray) -> Atoms:
        """Return spherical Gaussian atoms, variances of shape (K,)."""
        return cls(weights, centers, variances[:, None], np.full(len(weights), GAUSSIAN))

    @classmethod
    def none(cls, dimension: int) -> Atoms:
        """Return no atoms at all."""
        return cls.round(np.zeros(0), np.zeros((0, dimension)), np.zeros(0))

    def __len__(self) -> int:
        return len(self.weights)

    def take(self, which: Any) -> Atoms:
        """Return the atoms of these numbers, or of a mask."""
        return self._of([part[which] for part in self._parts()])

    def without(self, which: Any) -> Atoms:
        """Return the atoms but for these numbers."""
        return self._of([np.delete(part, which, axis=0) for part in self._parts()])

    def and_also(self, *others: Atoms) -> Atoms:
        """Return these atoms followed by others of the same kind."""
        parts = zip(*(atoms._parts() for atoms in (self, *others)), strict=True)  # noqa: SLF001
        return self._of([np.concatenate(of_all) for of_all in parts])

    def weighing(self, weights: np.ndarray) -> Atoms:
        """Return the atoms with other weights."""
        return self._of([weights, *self._parts()[1:]])

    def as_stable(self, stability: float) -> Atoms:
        """Return atoms of the same centers and scatters, and another stability."""
        stabilities = np.full(len(self), stability)
        return Atoms(self.weights, self.centers, self.scatters, stabilities, self.scatter)

    def as_scatter(self, scatter: Scatter) -> Atoms:
        """Return spherical atoms as atoms of another kind of scatter."""
        scatters = scatter.of_variances(self.scatters[:, 0], self.centers.shape[1])
        return Atoms(self.weights, self.centers, scatters, self.stabilities, scatter)

    def exponents(self, frequencies: Frequencies) -> np.ndarray:
        """Return (ωᵀΣω / 2)^(α/2), shape (K, m)."""
        half = self.scatter.quadratic(self.scatters, frequencies) / 2
        if self.gaussian:
            return half + frequencies.outside
        return half ** (self.stabilities[:, None] / 2) + frequencies.outside

    @property
    def gaussian(self) -> bool:
        """Whether all atoms are Gaussian."""
        return bool((self.stabilities == GAUSSIAN).all())

    def slopes(self, frequencies: Frequencies) -> np.ndarray:
        """Return derivatives of the exponents by the numbers of a step of Σ, (K, steps, m).

        Unless all atoms are Gaussian, those by α come last.
        """
        by_half = self.scatter.slopes(self.scatters, frequencies) / 2
        if self.gaussian:
            return by_half
        half = self.scatter.quadratic(self.scatters, frequencies)[:, None] / 2  # (K, 1, m)
        half = np.maximum(half, 1e-300)
        power = self.stabilities[:, None, None] / 2
        exponents = half**power
        by_stability = exponents * np.log(half) / 2
        return np.concatenate([by_half * power * exponents / half, by_stability], axis=1)

    def features(self, frequencies: Frequencies) -> np.ndarray:
        """Return expected features of each atom: real and imaginary parts, shape (2, K, m)."""
        return self.features_and_rest(frequencies, np.zeros((2, frequencies.size)))[0]

    def features_and_rest(
        self, frequencies: Frequencies, mean: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return features (2, K, m), and a mean (2, m) less those of the mixture."""
        turns = self.centers @ frequencies.turns  # (K, d) @ (d, m) -> (K, m)
        return _damped(turns, self.exponents(frequencies), self.weights, mean)

    def merged(self, first: np.ndarray, second: np.ndarray) -> Atoms:
        """Return atoms, one of each pair, that have the weight and moments of both."""
        one, other = self.take(first), self.take(second)
        weights = one.weights + other.weights
        share = one.weights / weights
        centers = share[:, None] * one.centers + (1 - share)[:, None] * other.centers
        scatters = sum(
            self.scatter.times(part.scatters, of)
            + self.scatter.times(self.scatter.of_offsets(part.centers - centers), of)
            for part, of in ((one, share), (other, 1 - share))
        )
        stabilities = share * one.stabilities + (1 - share) * other.stabilities
        return Atoms(weights, centers, np.asarray(scatters), stabilities, self.scatter)

    def _parts(self) -> list[np.ndarray]:
        return [self.weights, self.centers, self.scatters, self.stabilities]

    def _of(self, parts: list[np.ndarray]) -> Atoms:
        return Atoms(parts[0], parts[1], parts[2], parts[3], self.scatter)


def _damped(
    turns: np.ndarray,
    exponents: np.ndarray,
    weights: np.ndarray,
    mean: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    from sketchlearn.features.elliptical_kernels import damped_waves  # compiles on first use

    features = np.empty((2, *turns.shape))
    left = np.zeros((2, turns.shape[1])) if mean is None else mean.copy()
    arrays = np.ascontiguousarray(exponents), np.ascontiguousarray(weights)
    damped_waves(turns, *arrays, features[0], features[1], left)
    return features, left
