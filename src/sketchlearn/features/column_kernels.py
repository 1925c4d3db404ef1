"""Compiled loops of the data pass over tables: phases are looked up, not multiplied."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.sum_kernels import BLOCK_ROWS, add_signs, add_waves


@compiled
def slot_numbers(records, starts, slots):  # noqa: ANN001, ANN201
    """Return which slot of each column is set, int32, shape (columns, n); 0 without slots."""
    codes = np.zeros((slots.size, records.shape[0]), np.int32)
    for row in range(records.shape[0]):
        for column in range(slots.size):
            first = starts[column]
            for slot in range(slots[column]):
                if records[row, first + slot] > np.float32(0.5):
                    codes[column, row] = slot
    return codes


@compiled
def add_columns(  # noqa: ANN201, PLR0913, PLR0917
    records,  # noqa: ANN001
    codes,  # noqa: ANN001
    starts,  # noqa: ANN001
    numbers,  # noqa: ANN001
    groups,  # noqa: ANN001
    first,  # noqa: ANN001
    phases,  # noqa: ANN001
    lengths,  # noqa: ANN001
    shifts,  # noqa: ANN001
    total,  # noqa: ANN001
):
    """Add the features of encoded rows of a table.

    Args:
        records: float32, shape (n, d).
        codes: from `slot_numbers`.
        starts: where the block of each column starts, and where the last one ends.
        numbers: whether the block of each column ends in a number.
        groups: columns of each group, -1 for none, shape (groups, 4).
        first: row of `phases` where the slots of a group's column start, shape (groups, 4).
        phases: of slots, in turns, float32, shape (slots of all groups, width of a group).
        lengths: of numbers, in turns, float32, shape (groups, 4, width of a group).
        shifts: dither of 1-bit features, float32, shape (m,); empty for smooth ones.
        total: int64, shape (2, m), changed in place.
    """
    width = phases.shape[1]
    tile = np.empty((BLOCK_ROWS, width), np.float32)
    sums = np.empty((2, width), np.int32)
    for top in range(0, records.shape[0], BLOCK_ROWS):
        rows = min(BLOCK_ROWS, records.shape[0] - top)
        for group in range(groups.shape[0]):
            tile[:] = 0
            for place in range(4):
                column = groups[group, place]
                if column < 0:
                    break
                block = starts[column], starts[column + 1]
                if block[1] - block[0] > numbers[column]:
                    known = phases[first[group, place] :]
                    _add_slots(codes[column, top : top + rows], known, tile)
                if numbers[column]:
                    values = records[top : top + rows, block[1] - 1]
                    _add_numbers(values, lengths[group, place], tile)
            sums[:] = 0
            start = group * width
            used = min(width, total.shape[1] - start)
            if shifts.size:
                add_signs(tile[:rows], shifts[start : start + used], sums)
            else:
                add_waves(tile[:rows], sums)
            for j in range(used):
                total[0, start + j] += sums[0, j]
                total[1, start + j] += sums[1, j]


@compiled
def _add_slots(codes, phases, tile):  # noqa: ANN001, ANN202
    for row in range(codes.size):
        for j in range(tile.shape[1]):
            tile[row, j] += phases[codes[row], j]


@compiled
def _add_numbers(values, lengths, tile):  # noqa: ANN001, ANN202
    for row in range(values.size):
        for j in range(tile.shape[1]):
            tile[row, j] += values[row] * lengths[j]
