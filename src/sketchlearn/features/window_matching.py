"""Windows of frequencies laid out for the matching loss: only their pixels are multiplied."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from sketchlearn.features.matching import threads_for
from sketchlearn.features.parts import add_parts
from sketchlearn.features.windows import GROUP

# Windows that a step visits, about: with as many more images a step, learning goes twice as far in
# a time as with all windows.
_A_STEP = 35


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
        visited: first of the windows that the loss visits, and the one after the last; None for
            all. Their loss stands for that of all.
    """

    pixels: np.ndarray
    starts: np.ndarray
    members: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    tiles: np.ndarray
    visited: tuple[int, int] | None = None

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

    def block(self, step: int) -> PackedWindows:
        """Return the same with the windows that a step visits, others at the next.

        Over a round of steps each window is visited once, so the gradient is as unbiased as that
        of all. A block has windows of all sides, since they take turns.
        """
        windows = len(self.starts) - 1
        blocks = max(1, windows // _A_STEP)
        number = step % blocks
        return replace(self, visited=(number * windows // blocks, (number + 1) * windows // blocks))

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

        first, last = self.visited or (0, len(self.starts) - 1)
        # as if the others said what these say
        stands_for = np.float32(self.members[-1] / (self.members[last] - self.members[first]))
        threads = threads_for(classes * halves * half * len(self.pixels) * GROUP)
        shape = (classes if wanted else 0, *panels.shape[1:])
        value, total = add_parts(visit, first, last, shape, threads)
        value, total = value * float(stands_for), total * stands_for
        if not wanted:
            return value, None
        rows = total.transpose(0, 1, 2, 4, 3).reshape(classes, halves, -1, dimension)
        return value, np.ascontiguousarray(rows[:, :, :half])
