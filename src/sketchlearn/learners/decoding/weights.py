"""The weights of atoms that stay where they are: non-negative least squares."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import nnls

from sketchlearn.features.elliptical import Atoms
from sketchlearn.learners.decoding.empirical import Empirical


def best_weights(empirical: Empirical, atoms: Atoms, ridge: float = 1e-6) -> np.ndarray:
    """Return the non-negative weights that bring atoms nearest to the sketch, shape (K,).

    Args:
        empirical: the sketch.
        atoms: their weights do not matter.
        ridge: added to the diagonal of the normal equations, over its mean: atoms that are
            nearly equal share a weight.
    """
    features = _flat(atoms.features(empirical.frequencies))  # (K, 2m)
    gram = features @ features.T
    gram[np.diag_indices(len(atoms))] += ridge * np.trace(gram) / len(atoms)
    side = features @ empirical.mean.ravel()
    factor = cho_factor(gram, lower=True)
    try:
        root = np.tril(factor[0])
        return nnls(root.T, solve_triangular(root, side, lower=True), maxiter=50 * len(atoms))[0]
    except RuntimeError:  # it did not end
        return np.maximum(cho_solve(factor, side), 0.0)


def _flat(features: np.ndarray) -> np.ndarray:
    """Return features (2, K, m) as rows, shape (K, 2m)."""
    return features.transpose(1, 0, 2).reshape(features.shape[1], -1)
