"""A generator as a prior: latents to images in the source's units."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import final

import numpy as np
import torch
from torch import Tensor

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import OptionError
from sketchlearn.inverse.images import Layout
from sketchlearn.models.network import GenerativeModel, conditional

# Pixels at once at most, where many images are held against many measurements.
_PIXELS = 2**23

# Draws that the deviation of a generator's pixels is measured on.
_LOOKED_AT = 1024

# The generator's own error over the deviation of its pixels, where nobody measured it: about what
# generators of this library leave on 8 × 8 digits and on MNIST.
_USUAL_ERROR = 0.25


@final
class LatentPrior:
    """Standard normal latents, classes in the data's proportions, and the images of both.

    Args:
        model: a generator of images, or of records taken for one row of pixels.
    """

    def __init__(self, model: GenerativeModel) -> None:
        schema = model.schema
        if not isinstance(schema, VectorSchema):
            raise OptionError(
                "The model draws rows of a table, which are no images. Give a generator that was "
                "learnt from a sketch of images, or of numeric columns."
            )
        # what is looked for is a latent: weights are held, in a copy
        self._generator = copy.deepcopy(model.generator).requires_grad_(False)
        self.latent = model.latent
        self.classes = schema.class_count if schema.label else 1
        self.layout = Layout(schema.image or (schema.dimension,))
        self._labelled = schema.label is not None
        self._center = torch.tensor(schema.center, dtype=torch.float32)
        self._spread = torch.tensor(schema.spread, dtype=torch.float32)
        chances = torch.tensor(np.asarray(model.proportions), dtype=torch.float32)
        self.log_chances = chances.clamp_min(1e-9).log() if self._labelled else torch.zeros(1)

    def images(self, latents: Tensor, classes: Tensor) -> Tensor:
        """Return images (..., planes, height, width) of latents (..., l) and classes (...)."""
        before = latents.shape[:-1]
        flat = latents.reshape(-1, self.latent)
        known = self.classes if self._labelled else 0
        encoded = conditional(self._generator, flat, classes.reshape(-1), known)
        records = encoded * self._spread + self._center
        return self.layout.to_planes(records.unflatten(0, before))

    def penalty(self, latents: Tensor, classes: Tensor) -> Tensor:
        """Return -log p(z, class) up to a constant, shape (...)."""
        return latents.square().sum(-1) / 2 - self.log_chances[classes]

    def draw(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw latents (count, l), and classes (count,) one after the other, each as often."""
        latents = torch.randn(count, self.latent, generator=random)
        return latents, torch.arange(count) % self.classes

    def drawn(
        self, count: int, images: int, random: torch.Generator
    ) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Draw latents, classes and their images, as many at once as `images` times fit memory."""
        height, width = self.layout.planes[1:]
        most = max(1, _PIXELS // (self.layout.planes[0] * height * width * images))
        latents, classes = self.draw(count, random)
        for z, numbers in zip(latents.split(most), classes.split(most), strict=True):
            with torch.no_grad():
                yield z, numbers, self.images(z, numbers)

    def usual_error(self) -> float:
        """Return the error in a pixel to be expected of a generator nobody has measured."""
        with torch.no_grad():
            drawn = self.draw(_LOOKED_AT, torch.Generator().manual_seed(0))
            deviation = self.images(*drawn).var(dim=0).mean().sqrt()
        return _USUAL_ERROR * float(deviation)
