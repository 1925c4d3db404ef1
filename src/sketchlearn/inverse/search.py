"""The most probable latent of each image, by Adam from several starts in one batch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from sketchlearn.errors import OptionError
from sketchlearn.inverse.latents import LatentPrior
from sketchlearn.inverse.whitening import Misfit

# Shares of the steps after which the worse half of the starts is given up.
_HALVINGS = (0.125, 0.25, 0.5)

# A search has converged when the last quarter of its steps lowered the loss by no more than this
# share of it, or this much.
_SETTLED_SHARE, _SETTLED = 0.01, 0.1

Loss = Callable[[tuple[Tensor, ...]], Tensor]


@final
@dataclass(frozen=True)
class Search:
    """How the most probable latent is looked for.

    Each start is the best of some draws of its own; starts descend in one batch, and the worse
    half is given up after an eighth, a quarter and half of the steps, image by image.

    Attributes:
        steps: of Adam, its rate falling to zero along a half cosine.
        restarts: starts for each image. Of 200 in-range images measured 2 l times, one random
            start found four in five, eight starts all of them.
        draws: that each start is the best of; 1 is a random start.
        learning_rate: of Adam at the start.
        latent_weight: of ½‖z‖² - log p(class) in the loss; 0 projects on the generator's range.
        seed: of the draws; same seed, same images, bit for bit on one machine.
    """

    steps: int = 300
    restarts: int = 8
    draws: int = 64
    learning_rate: float = 0.1
    latent_weight: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("restarts", 1), ("draws", 1), ("seed", 0)):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or not least <= value < 2**63:
                raise OptionError(f"{name}={value!r} was given; it is a whole number ≥ {least}.")
        if not 0 < self.learning_rate < math.inf or not 0 <= self.latent_weight < math.inf:
            raise OptionError(
                f"learning_rate={self.learning_rate} and latent_weight={self.latent_weight} were "
                "given; the rate is positive and finite, the weight finite and not negative."
            )


Advance = Callable[[Loss, tuple[Tensor, ...], range, Search], tuple[Tensor, ...]]


@dataclass(frozen=True)
class Found:
    """What a search found for each of n images.

    Attributes:
        latents: (n, l).
        classes: (n,).
        losses: misfit and penalty, (n,).
        converged: whether the loss had stopped falling, bool (n,).
    """

    latents: Tensor
    classes: Tensor
    losses: Tensor
    converged: Tensor


def most_probable(prior: LatentPrior, misfit: Misfit, options: Search) -> Found:
    """Return the latents that minimise misfit and penalty."""
    latents, classes = _starts(prior, misfit, options)

    def loss(variables: tuple[Tensor, ...]) -> Tensor:
        z, numbers = variables
        penalty = options.latent_weight * prior.penalty(z, numbers)
        return misfit(prior.images(z, numbers)) + penalty

    (z, numbers), losses, converged = descend(loss, (latents, classes), options)
    return Found(z, numbers, losses, converged)


def _starts(prior: LatentPrior, misfit: Misfit, options: Search) -> tuple[Tensor, Tensor]:
    """Return latents (restarts, n, l) and classes (restarts, n): the best of each start's draws.

    The draws are the same for all images, so that a batch is solved as its images alone.
    """
    random = torch.Generator().manual_seed(options.seed)
    count, images = options.restarts * options.draws, len(misfit.y)
    latents, classes, losses = [], [], []
    for z, numbers, made in prior.drawn(count, images, random):
        latents.append(z)
        classes.append(numbers)
        penalty = options.latent_weight * prior.penalty(z, numbers)
        losses.append(misfit.of_all(made) + penalty[:, None])
    each = torch.cat(losses).unflatten(0, (options.restarts, options.draws))
    places = each.argmin(dim=1) + torch.arange(0, count, options.draws)[:, None]
    return torch.cat(latents)[places], torch.cat(classes)[places]


def descend(
    loss: Loss, starts: tuple[Tensor, ...], options: Search, advance: Advance | None = None
) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
    """Minimise a loss over its floating variables, from starts (restarts, n, ...).

    Args:
        loss: of variables, shape (restarts, n); each entry depends on its own variables alone.
        starts: one tensor for each variable; whole numbers stay as they are.
        options: of the search.
        advance: takes the steps of a span; by default those of Adam.

    Returns:
        Variables (n, ...) of the best start of each image, their losses and whether the descent had
        ended, both (n,).
    """
    variables, steps, begin = starts, options.steps, 0
    advance, reached = advance or _by_adam, [_best(loss, starts, 1)]
    for end in dict.fromkeys(math.ceil(share * steps) for share in _HALVINGS if steps > 1):
        variables = advance(loss, variables, range(begin, end), options)
        variables, losses = _best(loss, variables, max(1, len(variables[0]) // 2))
        reached.append((tuple(v[:1] for v in variables), losses[:1]))
        begin = end
    look = steps - math.ceil(steps / 4)
    variables = advance(loss, variables, range(begin, look), options)
    reached.append(_best(loss, variables, 1))
    variables = advance(loss, variables, range(look, steps), options)
    reached.append(_best(loss, variables, 1))
    losses = torch.cat([some for _, some in reached])
    fall = losses[-2] - losses[-1]
    # the last, unless too long steps lost what had been reached; that is no end of a descent
    latest = len(losses) - 1 - losses.flip(0).argmin(dim=0, keepdim=True)
    least, enough = losses.gather(0, latest)[0], _SETTLED + _SETTLED_SHARE * losses.amin(0).abs()
    converged = (fall <= enough) & (losses[-1] - least <= enough)
    alike = zip(*(some for some, _ in reached), strict=True)
    return tuple(_taken(torch.cat(v), latest)[0] for v in alike), least, converged


def rate_at(step: int, options: Search) -> float:
    """Return the rate of a step, which falls to zero along a half cosine."""
    return options.learning_rate * (1 + math.cos(math.pi * step / options.steps)) / 2


def _losses(loss: Loss, variables: tuple[Tensor, ...]) -> Tensor:
    with torch.no_grad():
        return loss(variables).nan_to_num(nan=math.inf)


def _best(
    loss: Loss, variables: tuple[Tensor, ...], keep: int
) -> tuple[tuple[Tensor, ...], Tensor]:
    """Return the variables (keep, n, ...) of least loss of each image, and their losses."""
    losses = _losses(loss, variables)
    order = losses.argsort(dim=0, stable=True)[:keep]
    return tuple(_taken(variable, order) for variable in variables), losses.gather(0, order)


def _by_adam(
    loss: Loss, variables: tuple[Tensor, ...], span: range, options: Search
) -> tuple[Tensor, ...]:
    """Take the steps of a span, at the rates they have in the whole descent."""
    with torch.enable_grad():
        moving = tuple(v.clone().requires_grad_(v.is_floating_point()) for v in variables)
        optimiser = torch.optim.Adam([v for v in moving if v.requires_grad], options.learning_rate)
        for step in span:
            optimiser.param_groups[0]["lr"] = rate_at(step, options)
            optimiser.zero_grad()
            loss(moving).sum().backward()
            optimiser.step()
    return tuple(v.detach() for v in moving)


def _taken(variable: Tensor, order: Tensor) -> Tensor:
    """Return the entries (kept, n, ...) of a variable (restarts, n, ...) that `order` names."""
    rest = variable.shape[2:]
    index = order.view(*order.shape, *[1] * len(rest)).expand(*order.shape, *rest)
    return variable.gather(0, index)
