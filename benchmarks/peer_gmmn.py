"""A generative moment matching network, conditional on the class, trained with the data.

What sketches stand in for: the same discrepancy between kernel means, but taken afresh from real
images at every update instead of from their sketch.

Sources: Li, Swersky and Zemel, "Generative Moment Matching Networks", ICML 2015, equation 3 and
section 3 (mixture of kernels, square root); Gretton, Borgwardt, Rasch, Schölkopf and Smola, "A
Kernel Two-Sample Test", JMLR 2012, lemma 6 (the unbiased estimate).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.peer_batches import Batches
from benchmarks.peer_training import Clock, Settings, Trained, along_cosine, train
from sketchlearn.models.network import conditional


@dataclass(frozen=True)
class GmmnOptions:
    """Options of moment matching.

    Attributes:
        scales: bandwidths of the Gaussian kernels, whose sum is the kernel, over the median
            distance between images of a class.
        root: minimise the root of the biased estimate, as Li et al., instead of the unbiased one.
            It is ahead over the first hundreds of updates on MNIST, and equal on the digits.
        learning_rate: of Adam at the start; it falls to zero along a half cosine.
    """

    scales: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)
    root: bool = False
    learning_rate: float = 5e-3


def fit(
    images: np.ndarray,
    labels: np.ndarray,
    settings: Settings,
    options: GmmnOptions | None = None,
) -> Trained:
    """Train a generator to match, in every class, the kernel mean of the images.

    Args:
        images: pixels in [0, 1], shape (n, height, width).
        labels: whole numbers from 0 on, shape (n,).
        settings: generator, budget and checkpoints; the classes share the batch evenly.
        options: GmmnOptions() by default.
    """
    clock, options = Clock(), options or GmmnOptions()
    torch.manual_seed(settings.seed)
    batches = Batches(images, labels, settings.batch)
    generator = settings.generator(settings.latent + batches.classes)
    optimiser = torch.optim.Adam(generator.parameters(), options.learning_rate)
    median = _median_distance(batches)
    widths = [scale * median for scale in options.scales]
    each = settings.batch // batches.classes
    numbers = torch.arange(batches.classes).repeat_interleave(each)

    def update(progress: float) -> None:
        real = batches.next_of_each()
        latents = torch.randn(len(numbers), settings.latent)
        made = conditional(generator, latents, numbers, batches.classes).view_as(real)
        loss = discrepancy(made, real, widths, options.root)
        along_cosine(optimiser, options.learning_rate, progress)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return train(update, generator, batches, settings, clock)


def discrepancy(made: Tensor, real: Tensor, widths: list[float], root: bool) -> Tensor:
    """Return the mean over classes of the squared maximum mean discrepancy.

    Args:
        made: generated images, shape (classes, n, d), n at least 2.
        real: real images, of the same shape.
        widths: σ of the kernels exp(-‖x - y‖² / 2σ²) that are added up.
        root: return the root of the biased estimate, which is never negative, instead of the
            unbiased estimate.
    """
    each = made.shape[1]
    both = torch.cat([made, real], dim=1)
    lengths = both.square().sum(dim=2)
    squares = lengths[:, :, None] + lengths[:, None, :] - 2 * both @ both.mT
    kernel = sum(torch.exp(squares.clamp_min(0) / (-2 * width**2)) for width in widths)
    assert isinstance(kernel, Tensor)
    across = kernel[:, :each, each:].mean(dim=(1, 2))
    # Against itself each record counts `len(widths)`, whatever the generator does.
    own, pairs = (0, each**2) if root else (each * len(widths), each * (each - 1))
    within = [
        kernel[:, part, part].sum(dim=(1, 2)) - own for part in (slice(each), slice(each, None))
    ]
    squared = (within[0] + within[1]) / pairs - 2 * across
    return squared.clamp_min(1e-12).sqrt().mean() if root else squared.mean()


def _median_distance(batches: Batches) -> float:
    """Return the median distance between images of the same class, from 200 of each."""
    distances = [torch.pdist(pixels) for pixels in batches.some_of_each(200)]
    return float(torch.cat(distances).median())
