"""Compiled loops of the data pass: phases, waves and integer sums of one class at a time."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.tile import TILE_COLUMNS, TILE_ROWS, tile_product
from sketchlearn.features.waves import wave_signs, wave_units

# Rows whose features are summed in int32 before they are added to the int64 totals: 2¹⁰ units
# of at most 2²⁰ each cannot overflow.
BLOCK_ROWS = 256

# Frequencies of a far record's phases at a time, within a core's first cache.
_FAR_COLUMNS = 256


@compiled
def prepare(records, longest, single):  # noqa: ANN001, ANN201
    """Copy records to float32, and return which of them are at most `longest` long."""
    near = np.empty(records.shape[0], np.bool_)
    for row in range(records.shape[0]):
        squares = np.zeros(8)
        whole = records.shape[1] // 8 * 8
        for k in range(0, whole, 8):
            for lane in range(8):
                value = records[row, k + lane]
                single[row, k + lane] = value
                squares[lane] += value * value
        square = squares.sum()
        for k in range(whole, records.shape[1]):
            value = records[row, k]
            single[row, k] = value
            square += value * value
        near[row] = np.sqrt(square) <= longest
    return near


@compiled
def pack_rows(records, first, last, packed):  # noqa: ANN001, ANN201
    """Copy rows into tiles, shape (tiles, d, TILE_ROWS); rows that are missing become zeros."""
    for tile in range(-(-(last - first) // TILE_ROWS)):
        for k in range(records.shape[1]):
            for row in range(TILE_ROWS):
                where = first + tile * TILE_ROWS + row
                packed[tile, k, row] = records[where, k] if where < last else np.float32(0)


@compiled
def add_near(records, panels, multiples, shifts, total):  # noqa: ANN001, ANN201
    """Add the features of records whose phases float32 holds.

    Args:
        records: float32, shape (n, d), C-contiguous.
        panels: frequencies in turns, float32, shape (panels, d, TILE_COLUMNS).
        multiples: of their phases, float32, shape (m,); empty for none.
        shifts: dither of 1-bit features, float32, shape (m,); empty for smooth ones.
        total: int64, shape (2, m), changed in place.
    """
    count, dimension = records.shape
    packed = np.empty((-(-BLOCK_ROWS // TILE_ROWS), dimension, TILE_ROWS), np.float32)
    tile = np.empty((TILE_ROWS, TILE_COLUMNS), np.float32)
    sums = np.empty((2, TILE_COLUMNS), np.int32)
    for first in range(0, count, BLOCK_ROWS):
        last = min(count, first + BLOCK_ROWS)
        pack_rows(records, first, last, packed)
        for panel in range(panels.shape[0]):
            start = panel * TILE_COLUMNS
            width = min(TILE_COLUMNS, total.shape[1] - start)
            right = panels[panel].ctypes.data
            sums[:] = 0
            for top in range(0, last - first, TILE_ROWS):
                left = packed[top // TILE_ROWS].ctypes.data
                tile_product(left, right, dimension, tile.ctypes.data, False)
                rows = tile[: min(TILE_ROWS, last - first - top)]
                if multiples.size:
                    multiply(rows, multiples[start : start + width])
                if shifts.size:
                    add_signs(rows, shifts[start : start + width], sums)
                else:
                    add_waves(rows, sums)
            for j in range(width):
                total[0, start + j] += sums[0, j]
                total[1, start + j] += sums[1, j]


@compiled
def add_rays(records, panels, radii, shifts, total):  # noqa: ANN001, ANN201
    """Add the features of near records under frequencies that share directions.

    Args:
        records: float32, shape (n, d), C-contiguous.
        panels: unit directions, float32, shape (panels, d, TILE_COLUMNS).
        radii: in turns, float32, shape (rays, radii of each).
        shifts: dither of 1-bit features, float32, shape (m,); empty for smooth ones.
        total: int64, shape (2, m), changed in place.
    """
    count, dimension = records.shape
    per = radii.shape[1]
    packed = np.empty((-(-BLOCK_ROWS // TILE_ROWS), dimension, TILE_ROWS), np.float32)
    tile = np.empty((TILE_ROWS, TILE_COLUMNS), np.float32)
    phases = np.empty((TILE_ROWS, TILE_COLUMNS), np.float32)
    lengths = np.empty((per, TILE_COLUMNS), np.float32)
    dither = np.empty((per, TILE_COLUMNS if shifts.size else 0), np.float32)
    sums = np.empty((per, 2, TILE_COLUMNS), np.int32)
    for first in range(0, count, BLOCK_ROWS):
        last = min(count, first + BLOCK_ROWS)
        pack_rows(records, first, last, packed)
        for panel in range(panels.shape[0]):
            start = panel * TILE_COLUMNS
            _ray_columns(start, radii, shifts, lengths, dither)
            right = panels[panel].ctypes.data
            sums[:] = 0
            for top in range(0, last - first, TILE_ROWS):
                left = packed[top // TILE_ROWS].ctypes.data
                tile_product(left, right, dimension, tile.ctypes.data, False)
                rows = min(TILE_ROWS, last - first - top)
                for part in range(per):
                    _lengthened(tile, lengths[part], phases)
                    if shifts.size:
                        add_signs(phases[:rows], dither[part], sums[part])
                    else:
                        add_waves(phases[:rows], sums[part])
            for part in range(per):
                for j in range(TILE_COLUMNS):
                    where = (start + j) * per + part
                    if where < total.shape[1]:
                        total[0, where] += sums[part, 0, j]
                        total[1, where] += sums[part, 1, j]


@compiled
def _ray_columns(start, radii, shifts, lengths, dither):  # noqa: ANN001, ANN202
    """Copy radii and dither of the rays of one panel, a row for each radius."""
    for part in range(radii.shape[1]):
        for j in range(TILE_COLUMNS):
            ray = start + j
            lengths[part, j] = radii[ray, part] if ray < radii.shape[0] else np.float32(0)
            where = ray * radii.shape[1] + part
            if shifts.size:
                dither[part, j] = shifts[where] if where < shifts.size else np.float32(0)


@compiled
def multiply(tile, multiples):  # noqa: ANN001, ANN201
    """Multiply phases, shape (rows, columns), column by column."""
    for row in range(tile.shape[0]):
        for j in range(multiples.size):
            tile[row, j] *= multiples[j]


@compiled
def _lengthened(tile, lengths, phases):  # noqa: ANN001, ANN202
    for row in range(tile.shape[0]):
        for j in range(tile.shape[1]):
            phases[row, j] = tile[row, j] * lengths[j]


@compiled
def add_waves(tile, sums):  # noqa: ANN001, ANN201
    """Add the features of a tile of phases to int32 sums, two rows at a time."""
    pairs = tile.shape[0] // 2 * 2
    for row in range(0, pairs, 2):
        for j in range(tile.shape[1]):
            first, second = wave_units(tile[row, j]), wave_units(tile[row + 1, j])
            sums[0, j] += first[0] + second[0]
            sums[1, j] += first[1] + second[1]
    for row in range(pairs, tile.shape[0]):
        for j in range(tile.shape[1]):
            cosine, sine = wave_units(tile[row, j])
            sums[0, j] += cosine
            sums[1, j] += sine


@compiled
def add_signs(tile, shifts, sums):  # noqa: ANN001, ANN201
    """Add the 1-bit features of a tile of phases to int32 sums."""
    for row in range(tile.shape[0]):
        for j in range(shifts.size):
            cosine, sine = wave_signs(tile[row, j] + shifts[j])
            sums[0, j] += cosine
            sums[1, j] += sine


@compiled
def add_far(records, frequencies, multiples, shifts, total):  # noqa: ANN001, ANN201
    """Add the features of records whose phases are many turns: the same, from float64 phases.

    Args:
        records: float64, shape (n, d).
        frequencies: in turns, float64, shape (d, m), C-contiguous.
        multiples: of their phases, float32, shape (m,); empty for none.
        shifts: dither of 1-bit features, float32, shape (m,); empty for smooth ones.
        total: int64, shape (2, m), changed in place.
    """
    phase = np.empty(_FAR_COLUMNS)
    for start in range(0, total.shape[1], _FAR_COLUMNS):
        width = min(_FAR_COLUMNS, total.shape[1] - start)
        for row in range(records.shape[0]):
            phase[:] = 0
            for k in range(records.shape[1]):
                value = records[row, k]
                for j in range(width):
                    phase[j] += value * frequencies[k, start + j]
            for j in range(width):
                if multiples.size:
                    phase[j] *= multiples[start + j]
                turns = np.float32(phase[j] - np.rint(phase[j]))
                if shifts.size:
                    cosine, sine = wave_signs(turns + shifts[start + j])
                else:
                    cosine, sine = wave_units(turns)
                total[0, start + j] += cosine
                total[1, start + j] += sine
