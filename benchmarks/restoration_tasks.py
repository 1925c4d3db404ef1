"""The degradations of the restoration benchmark, on 8 × 8 digits and on MNIST.

Pixels are in [0, 1] and noise is not clipped. Operators are drawn from the seed of the noise.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from sketchlearn import inverse
from sketchlearn.inverse import Operator
from sketchlearn.inverse.degradations import gaussian_kernel

Make = Callable[[int, np.random.Generator], Operator]


@dataclass(frozen=True)
class Task:
    """A degradation.

    Attributes:
        name: with the deviation of the noise where the operator is the identity.
        kind: denoise, inpaint, sense, enlarge or deblur, which says what the classical methods are.
        noise: deviation of the noise in each measurement.
        operator: makes the operator for so many images.
    """

    name: str
    kind: str
    noise: float
    operator: Make

    def measure(self, images: np.ndarray, seed: int) -> tuple[np.ndarray, Operator]:
        """Return measurements of images (n, height, width) with their operator."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        operator = self.operator(len(images), rng)
        clean = operator.A(torch.as_tensor(images, dtype=torch.float32)[:, None]).numpy()
        return clean + self.noise * rng.normal(size=clean.shape), operator


def digits_tasks() -> list[Task]:
    """Return the tasks on 8 × 8 digits."""
    side = 8
    return [
        *(_denoise(noise) for noise in (0.1, 0.3, 0.5)),
        Task("inpaint centre 4×4", "inpaint", 0.05, _centre(side, 4)),
        Task("inpaint 70 % missing", "inpaint", 0.05, _missing(side, 0.7)),
        *(_sense(m, side, 0.05) for m in (6, 12, 24, 32, 48)),
        *(Task(f"enlarge ×{f}", "enlarge", 0.05, _box(f)) for f in (2, 4)),
        Task("deblur, σ 0.05", "deblur", 0.05, _gaussian(5, 1.0)),
        Task("deblur, σ 0.01", "deblur", 0.01, _gaussian(5, 1.0)),
    ]


def mnist_tasks() -> list[Task]:
    """Return the tasks on MNIST, but for blind deconvolution."""
    side = 28
    return [
        *(_denoise(noise) for noise in (0.1, 0.3, 0.5)),
        Task("inpaint centre 10×10", "inpaint", 0.05, _centre(side, 10)),
        Task("inpaint 90 % missing", "inpaint", 0.05, _missing(side, 0.9)),
        # in the scaling of Bora et al.: entries of variance 1, noise 0.1
        *(_sense(m, side, 0.1, scaled=False) for m in (25, 50, 80, 100, 200, 400)),
        *(Task(f"enlarge ×{f}", "enlarge", 0.05, _box(f)) for f in (2, 4)),
        Task("deblur, σ 0.05", "deblur", 0.05, _gaussian(9, 2.0)),
        Task("deblur, σ 0.01", "deblur", 0.01, _gaussian(9, 2.0)),
    ]


def _denoise(noise: float) -> Task:
    return Task(f"denoise, σ {noise}", "denoise", noise, lambda _n, _rng: inverse.Identity())


def _centre(side: int, hole: int) -> Make:
    seen = np.ones((side, side))
    begin = (side - hole) // 2
    seen[begin : begin + hole, begin : begin + hole] = 0
    return lambda _n, _rng: inverse.Mask(seen)


def _missing(side: int, share: float) -> Make:
    return lambda n, rng: inverse.Mask(rng.random((n, side, side)) >= share, per_image=True)


def _sense(m: int, side: int, noise: float, *, scaled: bool = True) -> Task:
    scale = m**-0.5 if scaled else 1.0

    def made(_n: int, rng: np.random.Generator) -> Operator:
        return inverse.Dense(scale * rng.normal(size=(m, side * side)), (side, side))

    return Task(f"sense, m = {m}", "sense", noise, made)


def _box(factor: int) -> Make:
    return lambda _n, _rng: inverse.BoxDownsampling(factor)


def _gaussian(side: int, deviation: float) -> Make:
    return lambda _n, _rng: inverse.Convolution(gaussian_kernel(deviation, side), "zero")
