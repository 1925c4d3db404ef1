"""Levenberg and Marquardt's descent of atoms toward a sketch.

Weights and scatters are moved in their logarithms, centers as they are. There are many more
features than numbers to move, so that a step is a small system of normal equations. (Nocedal and
Wright, "Numerical Optimization", 2006, section 10.3.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, get_blas_funcs, solve_triangular

from sketchlearn.features.elliptical import Atoms
from sketchlearn.learners.decoding.empirical import Empirical

# Longest steps of logarithms, of weights and of scatters.
_LONGEST = 2.0, 1.5
# Variances of atoms, over the mean variance of the records.
_LEAST_VARIANCE, _MOST_VARIANCE = 1e-6, 3.0
# Stabilities of atoms that are not Gaussian; those that are stay so.
_STABILITIES = 0.5, 1.999
_TRIES = 6


@final
@dataclass(frozen=True)
class Descended:
    """Atoms after a descent.

    Attributes:
        atoms: where it ended.
        residual: ‖z - E Φ‖².
    """

    atoms: Atoms
    residual: float

    def __len__(self) -> int:
        return len(self.atoms)


def descend(  # noqa: PLR0913 - each option serves one stage of the search
    empirical: Empirical,
    atoms: Atoms,
    steps: int,
    *,
    toward: np.ndarray | None = None,
    scatters: bool = True,
    enough: float = 0.0,
    flat: float = 1e-5,
    root: np.ndarray | None = None,
) -> Descended:
    """Move atoms so that their features come nearer to a mean.

    Args:
        empirical: the frequencies, the bounds and the sketch's mean.
        atoms: where to start.
        steps: at most so many.
        toward: the mean to come near to, shape (2, m); by default the sketch's.
        scatters: whether they are moved too.
        enough: a residual to stop at.
        flat: a share of the residual; after two steps that gain less the descent ends.
        root: a lower triangular R of shape (2m, 2m): residuals r count as ‖R⁻¹ r‖².
    """
    problem = _Problem(empirical, empirical.mean if toward is None else toward, root)
    place = problem.at(atoms)
    damping, idle = 1e-3, 0
    for _ in range(steps):
        system = _System.at(place, scatters=scatters)
        for _ in range(_TRIES):
            moved = system.solved(damping)
            there = None if moved is None else problem.at(moved)
            if there is not None and there.residual < place.residual:
                break
            damping *= 6
        else:
            break
        assert there is not None
        gain = 1 - there.residual / place.residual
        place, damping = there, max(damping / 8, 1e-9)
        idle = idle + 1 if gain < flat else 0
        if idle == 2 or place.residual < enough:
            break
    return Descended(place.atoms, place.residual)


@final
@dataclass(frozen=True)
class _Problem:
    """What is to be matched, and how residuals count."""

    empirical: Empirical
    mean: np.ndarray
    root: np.ndarray | None

    def at(self, atoms: Atoms) -> _Place:
        features, rest = atoms.features_and_rest(self.empirical.frequencies, self.mean)
        return _Place(self, atoms, features, self.whitened(rest.reshape(1, -1))[0])

    def whitened(self, rows: np.ndarray) -> np.ndarray:
        """Return rows (p, 2m) as they count."""
        if self.root is None:
            return rows
        return solve_triangular(self.root, rows.T, lower=True, check_finite=False).T


@final
@dataclass(frozen=True)
class _Place:
    """Atoms, their features (2, K, m), and what they leave of the mean as it counts, (2m,)."""

    problem: _Problem
    atoms: Atoms
    features: np.ndarray
    rest: np.ndarray

    @property
    def residual(self) -> float:
        return float(self.rest @ self.rest)


@final
@dataclass(frozen=True)
class _System:
    """The normal equations at a place: matrix (p, p), of which the upper half is set, and side."""

    place: _Place
    matrix: np.ndarray
    side: np.ndarray
    moves_scatters: bool

    @classmethod
    def at(cls, place: _Place, *, scatters: bool) -> _System:
        jacobian = place.problem.whitened(_jacobian(place, scatters=scatters))
        square: Any = get_blas_funcs("syrk", (jacobian,))
        return cls(place, square(1.0, jacobian.T, trans=1), jacobian @ place.rest, scatters)

    def solved(self, damping: float) -> Atoms | None:
        """Return the atoms after a step, or None where the system cannot be solved."""
        diagonal = np.diagonal(self.matrix)
        damped = self.matrix.copy(order="F")
        floor = 1e-9 * diagonal.mean() + 1e-300
        np.fill_diagonal(damped, diagonal + damping * (diagonal + floor))
        try:
            factor = cho_factor(damped, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return None
        step = cho_solve(factor, self.side, check_finite=False)
        return self._moved(step) if np.isfinite(step).all() else None

    def _moved(self, step: np.ndarray) -> Atoms:
        empirical, atoms = self.place.problem.empirical, self.place.atoms
        of_weights, of_centers, of_scatters = np.split(
            step, np.cumsum([len(atoms), atoms.centers.size])
        )
        weights = atoms.weights * np.exp(np.clip(of_weights, -_LONGEST[0], _LONGEST[0]))
        centers = empirical.within(atoms.centers + of_centers.reshape(atoms.centers.shape))
        scatters, stabilities = atoms.scatters, atoms.stabilities
        if self.moves_scatters:
            steps = np.clip(of_scatters.reshape(len(atoms), -1), -_LONGEST[1], _LONGEST[1])
            if not atoms.gaussian:
                stabilities = np.clip(stabilities + steps[:, -1], *_STABILITIES)
                steps = steps[:, :-1]
            scatters = atoms.scatter.moved(scatters, steps)
            least, most = _LEAST_VARIANCE, _MOST_VARIANCE * empirical.variance
            least = max(least * empirical.variance, empirical.least_variance(len(atoms)))
            scatters = atoms.scatter.clipped(scatters, min(least, most / 2), most)
        return Atoms(weights, centers, scatters, stabilities, atoms.scatter)


def _jacobian(place: _Place, *, scatters: bool) -> np.ndarray:
    """Return the derivatives of the mixture's features by what is moved, shape (p, 2m)."""
    atoms, frequencies = place.atoms, place.problem.empirical.frequencies
    count, dimension = atoms.centers.shape
    size = frequencies.size
    slopes = atoms.slopes(frequencies) if scatters else np.empty((count, 0, size))
    each = slopes.shape[1]
    jacobian = np.empty((count * (1 + dimension + each), 2, size))
    real, imaginary = atoms.weights[:, None] * place.features  # (2, K, m)
    jacobian[:count, 0], jacobian[:count, 1] = real, imaginary
    of_centers = jacobian[count : count * (1 + dimension)].reshape(count, dimension, 2, size)
    np.multiply(-imaginary[:, None], frequencies.array, out=of_centers[:, :, 0])
    np.multiply(real[:, None], frequencies.array, out=of_centers[:, :, 1])
    if scatters:
        of_scatters = jacobian[count * (1 + dimension) :].reshape(count, each, 2, size)
        np.multiply(-slopes, real[:, None], out=of_scatters[:, :, 0])
        np.multiply(-slopes, imaginary[:, None], out=of_scatters[:, :, 1])
    return jacobian.reshape(len(jacobian), 2 * size)
