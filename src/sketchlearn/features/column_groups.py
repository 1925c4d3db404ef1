"""Frequencies that see tables: each touches one to four columns, in groups that share them.

A column of an encoded table is a block: one-hot slots for its categories, then perhaps a number.
A frequency gives each slot of its columns a random phase, so that its kernel between two
categories is 1 or 0, and each number a random length. A few frequencies on every column, on every
pair and on many larger sets match marginals and low-order interactions sharply, where dense ones
would see all columns blurred together. Eight frequencies share each set of columns, which lets
the training step work on small dense pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations

import numpy as np
from scipy import special

from sketchlearn.features.laws import uniforms
from sketchlearn.features.projection import Projection

# Frequencies that share a set of columns.
GROUP = 8

# Shares of frequencies that touch one, two, three and four columns.
_SHARES = (0.12, 0.48, 0.2, 0.2)

# Radii of numbers, log-uniform, in inverse deviations: from the bulk's shape to fine detail.
_SMALLEST, _LARGEST = 0.5, 6.0

# How many categories a number is worth when sets of columns are weighed against each other.
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
    """

    blocks: tuple[ColumnBlock, ...] = field(kw_only=True)
    groups: np.ndarray = field(kw_only=True)

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


def block_starts(blocks: Sequence[ColumnBlock]) -> np.ndarray:
    """Return where each block starts in an encoded record, and the record's width at the end."""
    return np.concatenate([[0], np.cumsum([block.width for block in blocks])]).astype(np.int64)


def draw_columns(blocks: Sequence[ColumnBlock], size: int, seed: int) -> ColumnProjection:
    """Draw `size` frequencies for tables of these columns; a function of its arguments alone."""
    starts = block_starts(blocks)
    count = -(-size // GROUP)
    groups = _column_sets(blocks, count, seed)
    frequencies = np.zeros((starts[-1], count * GROUP))
    phase = np.pi * (2 * uniforms(seed, frequencies.size, 3).reshape(frequencies.shape) - 1)
    normal = special.ndtri(uniforms(seed, 4 * count * GROUP, 4).reshape(count, 4, GROUP))
    level = uniforms(seed, count * GROUP, 5).reshape(count, GROUP)
    radius = _SMALLEST * (_LARGEST / _SMALLEST) ** level  # (groups, 8)
    for group, members in enumerate(groups):
        run = slice(group * GROUP, (group + 1) * GROUP)
        columns = members[members >= 0]
        numbers = [column for column in columns if blocks[column].number]
        for column in columns:
            slots = slice(starts[column], starts[column] + blocks[column].slots)
            frequencies[slots, run] = phase[slots, run]
        direction = normal[group, : len(numbers)]
        direction = direction / np.linalg.norm(direction, axis=0)
        for column, lengths in zip(numbers, direction * radius[group], strict=True):
            frequencies[starts[column + 1] - 1, run] = lengths
    return ColumnProjection(
        np.ascontiguousarray(frequencies[:, :size], dtype=np.float32),
        blocks=tuple(blocks),
        groups=groups,
    )


def _column_sets(blocks: Sequence[ColumnBlock], count: int, seed: int) -> np.ndarray:
    """Draw the columns of each group, -1 where it has fewer than four, shape (count, 4)."""
    worth = np.sqrt([block.slots + _NUMBER_WORTH * block.number for block in blocks])
    orders = np.array(_SHARES[: len(blocks)])
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
