"""Frequencies laid out for the data pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Projection:
    """Dense frequencies, packed once and used by every batch of a pass.

    Attributes:
        frequencies: radians per encoded unit, float32, shape (d, m).
    """

    frequencies: np.ndarray

    @property
    def size(self) -> int:
        """Number of frequencies, m."""
        return self.frequencies.shape[1]

    @cached_property
    def turns(self) -> np.ndarray:
        """The frequencies in turns per encoded unit, float64, shape (d, m), C-contiguous."""
        return np.ascontiguousarray(self.frequencies, dtype=np.float64) / (2 * np.pi)

    @cached_property
    def reach(self) -> float:
        """Length of the longest frequency, in turns per encoded unit."""
        return float(np.sqrt((self.turns**2).sum(axis=0).max(initial=0)))

    def add_near(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the features of float32 records (n, d) to int64 sums (2, m)."""
        from sketchlearn.features.sum_kernels import add_near

        add_near(records, self.panels, total)

    @cached_property
    def panels(self) -> np.ndarray:
        """The frequencies in turns, float32, shape (panels, d, columns of a tile)."""
        from sketchlearn.features.tile import TILE_COLUMNS

        dimension, size = self.frequencies.shape
        count = -(-size // TILE_COLUMNS)
        padded = np.zeros((dimension, count * TILE_COLUMNS), dtype=np.float32)
        padded[:, :size] = self.turns
        by_panel = padded.reshape(dimension, count, TILE_COLUMNS).transpose(1, 0, 2)
        return np.ascontiguousarray(by_panel)
