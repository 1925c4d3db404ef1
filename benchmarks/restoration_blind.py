"""Blind deconvolution of MNIST: 21 × 21 motion kernels, zeros beyond the border, σ = 0.02.

Both generators were learnt from sketches, that of kernels from 20,000 simulated ones; the kernels
here are of another seed. A shift of the image and the opposite one of its kernel explain the same
measurements, so that figures are given for images as they are and aligned within 4 pixels.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.image_sets import ImageSet
from benchmarks.restoration_classical import blind_richardson_lucy, psnr
from benchmarks.restoration_models import KERNEL_SIDE, Priors, kernel_model
from sketchlearn import inverse

_NOISE, _KERNEL_SEED = 0.02, 1


def measure(priors: Priors, data: ImageSet, count: int, folder: Path) -> dict[str, Any]:
    """Return the figures of every method on the first test images."""
    clean = data.unit(data.test_images[:count])
    kernels = inverse.motion_kernels(count, KERNEL_SIDE, seed=_KERNEL_SEED)
    y = blurred(clean, kernels)
    mean = inverse.motion_kernels(2000, KERNEL_SIDE, seed=0).mean(axis=0)
    learnt, top = kernel_model(folder), priors.top
    ways = {
        "blurry": lambda: y,
        "blind Richardson-Lucy": lambda: np.stack(
            [blind_richardson_lucy(one, KERNEL_SIDE) for one in y]
        ),
        "LMMSE, mean kernel": lambda: _known(y, mean, priors.sketch, top),
        "LMMSE, true kernel": lambda: _known(y, kernels, priors.sketch, top),
        "ours, true kernel": lambda: _known(y, kernels, priors.ours, top),
    }
    figures = {who: _judged(way, clean) for who, way in ways.items()}
    solvers = {
        "ours": (priors.ours, inverse.BlindSearch()),
        "ours, alternating": (priors.ours, inverse.BlindSearch(solver="alternating")),
        "VAE": (priors.vae, inverse.BlindSearch()),
    }
    for who, (model, method) in solvers.items():
        start = time.perf_counter()
        found = inverse.reconstruct_blind(
            y * top, model, learnt, noise=_NOISE * top, padding="zero", method=method
        )
        spent = 1e3 * (time.perf_counter() - start) / count
        for name, images in ((who, found.images), (f"{who}, no slack", found.in_range)):
            figures[name] = _scores(images / top, clean) | {"ms": spent}
        apart = np.linalg.norm((found.kernels - kernels).reshape(count, -1), axis=1)
        sizes = np.linalg.norm(kernels.reshape(count, -1), axis=1)
        figures[who]["kernel error"] = float(np.mean(apart / sizes))
        figures[who]["converged"] = float(found.converged.mean())
    return figures


def blurred(clean: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Return blurred images with noise."""
    x = torch.as_tensor(clean, dtype=torch.float32)[:, None]
    y = inverse.Convolution(kernels, "zero").A(x)[:, 0].numpy()
    return y + _NOISE * np.random.default_rng(0).normal(size=y.shape)


def _known(y: np.ndarray, kernels: np.ndarray, model: Any, top: int) -> np.ndarray:
    operator = inverse.Convolution(kernels, "zero")
    return inverse.reconstruct(y * top, operator, model, noise=_NOISE * top).images / top


def _judged(way: Any, clean: np.ndarray) -> dict[str, float]:
    start = time.perf_counter()
    images = way()
    spent = 1e3 * (time.perf_counter() - start) / len(clean)
    return _scores(images, clean) | {"ms": spent}


def _scores(images: np.ndarray, clean: np.ndarray) -> dict[str, float]:
    images = np.clip(images, 0, 1)
    return {
        "dB": psnr(images, clean),
        "aligned dB": psnr(inverse.aligned(images, clean)[0], clean),
    }
