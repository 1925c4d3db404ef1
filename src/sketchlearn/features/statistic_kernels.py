"""Compiled loops of the statistics, one class at a time."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.sum_kernels import BLOCK_ROWS, pack_rows
from sketchlearn.features.tile import TILE_COLUMNS, TILE_ROWS, tile_product


@compiled
def add_squares(records, panels, per_unit, total):  # noqa: ANN001, ANN201
    """Add squares of projections, at most 1, to int64 sums.

    Args:
        records: float32, shape (n, d), C-contiguous.
        panels: directions over what counts as 1, float32, shape (panels, d, TILE_COLUMNS).
        per_unit: units in 1.
        total: int64, shape (size,), changed in place.
    """
    count, dimension = records.shape
    packed = np.empty((-(-BLOCK_ROWS // TILE_ROWS), dimension, TILE_ROWS), np.float32)
    tile = np.empty((TILE_ROWS, TILE_COLUMNS), np.float32)
    for first in range(0, count, BLOCK_ROWS):
        last = min(count, first + BLOCK_ROWS)
        pack_rows(records, first, last, packed)
        for panel in range(panels.shape[0]):
            start = panel * TILE_COLUMNS
            width = min(TILE_COLUMNS, total.shape[0] - start)
            right = panels[panel].ctypes.data
            for top in range(0, last - first, TILE_ROWS):
                left = packed[top // TILE_ROWS].ctypes.data
                tile_product(left, right, dimension, tile.ctypes.data, False)
                for row in range(min(TILE_ROWS, last - first - top)):
                    for j in range(width):
                        value = np.float64(tile[row, j])
                        total[start + j] += np.int64(min(value * value, 1.0) * per_unit)


@compiled
def add_contrasts(records, center, axes, reach, per_unit, total):  # noqa: ANN001, ANN201
    """Add products g(y_r) y_q, slopes g'(y_r), g(y_r) and y_r to int64 sums.

    Args:
        records: float64, shape (n, d), C-contiguous.
        center: float64, shape (d,).
        axes: the transposed unmixing matrix, float64, shape (d, d), C-contiguous.
        reach: where |y| is cut off; sums hold y over it.
        per_unit: units in 1.
        total: int64, shape (d + 3, d), changed in place.
    """
    dimension = axes.shape[0]
    for row in range(records.shape[0]):
        y = np.zeros(dimension)
        for k in range(dimension):
            value = records[row, k] - center[k]
            for r in range(dimension):
                y[r] += value * axes[k, r]
        for r in range(dimension):
            y[r] = min(max(y[r], -reach), reach)
        for r in range(dimension):
            root = np.sqrt(1 + y[r] * y[r])
            sigmoid = y[r] / root
            for q in range(dimension):
                total[r, q] += np.int64(sigmoid * (y[q] / reach) * per_unit)
            total[dimension, r] += np.int64(per_unit / (root * root * root))
            total[dimension + 1, r] += np.int64(sigmoid * per_unit)
            total[dimension + 2, r] += np.int64(y[r] / reach * per_unit)
