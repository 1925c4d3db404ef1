"""The compiled loop of the side sums."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled


@compiled
def add_first(records, clip, per_unit, per_factor, first, factors, squares, bounds):  # noqa: ANN001, ANN201, PLR0913, PLR0917
    """Sum clipped records in whole units, and round them to whole factors.

    Args:
        records: float64, shape (n, d).
        clip: values beyond are taken to lie there.
        per_unit: units in one.
        per_factor: factors in one.
        first: int64 sums in units, shape (d,), changed in place.
        factors: float64, shape (n, d), written; or without rows.
        squares: int64 sums of squared factors, shape (d,), changed in place; or empty.
        bounds: smallest and largest values, shape (2, d), changed in place.

    Returns:
        The largest absolute factor.
    """
    largest = 0.0
    for row in range(records.shape[0]):
        for k in range(records.shape[1]):
            value = records[row, k]
            bounds[0, k] = min(bounds[0, k], value)
            bounds[1, k] = max(bounds[1, k], value)
            value = min(max(value, -clip), clip)
            first[k] += np.int64(np.rint(value * per_unit))
            factor = np.rint(value * per_factor)
            if factors.shape[0]:
                factors[row, k] = factor
            if squares.size:
                squares[k] += np.int64(factor) * np.int64(factor)
            largest = max(largest, abs(factor))
    return largest
