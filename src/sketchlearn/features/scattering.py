"""Wavelets of images: fixed features that need no training.

Where a pixel says how dark a place is, a wavelet says how edges run there. The moduli of complex
wavelets, averaged over small squares, change little when a stroke moves a little, as a person's
judgement does.

Sources: Bruna and Mallat, "Invariant Scattering Convolution Networks", IEEE TPAMI 2013 (moduli of
wavelets, averaged); here the first order, on a pyramid of halved images.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchlearn.errors import OptionError
from sketchlearn.features.image_shapes import halves_twice, planes_last

# Side of a filter, deviation of its window and frequency of its wave, in pixels and radians.
_SIDE, _DEVIATION, _WAVE = 7, 1.4, 0.6 * math.pi

# Keeps the slope of a modulus finite where there is nothing to see.
_LEAST = 1e-3


@final
class Scattering(nn.Module):
    """First-order scattering on two levels, with the image at half its size beside it.

    Images are halved once, which gives the lower level. At each level complex Gabor wavelets of
    several orientations are taken, and their moduli averaged over squares of four and two pixels,
    to a quarter of the image's size. Moduli do not tell a bright edge from a dark one, so what
    halving drops (Haar details) is kept beside them with its sign, every value a plane's.

    Args:
        image: (height, width), (planes, height, width) or, with at most 4 planes, (height, width,
            planes); sides are multiples of 4.
        orientations: of the wavelets.
    """

    filters: Tensor
    haar: Tensor

    def __init__(self, image: Sequence[int], orientations: int = 4) -> None:
        super().__init__()
        image = tuple(image)
        self.last = planes_last(image)
        if not halves_twice(image):
            raise OptionError(
                f"Scattering was asked for records of shape {image}; it needs images whose sides "
                "are multiples of 4, from 8 on."
            )
        self.register_buffer("filters", _gabor(orientations))
        signs = torch.tensor([[1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
        self.register_buffer("haar", signs[..., None, None] / 2)  # (3, 4, 1, 1)
        self.architecture = {
            "name": "scattering",
            "image": list(image),
            "orientations": orientations,
        }

    def forward(self, images: Tensor) -> Tensor:
        """Map (n, *image) to (n, planes, height / 4, width / 4)."""
        pixels = images.movedim(-1, 1) if self.last else images
        height, width = pixels.shape[-2:]
        pixels = pixels.reshape(-1, 1, height, width)
        half = functional.avg_pool2d(pixels, 2)
        corners = functional.pixel_unshuffle(pixels, 2)[:, None]  # (n, 1, 4, h / 2, w / 2)
        # not by a convolution, whose last bits may depend on how many images come together
        details = (corners * self.haar).sum(dim=2)  # (n, 3, h / 2, w / 2)
        said = torch.cat(
            [
                functional.pixel_unshuffle(half, 2),
                self._averages(pixels, 4),
                self._averages(half, 2),
                functional.pixel_unshuffle(details, 2),
            ],
            dim=1,
        )
        return said.reshape(len(images), -1, height // 4, width // 4)

    def _averages(self, pixels: Tensor, square: int) -> Tensor:
        """Map planes (n, 1, h, w) to moduli of wavelets averaged over squares, (n, L, h', w')."""
        if pixels.device.type == "cpu" and pixels.dtype == self.filters.dtype == torch.float32:
            found = _CompiledAverages.apply(pixels, self.filters, square)
            assert isinstance(found, Tensor)
            return found
        return moduli_averages(pixels, self.filters, square)


def moduli_averages(pixels: Tensor, filters: Tensor, square: int) -> Tensor:
    """Return moduli of wavelets averaged over squares; the reference of the compiled loops.

    Args:
        pixels: planes, shape (n, 1, h, w).
        filters: real parts, then imaginary ones, shape (2 L, 1, s, s).
        square: side of the squares; h and w are multiples of it.

    Returns:
        Shape (n, L, h / square, w / square); differentiable in the pixels.
    """
    waves = functional.conv2d(functional.pad(pixels, [_SIDE // 2] * 4), filters)
    real, imaginary = waves.chunk(2, dim=1)
    moduli = (real.square() + imaginary.square() + _LEAST**2).sqrt()
    return functional.avg_pool2d(moduli, square)


class _CompiledAverages(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pixels: Tensor, filters: Tensor, square: int) -> Tensor:
        from sketchlearn.features.scattering_kernels import average_moduli

        count, _, height, width = pixels.shape
        padded = functional.pad(pixels.detach()[:, 0], [_SIDE // 2] * 4).contiguous().numpy()
        taps = filters[:, 0].contiguous().numpy()
        waves = np.empty((count, len(taps), height, padded.shape[2]), dtype=np.float32)
        averages = np.empty((count, len(taps) // 2, height // square, width // square), np.float32)
        average_moduli(padded, taps, square, np.float32(_LEAST), waves, averages)
        if ctx.needs_input_grad[0]:
            ctx.kept = waves, taps, square
        return torch.from_numpy(averages)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        from sketchlearn.features.scattering_kernels import pull_moduli

        waves, taps, square = ctx.kept
        count, _, height, stride = waves.shape
        padded = np.zeros((count, height + _SIDE - 1, stride), dtype=np.float32)
        pull_moduli(waves, taps, square, upstream[0].contiguous().numpy(), padded)
        edge = _SIDE // 2
        inner = torch.from_numpy(padded[:, edge:-edge, edge:-edge])
        return inner[:, None], None, None


def _gabor(orientations: int) -> Tensor:
    """Return real parts, then imaginary ones, of wavelets of mean 0 and norm 1, (2 L, 1, s, s)."""
    place = torch.arange(_SIDE) - _SIDE // 2
    down, across = torch.meshgrid(place, place, indexing="ij")
    window = torch.exp(-(down.square() + across.square()) / (2 * _DEVIATION**2))
    made = []
    for turn in (math.cos, math.sin):
        for number in range(orientations):
            angle = math.pi * number / orientations
            phase = _WAVE * (math.cos(angle) * across + math.sin(angle) * down)
            wave = window * (phase.cos() if turn is math.cos else phase.sin())
            wave = wave - window * wave.sum() / window.sum()
            made.append(wave / wave.norm())
    return torch.stack(made)[:, None].float()
