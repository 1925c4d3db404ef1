"""Images from measurements, with a learnt model as the prior."""

from __future__ import annotations

import math
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
from sketchlearn.inverse.results import Outcome, Reconstruction
from sketchlearn.inverse.sampling import (
    Drawn,
    Langevin,
    PosteriorMean,
    joined,
    langevin,
    weighted_mean,
)
from sketchlearn.inverse.search import Search, most_probable
from sketchlearn.inverse.whitening import Misfit, misfit_of, parts_of
from sketchlearn.models import GaussianMixtureModel, GenerativeModel
from sketchlearn.sketches import Sketch

Method = Search | PosteriorMean | Langevin
Prior = GenerativeModel | GaussianMixtureModel | Sketch | GaussianLaw


# Without noise and a weight on latents the valley is steeper, and takes more steps.
_PROJECTION = Search(steps=600, restarts=16, learning_rate=0.2, latent_weight=0.0)

_FAILURES = {
    Search: Outcome.STEPS_SPENT,
    PosteriorMean: Outcome.FEW_DRAWS,
    Langevin: Outcome.NOT_MIXED,
}


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
        OperatorError: the operator is not linear, has an adjoint that is none, or is for other
            images; or noise is so small beside tau, or in itself, that numbers cannot hold it.
        OptionError: tau, prior or method cannot be used, or the model is none for images.
    """
    sigma = checked_noise(noise)
    if prior not in ("model", "gaussian"):
        raise OptionError(f"prior={prior!r} was given; it is 'model' or 'gaussian'.")
    _require_tau(tau)
    _require_method(method)
    if isinstance(model, GenerativeModel) and prior == "model":
        known = LatentPrior(model)
        measured, own = checked_measurements(y, operator, known.layout)
        return _of_generator(known, own, measured, (sigma, tau), method or Search())
    law = _law_of(model, prior)
    of_patches = isinstance(model, GaussianMixtureModel) and isinstance(operator, Identity)
    if of_patches and are_larger(finite := checked_finite(y), law):
        whole = denoised_by_patches(finite, law, sigma)
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
        OptionError: the model is no generator of images, or the method none.
    """
    return _projected(images, LatentPrior(model), method)[0]


def tau_of(model: GenerativeModel, clean: Any, *, method: Search | None = None) -> float:
    """Return τ, the root mean squared error in a pixel of clean images projected on the range.

    Args:
        model: the generator.
        clean: images (n, *image) that were not sketched; a hundred say enough.
        method: of the search; by default 16 starts of 600 steps, with no weight on latents.

    Raises:
        MeasurementError: images hold NaN or have another shape than the model's.
        OptionError: the model is no generator of images, or the method none.
    """
    near, measured = _projected(clean, LatentPrior(model), method)
    apart = near.images - measured
    return float(np.sqrt(np.mean(np.square(apart, dtype=np.float64))))


def _projected(
    images: Any, prior: LatentPrior, method: Search | None
) -> tuple[Reconstruction, np.ndarray]:
    """Return what a projection finds, and the images in the layout of the records."""
    _require_method(method)
    measured, own = checked_measurements(images, Identity(), prior.layout)
    noise = max(prior.usual_error(), 1e-12)
    found = _of_generator(prior, own, measured, (noise, 0.0), method or _PROJECTION)
    return found, _records(measured, prior.layout)


def _of_generator(
    prior: LatentPrior,
    operator: Operator,
    y: Tensor,
    deviations: tuple[float, float | Literal["auto"]],
    method: Method,
) -> Reconstruction:
    sigma, asked = deviations
    tau = checked_tau(asked, prior)
    planes = prior.layout.planes
    parts = [
        _drawn(prior, misfit_of(own, some, sigma, tau, planes), method)
        for own, some in parts_of(operator, y, tau, planes)
    ]
    return _told(joined(parts), prior.layout, tau, _FAILURES[type(method)])


def _drawn(prior: LatentPrior, misfit: Misfit, method: Method) -> Drawn:
    if isinstance(method, PosteriorMean):
        return weighted_mean(prior, misfit, method)
    if isinstance(method, Langevin):
        return langevin(prior, misfit, method)
    found = most_probable(prior, misfit, method)
    with torch.no_grad():
        return Drawn(misfit.corrected(prior.images(found.latents, found.classes)), found)


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
    _require_tau(tau)
    return prior.usual_error() if tau == "auto" else float(tau)


def _require_tau(tau: Any) -> None:
    named = isinstance(tau, str) and tau == "auto"
    number = isinstance(tau, int | float | np.number)
    if not named and not (number and 0 <= tau < math.inf):
        raise OptionError(f"tau={tau!r} was given; it is 'auto', or a deviation from 0 on.")


def _require_method(method: Any) -> None:
    if method is not None and not isinstance(method, Method):
        raise OptionError(
            f"method={method!r} was given; it is a Search, a PosteriorMean or a Langevin."
        )


def _law_of(model: Any, prior: str) -> GaussianLaw:
    if isinstance(model, Sketch):
        return GaussianLaw.of_sketch(model)
    if isinstance(model, GaussianMixtureModel | GenerativeModel):
        law = GaussianLaw.of_model(model)
    elif isinstance(model, GaussianLaw):
        law = model
    else:
        raise no_prior(model)
    return law.single() if prior == "gaussian" else law


def no_prior(model: Any) -> OptionError:
    """Return the error of a model that is none."""
    return OptionError(
        f"A {type(model).__name__} was given as model; it is a generator or a Gaussian mixture "
        "learnt from a sketch, a sketch, or a GaussianLaw."
    )


def _records(images: Tensor, layout: Layout) -> np.ndarray:
    return layout.to_records(images).to(torch.float32).numpy()
