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

    Raises:
        OptionError: it is none.
    """

    def __init__(self, model: GenerativeModel) -> None:
        if not isinstance(model, GenerativeModel):
            raise OptionError(
                f"A {type(model).__name__} was given as model; it is a generator of images, such "
                "as `GenerativeNetwork` learns from a sketch."
            )
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
        self._chances = chances if self._labelled else torch.ones(1)
        self._possible = self._chances.nonzero().flatten()
        self.log_chances = self._chances.log()

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
        """Draw latents (count, l), and classes (count,) each as often, but for impossible ones.

        They come in rounds, each of all classes in an order of its own, so that few draws are not
        always of the first ones.
        """
        latents = torch.randn(count, self.latent, generator=random)
        some = len(self._possible)
        if some == 1:
            return latents, self._possible.expand(count)
        rounds = torch.rand(-(-count // some), some, generator=random).argsort(dim=1)
        return latents, self._possible[rounds.flatten()[:count]]

    def shares(self, classes: Tensor) -> Tensor:
        """Return weights of sum 1 with which draws of these classes are of the data's law."""
        chances = self._chances[classes]
        return chances / chances.sum()

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
            latents, classes = self.draw(_LOOKED_AT, torch.Generator().manual_seed(0))
            images, shares = self.images(latents, classes), self.shares(classes)
            mean = torch.tensordot(shares, images, dims=1)
            variances = torch.tensordot(shares, (images - mean).square(), dims=1)
        unbiased = variances.mean() / (1 - shares.square().sum())
        return _USUAL_ERROR * float(unbiased.sqrt())
