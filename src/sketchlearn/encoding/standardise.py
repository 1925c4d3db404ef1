"""The compiled loop of encoding."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled


@compiled
def standardise(values, center, spread, encoded):  # noqa: ANN001, ANN201
    """Write (x - center) / spread, float64, shape (n, d); return whether all of it is finite."""
    whole = True
    for row in range(values.shape[0]):
        for k in range(values.shape[1]):
            value = (np.float64(values[row, k]) - center[k]) / spread[k]
            encoded[row, k] = value
            whole &= np.isfinite(value)
    return whole
