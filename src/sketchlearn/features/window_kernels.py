"""Compiled loops over windows, for the pass and the loss: only their pixels are multiplied."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.matching_kernels import match, waves_of
from sketchlearn.features.sum_kernels import (
    BLOCK_ROWS,
    add_signs,
    add_waves,
    multiply,
    pack_rows,
)
from sketchlearn.features.tile import TILE_COLUMNS, TILE_ROWS, tile_product
from sketchlearn.features.windows import GROUP

# Bytes of a float32.
_WIDTH = 4


@compiled
def add_windows(records, packed, first, starts, lengths, multiples, shifts, total):  # noqa: ANN001, ANN201, PLR0913, PLR0917
    """Add the features of records whose phases float32 holds.

    Args:
        records: float32, shape (n, d), C-contiguous.
        packed: frequencies in turns, float32, tile by tile of each group's columns, the pixels of
            its window by TILE_COLUMNS each.
        first: where the tiles of each group start and the last ones end, shape (groups + 1,).
        starts: first pixel of each run of a group's window, -1 for none, shape (groups, runs).
        lengths: pixels of each run, shape (groups,).
        multiples: of the phases, float32, shape (m,); empty for none.
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
                    _project(rows[row // TILE_ROWS], right, runs, lengths[group], tile)
                    part = tile[: min(TILE_ROWS, last - top - row)]
                    if multiples.size:
                        multiply(part, multiples[start : start + width])
                    if shifts.size:
                        add_signs(part, shifts[start : start + width], sums)
                    else:
                        add_waves(part, sums)
                for j in range(width):
                    total[0, start + j] += sums[0, j]
                    total[1, start + j] += sums[1, j]
                start += max(width, 0)


@compiled
def _project(rows, right, runs, length, tile):  # noqa: ANN001, ANN202
    """Write the phases of a tile of rows (d, TILE_ROWS), one run of pixels after the other."""
    for number in range(runs.size):
        left = rows.ctypes.data + runs[number] * TILE_ROWS * _WIDTH
        block = right.ctypes.data + number * length * TILE_COLUMNS * _WIDTH
        tile_product(left, block, length, tile.ctypes.data, number > 0)


@compiled
def match_windows(records, half, packed, target, first, last, gradient):  # noqa: ANN001, ANN201
    """Return the loss of some windows' frequencies, and add its gradient.

    Args:
        records: from `pack_records`, shape (classes, sides, panels, d, columns).
        half: records of a side that are none of the padding.
        packed: the arrays of `PackedWindows`.
        target: mean features of the sketch, float32, shape (classes, 2, m).
        first: number of the first window.
        last: number of the window after the last.
        gradient: float32, shape of `records`; one without classes when only the value is wanted.
    """
    pixels, starts, members, forward, backward, tiles = packed
    classes, sides, panels, _, columns = records.shape
    wanted = min(1, gradient.shape[0])
    waved = waves_of(records, GROUP)
    loss = 0.0
    for window in range(first, last):
        own = pixels[starts[window] : starts[window + 1]]
        count = tiles[window + 1] - tiles[window]
        ahead = forward[starts[window] * GROUP : starts[window + 1] * GROUP]
        back = backward[tiles[window] * GROUP * TILE_ROWS : tiles[window + 1] * GROUP * TILE_ROWS]
        laid = (
            ahead.reshape((GROUP // TILE_ROWS, own.size, TILE_ROWS)),
            back.reshape((count, GROUP, TILE_ROWS)),
        )
        seen = np.empty((sides, panels, own.size, columns), np.float32)
        pull = np.empty((wanted, sides, panels, count, TILE_ROWS, columns), np.float32)
        for number in range(classes):
            for side in range(sides):
                for panel in range(panels):
                    _gather(records[number, side, panel], own, seen[side, panel])
            pull[:] = 0
            mean = target[number, :, members[window] : members[window + 1]]
            loss += match(seen, half, laid, mean, waved, pull)
            if wanted:
                _scatter(pull[0], own, gradient[number])
    return loss


@compiled
def _gather(records, pixels, seen):  # noqa: ANN001, ANN202
    """Copy the pixels of a window from a panel of records (d, columns)."""
    columns = records.shape[1]
    for i in range(pixels.size):
        pixel = records[pixels[i]]
        for column in range(columns):
            seen[i, column] = pixel[column]


@compiled
def _scatter(pull, pixels, gradient):  # noqa: ANN001, ANN202
    """Add what pulls at a window's pixels to the gradient of a class."""
    columns = gradient.shape[3]
    for side in range(pull.shape[0]):
        for panel in range(pull.shape[1]):
            own = pull[side, panel].reshape(-1)
            every = gradient[side, panel].reshape(-1)
            for i in range(pixels.size):
                place = every[pixels[i] * columns : (pixels[i] + 1) * columns]
                part = own[i * columns : (i + 1) * columns]
                for column in range(columns):
                    place[column] += part[column]
