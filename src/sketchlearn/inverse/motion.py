"""Blur kernels of camera motion: simulated, and a generator for them.

A camera's path is a Gaussian process, and the kernel the time it spends over each pixel. (Boracchi
and Foi, "Modeling the Performance of Image Restoration from Motion Blur", IEEE TIP 2012; the law of
the path is that of Tachella et al., "DeepInverse", 2025.)
"""

from __future__ import annotations

import numpy as np
from torch import nn

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import OptionError
from sketchlearn.models.generators import LEAK, MLP, Simplex
from sketchlearn.sketches import Sketch

# Moments of a path: the pixels it crosses are fewer.
_MOMENTS = 200

# Kernels simulated at once.
_AT_ONCE = 1000


def motion_kernels(
    count: int, side: int, *, smoothness: float = 0.3, reach: float = 0.25, seed: int = 0
) -> np.ndarray:
    """Simulate blur kernels, float64 (count, side, side), each of sum 1.

    Args:
        count: number of kernels.
        side: odd, pixels.
        smoothness: length-scale of the path's Matérn process, of the time of exposure.
        reach: deviation of the path in each direction, of half the side.
        seed: same seed, same kernels.

    Raises:
        OptionError: count or side is none, or smoothness or reach not positive.
    """
    if count < 1 or side < 3 or side % 2 == 0:
        raise OptionError(f"count={count}, side={side} were given; side is odd and from 3 on.")
    if not (0 < smoothness < np.inf and 0 < reach < np.inf):
        raise OptionError(f"smoothness={smoothness}, reach={reach} were given; both are positive.")
    rng = np.random.default_rng(seed)
    time = np.linspace(0, 1, _MOMENTS)
    apart = np.sqrt(3) * np.abs(time[:, None] - time) / smoothness
    covariance = (1 + apart) * np.exp(-apart) + 1e-9 * np.eye(_MOMENTS)
    root = np.linalg.cholesky(covariance)
    parts = []
    for begin in range(0, count, _AT_ONCE):
        some = min(_AT_ONCE, count - begin)
        path = reach * rng.standard_normal((some, 2, _MOMENTS)) @ root.T
        path -= path.mean(axis=2, keepdims=True)  # a shift of the kernel is one of the image
        parts.append(_time_over_pixels((path + 1) * (side - 1) / 2, side))
    return np.concatenate(parts)


def kernel_generator(sketch: Sketch, latent: int, width: int = 256) -> nn.Module:
    """Return a generator with fresh weights for a sketch of kernels, to be learnt.

    Kernels are not negative and of sum 1, whatever its weights.

    Args:
        sketch: of kernels (n, height, width).
        latent: dimension of the latents; give the same to `GenerativeNetwork`.
        width: units of its two hidden layers.

    Raises:
        OptionError: the sketch is one of a table.
    """
    schema = sketch.plan.schema
    if not isinstance(schema, VectorSchema):
        raise OptionError("The sketch is one of a table. Sketch kernels, (n, height, width).")
    classes = schema.class_count if schema.label else 0
    inner = MLP(latent + classes, schema.dimension, width, depth=2, leak=LEAK)
    return Simplex(inner, schema.center, schema.spread)


def _time_over_pixels(path: np.ndarray, side: int) -> np.ndarray:
    """Return the share of the time that paths (n, 2, moments) in pixels spend over each pixel."""
    path = np.clip(path, 0, side - 1 - 1e-9)
    low = np.floor(path).astype(int)
    near = path - low
    pixels = np.zeros((len(path), side * side))
    kernel = np.arange(len(path))[:, None]
    for down in (0, 1):
        for right in (0, 1):
            share = (near[:, 0] if down else 1 - near[:, 0]) * (
                near[:, 1] if right else 1 - near[:, 1]
            )
            place = (low[:, 0] + down) * side + low[:, 1] + right
            flat = (kernel * side * side + place).ravel()
            pixels += np.bincount(flat, share.ravel(), pixels.size).reshape(pixels.shape)
    return (pixels / path.shape[2]).reshape(-1, side, side)
