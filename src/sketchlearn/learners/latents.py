"""Latents for training: random, yet evenly spread."""

from __future__ import annotations

import torch
from torch import Tensor


class LatentStream:
    """Batches of standard normal latents in two independent halves per class.

    Within a half the latents are a scrambled Sobol net shifted at random on the torus: every
    latent is exactly standard normal, yet together they cover the space evenly, so the mean
    features of a half vary much less than those of independent draws. The halves are
    independent of each other, which keeps the matching loss unbiased.

    Args:
        latent: dimension l.
        classes: number of classes.
        half: latents in a half; a power of two spreads most evenly.
        seed: seed of the scrambling.
    """

    def __init__(self, latent: int, classes: int, half: int, seed: int) -> None:
        sobol = torch.quasirandom.SobolEngine(latent, scramble=True, seed=seed)
        self._net = sobol.draw(half)  # (half, l)
        self._classes = classes
        self.numbers = torch.arange(classes).repeat_interleave(2 * half)  # (classes · 2 · half,)

    def draw(self, random: torch.Generator) -> Tensor:
        """Return latents of shape (classes · 2 · half, l), ordered by class, then by half."""
        latent = self._net.shape[1]
        shift = torch.rand(self._classes, 2, 1, latent, generator=random)
        points = (self._net + shift).remainder_(1.0).clamp_(1e-7, 1 - 1e-7)
        return torch.special.ndtri(points).view(-1, latent)
