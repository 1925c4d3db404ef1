"""Conditional generators of images that are trained with the data, beside one that is not.

All but DP-MERF train the same generator, on the same batch and budget; what differs is what tells
them how far they are from the data. GMMN takes the loss of a sketch, but from the data; adversaries
and autoencoder take another. DP-MERF, with a network and budget of its own, is what was published
of learning images from a sketch alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from torch import nn

from benchmarks import peer_gan, peer_gmmn, peer_merf, peer_vae
from benchmarks.peer_training import Factory, Settings, Trained
from sketchlearn.models.generators import LEAK, MLP, Bounded, Clipped, Convolutional
from sketchlearn.models.movements import MOVEMENTS, Moved

Fit = Callable[[np.ndarray, np.ndarray, Settings], Trained]

# Pixels from which sketchlearn's default generator is a convolutional one.
_LARGE = 400

PEERS = ("GMMN", "VAE", "GAN", "WGAN-GP", "DP-MERF")


def peers(data: str) -> dict[str, Fit]:
    """Return how each of PEERS is fitted to images (pixels in [0, 1]), labels and settings.

    Args:
        data: name of the data set; DP-MERF has its published kernel for MNIST and Fashion-MNIST.
    """
    merf = peer_merf.MerfOptions(variance=peer_merf.VARIANCES.get(data))
    return {
        "GMMN": peer_gmmn.fit,
        "VAE": _fit_vae,
        "GAN": peer_gan.fit,
        "WGAN-GP": partial(peer_gan.fit, options=peer_gan.GRADIENT_PENALTY),
        "DP-MERF": partial(peer_merf.fit, options=merf),
    }


def _fit_vae(images: np.ndarray, labels: np.ndarray, settings: Settings) -> Trained:
    """Fit the autoencoder that does best on images of a size.

    On MNIST (validation) pixels as chances of coins, squashed, taught a CNN .902 and a logistic
    regression .697 after 150 seconds; calibrated and clipped, as suits small images, .81 and .43
    after 600, since latents then say the class and the decoder does not listen to it.
    """
    if images[0].size < _LARGE:
        return peer_vae.fit(images, labels, settings)
    squashed = replace(settings, generator=_factory(images, Bounded))
    return peer_vae.fit(images, labels, squashed, peer_vae.VaeOptions(calibrated=False))


def default_factory(images: np.ndarray, *, moves: bool = False) -> Factory:
    """Return what makes the generator that sketchlearn trains by default on such images.

    Its pixels are kept within the least and the most that each has in the images, as a sketch
    tells them too. Clipped ones suit the peers as well: after 300 seconds on MNIST a GAN's images
    taught a CNN .900 of the validation images and covered .72 of them, squashed ones .874 and .54.

    Args:
        images: pixels in [0, 1], shape (n, height, width).
        moves: whether latents move what is drawn, as they do of large images by default; the
            peers' stay where they are drawn.
    """
    return _factory(images, Clipped, moves)


def _factory(
    images: np.ndarray, kept_within: type[Bounded | Clipped], moves: bool = False
) -> Factory:
    height, width = images.shape[1:]
    lower, upper = images.min(axis=0).ravel(), images.max(axis=0).ravel()

    def factory(inputs: int) -> nn.Module:
        bounds = lower.tolist(), upper.tolist()
        if height * width < _LARGE:  # as sketchlearn.learners.generative.default_generator
            return Bounded(MLP(inputs, height * width, width=256, depth=2, leak=LEAK), *bounds)
        still = Convolutional(inputs - MOVEMENTS * moves, (height, width), channels=32, width=512)
        return kept_within(Moved(still, (height, width)) if moves else still, *bounds)

    return factory
