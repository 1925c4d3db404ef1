"""Centroids of a mixture: Lloyd's iteration on points drawn evenly from its atoms."""

from __future__ import annotations

import numpy as np

from sketchlearn.features.elliptical import Atoms

# Points of all atoms together, and of each at least and at most.
_POINTS, _FEWEST, _MOST = 20_000, 8, 2_000
_ITERATIONS = 100
# Other starts, tried on fewer points, and the share of the squared distances that one must save to
# be taken: the law is known no better.
_STARTS, _FEW_POINTS, _SAVED = 5, 4_000, 0.05


def centroids(
    atoms: Atoms, starts: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centers (k, d) that Lloyd's iteration reaches, and their weights (k,).

    It goes from the starts, with more of them among the points where they are too few, or from
    others where those are clearly nearer: components of a law are not always its centroids.

    Args:
        atoms: the law of the records.
        starts: centers, shape (at most k, d).
        count: number of centers, k.
        rng: of the points, and of other starts.
    """
    few, few_masses = _points(atoms, _FEW_POINTS, rng)
    usual = _lloyd(few, few_masses, _spread(few, few_masses, starts, count, rng))
    none = np.empty((0, starts.shape[1]))
    others = [
        _lloyd(few, few_masses, _spread(few, few_masses, none, count, rng)) for _ in range(_STARTS)
    ]
    best = min(others, key=lambda other: _inertia(few, few_masses, other[0]))
    saved = 1 - _inertia(few, few_masses, best[0]) / _inertia(few, few_masses, usual[0])
    points, masses = _points(atoms, _POINTS, rng)
    if saved < _SAVED:
        return _lloyd(points, masses, usual[0] if len(starts) < count else starts)
    return _lloyd(points, masses, best[0])


def _points(atoms: Atoms, most: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return points of a law, (n, d), as many of each atom, and their masses (n,)."""
    dimension = atoms.centers.shape[1]
    each = int(np.clip(most // len(atoms), _FEWEST, _MOST)) // 2
    normal = rng.standard_normal((each, dimension))
    normal = np.concatenate([normal, -normal])
    normal /= np.sqrt((normal**2).mean())
    roots = atoms.scatter.roots(atoms.scatters, dimension)
    points = atoms.centers[:, None] + normal @ roots.transpose(0, 2, 1)  # (K, each, d)
    return points.reshape(-1, dimension), np.repeat(atoms.weights / len(normal), len(normal))


def _spread(
    points: np.ndarray,
    masses: np.ndarray,
    centers: np.ndarray,
    count: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return centers, and points that are drawn by their squared distance until they are so many.

    Of a few that are drawn the one that leaves least joins. (Arthur and Vassilvitskii, "k-means++:
    the advantages of careful seeding", SODA 2007.)
    """
    nearest = _squares(points, centers).min(axis=1, initial=np.inf)
    nearest = np.where(np.isinf(nearest), 1.0, nearest)
    few = 2 + int(np.log(count))
    while len(centers) < count:
        chances = np.maximum(nearest, 1e-300) * masses
        drawn = points[rng.choice(len(points), few, p=chances / chances.sum())]
        left = _squares(points, drawn)
        left = np.minimum(nearest[:, None], left) if len(centers) else left  # (n, few)
        best = int((masses @ left).argmin())
        centers, nearest = np.concatenate([centers, drawn[best][None]]), left[:, best]
    return centers


def _squares(points: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return squared distances, shape (n, k)."""
    products = points @ centers.T
    return (points**2).sum(axis=1)[:, None] - 2 * products + (centers**2).sum(axis=1)


def _inertia(points: np.ndarray, masses: np.ndarray, centers: np.ndarray) -> float:
    return float(masses @ _squares(points, centers).min(axis=1)) + 1e-300


def _lloyd(
    points: np.ndarray, masses: np.ndarray, centers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    size = np.sqrt((points**2).sum(axis=1).mean())
    weights = np.zeros(len(centers))
    for _ in range(_ITERATIONS):
        nearest = _squares(points, centers).argmin(axis=1)
        weights = np.bincount(nearest, masses, minlength=len(centers))
        sums = np.stack(
            [np.bincount(nearest, masses * column, minlength=len(centers)) for column in points.T],
            axis=1,
        )
        moved = np.where(weights[:, None] > 0, sums / np.maximum(weights, 1e-300)[:, None], centers)
        if np.abs(moved - centers).max() < 1e-5 * size:
            return moved, weights
        centers = moved
    return centers, weights
