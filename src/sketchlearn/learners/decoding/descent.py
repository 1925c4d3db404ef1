"""Levenberg and Marquardt's descent of atoms toward a sketch.

Weights and scatters are moved in their logarithms, centers as they are. There are many more
features than numbers to move, so that a step is a small system of normal equations, or, of many
columns, one that conjugate gradients solve. (Nocedal and Wright, "Numerical Optimization", 2006,
section 10.3.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.linalg import solve_triangular

from sketchlearn.features.elliptical import Atoms
from sketchlearn.learners.decoding.empirical import Empirical
from sketchlearn.learners.decoding.jacobian import Jacobian
from sketchlearn.learners.decoding.normal_equations import (
    Direct,
    NormalEquations,
    normal_equations,
)

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
        equations = place.equations(scatters=scatters)
        for _ in range(_TRIES):
            step = equations.step(damping)
            there = None if step is None else problem.at(place.moved(step))
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

    def equations(self, *, scatters: bool) -> NormalEquations:
        """Return the system that a step solves."""
        problem = self.problem
        frequencies = problem.empirical.frequencies
        jacobian = Jacobian.of(self.atoms, self.features, frequencies, scatters=scatters)
        if problem.root is None:
            return normal_equations(jacobian, self.rest)
        return Direct(problem.whitened(jacobian.rows()), self.rest)

    def moved(self, step: np.ndarray) -> Atoms:
        """Return the atoms after a step of their numbers, (p,)."""
        empirical, atoms = self.problem.empirical, self.atoms
        of_weights, of_centers, of_scatters = np.split(
            step, np.cumsum([len(atoms), atoms.centers.size])
        )
        weights = atoms.weights * np.exp(np.clip(of_weights, -_LONGEST[0], _LONGEST[0]))
        centers = empirical.within(atoms.centers + of_centers.reshape(atoms.centers.shape))
        scatters, stabilities = atoms.scatters, atoms.stabilities
        if of_scatters.size:
            steps = np.clip(of_scatters.reshape(len(atoms), -1), -_LONGEST[1], _LONGEST[1])
            if not atoms.gaussian:
                stabilities = np.clip(stabilities + steps[:, -1], *_STABILITIES)
                steps = steps[:, :-1]
            scatters = atoms.scatter.moved(scatters, steps)
            least, most = _LEAST_VARIANCE, _MOST_VARIANCE * empirical.variance
            least = max(least * empirical.variance, empirical.least_variance(len(atoms)))
            scatters = atoms.scatter.clipped(scatters, min(least, most / 2), most)
        return Atoms(weights, centers, scatters, stabilities, atoms.scatter)
