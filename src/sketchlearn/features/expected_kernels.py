"""Compiled loops of the matching loss of soft rows: group by group, in a core's cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.column_groups import GROUP, ColumnBlock, block_starts
from sketchlearn.features.matching_kernels import product
from sketchlearn.features.tile import TILE_ROWS
from sketchlearn.features.waves import waves

# Cosines of the frequencies of a group, then sines.
_WAVES = 2 * GROUP


class Tables(NamedTuple):
    """Frequencies of groups, laid out.

    Attributes:
        arrays: what `match_groups` takes, in order.
        rows: where each number of a record stands in a padded gradient, int64, shape (d,).
        padded: rows of a padded gradient.
    """

    arrays: tuple[np.ndarray, ...]
    rows: np.ndarray
    padded: int


def lay_out(
    frequencies: np.ndarray, blocks: Sequence[ColumnBlock], groups: np.ndarray, counts: np.ndarray
) -> Tables:
    """Lay out frequencies (d, m): waves of categories as panels both ways, lengths of numbers.

    A column's slot that says "a number is set" is not among its categories.
    """
    starts = block_starts(blocks)
    categories = np.array([block.slots - (block.number and block.slots > 0) for block in blocks])
    tiles = -(-categories // TILE_ROWS)
    after = np.cumsum([TILE_ROWS * t + 2 * b.number for t, b in zip(tiles, blocks, strict=True)])
    at = np.concatenate([[0], after])
    rows = np.zeros(starts[-1], dtype=np.int64)
    for column, block in enumerate(blocks):
        inside = rows[starts[column] : starts[column + 1]]
        inside[: categories[column]] = at[column] + np.arange(categories[column])
        if block.number:  # the slot of the number, if any, then the number
            last = at[column] + TILE_ROWS * tiles[column]
            inside[categories[column] :] = (last, last + 1)[
                2 - (block.width - categories[column]) :
            ]
    shape = groups.shape
    forward_at, backward_at = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    lengths = np.zeros((*shape, 2, GROUP), np.float32)  # turns per unit, and radians
    shifts = np.zeros((*shape, GROUP), np.float32)
    forward: list[np.ndarray] = [np.zeros(0)]
    backward: list[np.ndarray] = [np.zeros(0)]
    left, right, end = 0, 0, 0
    for group, columns in enumerate(groups):
        run = slice(end, end := end + int(counts[group]))
        for place, column in enumerate(columns[columns >= 0]):
            block = frequencies[starts[column] : starts[column + 1], run].astype(np.float64)
            width = block.shape[1]
            wave = np.zeros((categories[column], 2, GROUP))
            wave[:, 0, :width] = np.cos(block[: categories[column]])
            wave[:, 1, :width] = np.sin(block[: categories[column]])
            panels = wave.reshape(-1, _WAVES)  # (categories, waves)
            forward_at[group, place], backward_at[group, place] = left, right
            forward.append(panels.reshape(-1, _WAVES // TILE_ROWS, TILE_ROWS).swapaxes(0, 1))
            padded = np.zeros((tiles[column] * TILE_ROWS, _WAVES))
            padded[: len(panels)] = panels
            backward.append(padded.reshape(-1, TILE_ROWS, _WAVES).swapaxes(1, 2))
            left, right = left + panels.size, right + padded.size
            if blocks[column].number:
                lengths[group, place, 0, :width] = block[-1] / (2 * np.pi)
                lengths[group, place, 1, :width] = block[-1]
                if blocks[column].slots:
                    shifts[group, place, :width] = block[-2] / (2 * np.pi)
    flat = [np.concatenate([part.ravel() for part in side]) for side in (forward, backward)]
    kinds = np.array([block.number * (1 + (block.slots > 0)) for block in blocks])
    arrays = (
        *(np.ascontiguousarray(side, dtype=np.float32) for side in flat),
        forward_at,
        backward_at,
        lengths,
        shifts,
        groups.astype(np.int64),
        starts,
        categories.astype(np.int64),
        kinds.astype(np.int64),
        at,
    )
    return Tables(arrays, rows, int(at[-1]))


@compiled
def match_groups(  # noqa: ANN201, PLR0913, PLR0917
    records,  # noqa: ANN001
    half,  # noqa: ANN001
    forward,  # noqa: ANN001
    backward,  # noqa: ANN001
    forward_at,  # noqa: ANN001
    backward_at,  # noqa: ANN001
    lengths,  # noqa: ANN001
    shifts,  # noqa: ANN001
    groups,  # noqa: ANN001
    starts,  # noqa: ANN001
    categories,  # noqa: ANN001
    kinds,  # noqa: ANN001
    at,  # noqa: ANN001
    ends,  # noqa: ANN001
    target,  # noqa: ANN001
    first,  # noqa: ANN001
    last,  # noqa: ANN001
    gradient,  # noqa: ANN001
):
    """Return the loss of some groups of frequencies, and add its gradient.

    Args:
        records: soft rows from `pack_records`, shape (classes, 2, panels, d, columns).
        half: rows of a half that are none of the padding.
        forward: waves of categories as left panels, (waves, categories) for each group's column.
        backward: the same for the gradient, (categories, waves).
        forward_at: where each starts in `forward`, shape (groups, 4).
        backward_at: where each starts in `backward`.
        lengths: of numbers, in turns and in radians, shape (groups, 4, 2, GROUP).
        shifts: phases of the slots of numbers, in turns, shape (groups, 4, GROUP).
        groups: columns of each group, -1 for none, shape (groups, 4).
        starts: where each column's block starts in a row.
        categories: slots of each column but the one of its number.
        kinds: 0 without a number, 1 for a number alone, 2 for one beside categories.
        at: where each column's block starts in the padded gradient.
        ends: where the frequencies of each group start in `target`, and the last one ends.
        target: mean features of the sketch, float32, shape (classes, 2, m).
        first: number of the first group.
        last: number of the group after the last.
        gradient: float32, shape (classes, 2, panels, padded rows, columns); one without
            classes when only the value is wanted.
    """
    columns = records.shape[4]
    shape = (2, records.shape[2], 2, GROUP * columns)
    factors, moved = np.empty((4, *shape), np.float32), np.empty((4, *shape), np.float32)
    whole = np.empty(shape, np.float32)
    residual = np.zeros((2, 2, GROUP), np.float32)
    table = forward, forward_at, lengths, shifts, groups, starts, categories, kinds
    back = backward, backward_at, lengths, groups, starts, categories, kinds, at
    loss = 0.0
    for number in range(records.shape[0]):
        for group in range(first, last):
            count = ends[group + 1] - ends[group]
            residual[:, :, count:] = 0
            for side in range(2):
                _features(records[number, side], group, table, (factors, moved, whole), side)
                _mean(whole[side], half, columns, residual[side])
                residual[side, :, count:] = 0
                for part in range(2):
                    for j in range(count):
                        residual[side, part, j] -= target[number, part, ends[group] + j]
            for part in range(2):
                for j in range(count):
                    loss += residual[0, part, j] * residual[1, part, j]
            if gradient.shape[0]:
                for side in range(2):
                    # each half is pulled by the residual of the other
                    pulled, pull = gradient[number, side], residual[1 - side]
                    _gradient(
                        records[number, side], group, back, (factors, moved), pull, pulled, side
                    )
    return loss


@compiled
def _features(records, group, table, out, side):  # noqa: ANN001, ANN202
    """Write the factors of a group's columns, the waves of numbers, and the whole product."""
    forward, forward_at, lengths, shifts, groups, starts, categories, kinds = table
    factors, moved, whole = out
    used = 0
    for place in range(4):
        column = groups[group, place]
        if column < 0:
            break
        used += 1
        left = forward[forward_at[group, place] :]
        base = starts[column] + categories[column]
        for panel in range(records.shape[0]):
            factor = factors[place, side, panel]
            _categories(records[panel], starts[column], categories[column], left, factor)
            if kinds[column]:
                waved = moved[place, side, panel]
                turning = lengths[group, place, 0], shifts[group, place]
                _numbers(records[panel], base, kinds[column], turning, waved, factor)
    for panel in range(records.shape[0]):
        _multiply(factors[:used, side, panel], -1, whole[side, panel])


@compiled
def _gradient(records, group, back, known, residual, gradient, side):  # noqa: ANN001, ANN202
    """Add the gradient of a group's loss in one half."""
    backward, backward_at, lengths, groups, starts, categories, kinds, at = back
    factors, moved = known
    columns = records.shape[2]
    spread = np.empty((2, GROUP * columns), np.float32)
    others = np.empty((2, GROUP * columns), np.float32)
    for part in range(2):
        for j in range(GROUP):
            spread[part, j * columns : (j + 1) * columns] = residual[part, j]
    used = 0
    while used < 4 and groups[group, used] >= 0:
        used += 1
    for place in range(used):
        column = groups[group, place]
        left = backward[backward_at[group, place] :]
        base = starts[column] + categories[column]
        after = at[column] + TILE_ROWS * ((categories[column] + TILE_ROWS - 1) // TILE_ROWS)
        for panel in range(records.shape[0]):
            _multiply(factors[:used, side, panel], place, others)
            _slopes(spread, others)
            _pull(left, categories[column], others, gradient[panel, at[column] :])
            if kinds[column]:
                waved, pulled = moved[place, side, panel], gradient[panel, after:]
                length = lengths[group, place, 1]
                _pull_numbers(records[panel], base, kinds[column], length, waved, others, pulled)


@compiled
def _categories(row, start, count, left, factor):  # noqa: ANN001, ANN202
    """Write Σ_k p_k exp(iω_k) over a column's categories, shape (2, GROUP · columns)."""
    columns = row.shape[1]
    if count == 0:
        factor[:] = 0
        return
    right, out = row[start].ctypes.data, factor.ravel()
    for part in range(_WAVES // TILE_ROWS):
        panel = left[part * count * TILE_ROWS :].ctypes.data
        place = out[part * TILE_ROWS * columns :].ctypes.data
        product(panel, right, count, place, False, columns)


@compiled
def _numbers(row, base, kind, turning, moved, factor):  # noqa: ANN001, ANN202
    """Add p exp(i(ω + ω_x x)) of a column's number, keeping the waves."""
    lengths, shifts = turning
    columns = row.shape[1]
    value, chance = row[base + kind - 1], row[base]
    turns = moved[0]
    for j in range(GROUP):
        for column in range(columns):
            turns[j * columns + column] = value[column] * lengths[j] + shifts[j]
    for i in range(turns.size):
        moved[0, i], moved[1, i] = waves(turns[i])
    if kind == 1:
        factor[:] = moved
        return
    for part in range(2):
        for j in range(GROUP):
            for column in range(columns):
                i = j * columns + column
                factor[part, i] += chance[column] * moved[part, i]


@compiled
def _multiply(factors, without, out):  # noqa: ANN001, ANN202
    """Write the complex product of all factors but one, shape (2, GROUP · columns)."""
    started = False
    for place in range(factors.shape[0]):
        if place == without:
            continue
        factor = factors[place]
        if not started:
            out[:] = factor
            started = True
            continue
        for i in range(out.shape[1]):
            cosine, sine = out[0, i], out[1, i]
            real, imaginary = factor[0, i], factor[1, i]
            out[0, i] = cosine * real - sine * imaginary
            out[1, i] = cosine * imaginary + sine * real
    if not started:
        out[0] = 1
        out[1] = 0


@compiled
def _mean(whole, half, columns, mean):  # noqa: ANN001, ANN202
    """Average over the rows of a half, leaving out the padding."""
    for part in range(2):
        for j in range(GROUP):
            total = np.float32(0)
            for panel in range(whole.shape[0]):
                found = np.float32(0)
                for column in range(min(columns, half - panel * columns)):
                    found += whole[panel, part, j * columns + column]
                total += found
            mean[part, j] = total / np.float32(half)


@compiled
def _slopes(residual, others):  # noqa: ANN001, ANN202
    """Turn the product R of the other factors into the slope of Re(conj(r) F R) in F."""
    for i in range(others.shape[1]):
        cosine, sine = others[0, i], others[1, i]
        others[0, i] = residual[0, i] * cosine + residual[1, i] * sine
        others[1, i] = residual[1, i] * cosine - residual[0, i] * sine


@compiled
def _pull(left, count, slopes, gradient):  # noqa: ANN001, ANN202
    """Add the gradient of a column's probabilities."""
    for part in range((count + TILE_ROWS - 1) // TILE_ROWS):
        panel = left[part * _WAVES * TILE_ROWS :].ctypes.data
        out = gradient[part * TILE_ROWS].ctypes.data
        product(panel, slopes.ctypes.data, _WAVES, out, True, gradient.shape[1])


@compiled
def _pull_numbers(row, base, kind, lengths, moved, slopes, gradient):  # noqa: ANN001, ANN202
    """Add the gradient of a number, and before it of the probability that it is set."""
    columns = row.shape[1]
    for j in range(GROUP):
        length = lengths[j]
        for column in range(columns):
            i = j * columns + column
            real, imaginary = slopes[0, i], slopes[1, i]
            cosine, sine = moved[0, i], moved[1, i]
            turned = length * (imaginary * cosine - real * sine)
            if kind == 2:
                gradient[0, column] += real * cosine + imaginary * sine
                gradient[1, column] += row[base, column] * turned
            else:
                gradient[1, column] += turned
