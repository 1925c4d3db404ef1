"""Windows of frequencies laid out for the matching loss: only their pixels are multiplied."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from sketchlearn.features.matching import threads_for
from sketchlearn.features.parts import add_parts
from sketchlearn.features.windows import GROUP


@dataclass(frozen=True)
class PackedWindows:
    """Frequencies on windows, laid out for the compiled loss.

    Attributes:
        pixels: those of each window, one window after the other, int64.
        starts: where the pixels of each window start, and the end, shape (windows + 1,).
        members: number of the first frequency of each window, and the end, shape (windows + 1,).
        forward: the frequencies of each window for phases, in turns.
        backward: for gradients, in radians.
        tiles: where those of each window start there, and the end, in tiles of pixels.
    """

    pixels: np.ndarray
    starts: np.ndarray
    members: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    tiles: np.ndarray

    @classmethod
    def of(cls, frequencies: np.ndarray, windows: np.ndarray) -> PackedWindows:
        """Lay out frequencies of shape (d, m).

        Args:
            frequencies: in radians, float32; zero outside the window of each.
            windows: a number for the window of each, ascending, shape (m,); at most GROUP share
                one.
        """
        from sketchlearn.features.matching_kernels import pack_backward, pack_forward

        members = np.flatnonzero(np.diff(windows, prepend=-1, append=-1))
        pixels, forward, backward = [], [], []
        for first, last in itertools.pairwise(members):
            every = frequencies[:, first:last]
            pixels.append(np.flatnonzero(every.any(axis=1)))
            own = every[pixels[-1]]
            forward.append(pack_forward(own.astype(np.float64) / (2 * np.pi), GROUP)[0])
            backward.append(pack_backward(own, GROUP)[0])
        return cls(
            np.concatenate(pixels),
            np.cumsum([0, *map(len, pixels)]),
            members,
            np.concatenate([part.ravel() for part in forward]),
            np.concatenate([part.ravel() for part in backward]),
            np.cumsum([0, *map(len, backward)]),
        )

    def value_and_gradient(
        self, records: np.ndarray, target: np.ndarray, wanted: bool
    ) -> tuple[float, np.ndarray | None]:
        """Return the sum of the loss over frequencies and, if wanted, its gradient."""
        from sketchlearn.features.matching_kernels import pack_records
        from sketchlearn.features.window_kernels import match_windows

        classes, halves, half, dimension = records.shape
        panels = pack_records(records)
        packed = (
            self.pixels,
            self.starts,
            self.members,
            self.forward,
            self.backward,
            self.tiles,
        )

        def visit(first: int, last: int, gradient: np.ndarray) -> float:
            return match_windows(panels, half, packed, target, first, last, gradient)

        windows = len(self.starts) - 1
        threads = threads_for(classes * halves * half * len(self.pixels) * GROUP)
        shape = (classes if wanted else 0, *panels.shape[1:])
        value, total = add_parts(visit, 0, windows, shape, threads)
        if not wanted:
            return value, None
        rows = total.transpose(0, 1, 2, 4, 3).reshape(classes, halves, -1, dimension)
        return value, np.ascontiguousarray(rows[:, :, :half])
