"""The kernel of the pass with float sums, to see what integers cost."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.sum_kernels import BLOCK_ROWS, pack_rows
from sketchlearn.features.tile import TILE_COLUMNS, TILE_ROWS, tile_product
from sketchlearn.features.waves import waves


@compiled
def add_near_floats(records, panels, total):
    """Add features as float32 within a block of rows, as float64 outside."""
    count, dimension = records.shape
    packed = np.empty((-(-BLOCK_ROWS // TILE_ROWS), dimension, TILE_ROWS), np.float32)
    tile = np.empty((TILE_ROWS, TILE_COLUMNS), np.float32)
    sums = np.empty((2, TILE_COLUMNS), np.float32)
    for first in range(0, count, BLOCK_ROWS):
        last = min(count, first + BLOCK_ROWS)
        pack_rows(records, first, last, packed)
        for panel in range(panels.shape[0]):
            start = panel * TILE_COLUMNS
            right = panels[panel].ctypes.data
            sums[:] = 0
            for top in range(0, last - first, TILE_ROWS):
                left = packed[top // TILE_ROWS].ctypes.data
                tile_product(left, right, dimension, tile.ctypes.data, False)
                add_floats(tile[: min(TILE_ROWS, last - first - top)], sums)
            for j in range(min(TILE_COLUMNS, total.shape[1] - start)):
                total[0, start + j] += sums[0, j]
                total[1, start + j] += sums[1, j]


@compiled
def add_floats(tile, sums):
    pairs = tile.shape[0] // 2 * 2
    for row in range(0, pairs, 2):
        for j in range(tile.shape[1]):
            first, second = waves(tile[row, j]), waves(tile[row + 1, j])
            sums[0, j] += first[0] + second[0]
            sums[1, j] += first[1] + second[1]
    for row in range(pairs, tile.shape[0]):
        for j in range(tile.shape[1]):
            cosine, sine = waves(tile[row, j])
            sums[0, j] += cosine
            sums[1, j] += sine
