"""Frequencies that see tables: each touches one to four columns, in groups that share them.

A column of an encoded table is a block: one-hot slots for its categories, then perhaps a number.
Each column has some waves: a random phase for every slot, so that the kernel between two
categories is 1 or 0, and a random length for its number. A frequency takes one wave of each of its
columns. A few frequencies on every column, on every pair and on many larger sets match marginals
and low-order interactions sharply, where dense ones would see all columns blurred together; and
since frequencies share waves, the training step computes each wave once and multiplies.

Waves come in windows: frequencies of one window take waves of that window alone, so that a step
may visit one window and leave the others' waves alone too. Eight frequencies share each set of
columns, which lets the pass work on small dense pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np

from sketchlearn.features.laws import uniforms
from sketchlearn.features.projection import Projection

# Frequencies that share a set of columns.
GROUP = 8

# Parts that waves, and with them frequencies, fall into.
WINDOWS = 8

# Fewest waves of a column; as many as it may have categories, so that waves span all their laws.
_FEWEST_WAVES = 128

# Shares of frequencies that touch one, two, three and four columns.
SHARES = (0.05, 0.15, 0.4, 0.4)

# Lengths of numbers, log-uniform, in inverse deviations: from the bulk's shape to fine detail.
_SMALLEST, _LARGEST = 0.3, 6.0

# How many categories a number is worth when columns are weighed against each other.
_NUMBER_WORTH = 12


@dataclass(frozen=True)
class ColumnBlock:
    """One column within an encoded record.

    Attributes:
        slots: one-hot entries. When there is a number too, the last of them says that it is set.
        number: whether a number follows the slots; it is 0 where not set.
    """

    slots: int
    number: bool

    @property
    def width(self) -> int:
        """Numbers the block takes in an encoded record."""
        return self.slots + self.number


@dataclass(frozen=True, eq=False)
class ColumnProjection(Projection):
    """Frequencies in groups that share columns.

    Attributes:
        blocks: the columns of an encoded record, in order.
        groups: for each run of GROUP frequencies the columns it touches, -1 where it touches
            fewer than four; int64, shape (groups, 4).
        choices: which wave of each of its columns a frequency takes, int64, shape (groups, 4,
            GROUP).
        waves: phases of slots and lengths of numbers, in radians, float32, shape (d, waves of a
            column); each window has an equal run of them.
    """

    blocks: tuple[ColumnBlock, ...] = field(kw_only=True)
    groups: np.ndarray = field(kw_only=True)
    choices: np.ndarray = field(kw_only=True)
    waves: np.ndarray = field(kw_only=True)

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each block starts in an encoded record, and where the last one ends."""
        return block_starts(self.blocks)

    @cached_property
    def _tables(self) -> tuple[np.ndarray, ...]:
        """Phases of slots and lengths of numbers, in turns, for the compiled pass."""
        places = np.where(self.groups < 0, 0, self.groups)
        slots = np.array([block.slots for block in self.blocks])
        count = np.where(self.groups < 0, 0, slots[places]).ravel()
        first = np.concatenate([[0], np.cumsum(count)])
        phases = np.zeros((first[-1], GROUP), dtype=np.float32)
        lengths = np.zeros((len(self.groups), 4, GROUP), dtype=np.float32)
        for group, columns in enumerate(self.groups):
            run = slice(group * GROUP, (group + 1) * GROUP)
            for place, column in enumerate(columns[columns >= 0]):
                block = self.turns[self.starts[column] : self.starts[column + 1], run]  # (width, 8)
                at = first[4 * group + place]
                width = block.shape[1]
                phases[at : at + slots[column], :width] = block[: slots[column]]
                if self.blocks[column].number:
                    lengths[group, place, :width] = block[-1]
        return first[:-1].reshape(-1, 4), phases, lengths

    def add_near(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the features of float32 records (n, d) to int64 sums (2, m)."""
        from sketchlearn.features.column_kernels import add_columns, slot_numbers

        slots = np.array([block.slots for block in self.blocks])
        numbers = np.array([block.number for block in self.blocks])
        codes = slot_numbers(records, self.starts, slots)
        add_columns(
            records, codes, self.starts, numbers, self.groups, *self._tables, self.shifts, total
        )


def pair_cells(blocks: Sequence[ColumnBlock]) -> int:
    """Return how many cells the pairs of columns have, a number's being its bins."""
    cells = _cells(blocks)
    return int((cells.sum() ** 2 - (cells**2).sum()) // 2)


def _cells(blocks: Sequence[ColumnBlock]) -> np.ndarray:
    return np.array([block.slots + _NUMBER_WORTH * block.number for block in blocks])


def block_starts(blocks: Sequence[ColumnBlock]) -> np.ndarray:
    """Return where each block starts in an encoded record, and the record's width at the end."""
    return np.concatenate([[0], np.cumsum([block.width for block in blocks])]).astype(np.int64)


def draw_columns(blocks: Sequence[ColumnBlock], size: int, seed: int) -> ColumnProjection:
    """Draw `size` frequencies for tables of these columns; a function of its arguments alone."""
    starts = block_starts(blocks)
    count = -(-size // GROUP)
    groups = _column_sets(blocks, count, seed)
    waves = _draw_waves(blocks, _wave_count(groups), seed)
    choices = _choices(groups, waves.shape[1], seed)
    frequencies = np.zeros((starts[-1], count * GROUP), dtype=np.float32)
    for group, members in enumerate(groups):
        run = slice(group * GROUP, (group + 1) * GROUP)
        for place, column in enumerate(members[members >= 0]):
            block = slice(starts[column], starts[column + 1])
            frequencies[block, run] = waves[block, choices[group, place]]
    return ColumnProjection(
        np.ascontiguousarray(frequencies[:, :size]),
        blocks=tuple(blocks),
        groups=groups,
        choices=choices,
        waves=waves,
    )


def _draw_waves(blocks: Sequence[ColumnBlock], count: int, seed: int) -> np.ndarray:
    """Draw the waves of all columns: phases of slots and lengths of numbers, shape (d, count)."""
    starts = block_starts(blocks)
    waves = np.pi * (2 * uniforms(seed, int(starts[-1]) * count, 3).reshape(-1, count) - 1)
    numbers = [end - 1 for block, end in zip(blocks, starts[1:], strict=True) if block.number]
    shape = len(numbers), 2, WINDOWS, count // WINDOWS
    drawn = uniforms(seed, 2 * len(numbers) * count, 5).reshape(shape)
    for row, (place, sign) in zip(numbers, drawn, strict=True):
        # each window has lengths of all sizes, one in each of equal strata
        level = (place.argsort(axis=1).argsort(axis=1) + place) / place.shape[1]
        length = _SMALLEST * (_LARGEST / _SMALLEST) ** level
        waves[row] = np.where(sign < 0.5, -length, length).ravel()
    return waves.astype(np.float32)


def _wave_count(groups: np.ndarray) -> int:
    """Return the waves of a column: no two frequencies on it alone need take the same one."""
    alone = groups[groups[:, 1] < 0, 0]
    most = int(np.bincount(alone).max()) if len(alone) else 1
    return max(_FEWEST_WAVES, WINDOWS * GROUP * -(-most // WINDOWS))


def _choices(groups: np.ndarray, waves: int, seed: int) -> np.ndarray:
    """Choose the waves of each frequency, all of one window, shape (groups, 4, GROUP).

    Frequencies of one set of columns go through the windows and through their waves in turn; on
    the second column they start elsewhere at every round, so that no pair of waves is met twice.
    """
    each = waves // WINDOWS
    drawn = uniforms(seed, len(groups) * 5, 4).reshape(-1, 5)
    _, first, same = np.unique(groups, axis=0, return_index=True, return_inverse=True)
    same = same.ravel()
    order = np.argsort(same, kind="stable")
    turn = np.empty(len(groups), dtype=np.int64)  # number of a group among those of its columns
    turn[order] = np.arange(len(groups)) - np.searchsorted(same[order], same[order])
    turn += (WINDOWS * drawn[first[same], 4]).astype(np.int64)
    window, turn = turn % WINDOWS, turn // WINDOWS
    runs = each // GROUP
    shift = (drawn[:, :4] * each).astype(np.int64)
    shift[:, 0] = GROUP * (turn % runs)
    shift[:, 1] = shift[first[same], 1] + shift[:, 0] + turn // runs
    inside = (shift[:, :, None] + np.arange(GROUP)) % each
    return window[:, None, None] * each + inside


def _column_sets(blocks: Sequence[ColumnBlock], count: int, seed: int) -> np.ndarray:
    """Draw the columns of each group, -1 where it has fewer than four, shape (count, 4)."""
    worth = np.sqrt(_cells(blocks))
    orders = np.array(SHARES[: len(blocks)])
    cuts = np.rint(np.cumsum(orders / orders.sum()) * count).astype(int)
    drawn = uniforms(seed, count * (len(blocks) + 1), 2).reshape(count, -1)
    sets = np.full((count, 4), -1)
    for order, (first, last) in enumerate(zip([0, *cuts[:-1]], cuts, strict=True), start=1):
        if order <= 2:
            known = np.array(list(combinations(range(len(blocks)), order)))
            chosen = known[_spread_draw(worth[known].prod(axis=1), last - first, drawn[0, order])]
        else:
            # exponential keys: a weighted draw without replacement in each row
            keys = -np.log(drawn[first:last, 1:]) / worth
            chosen = np.sort(np.argsort(keys, axis=1)[:, :order], axis=1)
        sets[first:last, :order] = chosen
    return sets[np.argsort(drawn[:, 0])]


def _spread_draw(weights: np.ndarray, count: int, shift: float) -> np.ndarray:
    """Draw `count` positions in proportion to weights, each within one of its fair share."""
    edges = np.cumsum(weights / weights.sum())
    points = (np.arange(count) + shift) / max(count, 1)
    return np.minimum(np.searchsorted(edges, points), len(weights) - 1)
