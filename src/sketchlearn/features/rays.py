"""Frequencies on rays: several radii along one direction, from one projection.

The projection is what a pass over many columns pays for; a phase times a radius is one more
product. Multiplying phases rather than features (complex powers of one feature) lets the radii
follow the law, whole multiples or not, and keeps every feature as accurate as its phase.
Directions are those of Hadamard blocks: there are few of them, so that they had better be spread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sketchlearn.features.hadamard import block_rows, block_shape, drawn_signs
from sketchlearn.features.laws import FrequencyLaw, drawn_radii, uniforms
from sketchlearn.features.projection import Projection, packed_panels

# Frequencies on one ray. Five scales alternate by default, so that a ray holds one of each.
PER_RAY = 5


@dataclass(frozen=True, eq=False)
class RayProjection(Projection):
    """Frequencies that share directions: frequency i lies on ray i // PER_RAY.

    Attributes:
        rays: unit directions, float64, shape (d, rays).
        radii: lengths in turns per encoded unit, float32, shape (rays, PER_RAY); those beyond
            the last frequency are zero.
    """

    rays: np.ndarray = field(kw_only=True)
    radii: np.ndarray = field(kw_only=True)

    @cached_property
    def panels(self) -> np.ndarray:
        """The directions, float32, shape (panels, d, columns of a tile)."""
        return packed_panels(self.rays)

    def add_near(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the features of float32 records (n, d) to int64 sums (2, m)."""
        from sketchlearn.features.sum_kernels import add_rays

        add_rays(records, self.panels, self.radii, self.shifts, total)


def draw_rays(law: FrequencyLaw, dimension: int, size: int, seed: int) -> RayProjection:
    """Draw `size` frequencies on rays, for records of `dimension` columns, 16 at least."""
    count = -(-size // PER_RAY)
    blocks, length = block_shape(dimension, count)
    drawn = uniforms(seed, size + blocks * 3 * length)
    rays = block_rows(drawn_signs(drawn[size:], length), dimension)[:count].T  # (d, rays)
    rays = rays / np.maximum(np.linalg.norm(rays, axis=0), 1.0)  # whole numbers before
    radii = np.zeros(count * PER_RAY)
    radii[:size] = drawn_radii(law, drawn[:size], dimension)
    frequencies = np.repeat(rays, PER_RAY, axis=1)[:, :size] * radii[:size]
    return RayProjection(
        np.ascontiguousarray(frequencies, dtype=np.float32),
        rays=rays,
        radii=(radii / (2 * np.pi)).astype(np.float32).reshape(count, PER_RAY),
    )
