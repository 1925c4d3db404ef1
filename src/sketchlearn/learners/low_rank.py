"""A covariance from its values along directions: a few wide directions, and the same of the rest.

m measurements w'Cw are far fewer than the numbers of C, but a covariance of r wide directions over
an even rest has r d + 1 of them. It is written UU' + q²I, which is never negative, and found by
quasi-Newton steps from a spectral start. (Chen, Chi and Goldsmith, "Exact and stable covariance
estimation from quadratic sampling", IEEE TIT 2015, measure the same.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

# Steps at most, and the relative fall of the loss that ends them: of a law that may be that of the
# records, and of one with directions to spare.
_STEPS, _EXACT, _ROUGH = 1_000, 1e-10, 1e-7

# Share of the variance that the rest starts with at least.
_LEAST_REST = 0.01


@dataclass(frozen=True)
class LowRank:
    """A covariance of wide directions over an even rest.

    Attributes:
        roots: wide directions by the deviation along them, shape (d, r).
        rest: variance along every direction besides.
        misfit: root mean square of the measurements' errors over that of the measurements, made
            larger by the numbers that were fitted to them.
    """

    roots: np.ndarray
    rest: float
    misfit: float

    def matrix(self) -> np.ndarray:
        """Return the covariance, shape (d, d)."""
        return self.roots @ self.roots.T + self.rest * np.eye(len(self.roots))


def low_rank(directions: np.ndarray, squares: np.ndarray, wide: int, most: int) -> LowRank:
    """Find the covariance that has given values along unit vectors.

    Args:
        directions: uniform on the unit sphere, shape (m, d).
        squares: the covariance along each, w'Cw, shape (m,).
        wide: wide directions that are asked for.
        most: wide directions that the measurements can tell, from `wide` to d; as many are fitted
            too, and kept where `wide` alone fit worse.
    """
    tried = [
        _descended(
            directions,
            squares,
            *_spectral(directions, squares, rank),
            _EXACT if rank == wide else _ROUGH,
        )
        for rank in sorted({wide, most})
    ]
    return min(tried, key=lambda found: found.misfit)


def _descended(
    directions: np.ndarray, squares: np.ndarray, roots: np.ndarray, rest: float, settled: float
) -> LowRank:
    dimension, rank = roots.shape
    scale = np.sqrt((squares**2).mean()) or 1.0

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        roots, deviation = point[:-1].reshape(dimension, rank), point[-1]
        along = directions @ roots  # (m, r)
        errors = ((along**2).sum(axis=1) + deviation**2 - squares) / scale
        slope = 4 * errors / (scale * len(squares))
        gradient = directions.T @ (slope[:, None] * along)
        return (errors**2).mean(), np.append(gradient.ravel(), deviation * slope.sum())

    start = np.append(roots.ravel(), np.sqrt(rest))
    options = {"maxiter": _STEPS, "maxcor": 20, "ftol": settled, "gtol": 1e-10}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    free = max(1, len(squares) - rank * dimension + rank * (rank - 1) // 2 - 1)
    misfit = float(np.sqrt(found.fun * len(squares) / free))
    return LowRank(found.x[:-1].reshape(dimension, rank), float(found.x[-1] ** 2), misfit)


def _spectral(directions: np.ndarray, squares: np.ndarray, rank: int) -> tuple[np.ndarray, float]:
    """Return a start: for w uniform on the sphere, E (w'Cw) ww' = (2C + tr C I) / d(d + 2)."""
    dimension = directions.shape[1]
    trace = dimension * squares.mean()
    product = (directions.T * squares) @ directions / len(squares)
    covariance = (dimension * (dimension + 2) * product - trace * np.eye(dimension)) / 2
    values, vectors = np.linalg.eigh(covariance)
    wide, vectors = values[::-1][:rank], vectors[:, ::-1][:, :rank]
    # at 0 the rest would stay: its slope there is none
    even = (trace - wide.sum()) / (dimension - rank) if rank < dimension else 0.0
    rest = max(_LEAST_REST * trace / dimension, even)
    return vectors * np.sqrt(np.maximum(wide - rest, 1e-6 * trace / dimension)), rest
