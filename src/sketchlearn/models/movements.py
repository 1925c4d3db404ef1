"""Images that are moved and bent as a whole: what is known of them before any data is seen.

A figure that is slanted, turned, made larger, shifted or bent a little is the same figure. A
generator that moves its images by itself need not learn these directions from the sketch, where
the noise of a release would hide them; and what noise suggests of a figure in one place hardly
is true of it in all places, so that far less of the noise can be learnt.

Sources: Jaderberg, Simonyan, Zisserman and Kavukcuoglu, "Spatial Transformer Networks", NeurIPS
2015 (differentiable movement); Simard, Steinkraus and Platt, "Best Practices for Convolutional
Neural Networks", ICDAR 2003 (slants and smooth bends as what written figures have in common).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from sketchlearn.features.image_shapes import planes_last, sides_of
from sketchlearn.models.generators import architecture_of

# Bends are shifts of a coarse grid of so many places a side, smoothly continued between them.
_PLACES = 3

# Latents that a movement takes: slant, turn, size, shifts across and down; then the bends.
_WHOLE = 5
MOVEMENTS = _WHOLE + 2 * _PLACES**2

# Deviations to begin with: of a slant as a slope, of a turn in radians, of a size as its
# logarithm, of shifts and bends in halves of a side. They are learnt with the weights.
_FIRST, _FIRST_BEND = (0.2, 0.1, 0.1, 0.03, 0.03), 0.08

# Movements end at as many deviations, or a far latent would move an image out of sight.
_FARTHEST = 2.5


@final
class Moved(nn.Module):
    """A generator whose images are moved and bent by latents of their own.

    The first `MOVEMENTS` latents say how far, in deviations that are learnt; what comes in from
    beyond the edge repeats it.

    Args:
        inner: module from the other latents (and a one-hot class) to as many numbers as an image.
        image: (height, width), (planes, height, width) or, with at most 4 planes, (height, width,
            planes).
    """

    def __init__(self, inner: nn.Module, image: Sequence[int]) -> None:
        super().__init__()
        self.inner, self.image = inner, tuple(image)
        self.deviations = nn.Parameter(torch.tensor([*_FIRST, _FIRST_BEND]))
        self.architecture = {
            "name": "moved",
            "inner": architecture_of(inner),
            "image": list(self.image),
        }

    def forward(self, latents: Tensor) -> Tensor:
        """Map (n, latent + classes) to (n, *image)."""
        images = self.inner(latents[:, MOVEMENTS:]).reshape(-1, *self.image)
        last = planes_last(self.image)
        planes = images.movedim(-1, 1) if last else images
        planes = planes.reshape(len(images), -1, *sides_of(self.image))
        far = latents[:, :MOVEMENTS].clamp(-_FARTHEST, _FARTHEST)
        moved = functional.grid_sample(
            planes, self._places(far), padding_mode="border", align_corners=False
        )
        return (moved.movedim(1, -1) if last else moved).reshape(images.shape)

    def _places(self, far: Tensor) -> Tensor:
        """Return where each pixel comes from, in half sides, (n, height, width, 2)."""
        height, width = sides_of(self.image)
        whole = functional.affine_grid(self._maps(far), [len(far), 1, height, width], False)
        bends = far[:, _WHOLE:].view(-1, 2, _PLACES, _PLACES) * self.deviations[_WHOLE]
        smooth = functional.interpolate(
            bends, size=(height, width), mode="bicubic", align_corners=True
        )
        return whole + smooth.permute(0, 2, 3, 1)

    def _maps(self, far: Tensor) -> Tensor:
        """Return the matrices of slant, turn, size and shifts, in half sides, (n, 2, 3)."""
        height, width = sides_of(self.image)
        slant, turn, size, across, down = (far[:, :_WHOLE] * self.deviations[:_WHOLE]).unbind(1)
        cosine, sine = turn.cos() * size.exp(), turn.sin() * size.exp()
        rows = [
            torch.stack([cosine, (cosine * slant - sine) * height / width, across], dim=1),
            torch.stack([sine * width / height, sine * slant + cosine, down], dim=1),
        ]
        return torch.stack(rows, dim=1)
