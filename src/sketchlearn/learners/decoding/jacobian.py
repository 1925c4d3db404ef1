"""The derivatives of a mixture's features by the numbers that a descent moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from sketchlearn.features.elliptical import Atoms, Frequencies


@final
@dataclass(frozen=True)
class Jacobian:
    """J of shape (p, 2m), as rows or as a product with them; p = K (1 + d + steps).

    The derivative of w exp(iω·c) exp(-e) is itself times 1, iω or -e' by log w, by c or by a number
    that e depends on, so that a product with J costs no more than features do.

    Attributes:
        frequencies: ω.
        real: real parts of each atom's features times its weight, shape (K, m).
        imaginary: imaginary parts.
        slopes: derivatives of exponents by numbers of scatters, shape (K, steps, m), or none of
            them, (K, 0, m).
    """

    frequencies: Frequencies
    real: np.ndarray
    imaginary: np.ndarray
    slopes: np.ndarray

    @classmethod
    def of(
        cls, atoms: Atoms, features: np.ndarray, frequencies: Frequencies, *, scatters: bool
    ) -> Jacobian:
        """Return the derivatives at atoms of these features (2, K, m)."""
        none = np.empty((len(atoms), 0, frequencies.size))
        slopes = atoms.slopes(frequencies) if scatters else none
        real, imaginary = atoms.weights[:, None] * features
        return cls(frequencies, real, imaginary, slopes)

    @property
    def numbers(self) -> int:
        """Numbers that are moved, p."""
        return len(self.real) * (1 + self.frequencies.dimension + self.slopes.shape[1])

    def rows(self) -> np.ndarray:
        """Return J, shape (p, 2m): weights, centers of one atom after the other, scatters."""
        count, size = self.real.shape
        dimension, each = self.frequencies.dimension, self.slopes.shape[1]
        rows = np.empty((self.numbers, 2, size))
        rows[:count, 0], rows[:count, 1] = self.real, self.imaginary
        of_centers = rows[count : count * (1 + dimension)].reshape(count, dimension, 2, size)
        np.multiply(-self.imaginary[:, None], self.frequencies.array, out=of_centers[:, :, 0])
        np.multiply(self.real[:, None], self.frequencies.array, out=of_centers[:, :, 1])
        if each:
            of_scatters = rows[count * (1 + dimension) :].reshape(count, each, 2, size)
            np.multiply(-self.slopes, self.real[:, None], out=of_scatters[:, :, 0])
            np.multiply(-self.slopes, self.imaginary[:, None], out=of_scatters[:, :, 1])
        return rows.reshape(len(rows), 2 * size)

    def along(self, step: np.ndarray) -> np.ndarray:
        """Return Jᵀ s, what a step (p,) adds to the features, shape (2m,)."""
        of_weights, of_centers, of_scatters = self._parts(step)
        growth = of_weights[:, None] - (of_scatters[:, None] @ self.slopes)[:, 0]
        turn = of_centers @ self.frequencies.array  # (K, m)
        real = (growth * self.real - turn * self.imaginary).sum(axis=0)
        imaginary = (growth * self.imaginary + turn * self.real).sum(axis=0)
        return np.concatenate([real, imaginary])

    def against(self, rest: np.ndarray) -> np.ndarray:
        """Return J r, how much each number moves features along r (2m,), shape (p,)."""
        real, imaginary = rest.reshape(2, -1)
        along = self.real * real + self.imaginary * imaginary
        across = self.real * imaginary - self.imaginary * real
        of_scatters = -(self.slopes @ along[:, :, None])
        of_centers = across @ self.frequencies.array.T
        return np.concatenate([along.sum(axis=1), of_centers.ravel(), of_scatters.ravel()])

    def squares(self) -> np.ndarray:
        """Return the diagonal of J Jᵀ, shape (p,)."""
        energy = self.real**2 + self.imaginary**2
        of_scatters = self.slopes**2 @ energy[:, :, None]
        of_centers = energy @ self.frequencies.squares.T
        return np.concatenate([energy.sum(axis=1), of_centers.ravel(), of_scatters.ravel()])

    def _parts(self, step: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        count, dimension = len(self.real), self.frequencies.dimension
        of_weights, of_centers, of_scatters = np.split(step, [count, count * (1 + dimension)])
        shape = count, self.slopes.shape[1]
        return of_weights, of_centers.reshape(count, dimension), of_scatters.reshape(shape)
