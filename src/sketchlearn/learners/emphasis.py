"""Weights of a table's frequencies: more for columns whose dependence is not yet matched."""

from __future__ import annotations

import numpy as np

# Weights lie between these, in multiples of the mean one.
_LEAST, _MOST = 0.25, 8.0

# As many frequencies' worth of the mean distance are mixed into that of a set of columns.
_PRIOR = 16

# Share of the old weights in the new ones.
_INERTIA = 0.5


class Emphasis:
    """Weights of frequencies by how far off the sets of columns are that they touch.

    Few sets of columns depend strongly on each other, and these are matched last: a loss that
    is mean over all sets hardly sees them.

    Attributes:
        weights: float32, shape (m,), of mean 1; None as long as all are equal.
    """

    def __init__(self) -> None:
        self.weights: np.ndarray | None = None

    def update(self, distances: np.ndarray, sets: np.ndarray, noise: float) -> None:
        """Move the weights towards the excess of each set's mean distance over the noise.

        Args:
            distances: unbiased squared distances of frequencies, shape (m,).
            sets: a number for the columns of each frequency, shape (m,).
            noise: expected distance of a perfect model, from the sketch's number of records.
        """
        count = np.bincount(sets)
        total = np.bincount(sets, distances) + _PRIOR * distances.mean()
        excess = np.maximum(total / (count + _PRIOR) - noise, 0)[sets] + noise / 2
        wanted = np.clip(excess / excess.mean(), _LEAST, _MOST)
        old = np.ones(len(sets)) if self.weights is None else self.weights
        mixed = _INERTIA * old + (1 - _INERTIA) * wanted
        self.weights = (mixed / mixed.mean()).astype(np.float32)
