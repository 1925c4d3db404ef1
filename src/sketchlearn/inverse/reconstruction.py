"""Images from measurements, with a learnt model as the prior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from sketchlearn.errors import OptionError
from sketchlearn.inverse.gaussian import GaussianLaw, posterior_mean
from sketchlearn.inverse.images import Layout
from sketchlearn.inverse.latents import LatentPrior
from sketchlearn.inverse.measurements import checked_finite, checked_measurements, checked_noise
from sketchlearn.inverse.operators import Identity, Operator
from sketchlearn.inverse.patches import are_larger, denoised_by_patches
from sketchlearn.inverse.sampling import Drawn, Langevin, PosteriorMean, langevin, weighted_mean
from sketchlearn.inverse.search import Search, most_probable
from sketchlearn.inverse.whitening import misfit_of
from sketchlearn.models import GaussianMixtureModel, GenerativeModel
from sketchlearn.sketches import Sketch

Method = Search | PosteriorMean | Langevin
Prior = GenerativeModel | GaussianMixtureModel | Sketch | GaussianLaw


# Without noise and a weight on latents the valley is steeper, and takes more steps.
_PROJECTION = Search(steps=600, restarts=16, learning_rate=0.2, latent_weight=0.0)


class Outcome(Enum):
    """How a reconstruction ended; the value is the sentence to show."""

    EXACT = "Exact: the posterior mean in closed form."
    CONVERGED = "Converged: the loss of every image had stopped falling."
    STEPS_SPENT = (
        "Steps spent: the loss of some images was still falling at the last step, and the best "
        "found is given. See `converged`; more steps or restarts would help."
    )
    FEW_DRAWS = (
        "Few draws: for some images hardly any draw of the generator has weight, and the mean is "
        "little more than the nearest one. See `converged`; give more draws, or method=Search()."
    )
    NOT_MIXED = (
        "Not mixed: some chains hardly moved, or began before the search had converged. See "
        "`converged`; give more warm_up, or a larger tau."
    )

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Reconstruction:
    """Images that a prior and measurements agree on.

    Attributes:
        images: float32 (n, *image), in the source's units; not clipped to its range.
        outcome: how it ended, in words.
        converged: of each image, whether its search or mean is to be trusted, bool (n,).
        tau: deviation of the generator's own error in a pixel that was used; 0 of other priors.
        latents: of the generator, (n, l), or None of other priors.
        classes: class numbers, (n,), or None of other priors.
        losses: -log of prior and likelihood up to a constant, (n,), or None of other priors.
        deviations: of each pixel, (n, *image), from `Langevin`; else None.
        effective: draws that a `PosteriorMean` is as good as, (n,); else None.
    """

    images: np.ndarray
    outcome: Outcome
    converged: np.ndarray
    tau: float = 0.0
    latents: np.ndarray | None = None
    classes: np.ndarray | None = None
    losses: np.ndarray | None = None
    deviations: np.ndarray | None = None
    effective: np.ndarray | None = None


def reconstruct(
    y: Any,
    operator: Any,
    model: Prior,
    *,
    noise: float,
    tau: float | Literal["auto"] = "auto",
    prior: Literal["model", "gaussian"] = "model",
    method: Method | None = None,
) -> Reconstruction:
    """Find the images x of which y = A x + n was measured, n ~ N(0, σ² I).

    Of a generator, x = G(z) + v with v ~ N(0, τ² I), which is integrated out: z is the most
    probable latent given y, and the mean of v given y and z is added to G(z). So images are never
    worse than G(z) where measurements are good, which is the textbook method, tau=0 (Bora, Jalal,
    Price and Dimakis, "Compressed Sensing using Generative Models", ICML 2017). Of a Gaussian law
    or mixture it is the posterior mean in closed form; one of patches denoises larger grey images,
    patch by patch. Images and measurements are in the units
    of the records that were sketched.

    Args:
        y: measurements, (n, ...) for n images: as the operator makes them of (n, planes, height,
            width), or images in the layout of the records.
        operator: A, linear: one of this package, or anything with `A` (and `A_adjoint`) for
            (n, planes, height, width), such as a physics of deepinv.
        model: a generator or a Gaussian mixture learnt from a sketch; or a sketch itself or a
            `GaussianLaw`, for the linear estimate of least squared error from mean and covariance.
        noise: σ, deviation of the noise in each measurement.
        tau: τ, deviation of the generator's own error in a pixel; 0 for none, "auto" for a quarter
            of its pixels' deviation. `tau_of` measures it on clean images.
        prior: "gaussian" takes no more than mean and covariance of the model.
        method: for a generator; `Search()` by default, the most probable latent, `PosteriorMean()`,
            which suits σ of the size of the image's contrast, or `Langevin()`, which says how sure
            each pixel is.

    Raises:
        MeasurementError: noise is missing or not positive; y holds NaN, or has another shape.
        OperatorError: the operator is not linear, or for other images.
        OptionError: tau, prior or method cannot be used, or the model is none for images.
    """
    sigma = checked_noise(noise)
    if prior not in ("model", "gaussian"):
        raise OptionError(f"prior={prior!r} was given; it is 'model' or 'gaussian'.")
    if isinstance(model, GenerativeModel) and prior == "model":
        known = LatentPrior(model)
        measured, own = checked_measurements(y, operator, known.layout)
        return _of_generator(known, own, measured, (sigma, tau), method or Search())
    law = _law_of(model, prior)
    of_patches = isinstance(model, GaussianMixtureModel) and isinstance(operator, Identity)
    if of_patches and are_larger(y, law):
        checked_finite(y)
        whole = denoised_by_patches(y, law, sigma)
        return Reconstruction(whole, Outcome.EXACT, np.ones(len(whole), dtype=bool))
    measured, own = checked_measurements(y, operator, law.layout)
    images = posterior_mean(law, own, measured, sigma)
    trusted = np.ones(len(measured), dtype=bool)
    return Reconstruction(_records(images, law.layout), Outcome.EXACT, trusted)


def project(images: Any, model: GenerativeModel, *, method: Search | None = None) -> Reconstruction:
    """Find the points of a generator's range that are closest to images (n, *image).

    Args:
        images: in the units of the records that were sketched.
        model: the generator.
        method: of the search; by default 16 starts of 600 steps, with no weight on latents.

    Raises:
        MeasurementError: images hold NaN or have another shape than the model's.
    """
    known = LatentPrior(model)
    measured, own = checked_measurements(images, Identity(), known.layout)
    noise = max(known.usual_error(), 1e-12)
    return _of_generator(known, own, measured, (noise, 0.0), method or _PROJECTION)


def tau_of(model: GenerativeModel, clean: Any, *, method: Search | None = None) -> float:
    """Return τ, the root mean squared error in a pixel of clean images projected on the range.

    Args:
        model: the generator.
        clean: images (n, *image) that were not sketched; a hundred say enough.
        method: of the search; by default 16 starts of 600 steps, with no weight on latents.

    Raises:
        MeasurementError: images hold NaN or have another shape than the model's.
    """
    near = project(clean, model, method=method)
    apart = near.images - np.asarray(clean, dtype=np.float32).reshape(near.images.shape)
    return float(np.sqrt(np.mean(np.square(apart, dtype=np.float64))))


def _of_generator(
    prior: LatentPrior,
    operator: Operator,
    y: Tensor,
    deviations: tuple[float, float | Literal["auto"]],
    method: Method,
) -> Reconstruction:
    sigma, asked = deviations
    tau = checked_tau(asked, prior)
    misfit = misfit_of(operator, y, sigma, tau, prior.layout.planes)
    if isinstance(method, PosteriorMean):
        drawn, failure = weighted_mean(prior, misfit, method), Outcome.FEW_DRAWS
    elif isinstance(method, Langevin):
        drawn, failure = langevin(prior, misfit, method), Outcome.NOT_MIXED
    elif isinstance(method, Search):
        found = most_probable(prior, misfit, method)
        with torch.no_grad():
            images = misfit.corrected(prior.images(found.latents, found.classes))
        drawn, failure = Drawn(images, found), Outcome.STEPS_SPENT
    else:
        raise OptionError(
            f"method={method!r} was given; it is a Search, a PosteriorMean or a Langevin."
        )
    return _told(drawn, prior.layout, tau, failure)


def _told(drawn: Drawn, layout: Layout, tau: float, failure: Outcome) -> Reconstruction:
    found = drawn.found
    deviations = None if drawn.deviations is None else _records(drawn.deviations, layout)
    return Reconstruction(
        images=_records(drawn.images, layout),
        outcome=Outcome.CONVERGED if found.converged.all() else failure,
        converged=found.converged.numpy(),
        tau=tau,
        latents=found.latents.numpy(),
        classes=found.classes.numpy(),
        losses=found.losses.numpy(),
        deviations=deviations,
        effective=None if drawn.effective is None else drawn.effective.numpy(),
    )


def checked_tau(tau: Any, prior: LatentPrior) -> float:
    """Return τ as a number.

    Raises:
        OptionError: it is none, or negative.
    """
    if tau == "auto":
        return prior.usual_error()
    if not isinstance(tau, int | float | np.number) or not 0 <= tau < math.inf:
        raise OptionError(f"tau={tau!r} was given; it is 'auto', or a deviation from 0 on.")
    return float(tau)


def _law_of(model: Any, prior: str) -> GaussianLaw:
    if isinstance(model, Sketch):
        return GaussianLaw.of_sketch(model)
    if isinstance(model, GaussianMixtureModel | GenerativeModel):
        law = GaussianLaw.of_model(model)
    elif isinstance(model, GaussianLaw):
        law = model
    else:
        raise OptionError(
            f"A {type(model).__name__} was given as model; it is a generator or a Gaussian "
            "mixture learnt from a sketch, a sketch, or a GaussianLaw."
        )
    return law.single() if prior == "gaussian" else law


def _records(images: Tensor, layout: Layout) -> np.ndarray:
    return layout.to_records(images).to(torch.float32).numpy()
