"""Where the density that a residual tells is highest.

The sum over frequencies of r_j exp(-iω_j·x) exp(-b‖ω_j‖²/2) is what the residual says of the
density at x, seen through a Gaussian of variance b. Climbing it is a mean shift without data.
(Belhadji and Gribonval, "Sketch and shift: a robust decoder for compressive clustering", 2023.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from sketchlearn.features.elliptical import Frequencies
from sketchlearn.learners.decoding.empirical import Empirical

# Longest step of a climb, in widths of the kernel.
_LONGEST = 0.7


@final
@dataclass(frozen=True)
class Peaks:
    """Places, best first, and the blur that each was seen through.

    Attributes:
        places: shape (n, d).
        blurs: variances, shape (n,).
    """

    places: np.ndarray
    blurs: np.ndarray

    def __len__(self) -> int:
        return len(self.places)


@final
class BlurredDensity:
    """What a residual says of the density, through a Gaussian of variance `blur`."""

    def __init__(self, frequencies: Frequencies, rest: np.ndarray, blur: float) -> None:
        exponents = 0.5 * blur * frequencies.norms + frequencies.outside  # (m,)
        # the least dampened counts as 1, so that some are left however wide the blur is
        damping = np.exp(exponents.min() - exponents)
        energy = damping**2
        self._frequencies = frequencies
        self._rest = rest * damping
        self._norm = np.sqrt(energy.sum())
        # curvature of the kernel, by which steps are scaled
        self._curvature = (frequencies.array * energy) @ frequencies.array.T / energy.sum()
        ridge = 1e-9 * np.trace(self._curvature) / frequencies.dimension
        self._inverse = np.linalg.inv(self._curvature + ridge * np.eye(frequencies.dimension))

    @property
    def width(self) -> float:
        """How far apart two places are told apart, half a width of the kernel."""
        return float(0.5 / np.sqrt(np.trace(self._curvature) / self._frequencies.dimension))

    def heights(self, places: np.ndarray) -> np.ndarray:
        """Return the density at places (n, d), over its standard deviation under white noise."""
        real, imaginary = self._frequencies.waves(places)
        return (real @ self._rest[0] + imaginary @ self._rest[1]) / self._norm

    def climbed(self, places: np.ndarray, steps: int, empirical: Empirical) -> np.ndarray:
        """Return places (n, d) after steps uphill, each scaled by the kernel's curvature."""
        for _ in range(steps):
            real, imaginary = self._frequencies.waves(places)
            heights = real @ self._rest[0] + imaginary @ self._rest[1]
            slopes = (real * self._rest[1] - imaginary * self._rest[0]) @ self._frequencies.array.T
            step = slopes @ self._inverse
            step /= np.maximum(heights, 0.1 * max(heights.max(), 1e-12))[:, None]
            lengths = np.sqrt(np.einsum("nd,de,ne->n", step, self._curvature, step).clip(1e-30))
            places = empirical.within(places + step * np.minimum(1, _LONGEST / lengths)[:, None])
        return places


def apart(places: np.ndarray, heights: np.ndarray, widths: np.ndarray, most: int) -> np.ndarray:
    """Return the numbers of at most so many places, highest first, none near a higher one."""
    kept: list[int] = []
    for number in np.argsort(-heights):
        if len(kept) == most:
            break
        distances = np.linalg.norm(places[kept] - places[number], axis=1)
        if (distances > widths[number]).all():
            kept.append(int(number))
    return np.array(kept, dtype=np.int64)


def highest(
    empirical: Empirical, rest: np.ndarray, starts: np.ndarray, blur: float, most: int
) -> Peaks:
    """Return the highest peaks seen through a blur, climbed to directly and from coarser ones."""
    places = starts
    for factor in (4, 2):
        coarse = BlurredDensity(empirical.own, rest[:, : empirical.size], factor * blur)
        places = coarse.climbed(places, 2, empirical)
    density = BlurredDensity(empirical.own, rest[:, : empirical.size], blur)
    places = density.climbed(np.concatenate([places, starts]), 5, empirical)
    widths = np.full(len(places), density.width)
    chosen = apart(places, density.heights(places), widths, most)
    return Peaks(places[chosen], np.full(len(chosen), blur))


def highest_of_blurs(
    empirical: Empirical, rest: np.ndarray, starts: np.ndarray, blurs: list[float], most: int
) -> Peaks:
    """Return the highest peaks seen through any of several blurs."""
    found = []
    for blur in blurs:
        density = BlurredDensity(empirical.own, rest[:, : empirical.size], blur)
        places = starts
        for factor in (4, 2, 1):
            wider = BlurredDensity(empirical.own, rest[:, : empirical.size], factor * blur)
            places = wider.climbed(places, 5, empirical)
        widths = np.full(len(places), density.width)
        found.append((places, density.heights(places), widths, np.full(len(places), blur)))
    places, heights, widths, of_blur = (np.concatenate(of) for of in zip(*found, strict=True))
    chosen = apart(places, heights, widths, most)
    return Peaks(places[chosen], of_blur[chosen])
