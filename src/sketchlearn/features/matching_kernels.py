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


def pack_forward(turns: np.ndarray, width: int = CHUNK) -> np.ndarray:
    """Lay out frequencies (d, m) as left panels, shape (chunks, tiles, d, TILE_ROWS).

    `width` are the frequencies of a chunk, a multiple of TILE_ROWS.
    """
    dimension, size = turns.shape
    chunks = -(-size // width)
    padded = np.zeros((dimension, chunks * width), dtype=np.float32)
    padded[:, :size] = turns
    tiles = padded.reshape(dimension, chunks, width // TILE_ROWS, TILE_ROWS)
    return np.ascontiguousarray(tiles.transpose(1, 2, 0, 3))


def pack_backward(frequencies: np.ndarray, width: int = CHUNK) -> np.ndarray:
    """Lay out frequencies (d, m) for the gradient, shape (chunks, d tiles, width, TILE_ROWS)."""
    dimension, size = frequencies.shape
    chunks, tiles = -(-size // width), -(-dimension // TILE_ROWS)
    padded = np.zeros((tiles * TILE_ROWS, chunks * width), dtype=np.float32)
    padded[:dimension, :size] = frequencies
    return np.ascontiguousarray(
        padded.reshape(tiles, TILE_ROWS, chunks, width).transpose(2, 0, 3, 1)
    )


def pack_records(records: np.ndarray) -> np.ndarray:
    """Lay out records (classes, sides, half, d) as right panels.

    They have shape (classes, sides, panels, d, columns), and are as wide as leaves the least
    padding.
    """
    classes, halves, half, dimension = records.shape
    columns = min(WIDTHS, key=lambda width: -(-half // width) * width)
    panels = -(-half // columns)
    padded = np.zeros((classes, halves, panels * columns, dimension), dtype=np.float32)
    padded[:, :, :half] = records
    panelled = padded.reshape(classes, halves, panels, columns, dimension)
    return np.ascontiguousarray(panelled.transpose(0, 1, 2, 4, 3))


def unpack_gradient(packed: np.ndarray, half: int, dimension: int) -> np.ndarray:
    """Undo the layout of a gradient; return shape (classes, sides, half, d)."""
    classes, halves, panels, tiles, _, columns = packed.shape
    rows = packed.transpose(0, 1, 2, 5, 3, 4).reshape(
        classes, halves, panels * columns, tiles * TILE_ROWS
    )
    return np.ascontiguousarray(rows[:, :, :half, :dimension])


@compiled
def match_chunks(records, half, forward, backward, target, first, last, gradient):  # noqa: ANN001, ANN201, PLR0913, PLR0917
    """Return the loss of some chunks of frequencies, and add its gradient.

    Args:
        records: from `pack_records`, shape (classes, sides, panels, d, columns).
        half: records of a side that are none of the padding.
        forward: from `pack_forward`.
        backward: from `pack_backward`.
        target: mean features of the sketch, float32, shape (classes, 2, m).
        first: number of the first chunk.
        last: number of the chunk after the last.
        gradient: float32, shape (classes, sides, panels, d tiles, TILE_ROWS, columns); one
            without classes when only the value is wanted.
    """
    loss = 0.0
    waved = waves_of(records, CHUNK)
    for number in range(records.shape[0]):
        own = gradient[number : number + 1]
        for chunk in range(first, last):
            left = chunk * CHUNK
            wanted = target[number, :, left : left + CHUNK]
            laid = forward[chunk], backward[chunk]
            loss += match(records[number], half, laid, wanted, waved, own)
    return loss


@compiled
def waves_of(records, width):  # noqa: ANN001, ANN201
    """Return room for cosines and sines of so many frequencies, (sides, panels, width, columns)."""
    shape = (records.shape[1], records.shape[2], width, records.shape[4])
    return np.empty(shape, np.float32), np.empty(shape, np.float32)


@compiled
def match(records, half, laid, target, waved, gradient):  # noqa: ANN001, ANN201
    """Return the loss of one class on a few frequencies, and add its gradient.

    Args:
        records: of the class, shape (sides, panels, d, columns): two halves that are independent
            of each other, or one side of records that all are.
        half: records of a side that are none of the padding.
        laid: the frequencies for phases (tiles, d, TILE_ROWS), and for the gradient (d tiles,
            width, TILE_ROWS).
        target: mean features of the sketch, shape (2, count), count at most `width`.
        waved: from `waves_of`.
        gradient: shape (1, sides, panels, d tiles, TILE_ROWS, columns); (0, …) when only the
            value is wanted.
    """
    cosine, sine = waved
    forward, backward = laid
    sides = records.shape[0]
    residual = np.empty((sides, 2, cosine.shape[2]), np.float32)
    tile = np.empty((TILE_ROWS, cosine.shape[3]), np.float32)
    for side in range(sides):
        for panel in range(cosine.shape[1]):
            own = cosine[side, panel], sine[side, panel]
            _features(records[side, panel], forward, tile, own)
        _means(cosine[side], sine[side], half, residual[side])
        for j in range(target.shape[1]):
            residual[side, 0, j] -= target[0, j]
            residual[side, 1, j] -= target[1, j]
    loss = _loss(residual, target, half)
    if gradient.size:
        if sides == 1:
            _leave_one_out(residual[0], target, half)
        for side in range(sides):
            # each half is pulled by the residual of the other, each record by that of all others
            own = cosine[side], sine[side]
            _pull(own, residual[sides - 1 - side], backward, gradient[0, side])
    return loss


@compiled
def _loss(residual, target, half):  # noqa: ANN001, ANN202
    """Return the loss of residuals (sides, 2, width) on frequencies of a target (2, count)."""
    loss = 0.0
    for j in range(target.shape[1]):
        if residual.shape[0] == 2:
            loss += residual[0, 0, j] * residual[1, 0, j]
            loss += residual[0, 1, j] * residual[1, 1, j]
        else:
            for part in range(2):
                mean = residual[0, part, j] + target[part, j]
                loss += residual[0, part, j] ** 2 + mean**2 / np.float32(half - 1)
            loss -= 1 / np.float32(half - 1)
    return loss


@compiled
def _leave_one_out(residual, target, half):  # noqa: ANN001, ANN202
    """Turn the residual of all records into what pulls at one: twice that of all others.

    Features have norm 1, so what a record itself adds to their mean has no slope.
    """
    for part in range(2):
        for j in range(target.shape[1]):
            mean = residual[part, j] + target[part, j]
            residual[part, j] = 2 * (residual[part, j] + mean / np.float32(half - 1))


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
    """Write cosines and sines of one panel of records, each of shape (width, columns)."""
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
            product(left, slopes, cosine.shape[1], out, True, cosine.shape[2])


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
