"""Generative adversarial networks, conditional on the class, trained with the data.

Sources: Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, section 3 (the loss that
does not saturate); Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved Training of
Wasserstein GANs", NeurIPS 2017, equation 3 and algorithm 1; Yazıcı et al., "The Unusual
Effectiveness of Averaging in GAN Training", ICLR 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from benchmarks.peer_batches import Batches
from benchmarks.peer_networks import Average, Critic
from benchmarks.peer_training import Clock, Settings, Trained, train
from sketchlearn.models.network import conditional


@dataclass(frozen=True)
class GanOptions:
    """What the two kinds of training differ in, and rates.

    Attributes:
        critic_updates: of the critic, for one of the generator.
        penalty: weight of (‖∇ critic‖ - 1)² between real and generated images; 0 for the loss
            that does not saturate, above 0 for Wasserstein's.
        learning_rate: of Adam, for both networks.
        betas: of Adam.
        averaging: decay of the running average of the generator, which is what comes out.
    """

    critic_updates: int
    penalty: float
    learning_rate: float
    betas: tuple[float, float]
    averaging: float = 0.999


# Betas and critic updates as published: Radford, Metz and Chintala, "Unsupervised Representation
# Learning with Deep Convolutional Generative Adversarial Networks", ICLR 2016, and algorithm 1 of
# Gulrajani et al. Their rates, 2e-4 and 1e-4, are for longer training: on the digits and on MNIST
# at half its resolution, a few hundred updates at 1e-3 led to better images than at 2e-4 or 3e-4.
NON_SATURATING = GanOptions(1, 0.0, 1e-3, (0.5, 0.999))
GRADIENT_PENALTY = GanOptions(5, 10.0, 1e-3, (0.0, 0.9))


class _Adversaries:
    """A generator and a critic, with what trains them."""

    def __init__(self, batches: Batches, settings: Settings, options: GanOptions) -> None:
        self.batches, self.settings, self.options = batches, settings, options
        self.generator = settings.generator(settings.latent + batches.classes)
        self.critic = Critic(batches.image, batches.classes)
        self.average = Average(self.generator, options.averaging)
        rate, betas = options.learning_rate, options.betas
        self.for_generator = torch.optim.Adam(self.generator.parameters(), rate, betas)
        self.for_critic = torch.optim.Adam(self.critic.parameters(), rate, betas)

    def update(self, _: float) -> None:
        """Update the critic as often as asked, then the generator."""
        for _ in range(self.options.critic_updates):
            self._descend(self.for_critic, self._critic_loss(*self.batches.next()))
        labels = self.batches.some_labels()
        score = self.critic(self._made(labels), labels)
        loss = -score if self.options.penalty else softplus(-score)
        self._descend(self.for_generator, loss.mean())
        self.average.update()

    def _made(self, labels: Tensor) -> Tensor:
        latents = torch.randn(len(labels), self.settings.latent)
        return conditional(self.generator, latents, labels, self.batches.classes)

    def _critic_loss(self, real: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            made = self._made(labels)
        of_both = self.critic(torch.cat([real, made]), labels.repeat(2))
        of_real, of_made = of_both.chunk(2)
        if not self.options.penalty:
            return (softplus(-of_real) + softplus(of_made)).mean()
        steepness = self._steepness(real, made, labels)
        penalty = (steepness - 1).square().mean()
        return (of_made - of_real).mean() + self.options.penalty * penalty

    def _steepness(self, real: Tensor, made: Tensor, labels: Tensor) -> Tensor:
        """Return norms of gradients (n,) at random places between real and generated images."""
        between = torch.lerp(made, real, torch.rand(len(real), 1)).requires_grad_()
        score = self.critic(between, labels).sum()
        [gradient] = torch.autograd.grad(score, between, create_graph=True)
        return gradient.norm(dim=1)

    @staticmethod
    def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def fit(
    images: np.ndarray,
    labels: np.ndarray,
    settings: Settings,
    options: GanOptions = NON_SATURATING,
) -> Trained:
    """Train a generator against a critic.

    Args:
        images: pixels in [0, 1], shape (n, height, width).
        labels: whole numbers from 0 on, shape (n,).
        settings: generator, budget and checkpoints.
        options: NON_SATURATING or GRADIENT_PENALTY, or others.
    """
    clock = Clock()
    torch.manual_seed(settings.seed)
    batches = Batches(images, labels, settings.batch)
    adversaries = _Adversaries(batches, settings, options)
    return train(adversaries.update, adversaries.average.average, batches, settings, clock)
