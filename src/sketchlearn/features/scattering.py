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
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchlearn.errors import OptionError

# Side of a filter, deviation of its window and frequency of its wave, in pixels and radians.
_SIDE, _DEVIATION, _WAVE = 7, 1.4, 0.6 * math.pi

# Keeps the slope of a modulus finite where there is nothing to see.
_LEAST = 1e-3


@final
class Scattering(nn.Module):
    """First-order scattering on two levels, with the image at half its size beside it.

    Images are halved once, which gives the lower level. At each level complex Gabor wavelets of
    several orientations are taken, and their moduli averaged over squares of four and two pixels,
    to a quarter of the image's size.

    Args:
        image: (height, width), (planes, height, width) or, with at most 4 planes, (height, width,
            planes); sides are multiples of 4.
        orientations: of the wavelets.
    """

    filters: Tensor

    def __init__(self, image: Sequence[int], orientations: int = 6) -> None:
        super().__init__()
        image = tuple(image)
        self.last = len(image) == 3 and image[2] <= 4 < image[0]
        sides = image[:2] if self.last else image[-2:]
        if len(image) not in (2, 3) or any(side % 4 or side < 8 for side in sides):
            raise OptionError(
                f"Scattering was asked for records of shape {image}; it needs images whose sides "
                "are multiples of 4, from 8 on."
            )
        self.register_buffer("filters", _gabor(orientations))
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
        said = torch.cat(
            [
                functional.pixel_unshuffle(half, 2),
                functional.avg_pool2d(self._moduli(pixels), 4),
                functional.avg_pool2d(self._moduli(half), 2),
            ],
            dim=1,
        )
        return said.reshape(len(images), -1, height // 4, width // 4)

    def _moduli(self, pixels: Tensor) -> Tensor:
        padding = _SIDE // 2
        waves = functional.conv2d(functional.pad(pixels, [padding] * 4), self.filters)
        real, imaginary = waves.chunk(2, dim=1)
        return (real.square() + imaginary.square() + _LEAST**2).sqrt()


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
