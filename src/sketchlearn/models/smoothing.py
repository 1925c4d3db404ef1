"""Images without detail at the scale of single pixels.

The last layer of a generator doubles its grid by a shuffle of planes, and can draw stripes one
pixel wide. Pictures hardly have any, and the frequencies that would tell are those where the noise
of a release drowns a sketch first: unless it is kept from it, such a generator draws the noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchlearn.features.image_shapes import to_images, to_planes
from sketchlearn.models.generators import architecture_of

# Weights of a pixel and its neighbours along each side; stripes of single pixels become grey.
_BINOMIAL = (0.25, 0.5, 0.25)


@final
class Smoothed(nn.Module):
    """A generator whose images are smoothed by the binomial mean of 3 × 3 pixels.

    Args:
        inner: module from latents (and a one-hot class) to as many numbers as an image.
        image: (height, width), (planes, height, width) or, with at most 4 planes, (height, width,
            planes).
    """

    weights: Tensor

    def __init__(self, inner: nn.Module, image: Sequence[int]) -> None:
        super().__init__()
        self.inner, self.image = inner, tuple(image)
        side = torch.tensor(_BINOMIAL)
        self.register_buffer("weights", (side[:, None] * side)[None, None], persistent=False)
        self.architecture = {
            "name": "smoothed",
            "inner": architecture_of(inner),
            "image": list(self.image),
        }

    def forward(self, latents: Tensor) -> Tensor:
        """Map (n, latent + classes) to (n, *image)."""
        planes = to_planes(self.inner(latents).flatten(1), self.image)
        wide = functional.pad(planes, (1, 1, 1, 1), mode="replicate")
        each = wide.flatten(0, 1)[:, None]  # (n · planes, 1, height + 2, width + 2)
        return to_images(functional.conv2d(each, self.weights).view_as(planes), self.image)
