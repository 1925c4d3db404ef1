"""Networks that the peers need beside the generator."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

from sketchlearn.models.generators import LEAK


class ImageFeatures(nn.Sequential):
    """Two convolutions that halve the image, then a hidden layer: (n, d) to (n, width).

    Without normalisation of batches, which gradient penalties forbid; about the size of the
    generator.

    Args:
        image: (height, width).
        width: features.
    """

    def __init__(self, image: tuple[int, int], width: int) -> None:
        grid = [side // 4 for side in image]
        super().__init__(
            nn.Unflatten(1, (1, *image)),
            nn.Conv2d(1, 32, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(32, 64, 4, stride=2, padding=1),
            nn.LeakyReLU(LEAK),
            nn.Flatten(),
            nn.Linear(64 * math.prod(grid), width),
            nn.LeakyReLU(LEAK),
        )


class Critic(nn.Module):
    """A score of images given their classes, by projection: a·φ(x) + e_y·φ(x).

    Source: Miyato and Koyama, "cGANs with Projection Discriminator", ICLR 2018, equation 3.

    Args:
        image: (height, width).
        classes: number of classes.
        width: features φ.
    """

    def __init__(self, image: tuple[int, int], classes: int, width: int = 256) -> None:
        super().__init__()
        self.features = ImageFeatures(image, width)
        self.score = nn.Linear(width, 1)
        self.embedding = nn.Embedding(classes, width)

    def forward(self, pixels: Tensor, labels: Tensor) -> Tensor:
        """Map (n, d) and class numbers (n,) to scores (n,)."""
        features = self.features(pixels)
        return self.score(features).squeeze(1) + (self.embedding(labels) * features).sum(dim=1)


class Encoder(nn.Module):
    """Mean and logarithm of the variance of a latent, given an image and its class.

    Args:
        image: (height, width).
        classes: number of classes.
        latent: dimension of the latents.
        width: features of the image.
    """

    def __init__(self, image: tuple[int, int], classes: int, latent: int, width: int = 256) -> None:
        super().__init__()
        self.classes = classes
        self.features = ImageFeatures(image, width)
        self.head = nn.Linear(width + classes, 2 * latent)

    def forward(self, pixels: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Map (n, d) and class numbers (n,) to means and logarithms of variances, (n, latent)."""
        one_hot = nn.functional.one_hot(labels, self.classes).to(pixels.dtype)
        mean, log_variance = self.head(torch.cat([self.features(pixels), one_hot], dim=1)).chunk(
            2, dim=1
        )
        return mean, log_variance


class Average:
    """A running average of the weights of a generator, which gives better images than the last.

    Args:
        generator: its weights are read at every update.
        decay: of the average, lower at first: at most (1 + t) / (10 + t) at update t; 0 for none.
    """

    def __init__(self, generator: nn.Module, decay: float) -> None:
        self.generator, self.decay, self.updates = generator, decay, 0
        self.average = copy.deepcopy(generator)

    @torch.no_grad()
    def update(self) -> None:
        """Take the weights as they are into the average."""
        self.updates += 1
        decay = min(self.decay, self.updates / (9 + self.updates))
        mine, theirs = self.average.state_dict(), self.generator.state_dict()
        for name, value in theirs.items():
            if value.is_floating_point():
                mine[name].lerp_(value, 1 - decay)
            else:
                mine[name].copy_(value)
