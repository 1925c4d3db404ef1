"""DP-MERF with its published settings and without noise: the nearest peer that knows a sketch only.

One pass leaves the mean of random Fourier features times one-hot labels; a convolutional generator
is trained on that alone, with random labels. Its network, batch, rate and epochs are its own,
where the other peers share theirs.

Source: Harder, Adamczewski and Park, "DP-MERF: Differentially Private Mean Embeddings with Random
Features for Practical Privacy-Preserving Data Generation", AISTATS 2021, equations 6 to 9 and its
code (settings for MNIST and Fashion-MNIST).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.peer_batches import Batches
from benchmarks.peer_training import Clock, Settings, Trained, train

# σ² of the kernel, the squared median distance between images, as published.
VARIANCES = {"mnist": 105.0, "fashion_mnist": 127.0}
_CHUNK = 2_000


@dataclass(frozen=True)
class MerfOptions:
    """The published settings.

    Attributes:
        variance: σ² of the Gaussian kernel, such as VARIANCES["mnist"]; None for the squared
            median distance between 1,000 images.
        features: cosines and sines together.
        latent: dimension of the latents.
        batch: images generated per update.
        epochs: as many updates each as the data have batches.
        learning_rate: of Adam at the start.
        decay: of the learning rate, per epoch.
        own_generator: whether its own network is trained, or the one that the peers share.
    """

    variance: float | None = None
    features: int = 10_000
    latent: int = 5
    batch: int = 100
    epochs: int = 5
    learning_rate: float = 0.01
    decay: float = 0.9
    own_generator: bool = True


class MerfGenerator(nn.Sequential):
    """Its network: (n, inputs) to pixels in [0, 1], (n, 1, height, width), sides multiples of 4.

    Args:
        inputs: latents and classes.
        image: (height, width).
    """

    def __init__(self, inputs: int, image: tuple[int, int]) -> None:
        grid = (16, image[0] // 4, image[1] // 4)
        super().__init__(
            nn.Linear(inputs, 200),
            nn.BatchNorm1d(200),
            nn.ReLU(),
            nn.Linear(200, math.prod(grid)),
            nn.BatchNorm1d(math.prod(grid)),
            nn.Unflatten(1, grid),
            nn.UpsamplingBilinear2d(scale_factor=2),
            nn.Conv2d(16, 8, 5, padding=2),
            nn.ReLU(),
            nn.UpsamplingBilinear2d(scale_factor=2),
            nn.Conv2d(8, 1, 5, padding=2),
            nn.Sigmoid(),
        )


def fit(
    images: np.ndarray,
    labels: np.ndarray,
    settings: Settings,
    options: MerfOptions | None = None,
) -> Trained:
    """Sketch the images in one pass, and train a generator on the sketch.

    Args:
        images: pixels in [0, 1], shape (n, height, width).
        labels: whole numbers from 0 on, shape (n,).
        settings: seed and checkpoints, and the generator if it is not its own; budget, batch and
            latents are those of the options.
        options: MerfOptions() by default.
    """
    clock, options = Clock(), options or MerfOptions()
    torch.manual_seed(settings.seed)
    batches = Batches(images, labels, options.batch)
    classes, per_epoch = batches.classes, max(1, len(images) // options.batch)
    settings = replace(
        settings,
        latent=options.latent,
        batch=options.batch,
        steps=options.epochs * per_epoch,
        cpu_seconds=None,
    )
    inputs = options.latent + classes
    own = options.own_generator
    generator = MerfGenerator(inputs, batches.image) if own else settings.generator(inputs)
    variance = options.variance or _median_square(batches.pixels)
    frequencies = torch.randn(batches.pixels.shape[1], options.features // 2) / variance**0.5
    target = _sketch(batches, frequencies)
    optimiser = torch.optim.Adam(generator.parameters(), options.learning_rate)
    epochs = torch.optim.lr_scheduler.StepLR(optimiser, per_epoch, options.decay)

    def update(_: float) -> None:
        one_hot = torch.eye(classes)[torch.randint(classes, (options.batch,))]
        latents = torch.randn(options.batch, options.latent)
        made = generator(torch.cat([latents, one_hot], dim=1)).flatten(1)
        loss = (target - embedded(made, one_hot, frequencies) / options.batch).square().sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        epochs.step()

    return train(update, generator, batches, settings, clock)


def embedded(pixels: Tensor, one_hot: Tensor, frequencies: Tensor) -> Tensor:
    """Return the sum over images of φ(x) times the one-hot label, shape (features, classes).

    Args:
        pixels: shape (n, d).
        one_hot: labels, shape (n, classes).
        frequencies: shape (d, features / 2). φ has norm 1.
    """
    phase = pixels @ frequencies
    features = torch.cat([phase.cos(), phase.sin()], dim=1) / frequencies.shape[1] ** 0.5
    return features.T @ one_hot


@torch.no_grad()
def _sketch(batches: Batches, frequencies: Tensor) -> Tensor:
    """Return the mean embedding of all images, in one pass over them."""
    one_hot = torch.eye(batches.classes)[batches.labels]
    parts = zip(batches.pixels.split(_CHUNK), one_hot.split(_CHUNK), strict=True)
    batches.shown += len(batches.pixels)
    total = torch.zeros(2 * frequencies.shape[1], batches.classes)
    for pixels, labels in parts:
        total += embedded(pixels, labels, frequencies)
    return total / len(batches.pixels)


def _median_square(pixels: Tensor) -> float:
    """Return the squared median distance between images, from the first 1,000."""
    return float(torch.pdist(pixels[:1000]).median()) ** 2
