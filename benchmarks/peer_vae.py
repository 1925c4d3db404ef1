"""A variational autoencoder, conditional on the class, trained with the data.

Sources: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014, equation 10; Sohn, Lee
and Yan, "Learning Structured Output Representation using Deep Conditional Generative Models",
NeurIPS 2015; Rybkin, Daniilidis and Levine, "Simple and Effective VAE Training with Calibrated
Decoders", ICML 2021, equation 8 (the variance of the pixels that suits the reconstructions best).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from benchmarks.peer_batches import Batches
from benchmarks.peer_networks import Encoder
from benchmarks.peer_training import Clock, Settings, Trained, along_cosine, train
from sketchlearn.models.network import conditional


@dataclass(frozen=True)
class VaeOptions:
    """Options of the autoencoder.

    Attributes:
        learning_rate: of Adam at the start; it falls to zero along a half cosine.
        calibrated: pixels are normal about the decoder's image, of the variance that suits best;
            otherwise they are the chances of a coin, as for binary images. Generated digits of a
            class then had a third of the spread of real ones, instead of nine tenths.
    """

    learning_rate: float = 2e-3
    calibrated: bool = True


def fit(
    images: np.ndarray,
    labels: np.ndarray,
    settings: Settings,
    options: VaeOptions | None = None,
) -> Trained:
    """Train an encoder with the generator as decoder; samples are decoded without pixel noise.

    Args:
        images: pixels in [0, 1], shape (n, height, width).
        labels: whole numbers from 0 on, shape (n,).
        settings: generator, budget and checkpoints.
        options: VaeOptions() by default.
    """
    clock, options = Clock(), options or VaeOptions()
    torch.manual_seed(settings.seed)
    batches = Batches(images, labels, settings.batch)
    decoder = settings.generator(settings.latent + batches.classes)
    encoder = Encoder(batches.image, batches.classes, settings.latent)
    weights = [*decoder.parameters(), *encoder.parameters()]
    optimiser = torch.optim.Adam(weights, options.learning_rate)

    def update(progress: float) -> None:
        pixels, classes = batches.next()
        mean, log_variance = encoder(pixels, classes)
        latents = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        made = conditional(decoder, latents, classes, batches.classes)
        loss = _misfit(made, pixels, options.calibrated) + _divergence(mean, log_variance)
        along_cosine(optimiser, options.learning_rate, progress)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return train(update, decoder, batches, settings, clock)


def _misfit(made: Tensor, pixels: Tensor, calibrated: bool) -> Tensor:
    """Return the mean of -log p(x | u) over images (n, d), in nats, up to a constant."""
    if not calibrated:
        return binary_cross_entropy(made, pixels, reduction="sum") / len(pixels)
    return 0.5 * pixels.shape[1] * (made - pixels).square().mean().log()


def _divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the mean over images of the divergence of the latents from the standard normal."""
    per_image = (mean.square() + log_variance.exp() - log_variance - 1).sum(dim=1) / 2
    return per_image.mean()
