"""Generator architectures: latents (and a one-hot class) to encoded records.

A generator is any `nn.Module` that maps (n, latent + classes) to (n, d) or (n, *image);
`classes` is 0 without a label. These are the defaults.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, cast, final

import torch
from torch import Tensor, nn

from sketchlearn.features.image_shapes import planes_last, sides_of

# Slope of the rectifiers of image generators on the negative side.
LEAK = 0.2

# Slope beyond the bounds, while learning, of what `Clipped` cuts off.
_BEYOND = 0.01

# Most places along the shorter side of the grid that images are enlarged from.
_GRID = 8


class MLP(nn.Sequential):
    """Fully connected generator.

    Args:
        inputs: latents and classes.
        dimension: numbers per record.
        width: units of each hidden layer.
        depth: hidden layers.
        leak: slope of the rectifiers on the negative side. 0 suits vectors, whose laws often
            come in separate pieces: such a map jumps between them within a sliver of latent
            space, where a smoother one leaves a bridge of stray records. Images gain from
            0.2, which keeps more of the range within reach (+1.4 dB on 8 × 8 digits).
    """

    def __init__(
        self, inputs: int, dimension: int, width: int, depth: int, leak: float = 0.0
    ) -> None:
        layers: list[nn.Module] = []
        for size in (inputs, *[width] * (depth - 1)):
            layers += [nn.Linear(size, width), nn.LeakyReLU(leak)]
        super().__init__(*layers, nn.Linear(width, dimension))
        self.architecture = {
            "name": "mlp",
            "inputs": inputs,
            "dimension": dimension,
            "width": width,
            "depth": depth,
            "leak": leak,
        }


class _WithinBounds(nn.Module, ABC):
    """A generator whose output is kept within [lower, upper], column by column.

    Args:
        inner: module from latents to as many numbers as a record has.
        lower: of each column.
        upper: of each column.
    """

    name: ClassVar[str]
    lower: Tensor
    reach: Tensor

    def __init__(self, inner: nn.Module, lower: Sequence[float], upper: Sequence[float]) -> None:
        super().__init__()
        self.inner = inner
        low = torch.tensor(lower, dtype=torch.float32)
        self.register_buffer("lower", low)
        self.register_buffer("reach", torch.tensor(upper, dtype=torch.float32) - low)
        self.architecture = {
            "name": self.name,
            "inner": architecture_of(inner),
            "lower": list(lower),
            "upper": list(upper),
        }

    def forward(self, latents: Tensor) -> Tensor:
        """Map (n, latent + classes) to (n, d)."""
        return self.lower + self.reach * self.place(self.inner(latents).flatten(1))

    @abstractmethod
    def place(self, numbers: Tensor) -> Tensor:
        """Map numbers of any size to places between the bounds, 0 to 1."""


@final
class Bounded(_WithinBounds):
    """A generator whose output is squashed into [lower, upper] by a sigmoid."""

    name = "bounded"

    def place(self, numbers: Tensor) -> Tensor:
        """Squash."""
        return torch.sigmoid(numbers)


@final
class Clipped(_WithinBounds):
    """A generator whose output is cut off at [lower, upper]; -2 and 2 become the bounds.

    Many pixels are exactly black or white, which no sigmoid reaches: it leaves grey noise where
    images have none. While learning, what lies beyond the bounds is kept at a hundredth, so that
    it still has a slope.
    """

    name = "clipped"

    def place(self, numbers: Tensor) -> Tensor:
        """Cut off, but for a leak while learning."""
        straight = numbers / 4 + 0.5
        within = straight.clamp(0, 1)
        return within + _BEYOND * (straight - within) if self.training else within


@final
class Simplex(nn.Module):
    """A generator of records whose numbers are shares: not negative, and of sum 1.

    Blur kernels are such records; a multilayer network finds them better than a convolutional one.
    (Ren, Zhang, Wang, Hu and Zuo, "Neural Blind Deconvolution Using Deep Priors", CVPR 2020.)

    Args:
        inner: module from latents to as many numbers as a record has.
        center: of each column, in the source's units, as the schema has it.
        spread: of each column.
    """

    center: Tensor
    spread: Tensor

    def __init__(self, inner: nn.Module, center: Sequence[float], spread: Sequence[float]) -> None:
        super().__init__()
        self.inner = inner
        self.register_buffer("center", torch.tensor(center, dtype=torch.float32))
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))
        self.architecture = {
            "name": "simplex",
            "inner": architecture_of(inner),
            "center": list(center),
            "spread": list(spread),
        }

    def forward(self, latents: Tensor) -> Tensor:
        """Map (n, latent + classes) to (n, d)."""
        shares = self.inner(latents).flatten(1).softmax(dim=1)
        return (shares - self.center) / self.spread


class Tabular(nn.Module):
    """A generator whose output is a soft row: probabilities for slots, values for numbers.

    Args:
        inner: module from latents to as many numbers as an encoded row has.
        slots: one-hot entries of each column.
        numbers: whether a number follows the slots of each column.
    """

    def __init__(self, inner: nn.Module, slots: Sequence[int], numbers: Sequence[bool]) -> None:
        super().__init__()
        self.inner = inner
        self.widths = [width for pair in zip(slots, numbers, strict=True) for width in pair]
        self.architecture = {
            "name": "tabular",
            "inner": architecture_of(inner),
            "slots": list(slots),
            "numbers": [bool(number) for number in numbers],
        }

    def forward(self, latents: Tensor) -> Tensor:
        """Map (n, latent + classes) to (n, d)."""
        parts = self.inner(latents).flatten(1).split(self.widths, dim=1)
        soft = [part if i % 2 else part.softmax(dim=1) for i, part in enumerate(parts)]
        return torch.cat(soft, dim=1)


class Convolutional(nn.Module):
    """Convolutional generator for images: a small grid, doubled up to full size.

    The grid's shorter side is at most 8, so that weights hardly grow with the image.

    Batch normalisation lets it learn at large rates. `docs/decisions/0005` has what was tried.

    Args:
        inputs: latents and classes.
        image: (height, width), (planes, height, width) or, with at most 4 planes, (height, width,
            planes).
        channels: of the small grid; half as many follow.
        width: units of the hidden layer before the grid.
    """

    def __init__(self, inputs: int, image: Sequence[int], channels: int, width: int) -> None:
        super().__init__()
        image = tuple(image)
        self.planes_last = planes_last(image)
        height, wide = sides_of(image)
        planes = math.prod(image) // (height * wide)
        halvings = max(1, math.ceil(math.log2(min(height, wide) / _GRID)))
        self.grid = (math.ceil(height / 2**halvings), math.ceil(wide / 2**halvings))
        self.size, self.channels = (height, wide), channels
        numbers = channels * math.prod(self.grid)
        self.head = nn.Sequential(
            nn.Linear(inputs, width),
            nn.BatchNorm1d(width),
            nn.LeakyReLU(LEAK),
            nn.Linear(width, numbers),
            nn.BatchNorm1d(numbers),
            nn.LeakyReLU(LEAK),
        )
        half = channels // 2
        layers: list[nn.Module] = []
        # the last enlargement is a shuffle of planes: at full size nothing has to be computed
        for number in range(max(1, halvings - 1)):
            layers += [
                nn.Upsample(scale_factor=2, mode="bilinear") if halvings > 1 else nn.Identity(),
                nn.Conv2d(half if number else channels, half, 3, padding=1),
                nn.BatchNorm2d(half),
                nn.LeakyReLU(LEAK),
            ]
        layers += [
            nn.Conv2d(half, half, 3, padding=1),
            nn.BatchNorm2d(half),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(half, 4 * planes, 3, padding=1),
            nn.PixelShuffle(2),
        ]
        self.body = nn.Sequential(*layers)
        self.architecture = {
            "name": "convolutional",
            "inputs": inputs,
            "image": list(image),
            "channels": channels,
            "width": width,
        }

    def forward(self, latents: Tensor) -> Tensor:
        """Map (n, latent + classes) to (n, planes, height, width), or planes last."""
        # torch's convolutions of a few channels are half as fast again with channels last
        grid = self.head(latents).view(-1, self.channels, *self.grid)
        grid = grid.contiguous(memory_format=torch.channels_last)
        height, wide = self.size
        images = self.body(grid)[..., :height, :wide]
        return images.movedim(1, -1) if self.planes_last else images


def architecture_of(generator: nn.Module) -> dict[str, Any]:
    """Return what `build` needs to make a generator again; {"name": "custom"} for a user's."""
    return cast("dict[str, Any]", getattr(generator, "architecture", {"name": "custom"}))
