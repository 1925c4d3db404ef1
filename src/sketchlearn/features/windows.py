"""Frequencies that see images through windows: each touches a square of pixels.

Dense frequencies see an image whole, and between whole images of a few hundred pixels one distance
is much like another. A small window has few pixels, so its law can be matched sharply, and what is
true of one window at a time says how strokes and edges run. A frequency in a window W is

    ω = R φ / (scale · (s_W + s₀)),    φ uniform on the unit sphere of the window's pixels,

s_W being the root mean square deviation of its pixels, so that projections vary by about R / scale
wherever the window lies; s₀ keeps those of nearly constant pixels from exploding. Runs of GROUP
frequencies share a window, which lets the pass multiply its pixels alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special

from sketchlearn.errors import OptionError
from sketchlearn.features.image_shapes import planes_last
from sketchlearn.features.laws import FrequencyLaw, drawn_radii, uniforms, with_harmonics
from sketchlearn.features.projection import Projection

# Frequencies that share a window: whole tiles on every processor.
GROUP = 48

# Sides of windows, in shares of the shorter side of an image.
SIDES = (0.25, 0.36, 0.5, 1.0)

# s₀, in shares of the root mean square deviation of all pixels.
_LEAST_DEVIATION = 0.3


@dataclass(frozen=True)
class Windows:
    """How far the pixels of an image vary: what the windows of a plan are scaled by.

    Attributes:
        deviations: of each encoded pixel, length d.
    """

    deviations: tuple[float, ...]

    def __post_init__(self) -> None:
        values = np.asarray(self.deviations)
        if not (np.isfinite(values).all() and (values >= 0).all() and values.any()):
            raise OptionError("Deviations of pixels must be 0 or more, and not all 0.")

    def to_document(self) -> dict[str, Any]:
        """Return the windows as JSON values."""
        return {"deviations": list(self.deviations)}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Windows:
        """Build what `to_document` described."""
        return cls(tuple(float(value) for value in document["deviations"]))


@dataclass(frozen=True, eq=False)
class WindowProjection(Projection):
    """Frequencies in groups of GROUP that share a window.

    Attributes:
        starts: first pixel of each run of pixels of a group's window, int64, shape (groups, most
            runs), -1 where a window has fewer.
        lengths: pixels of each run, int64, shape (groups,).
    """

    starts: np.ndarray = field(kw_only=True)
    lengths: np.ndarray = field(kw_only=True)

    @cached_property
    def _packed(self) -> tuple[np.ndarray, np.ndarray]:
        """Frequencies of all windows in turns, tile by tile; where groups start, and the end."""
        from sketchlearn.features.tile import TILE_COLUMNS

        parts = []
        for group, (starts, length) in enumerate(zip(self.starts, self.lengths, strict=True)):
            pixels = (starts[starts >= 0, None] + np.arange(length)).ravel()
            own = np.zeros((len(pixels), GROUP), dtype=np.float32)
            columns = self.turns[pixels, group * GROUP : (group + 1) * GROUP]
            own[:, : columns.shape[1]] = columns
            tiles = own.reshape(len(pixels), -1, TILE_COLUMNS).transpose(1, 0, 2)
            parts.append(tiles.ravel())
        return np.concatenate(parts), np.cumsum([0, *map(len, parts)])

    def add_near(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the features of float32 records (n, d) to int64 sums (2, m)."""
        from sketchlearn.features.window_kernels import add_windows

        packed, first = self._packed
        laid = packed, first, self.starts, self.lengths
        add_windows(records, *laid, self.multiples, self.shifts, total)


def draw_windows(
    law: FrequencyLaw,
    windows: Windows,
    image: tuple[int, ...],
    size: int,
    seed: int,
    harmonics: int = 1,
) -> WindowProjection:
    """Draw `size` frequencies for images of a shape; a function of its arguments alone.

    Args:
        law: of the radius R and its scales, as for records of one column.
        windows: the deviations of pixels.
        image: (height, width), (planes, height, width) or, with at most 4 planes, (height, width,
            planes).
        size: number of frequencies, m.
        seed: of windows, directions and radii.
        harmonics: frequencies along each direction, multiples of the first; GROUP is a multiple.

    Raises:
        OptionError: records are no images, or not of that many pixels.
    """
    require_image(image)
    deviations = np.asarray(windows.deviations)
    if int(np.prod(image)) != len(deviations):
        raise OptionError(f"{len(deviations)} deviations were given for images of shape {image}.")
    grid = np.arange(len(deviations)).reshape(image)
    grid = (
        np.moveaxis(grid, -1, 0) if planes_last(image) else grid.reshape(-1, *image[-2:])
    )  # (planes, h, w)
    groups = -(-size // GROUP)
    drawn = uniforms(seed, groups, stream=2)
    chosen = [_window(grid, deviations, group, level) for group, level in enumerate(drawn)]
    frequencies = np.zeros((len(deviations), size), dtype=np.float32)
    radius = drawn_radii(law, uniforms(seed, -(-size // harmonics)), 1)
    each = GROUP // harmonics
    for group, pixels in enumerate(chosen):
        own = radius[group * each : (group + 1) * each]
        level = uniforms(seed, len(own) * len(pixels), stream=3 + group).reshape(-1, len(own))
        normal = special.ndtri(level)  # (pixels, directions)
        direction = normal / np.linalg.norm(normal, axis=0)
        run = slice(group * GROUP, min(size, (group + 1) * GROUP))
        first = direction * own / _scale(deviations, pixels)
        frequencies[pixels, run] = with_harmonics(first, harmonics, run.stop - run.start)
    starts, lengths = _runs(chosen)
    return WindowProjection(frequencies, None, harmonics, starts=starts, lengths=lengths)


def require_image(image: tuple[int, ...] | None) -> None:
    """Raise OptionError unless records are images of two or three axes."""
    if image is None or len(image) not in (2, 3):
        raise OptionError(
            f"structure='windows' was asked for records of shape {image or '(columns,)'}; it needs "
            "images of two or three axes. Say that columns are pixels with image=(height, width)."
        )


def _window(grid: np.ndarray, deviations: np.ndarray, number: int, level: float) -> np.ndarray:
    """Return the sorted pixels of a window: sides take turns, places follow the variance there."""
    height, width = grid.shape[1:]
    side = max(1, round(SIDES[number % len(SIDES)] * min(height, width)))
    variance = (deviations[grid] ** 2).sum(axis=0)  # (h, w)
    sums = np.zeros((height + 1, width + 1))
    sums[1:, 1:] = variance.cumsum(axis=0).cumsum(axis=1)
    inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    share = np.cumsum(np.sqrt(np.maximum(inside, 0)).ravel())
    place = int(np.searchsorted(share, level * share[-1]))
    top, left = divmod(min(place, share.size - 1), inside.shape[1])
    return np.sort(grid[:, top : top + side, left : left + side].ravel())


def _scale(deviations: np.ndarray, pixels: np.ndarray) -> float:
    least = _LEAST_DEVIATION * np.sqrt(np.mean(deviations**2))
    return float(np.sqrt(np.mean(deviations[pixels] ** 2)) + least)


def _runs(windows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the first pixel of each run of neighbours, -1 for none, and the runs' lengths."""
    first = [pixels[np.diff(pixels, prepend=-2) > 1] for pixels in windows]
    starts = np.full((len(windows), max(map(len, first))), -1, dtype=np.int64)
    for group, own in enumerate(first):
        starts[group, : len(own)] = own
    lengths = [len(pixels) // len(own) for pixels, own in zip(windows, first, strict=True)]
    return starts, np.array(lengths, dtype=np.int64)
