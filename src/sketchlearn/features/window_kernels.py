"""Compiled loops of the data pass over windows: only the pixels of a window are multiplied."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.sum_kernels import BLOCK_ROWS, add_signs, add_waves, pack_rows
from sketchlearn.features.tile import TILE_COLUMNS, TILE_ROWS, tile_product

# Bytes of a float32.
_WIDTH = 4


@compiled
def add_windows(records, packed, first, starts, lengths, shifts, total):  # noqa: ANN001, ANN201
    """Add the features of records whose phases float32 holds.

    Args:
        records: float32, shape (n, d), C-contiguous.
        packed: frequencies in turns, float32, tile by tile of each group's columns, the pixels of
            its window by TILE_COLUMNS each.
        first: where the tiles of each group start and the last ones end, shape (groups + 1,).
        starts: first pixel of each run of a group's window, -1 for none, shape (groups, runs).
        lengths: pixels of each run, shape (groups,).
        shifts: dither of 1-bit features, float32, shape (m,); empty for smooth ones.
        total: int64, shape (2, m), changed in place.
    """
    count, dimension = records.shape
    rows = np.empty((-(-BLOCK_ROWS // TILE_ROWS), dimension, TILE_ROWS), np.float32)
    tile = np.empty((TILE_ROWS, TILE_COLUMNS), np.float32)
    sums = np.empty((2, TILE_COLUMNS), np.int32)
    for top in range(0, count, BLOCK_ROWS):
        last = min(count, top + BLOCK_ROWS)
        pack_rows(records, top, last, rows)
        start = 0
        for group in range(lengths.size):
            runs = starts[group][starts[group] >= 0]
            entries = runs.size * lengths[group] * TILE_COLUMNS
            for at in range(first[group], first[group + 1], entries):
                width = min(TILE_COLUMNS, total.shape[1] - start)
                right = packed[at : at + entries]
                sums[:] = 0
                for row in range(0, last - top, TILE_ROWS):
                    _multiply(rows[row // TILE_ROWS], right, runs, lengths[group], tile)
                    part = tile[: min(TILE_ROWS, last - top - row)]
                    if shifts.size:
                        add_signs(part, shifts[start : start + width], sums)
                    else:
                        add_waves(part, sums)
                for j in range(width):
                    total[0, start + j] += sums[0, j]
                    total[1, start + j] += sums[1, j]
                start += max(width, 0)


@compiled
def _multiply(rows, right, runs, length, tile):  # noqa: ANN001, ANN202
    """Write the phases of a tile of rows (d, TILE_ROWS), one run of pixels after the other."""
    for number in range(runs.size):
        left = rows.ctypes.data + runs[number] * TILE_ROWS * _WIDTH
        block = right.ctypes.data + number * length * TILE_COLUMNS * _WIDTH
        tile_product(left, block, length, tile.ctypes.data, number > 0)
