"""Latents for training: random, yet evenly spread."""

from __future__ import annotations

import torch
from torch import Tensor


class LatentStream:
    """Batches of standard normal latents for the matching loss, some per class.

    Evenly spread, they come in two independent halves. Within a half they are a scrambled Sobol
    net shifted at random on the torus: every latent is exactly standard normal, yet together they
    cover the space evenly, so the mean features of a half vary much less than those of independent
    draws. The halves are independent of each other, which keeps the matching loss unbiased.

    In many dimensions few latents cannot cover evenly (a net of 16 in 16 dimensions leaves .85 of
    the variance, for images), and all of them in one side of independent ones say more: each
    record is then compared with all others instead of with half of them.

    Args:
        latent: dimension l.
        classes: number of classes.
        each: latents per class and step, at least 2; a power of two spreads most evenly.
        seed: seed of the scrambling.
        independent: whether they are one side of independent draws.
    """

    def __init__(
        self, latent: int, classes: int, each: int, seed: int, independent: bool = False
    ) -> None:
        self._classes, self._latent, self._each = classes, latent, each
        self.sides = 1 if independent else 2
        self._net: Tensor | None = None
        if not independent:
            sobol = torch.quasirandom.SobolEngine(latent, scramble=True, seed=seed)
            self._each = 2 * -(-each // 2)
            self._net = sobol.draw(self._each // 2)  # (half, l)
        self.numbers = torch.arange(classes).repeat_interleave(self._each)  # (classes · each,)

    def draw(self, random: torch.Generator) -> Tensor:
        """Return latents of shape (classes · each, l), ordered by class, then by half."""
        if self._net is None:
            return torch.randn(self._classes * self._each, self._latent, generator=random)
        shift = torch.rand(self._classes, 2, 1, self._latent, generator=random)
        points = (self._net + shift).remainder_(1.0).clamp_(1e-7, 1 - 1e-7)
        return torch.special.ndtri(points).view(-1, self._latent)
