"""Frequencies of a table laid out for the training step: by window, as they share waves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sketchlearn.features.column_groups import (
    GROUP,
    WINDOWS,
    ColumnBlock,
    ColumnProjection,
    block_starts,
)


class Window(NamedTuple):
    """The frequencies of one window.

    Attributes:
        members: which of the frequencies laid out they are, int64, shape (m',).
        places: rows of the factors that each multiplies, -1 for none, int64, shape (m', 4).
        waves: the window's waves of all columns in radians, float32, shape (d, waves).
        panels: cosines and sines of categories of each column, (2 · waves, categories).
    """

    members: np.ndarray
    places: np.ndarray
    waves: np.ndarray
    panels: tuple[Tensor, ...]


@dataclass(frozen=True)
class SharedWaves:
    """Frequencies that share waves of columns, laid out for the compiled loss, window by window.

    Attributes:
        blocks: the columns of an encoded record.
        windows: the frequencies, as they share waves.
        sets: a number for the columns of each frequency, equal for equal columns, shape (m,).
    """

    blocks: tuple[ColumnBlock, ...]
    windows: tuple[Window, ...]
    sets: np.ndarray

    @classmethod
    def of(cls, projection: ColumnProjection, which: np.ndarray) -> SharedWaves:
        """Lay out some of a projection's frequencies, given by number."""
        starts = block_starts(projection.blocks)
        columns = projection.groups[which // GROUP]  # (m', 4)
        waves = projection.choices[which // GROUP, :, which % GROUP]  # (m', 4)
        each = projection.waves.shape[1] // WINDOWS
        windows = []
        for number in range(WINDOWS):
            members = np.flatnonzero(waves[:, 0] // each == number)
            own = columns[members] * each + waves[members] % each
            table = projection.waves[:, number * each : (number + 1) * each]
            panels = tuple(
                _panel(table[start : start + _categories(block)])
                for block, start in zip(projection.blocks, starts[:-1], strict=True)
            )
            places = np.where(columns[members] < 0, -1, own)
            windows.append(Window(members, places, np.ascontiguousarray(table), panels))
        sets = np.unique(columns, axis=0, return_inverse=True)[1].ravel()
        return cls(projection.blocks, tuple(windows), sets)

    @cached_property
    def columns(self) -> list[tuple[int, ColumnBlock, int]]:
        """Number, block and start of each column."""
        starts = block_starts(self.blocks)[:-1].tolist()
        return list(zip(range(len(starts)), self.blocks, starts, strict=True))

    @property
    def size(self) -> int:
        """Number of frequencies."""
        return sum(len(window.members) for window in self.windows)


def _categories(block: ColumnBlock) -> int:
    """Return the slots of a column but the one that says a number is set."""
    return block.slots - (block.number and block.slots > 0)


def _panel(phases: np.ndarray) -> Tensor:
    """Return cosines and sines of waves (categories, waves) in turn: (2 · waves, categories)."""
    phases = phases.T.astype(np.float64)
    both = np.stack([np.cos(phases), np.sin(phases)], axis=1)  # (waves, 2, categories)
    return torch.from_numpy(both.reshape(2 * phases.shape[0], phases.shape[1]).astype(np.float32))
