"""Compiled loops of the matching loss: value and gradient without a batch × m array."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.tile import (
    TILE_ROWS,
    WIDTHS,
    tile_product,
    tile_product_1,
    tile_product_2,
)
from sketchlearn.features.waves import waves

# Frequencies visited together: their features of a whole batch stay within a core's cache.
CHUNK = 8 * TILE_ROWS


def pack_forward(turns: np.ndarray) -> np.ndarray:
    """Lay out frequencies (d, m) as left panels, shape (chunks, tiles, d, TILE_ROWS)."""
    dimension, size = turns.shape
    chunks = -(-size // CHUNK)
    padded = np.zeros((dimension, chunks * CHUNK), dtype=np.float32)
    padded[:, :size] = turns
    tiles = padded.reshape(dimension, chunks, CHUNK // TILE_ROWS, TILE_ROWS)
    return np.ascontiguousarray(tiles.transpose(1, 2, 0, 3))


def pack_backward(frequencies: np.ndarray) -> np.ndarray:
    """Lay out frequencies (d, m) for the gradient, shape (chunks, d tiles, CHUNK, TILE_ROWS)."""
    dimension, size = frequencies.shape
    chunks, tiles = -(-size // CHUNK), -(-dimension // TILE_ROWS)
    padded = np.zeros((tiles * TILE_ROWS, chunks * CHUNK), dtype=np.float32)
    padded[:dimension, :size] = frequencies
    return np.ascontiguousarray(
        padded.reshape(tiles, TILE_ROWS, chunks, CHUNK).transpose(2, 0, 3, 1)
    )


def pack_records(records: np.ndarray) -> np.ndarray:
    """Lay out records (classes, 2, half, d) as right panels (classes, 2, panels, d, columns).

    The panels are as wide as leaves the least padding.
    """
    classes, halves, half, dimension = records.shape
    columns = min(WIDTHS, key=lambda width: -(-half // width) * width)
    panels = -(-half // columns)
    padded = np.zeros((classes, halves, panels * columns, dimension), dtype=np.float32)
    padded[:, :, :half] = records
    panelled = padded.reshape(classes, halves, panels, columns, dimension)
    return np.ascontiguousarray(panelled.transpose(0, 1, 2, 4, 3))


def unpack_gradient(packed: np.ndarray, half: int, dimension: int) -> np.ndarray:
    """Undo the layout of a gradient; return shape (classes, 2, half, d)."""
    classes, halves, panels, tiles, _, columns = packed.shape
    rows = packed.transpose(0, 1, 2, 5, 3, 4).reshape(
        classes, halves, panels * columns, tiles * TILE_ROWS
    )
    return np.ascontiguousarray(rows[:, :, :half, :dimension])


@compiled
def match_chunks(records, half, forward, backward, target, first, last, gradient):  # noqa: ANN001, ANN201, PLR0913, PLR0917
    """Return the loss of some chunks of frequencies, and add its gradient.

    Args:
        records: from `pack_records`, shape (classes, 2, panels, d, columns).
        half: records of a half that are none of the padding.
        forward: from `pack_forward`.
        backward: from `pack_backward`.
        target: mean features of the sketch, float32, shape (classes, 2, m).
        first: number of the first chunk.
        last: number of the chunk after the last.
        gradient: float32, shape (classes, 2, panels, d tiles, TILE_ROWS, columns); one
            without classes when only the value is wanted.
    """
    classes, panels, columns = records.shape[0], records.shape[2], records.shape[4]
    shape = (2, panels, CHUNK, columns)
    cosine, sine = np.empty(shape, np.float32), np.empty(shape, np.float32)
    residual = np.empty((2, 2, CHUNK), np.float32)
    tile = np.empty((TILE_ROWS, columns), np.float32)
    loss = 0.0
    for number in range(classes):
        for chunk in range(first, last):
            left = chunk * CHUNK
            count = min(CHUNK, target.shape[2] - left)
            for side in range(2):
                for panel in range(panels):
                    waved = cosine[side, panel], sine[side, panel]
                    _features(records[number, side, panel], forward[chunk], tile, waved)
                _means(cosine[side], sine[side], half, residual[side])
                for j in range(count):
                    residual[side, 0, j] -= target[number, 0, left + j]
                    residual[side, 1, j] -= target[number, 1, left + j]
            for j in range(count):
                loss += residual[0, 0, j] * residual[1, 0, j]
                loss += residual[0, 1, j] * residual[1, 1, j]
            if gradient.shape[0]:
                for side in range(2):
                    # each half is pulled by the residual of the other
                    waved = cosine[side], sine[side]
                    _pull(waved, residual[1 - side], backward[chunk], gradient[number, side])
    return loss


@compiled
def product(left, right, inner, out, add, columns):  # noqa: ANN001, ANN201
    """Write (or add) the product of two panels, the right one so many columns wide."""
    if columns == WIDTHS[0]:
        tile_product(left, right, inner, out, add)
    elif columns == WIDTHS[1]:
        tile_product_2(left, right, inner, out, add)
    else:
        tile_product_1(left, right, inner, out, add)


@compiled
def _features(records, frequencies, tile, waved):  # noqa: ANN001, ANN202
    """Write cosines and sines of one panel of records, each of shape (CHUNK, columns)."""
    cosine, sine = waved
    for part in range(frequencies.shape[0]):
        left, right = frequencies[part].ctypes.data, records.ctypes.data
        product(left, right, records.shape[0], tile.ctypes.data, False, records.shape[1])
        for row in range(TILE_ROWS):
            for j in range(tile.shape[1]):
                found = waves(tile[row, j])
                cosine[part * TILE_ROWS + row, j], sine[part * TILE_ROWS + row, j] = found


@compiled
def _pull(waved, residual, backward, gradient):  # noqa: ANN001, ANN202
    """Add the gradient of one half, turning its cosines into slopes."""
    cosine, sine = waved
    for panel in range(cosine.shape[0]):
        _slopes(cosine[panel], sine[panel], residual)
        slopes = cosine[panel].ctypes.data
        for part in range(backward.shape[0]):
            out = gradient[panel, part].ctypes.data
            left = backward[part].ctypes.data
            product(left, slopes, CHUNK, out, True, cosine.shape[2])


@compiled
def _means(cosine, sine, half, mean):  # noqa: ANN001, ANN202
    """Average over the records of a half; records of the padding have features 1 and 0."""
    columns = cosine.shape[2]
    pad = cosine.shape[0] * columns - half
    sums = np.empty((2, columns), np.float32)
    for j in range(cosine.shape[1]):
        sums[:] = 0
        for panel in range(cosine.shape[0]):
            for column in range(columns):
                sums[0, column] += cosine[panel, j, column]
                sums[1, column] += sine[panel, j, column]
        mean[0, j] = (sums[0].sum() - np.float32(pad)) / np.float32(half)
        mean[1, j] = sums[1].sum() / np.float32(half)


@compiled
def _slopes(cosine, sine, residual):  # noqa: ANN001, ANN202
    for j in range(cosine.shape[0]):
        for column in range(cosine.shape[1]):
            pulled = cosine[j, column] * residual[1, j]
            cosine[j, column] = pulled - sine[j, column] * residual[0, j]
