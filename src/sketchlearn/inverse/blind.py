"""Images and kernels from blurred images alone, by a generator of each.

Source: Asim, Shamshad and Ahmed, "Blind Image Deconvolution using Deep Generative Priors", IEEE TCI
2020, algorithms 1 (alternating descent) and 2 (a slack for what the generator cannot make).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal, final

import numpy as np
import torch
from torch import Tensor

from sketchlearn.errors import OptionError
from sketchlearn.inverse.convolution import Convolution, Padding, convolved
from sketchlearn.inverse.latents import LatentPrior
from sketchlearn.inverse.measurements import checked_measurements, checked_noise
from sketchlearn.inverse.operators import Identity, squared_distances
from sketchlearn.inverse.reconstruction import checked_tau
from sketchlearn.inverse.results import Outcome
from sketchlearn.inverse.search import Loss, Search, descend, rate_at
from sketchlearn.inverse.whitening import misfit_of, parts_of
from sketchlearn.models import GenerativeModel


@final
@dataclass(frozen=True)
class BlindSearch:
    """How image and kernel are looked for.

    Attributes:
        search: steps, restarts and rates. The misfit has many valleys: restarts matter.
        solver: "joint" takes steps of Adam in both latents at once; "alternating" steps along the
            gradient over its root mean square, in the kernel's latent and then the image's.
    """

    search: Search = field(
        default_factory=lambda: Search(steps=400, restarts=16, draws=256, learning_rate=0.05)
    )
    solver: Literal["joint", "alternating"] = "joint"

    def __post_init__(self) -> None:
        if self.solver not in ("joint", "alternating"):
            raise OptionError(f"solver={self.solver!r} was given; it is 'joint' or 'alternating'.")


@dataclass(frozen=True)
class BlindReconstruction:
    """Images and the kernels that blurred them.

    A shift of the one and the opposite shift of the other explain the same measurements, so both
    are known up to it: see `aligned`.

    Attributes:
        images: float32 (n, *image), in the source's units; not clipped to its range.
        in_range: the same without slack, points of the generator's range.
        kernels: float32 (n, height, width), each of sum 1.
        outcome: how it ended, in words.
        converged: of each image, whether the loss had stopped falling, bool (n,).
        losses: -log of prior and likelihood up to a constant, (n,).
        tau: deviation of the generator's own error in a pixel that was used.
    """

    images: np.ndarray
    in_range: np.ndarray
    kernels: np.ndarray
    outcome: Outcome
    converged: np.ndarray
    losses: np.ndarray
    tau: float


def reconstruct_blind(
    y: Any,
    images: GenerativeModel,
    kernels: GenerativeModel,
    *,
    noise: float,
    tau: float | Literal["auto"] = "auto",
    padding: Padding = "circular",
    method: BlindSearch | None = None,
) -> BlindReconstruction:
    """Find images x and kernels k of which y = k * x + n was measured, n ~ N(0, σ² I).

    Args:
        y: blurred images, (n, *image).
        images: generator of images.
        kernels: generator of kernels (height, width), such as one learnt from a sketch of
            `motion_kernels` with `kernel_generator`.
        noise: σ, deviation of the noise in each pixel.
        tau: τ, deviation of the images' generator's own error in a pixel, the slack; 0 for none,
            "auto" for a quarter of its pixels' deviation.
        padding: what was beyond the border: "circular", the opposite side, or "zero".
        method: of the search; `BlindSearch()` by default.

    Raises:
        MeasurementError: noise is missing or not positive; y holds NaN, or has another shape.
        OptionError: tau, padding or method cannot be used, images or kernels are no generators, or
            kernels no grey images, or larger than images.
    """
    sigma, chosen = checked_noise(noise), method or BlindSearch()
    if not isinstance(chosen, BlindSearch):
        raise OptionError(f"method={method!r} was given; it is a BlindSearch, of a Search in it.")
    if padding not in ("circular", "zero"):
        raise OptionError(f"padding={padding!r} was given; it is 'circular' or 'zero'.")
    priors = LatentPrior(images), LatentPrior(kernels)
    slack = checked_tau(tau, priors[0])
    measured, _ = checked_measurements(y, Identity(), priors[0].layout)
    _require_kernels(priors)
    pair = _Pair(priors, measured, (sigma, slack), padding)
    advance = _alternating if chosen.solver == "alternating" else None
    (z, of, w, sort), losses, converged = descend(
        pair.loss, pair.starts(chosen.search), chosen.search, advance
    )
    with torch.no_grad():
        near, blur = priors[0].images(z, of), normalised(priors[1].images(w, sort))
    operator, planes = Convolution(blur[:, 0], padding), priors[0].layout.planes
    parts = parts_of(operator, measured, slack, planes)
    whole = torch.cat(
        [
            misfit_of(own, seen, sigma, slack, planes).corrected(some)
            for (own, seen), some in zip(parts, near.split(len(parts[0][1])), strict=True)
        ]
    )
    made = (priors[0].layout.to_records(part) for part in (whole, near))
    return BlindReconstruction(
        *(part.to(torch.float32).numpy() for part in made),
        kernels=blur[:, 0].numpy(),
        outcome=Outcome.CONVERGED if converged.all() else Outcome.STEPS_SPENT,
        converged=converged.numpy(),
        losses=losses.numpy(),
        tau=slack,
    )


class _Pair:
    """The loss of latents of images and kernels, and where to begin."""

    def __init__(
        self,
        priors: tuple[LatentPrior, LatentPrior],
        y: Tensor,
        deviations: tuple[float, float],
        padding: Padding,
    ) -> None:
        self._priors, self._y = priors, y
        self._padding: Padding = padding
        sigma, tau = deviations
        # the slack seen through a kernel is nearly white, of this share of its variance
        drawn = priors[1].draw(256, torch.Generator().manual_seed(0))
        with torch.no_grad():
            squares = normalised(priors[1].images(*drawn)).square().sum(dim=(1, 2, 3))
            share = priors[1].shares(drawn[1]) @ squares
        self._variance = sigma**2 + tau**2 * float(share)

    def loss(self, variables: tuple[Tensor, ...]) -> Tensor:
        """Return misfit and penalties, (restarts, n)."""
        z, of, w, sort = variables
        apart = self._y - self._blurred(z, of, w, sort)
        misfit = apart.square().sum(dim=(-3, -2, -1)) / (2 * self._variance)
        return misfit + self._priors[0].penalty(z, of) + self._priors[1].penalty(w, sort)

    def starts(self, options: Search) -> tuple[Tensor, ...]:
        """Return the best of each start's draws, of variables (restarts, n, ...)."""
        random = torch.Generator().manual_seed(options.seed)
        count = options.restarts * options.draws
        drawn = *self._priors[0].draw(count, random), *self._priors[1].draw(count, random)
        losses = []
        y = self._y.flatten(1)
        for some in zip(*(part.split(512) for part in drawn), strict=True):
            with torch.no_grad():
                made = self._blurred(*some).flatten(1)
            squares = squared_distances(made, y)
            penalty = self._priors[0].penalty(*some[:2]) + self._priors[1].penalty(*some[2:])
            losses.append(squares / (2 * self._variance) + penalty[:, None])
        each = torch.cat(losses).unflatten(0, (options.restarts, options.draws))
        places = each.argmin(dim=1) + torch.arange(0, count, options.draws)[:, None]
        return tuple(part[places] for part in drawn)

    def _blurred(self, z: Tensor, of: Tensor, w: Tensor, sort: Tensor) -> Tensor:
        blur = normalised(self._priors[1].images(w, sort))[..., 0, :, :]
        return convolved(self._priors[0].images(z, of), blur, self._padding)


def normalised(kernels: Tensor) -> Tensor:
    """Return kernels (..., 1, height, width) without negative numbers, each of sum 1."""
    kernels = kernels.clamp_min(0)
    return kernels / kernels.sum(dim=(-2, -1), keepdim=True).clamp_min(1e-9)


def _alternating(
    loss: Loss, variables: tuple[Tensor, ...], span: range, options: Search
) -> tuple[Tensor, ...]:
    """Step along gradients over their root mean square, in the last latent first."""
    moving = list(variables)
    places = [number for number, v in enumerate(moving) if v.is_floating_point()]
    for step in span:
        for place in reversed(places):
            with torch.enable_grad():
                moving[place] = moving[place].detach().requires_grad_()
                (slope,) = torch.autograd.grad(loss(tuple(moving)).sum(), moving[place])
            size = slope.square().mean(dim=-1, keepdim=True).sqrt().clamp_min(1e-12)
            moving[place] = moving[place].detach() - rate_at(step, options) * slope / size
    return tuple(moving)


def _require_kernels(priors: tuple[LatentPrior, LatentPrior]) -> None:
    """Raise OptionError unless the second prior's images can blur the first one's."""
    planes, sides = priors[1].layout.planes, priors[0].layout.planes[1:]
    if planes[0] != 1 or math.prod(planes) < 2 or planes[1] > sides[0] or planes[2] > sides[1]:
        raise OptionError(
            f"The generator of kernels makes {planes} (planes, height, width), and images are "
            f"{priors[0].layout.planes}. Kernels have one plane and fit within the image."
        )
