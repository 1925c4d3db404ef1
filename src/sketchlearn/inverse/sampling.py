"""The posterior of a generator's latents: its mean by weights, and its spread by Langevin steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
import torch
from torch import Tensor

from sketchlearn.errors import OptionError
from sketchlearn.inverse.latents import LatentPrior
from sketchlearn.inverse.search import Found, Search, most_probable
from sketchlearn.inverse.whitening import Misfit

# Share of proposals that the step of a chain aims to have accepted. (Roberts and Rosenthal,
# "Optimal scaling of discrete approximations to Langevin diffusions", JRSS B 1998.)
_ACCEPTED = 0.574

# Effective number of draws below which a weighted mean is not to be trusted.
FEWEST = 10.0


@final
@dataclass(frozen=True)
class PosteriorMean:
    """The mean of the posterior, over draws of the generator weighted by their likelihood.

    It has the least squared error where noise is large; where it is small, or latents are many,
    hardly any draw has weight, and the result says so.

    Attributes:
        draws: of the generator, shared by all images.
        seed: of the draws.
    """

    draws: int = 100_000
    seed: int = 0

    def __post_init__(self) -> None:
        _require_whole("draws", self.draws, 1)
        _require_whole("seed", self.seed, 0)


@final
@dataclass(frozen=True)
class Langevin:
    """Draws from the posterior by Metropolis-adjusted Langevin steps in the latent.

    Chains begin at the most probable latent and keep its class; they weigh latents as the prior
    does, whatever the search's weight of them. Their mean is the image, and the
    deviation of each pixel is given beside it: that of latents and of the generator's own error.
    (Roberts and Tweedie, "Exponential convergence of Langevin distributions", 1996.)

    Attributes:
        search: of the most probable latent.
        steps: that are kept, of each chain.
        warm_up: steps before, in which each chain finds its own length of step.
        chains: for each image.
        seed: of the steps.
    """

    search: Search = field(default_factory=Search)
    steps: int = 400
    warm_up: int = 200
    chains: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "warm_up", "chains"):
            _require_whole(name, getattr(self, name), 1)
        _require_whole("seed", self.seed, 0)


@dataclass(frozen=True)
class Drawn:
    """A posterior's mean, and how well it is known.

    Attributes:
        images: (n, planes, height, width).
        found: latents, classes, losses, and whether the mean is to be trusted.
        deviations: of each pixel, as images; None where they were not asked for.
        effective: draws that the mean is as good as, (n,); None of chains.
    """

    images: Tensor
    found: Found
    deviations: Tensor | None = None
    effective: Tensor | None = None


def joined(parts: Sequence[Drawn]) -> Drawn:
    """Return what was found of images in several parts."""
    if len(parts) == 1:
        return parts[0]
    found = [part.found for part in parts]
    whole = Found(
        torch.cat([part.latents for part in found]),
        torch.cat([part.classes for part in found]),
        torch.cat([part.losses for part in found]),
        torch.cat([part.converged for part in found]),
    )
    deviations = [part.deviations for part in parts if part.deviations is not None]
    effective = [part.effective for part in parts if part.effective is not None]
    return Drawn(
        torch.cat([part.images for part in parts]),
        whole,
        torch.cat(deviations) if deviations else None,
        torch.cat(effective) if effective else None,
    )


def weighted_mean(prior: LatentPrior, misfit: Misfit, options: PosteriorMean) -> Drawn:
    """Return the self-normalised mean over draws of the prior."""
    count = len(misfit.y)
    random = torch.Generator().manual_seed(options.seed)
    lowest = torch.full((count,), math.inf)
    total, squares = torch.zeros(count), torch.zeros(count)
    mean = torch.zeros(count, math.prod(prior.layout.planes))
    best, of = torch.zeros(count, prior.latent), torch.zeros(count, dtype=torch.long)
    for z, numbers, images in prior.drawn(options.draws, count, random):
        # classes come as often as each other, and count by their chances
        losses = misfit.of_all(images) - prior.log_chances[numbers][:, None]
        least, where = losses.min(dim=0)
        nearer = least < lowest
        best, of = (
            torch.where(nearer[:, None], z[where], best),
            torch.where(nearer, numbers[where], of),
        )
        least = torch.minimum(lowest, least)
        faded, lowest = (least - lowest).exp(), least
        weights = (lowest - losses).exp()  # (draws, n)
        total = total * faded + weights.sum(dim=0)
        squares = squares * faded**2 + weights.square().sum(dim=0)
        mean = mean * faded[:, None] + weights.mT @ images.flatten(1)
    images = (mean / total[:, None]).unflatten(-1, prior.layout.planes)
    effective = total**2 / squares
    found = Found(best, of, lowest, effective >= FEWEST)
    return Drawn(misfit.corrected(images), found, effective=effective)


def langevin(prior: LatentPrior, misfit: Misfit, options: Langevin) -> Drawn:
    """Return mean and deviations over chains from the most probable latents."""
    found = most_probable(prior, misfit, options.search)
    random = torch.Generator().manual_seed(options.seed)
    classes = found.classes.expand(options.chains, -1)
    chains = _Chains(prior, misfit, found.latents.expand(options.chains, -1, -1), classes, random)
    for step in range(options.warm_up):
        chains.advance(adapt=1 / (1 + step) ** 0.6)
    with torch.no_grad():
        about = prior.images(found.latents, found.classes)
    first, second = torch.zeros_like(about), torch.zeros_like(about)
    for _ in range(options.steps):
        chains.advance()
        with torch.no_grad():
            images = _with_error(prior.images(chains.z, classes), misfit, random)
        # of differences, as squares of large numbers would leave nothing of small ones
        first += (images - about).mean(dim=0) / options.steps
        second += (images - about).square().mean(dim=0) / options.steps
    mixed = chains.accepted / options.steps > 0.1
    whole = Found(found.latents, found.classes, found.losses, found.converged & mixed.all(dim=0))
    return Drawn(about + first, whole, (second - first.square()).clamp_min(0).sqrt())


class _Chains:
    """Metropolis-adjusted Langevin chains (chains, n, l), each with a length of step of its own."""

    def __init__(
        self,
        prior: LatentPrior,
        misfit: Misfit,
        z: Tensor,
        classes: Tensor,
        random: torch.Generator,
    ) -> None:
        self._prior, self._misfit, self._classes, self._random = prior, misfit, classes, random
        self.z = z.clone()
        self._loss, self._slope = self._sloped(self.z)
        self._log_step = torch.full(z.shape[:2], math.log(0.01))
        self.accepted = torch.zeros(z.shape[:2])

    def advance(self, adapt: float | None = None) -> None:
        """Take one step; `adapt` is how far it moves the length of step, None once that is kept."""
        size = self._log_step.exp()[..., None]  # h: z' = z - h ∇ + √(2h) ξ
        ahead = self.z - size * self._slope
        proposed = ahead + (2 * size).sqrt() * _shared_normal(self.z.shape, self._random)
        loss, slope = self._sloped(proposed)
        there = (proposed - ahead).square().sum(-1) / (4 * size[..., 0])
        back = (self.z - proposed + size * slope).square().sum(-1) / (4 * size[..., 0])
        chance = (self._loss - loss + there - back).nan_to_num(nan=-math.inf).clamp(max=0).exp()
        taken = torch.rand(len(chance), 1, generator=self._random) < chance
        self.z = torch.where(taken[..., None], proposed, self.z)
        self._slope = torch.where(taken[..., None], slope, self._slope)
        self._loss = torch.where(taken, loss, self._loss)
        if adapt is None:
            self.accepted += taken
        else:
            self._log_step += adapt * (chance - _ACCEPTED)

    def _sloped(self, z: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            penalty = self._prior.penalty(z, self._classes)
            loss = self._misfit(self._prior.images(z, self._classes)) + penalty
            (slope,) = torch.autograd.grad(loss.sum(), z)
        return loss.detach(), slope


def _shared_normal(shape: torch.Size, random: torch.Generator) -> Tensor:
    """Draw normal numbers (chains, 1, ...): a batch is solved as its images alone."""
    return torch.randn(shape[0], 1, *shape[2:], generator=random)


def _with_error(images: Tensor, misfit: Misfit, random: torch.Generator) -> Tensor:
    """Add the generator's error, drawn given the measurements, to images (..., n, ...).

    A draw of v and n before the measurements, corrected by what they say of both, is one after them
    (Matheron's rule).
    """
    if misfit.tau == 0:
        return images
    with torch.no_grad():
        moved = images + misfit.tau * _shared_normal(images.shape, random)
        seen = misfit.operator.A(moved)
        noise = misfit.noise * _shared_normal(seen.shape, random)
        return moved + misfit.correction(misfit.y - seen - noise)


def _require_whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int | np.integer) or not least <= value < 2**63:
        raise OptionError(f"{name}={value!r} was given; it is a whole number from {least} on.")
