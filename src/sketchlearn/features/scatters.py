"""Kinds of scatter Σ of elliptical laws: spherical, diagonal, full.

A step of a scatter is taken in its logarithm, Σ ← L exp(S) Lᵀ with Σ = L Lᵀ, so that it stays
positive however long the step is, and is of the same length in every unit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, final

import numpy as np

if TYPE_CHECKING:
    from sketchlearn.features.elliptical import Frequencies


class Scatter(ABC):
    """A kind of scatter; scatters of K atoms are arrays with K first."""

    @abstractmethod
    def steps(self, dimension: int) -> int:
        """Return the numbers that a step of one scatter has."""

    @abstractmethod
    def of_variances(self, variances: np.ndarray, dimension: int) -> np.ndarray:
        """Return the scatters of spherical laws, variances (K,)."""

    @abstractmethod
    def quadratic(self, scatters: np.ndarray, frequencies: Frequencies) -> np.ndarray:
        """Return ωᵀΣω, shape (K, m)."""

    @abstractmethod
    def slopes(self, scatters: np.ndarray, frequencies: Frequencies) -> np.ndarray:
        """Return the derivatives of ωᵀΣω by the numbers of a step, shape (K, steps, m)."""

    @abstractmethod
    def moved(self, scatters: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Return the scatters after steps of shape (K, steps)."""

    @abstractmethod
    def roots(self, scatters: np.ndarray, dimension: int) -> np.ndarray:
        """Return L with Σ = L Lᵀ, shape (K, d, d)."""

    @abstractmethod
    def of_offsets(self, offsets: np.ndarray) -> np.ndarray:
        """Return the scatter that offsets (K, d) from a center add to a law."""

    @abstractmethod
    def narrowed(self, scatters: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return scatters of half the variance along L e, for unit directions e, shape (K, d)."""

    @abstractmethod
    def clipped(self, scatters: np.ndarray, least: float, most: float) -> np.ndarray:
        """Return scatters with variances kept between two."""

    @abstractmethod
    def variances(self, scatters: np.ndarray) -> np.ndarray:
        """Return the mean variance of each, shape (K,)."""

    def times(self, scatters: np.ndarray, factors: np.ndarray) -> np.ndarray:
        """Return scatters times factors (K,)."""
        return scatters * factors.reshape(-1, *(1,) * (scatters.ndim - 1))


class _Axes(Scatter):
    """Σ along the axes; scatters are variances, shape (K, numbers)."""

    def moved(self, scatters: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Multiply variances by the exponentials of steps."""
        return scatters * np.exp(steps)

    def roots(self, scatters: np.ndarray, dimension: int) -> np.ndarray:
        """Return deviations along the axes, shape (K, d, d)."""
        return np.sqrt(scatters)[:, :, None] * np.eye(dimension)

    def clipped(self, scatters: np.ndarray, least: float, most: float) -> np.ndarray:
        """Keep each variance between two."""
        return np.clip(scatters, least, most)

    def variances(self, scatters: np.ndarray) -> np.ndarray:
        """Return the mean variance of each, shape (K,)."""
        return scatters.mean(axis=1)


@final
class Spherical(_Axes):
    """Σ = v I; scatters are variances, shape (K, 1)."""

    def steps(self, dimension: int) -> int:  # noqa: ARG002
        """Return 1."""
        return 1

    def of_variances(self, variances: np.ndarray, dimension: int) -> np.ndarray:  # noqa: ARG002
        """Return the variances."""
        return variances[:, None].copy()

    def quadratic(self, scatters: np.ndarray, frequencies: Frequencies) -> np.ndarray:
        """Return v ‖ω‖², shape (K, m)."""
        return scatters * frequencies.norms

    def slopes(self, scatters: np.ndarray, frequencies: Frequencies) -> np.ndarray:
        """Return v ‖ω‖², shape (K, 1, m)."""
        return self.quadratic(scatters, frequencies)[:, None]

    def of_offsets(self, offsets: np.ndarray) -> np.ndarray:
        """Return mean squares of offsets (K, d)."""
        return (offsets**2).mean(axis=1, keepdims=True)

    def narrowed(self, scatters: np.ndarray, directions: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """Return half the variances: a ball has no other way to be narrower."""
        return scatters * 0.5


@final
class Diagonal(_Axes):
    """Σ diagonal; scatters are variances, shape (K, d)."""

    def steps(self, dimension: int) -> int:
        """Return d."""
        return dimension

    def of_variances(self, variances: np.ndarray, dimension: int) -> np.ndarray:
        """Return variances (K,), the same along each axis."""
        return np.repeat(variances[:, None], dimension, axis=1)

    def quadratic(self, scatters: np.ndarray, frequencies: Frequencies) -> np.ndarray:
        """Return Σ v_i ω_i², shape (K, m)."""
        return scatters @ frequencies.squares  # (K, d) @ (d, m) -> (K, m)

    def slopes(self, scatters: np.ndarray, frequencies: Frequencies) -> np.ndarray:
        """Return v_i ω_i², shape (K, d, m)."""
        return scatters[:, :, None] * frequencies.squares

    def of_offsets(self, offsets: np.ndarray) -> np.ndarray:
        """Return squares of offsets (K, d)."""
        return offsets**2

    def narrowed(self, scatters: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return variances that are halved along an axis, as far as it is the direction."""
        return scatters * (1 - 0.5 * directions**2)


@final
class Full(Scatter):
    """Any Σ; scatters are matrices, shape (K, d, d)."""

    def steps(self, dimension: int) -> int:
        """Return d (d + 1) / 2."""
        return dimension * (dimension + 1) // 2

    def of_variances(self, variances: np.ndarray, dimension: int) -> np.ndarray:
        """Return multiples of the identity."""
        return variances[:, None, None] * np.eye(dimension)

    def quadratic(self, scatters: np.ndarray, frequencies: Frequencies) -> np.ndarray:
        """Return ‖Lᵀω‖², shape (K, m)."""
        return (self._along(scatters, frequencies) ** 2).sum(axis=1)

    def slopes(self, scatters: np.ndarray, frequencies: Frequencies) -> np.ndarray:
        """Return products of the entries of Lᵀω, shape (K, steps, m)."""
        along = self._along(scatters, frequencies)
        first, second = np.triu_indices(along.shape[1])
        twice = np.where(first == second, 1.0, 2.0)[:, None]
        return twice * along[:, first] * along[:, second]

    def moved(self, scatters: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Return L exp(S) Lᵀ."""
        dimension = scatters.shape[1]
        first, second = np.triu_indices(dimension)
        log = np.zeros_like(scatters)
        log[:, first, second] = steps
        log[:, second, first] = steps
        values, vectors = np.linalg.eigh(log)
        root = self.roots(scatters, dimension) @ (vectors * np.exp(values / 2)[:, None])
        return root @ root.transpose(0, 2, 1)

    def roots(self, scatters: np.ndarray, dimension: int) -> np.ndarray:  # noqa: ARG002
        """Return Cholesky's factors, shape (K, d, d)."""
        return np.linalg.cholesky(scatters)

    def of_offsets(self, offsets: np.ndarray) -> np.ndarray:
        """Return outer products of offsets (K, d)."""
        return offsets[:, :, None] * offsets[:, None, :]

    def narrowed(self, scatters: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return Σ - L e eᵀ Lᵀ / 2."""
        along = self.roots(scatters, 0) @ directions[:, :, None]  # (K, d, 1)
        return scatters - 0.5 * along @ along.transpose(0, 2, 1)

    def clipped(self, scatters: np.ndarray, least: float, most: float) -> np.ndarray:
        """Keep each eigenvalue between two."""
        values, vectors = np.linalg.eigh(scatters)
        if values.min() >= least and values.max() <= most:
            return scatters
        scaled = vectors * np.clip(values, least, most)[:, None]
        return scaled @ vectors.transpose(0, 2, 1)

    def variances(self, scatters: np.ndarray) -> np.ndarray:
        """Return the mean variance of each, shape (K,)."""
        return np.trace(scatters, axis1=1, axis2=2) / scatters.shape[1]

    def _along(self, scatters: np.ndarray, frequencies: Frequencies) -> np.ndarray:
        """Return Lᵀω, shape (K, d, m)."""
        return self.roots(scatters, 0).transpose(0, 2, 1) @ frequencies.array


SPHERICAL, DIAGONAL, FULL = Spherical(), Diagonal(), Full()
