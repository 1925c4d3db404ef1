"""Centroids of a mixture: Lloyd's iteration on points drawn evenly from its atoms."""

from __future__ import annotations

import numpy as np

from sketchlearn.features.elliptical import Atoms

# Points of all atoms together, and of each at least and at most.
_POINTS, _FEWEST, _MOST = 20_000, 8, 2_000
_ITERATIONS = 100


def centroids(
    atoms: Atoms, starts: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centers (k, d) that Lloyd's iteration reaches from some, and their weights (k,).

    Args:
        atoms: the law of the records.
        starts: centers, shape (k, d).
        rng: of the points.
    """
    each = int(np.clip(_POINTS // len(atoms), _FEWEST, _MOST)) // 2
    normal = rng.standard_normal((each, starts.shape[1]))
    normal = np.concatenate([normal, -normal])
    normal /= np.sqrt((normal**2).mean())
    roots = atoms.scatter.roots(atoms.scatters, starts.shape[1])
    points = atoms.centers[:, None] + normal @ roots.transpose(0, 2, 1)  # (K, points, d)
    masses = np.repeat(atoms.weights / len(normal), len(normal))
    return _lloyd(points.reshape(-1, starts.shape[1]), masses, starts)


def _lloyd(
    points: np.ndarray, masses: np.ndarray, centers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    squares = (points**2).sum(axis=1)[:, None]
    weights = np.zeros(len(centers))
    for _ in range(_ITERATIONS):
        distances = squares - 2 * points @ centers.T + (centers**2).sum(axis=1)  # (n, k)
        nearest = distances.argmin(axis=1)
        weights = np.bincount(nearest, masses, minlength=len(centers))
        sums = np.zeros_like(centers)
        np.add.at(sums, nearest, masses[:, None] * points)
        moved = np.where(weights[:, None] > 0, sums / np.maximum(weights, 1e-300)[:, None], centers)
        if np.abs(moved - centers).max() < 1e-5 * np.sqrt(squares.mean()):
            return moved, weights
        centers = moved
    return centers, weights
