"""A covariance from its values along directions: a few wide directions, and the same of the rest.

m measurements w'Cw are far fewer than the numbers of C, but a covariance of r wide directions over
an even rest has r d + 1 of them. Directions are parametrised by C = UU' + q²I, which is never
negative, and found by quasi-Newton steps from a spectral start. (Chen, Chi and Goldsmith, "Exact
and stable covariance estimation from quadratic sampling", IEEE TIT 2015, measure the same.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

_STEPS = 1_000


@dataclass(frozen=True)
class LowRank:
    """A covariance of wide directions over an even rest.

    Attributes:
        roots: wide directions by the deviation along them, shape (d, r).
        rest: variance along every direction besides.
        misfit: root mean square of the measurements' errors, each over the measurement.
    """

    roots: np.ndarray
    rest: float
    misfit: float

    def matrix(self) -> np.ndarray:
        """Return the covariance, shape (d, d)."""
        return self.roots @ self.roots.T + self.rest * np.eye(len(self.roots))


def low_rank(directions: np.ndarray, squares: np.ndarray, rank: int) -> LowRank:
    """Find the covariance of so many wide directions that has given values along unit vectors.

    Args:
        directions: uniform on the unit sphere, shape (m, d).
        squares: the covariance along each, w'Cw, shape (m,).
        rank: r, at most d.
    """
    dimension = directions.shape[1]
    roots, rest = _spectral(directions, squares, rank)
    # sampling errs in proportion to a variance
    weights = 1 / np.maximum(squares, 1e-3 * squares.mean())

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        roots, deviation = point[:-1].reshape(dimension, rank), point[-1]
        along = directions @ roots  # (m, r)
        errors = weights * ((along**2).sum(axis=1) + deviation**2 - squares)
        slope = 4 * errors * weights / len(squares)
        gradient = directions.T @ (slope[:, None] * along)
        return (errors**2).mean(), np.append(gradient.ravel(), deviation * slope.sum())

    start = np.append(roots.ravel(), np.sqrt(rest))
    options = {"maxiter": _STEPS, "maxcor": 20, "ftol": 1e-14, "gtol": 1e-10}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return LowRank(
        found.x[:-1].reshape(dimension, rank), float(found.x[-1] ** 2), float(np.sqrt(found.fun))
    )


def _spectral(directions: np.ndarray, squares: np.ndarray, rank: int) -> tuple[np.ndarray, float]:
    """Return a start: for w uniform on the sphere, E (w'Cw) ww' = (2C + tr C I) / d(d + 2)."""
    dimension = directions.shape[1]
    trace = dimension * squares.mean()
    product = (directions.T * squares) @ directions / len(squares)
    covariance = (dimension * (dimension + 2) * product - trace * np.eye(dimension)) / 2
    values, vectors = np.linalg.eigh(covariance)
    wide, vectors = values[::-1][:rank], vectors[:, ::-1][:, :rank]
    rest = max(0.0, (trace - wide.sum()) / (dimension - rank)) if rank < dimension else 0.0
    return vectors * np.sqrt(np.maximum(wide - rest, 1e-6 * trace / dimension)), rest
