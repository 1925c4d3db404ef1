"""Frequency laws: the distributions frequencies are drawn from.

A frequency is `ω = R φ / scale` with φ uniform on the unit sphere, so a law is the
distribution of its radius R. The Fourier transform of the law is the kernel whose mean
embedding the sketch estimates: `k(x - x') = E cos(ω·(x - x'))`. Several scales make an
equal mixture, whose kernel is the mean of the kernels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from sketchlearn.errors import OptionError

# Scales whose frequencies float32 holds.
_LEAST, _MOST = 1e-30, 1e30


@dataclass(frozen=True)
class FrequencyLaw(ABC):
    """Distribution of the radius of a frequency, and the scales it is divided by.

    Attributes:
        scales: length-scales of the kernel, in units of the encoded data, equally weighted.
    """

    scales: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if not self.scales or not all(_LEAST <= s <= _MOST for s in self.scales):
            raise OptionError(
                f"scales={self.scales!r} was given, but every scale must be a positive number, "
                f"from {_LEAST:g} to {_MOST:g}."
            )

    @abstractmethod
    def radius(self, level: np.ndarray, dimension: int) -> np.ndarray:
        """Return the quantiles of R at `level` in (0, 1), for records of `dimension` columns."""

    def kernel(self, distance: np.ndarray, dimension: int) -> np.ndarray:
        """Return k at given distances (any shape), by quadrature over 256 radius quantiles.

        A direction's average is `E cos(t φ·e) = 0F1(d/2; -t²/4)`.
        """
        level = (np.arange(256) + 0.5) / 256
        radius = self.radius(level, dimension)
        distance = np.asarray(distance, dtype=np.float64)
        total = np.zeros(distance.shape)
        for scale in self.scales:
            phase = distance[..., None] * (radius / scale)  # (..., 256)
            total += _mean_cosine(phase, dimension).mean(axis=-1)
        return total / len(self.scales)

    def to_document(self) -> dict[str, Any]:
        """Return the law as JSON values."""
        fields = {k: v for k, v in vars(self).items() if k != "scales"}
        return {"name": NAMES[type(self)], "scales": list(self.scales), **fields}


def _mean_cosine(phase: np.ndarray, dimension: int) -> np.ndarray:
    """Return E cos(t φ·e) = 0F1(d/2; -t²/4) for φ uniform on the sphere, t = `phase`."""
    v, z = dimension / 2, -(phase**2) / 4
    if dimension < 200:
        return special.hyp0f1(v, z)
    # scipy overflows there; three terms of the logarithm's series are right to 10⁻⁵
    a = z / v
    return np.exp(a - a**2 / (2 * (v + 1)) + 2 * a**3 / (3 * (v + 1) * (v + 2)))


@dataclass(frozen=True)
class Gaussian(FrequencyLaw):
    """ω ~ N(0, 1/scale²): the Gaussian kernel exp(-‖x‖²/2 scale²)."""

    def radius(self, level: np.ndarray, dimension: int) -> np.ndarray:
        """Quantiles of a chi law with `dimension` degrees of freedom."""
        return np.sqrt(2 * special.gammaincinv(dimension / 2, level))


@dataclass(frozen=True)
class FoldedGaussian(FrequencyLaw):
    """R = |N(0, 1)|: the sliced Gaussian kernel 1F1(1/2; d/2; -‖x‖²/2 scale²), heavy-tailed."""

    def radius(self, level: np.ndarray, dimension: int) -> np.ndarray:  # noqa: ARG002
        """Quantiles of the folded normal law."""
        return special.ndtri((1 + level) / 2)


@dataclass(frozen=True)
class AdaptedRadius(FrequencyLaw):
    """Density ∝ √(r² + r⁴/4) exp(-r²/2): keeps the gradient in mean and variance of Gaussians.

    Keriven, Bourrier, Gribonval, Pérez, "Sketching for large-scale learning of mixture
    models", section 3.3.
    """

    def radius(self, level: np.ndarray, dimension: int) -> np.ndarray:  # noqa: ARG002
        """Quantiles by inverting the distribution function on a grid of [0, 6]."""
        grid = np.linspace(0, 6, 6001)
        density = np.sqrt(grid**2 + grid**4 / 4) * np.exp(-(grid**2) / 2)
        cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
        return np.interp(level, cumulative / cumulative[-1], grid)


@dataclass(frozen=True)
class Student(FrequencyLaw):
    """Multivariate Student frequencies: the Matérn kernel of smoothness `freedom` / 2.

    Attributes:
        freedom: degrees of freedom; 3 gives the once-differentiable Matérn-3/2 kernel.
    """

    freedom: float = 3.0

    def radius(self, level: np.ndarray, dimension: int) -> np.ndarray:
        """Quantiles of √(d F), F a Fisher law with (d, freedom) degrees."""
        return np.sqrt(dimension * special.fdtri(dimension, self.freedom, level))


LAWS: dict[str, type[FrequencyLaw]] = {
    "gaussian": Gaussian,
    "folded-gaussian": FoldedGaussian,
    "adapted-radius": AdaptedRadius,
    "student": Student,
}
NAMES = {law: name for name, law in LAWS.items()}


def law_from_document(document: dict[str, Any]) -> FrequencyLaw:
    """Build the law that `FrequencyLaw.to_document` described."""
    fields = dict(document)
    name = fields.pop("name")
    return LAWS[name](scales=tuple(fields.pop("scales")), **fields)


def draw_frequencies(
    law: FrequencyLaw, dimension: int, size: int, seed: int, harmonics: int = 1
) -> np.ndarray:
    """Draw `size` frequencies; return float32 of shape (d, m).

    With harmonics, runs of so many are the whole multiples of the first, which follows the law.

    Only the raw stream of the Philox generator is used, which numpy promises never to change,
    so one seed gives the same frequencies in every release. Scales alternate, so any run of
    consecutive frequencies is a fair draw from the mixture.
    """
    count = -(-size // harmonics)
    drawn = uniforms(seed, count * (dimension + 1)).reshape(count, dimension + 1)
    direction = directions(drawn[:, :dimension])  # (m, d)
    radius = drawn_radii(law, drawn[:, dimension], dimension)
    first = (direction * radius[:, None]).T
    return np.ascontiguousarray(with_harmonics(first, harmonics, size).astype(np.float32))


def with_harmonics(first: np.ndarray, harmonics: int, size: int) -> np.ndarray:
    """Return frequencies (d, n), each followed by its multiples, up to `size` in all."""
    multiples = np.arange(1, harmonics + 1)
    return (first[:, :, None] * multiples).reshape(len(first), -1)[:, :size]


def directions(drawn: np.ndarray) -> np.ndarray:
    """Return points uniform on the unit sphere from uniforms, both of shape (m, d)."""
    normal = special.ndtri(drawn)
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def drawn_radii(law: FrequencyLaw, level: np.ndarray, dimension: int) -> np.ndarray:
    """Return radii over scales at uniform levels, shape (m,); scales alternate."""
    scale = np.asarray(law.scales)[np.arange(len(level)) % len(law.scales)]
    return law.radius(level, dimension) / scale


def draw_dither(size: int, seed: int) -> np.ndarray:
    """Draw the dither of 1-bit features: float32 phases in turns, uniform in (0, 1), shape (m,)."""
    return uniforms(seed, size, stream=1).astype(np.float32)


def uniforms(seed: int, count: int, stream: int = 0) -> np.ndarray:
    """Return uniforms in the open interval (0, 1), 52 bits each; streams are independent."""
    raw = np.random.Philox(key=seed | stream << 64).random_raw(count)
    return ((raw >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
