"""Gaussian laws of images and mixtures of them: posterior means in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import OptionError
from sketchlearn.inverse.foreign import in_parts
from sketchlearn.inverse.images import Layout
from sketchlearn.inverse.operators import Operator
from sketchlearn.models import GaussianMixtureModel, Model
from sketchlearn.sketches import Sketch

# Directions with less than this share of the widest one's variance have none.
_NO_VARIANCE = 1e-9

# Numbers of the images of one component's directions at once, over all measurements.
_NUMBERS = 2**25


@final
@dataclass(frozen=True)
class GaussianLaw:
    """A mixture of Gaussian laws of images, in the source's units; of one, for LMMSE.

    Attributes:
        layout: of the images.
        weights: of the components, shape (k,).
        means: shape (k, d).
        covariances: shape (k, d, d).
    """

    layout: Layout
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @classmethod
    def of_moments(
        cls, mean: np.ndarray, covariance: np.ndarray, image: tuple[int, ...]
    ) -> GaussianLaw:
        """Return the law of images of a mean (d,) and a covariance (d, d).

        Raises:
            OptionError: they are of other sizes, or the mean is not finite.
        """
        mean, covariance = np.asarray(mean, float).ravel(), np.asarray(covariance, float)
        if covariance.shape != (mean.size, mean.size) or mean.size != np.prod(image):
            raise OptionError(
                f"A mean of {mean.size} numbers and a covariance of shape {covariance.shape} were "
                f"given for images {image}. They are (d,) and (d, d), d the numbers of an image."
            )
        if not np.isfinite(mean).all():
            raise OptionError(
                f"{int((~np.isfinite(mean)).sum())} of the {mean.size} numbers of the mean are NaN "
                "or infinite. Give the mean of the records."
            )
        return cls(Layout(tuple(image)), np.ones(1), mean[None], covariance[None])

    @classmethod
    def of_sketch(cls, sketch: Sketch) -> GaussianLaw:
        """Return the law with the mean and covariance that the pass of a sketch summed.

        Raises:
            OptionError: the sketch is of a table, or keeps no whole covariance.
            EmptySourceError: it holds no record.
            PlanError, PrivacyError: it keeps no moments, or none to be trusted.
        """
        sketch.require_records()
        schema = _vector_schema(sketch.plan.schema)
        covariance = sketch.side.covariance(sketch.count)
        if covariance.ndim != 2:
            raise OptionError(
                f"The sketch keeps variances of its {schema.dimension} columns and no covariances. "
                "Sketch again, of a plan with moments='full'."
            )
        spread = np.asarray(schema.spread)
        mean = sketch.side.mean(sketch.count) * spread + np.asarray(schema.center)
        image = schema.image or (schema.dimension,)
        return cls.of_moments(mean, covariance * np.outer(spread, spread), image)

    @classmethod
    def of_model(cls, model: Model, draws: int = 20_000) -> GaussianLaw:
        """Return a mixture itself, or the law with the moments of so many draws of a generator."""
        if isinstance(model, GaussianMixtureModel):
            schema = model.schema
            layout = Layout(schema.image or (schema.dimension,))
            return cls(layout, model.weights, model.means, model.covariances)
        records = model.sample(draws, seed=0)  # type: ignore[attr-defined]
        schema = _vector_schema(model.schema)
        values = np.asarray(records.values, dtype=np.float64)
        image = schema.image or (schema.dimension,)
        return cls.of_moments(values.mean(axis=0), np.cov(values.T), image)

    def single(self) -> GaussianLaw:
        """Return the Gaussian law with the mean and covariance of the whole mixture."""
        mean = self.weights @ self.means
        apart = self.means - mean
        within = np.tensordot(self.weights, self.covariances, axes=1)
        between = (apart * self.weights[:, None]).T @ apart
        return GaussianLaw(self.layout, np.ones(1), mean[None], (within + between)[None])


def posterior_mean(law: GaussianLaw, operator: Operator, y: Tensor, noise: float) -> Tensor:
    """Return the mean of images given measurements y (n, ...), (n, planes, height, width).

    With one component it is the linear estimate of least squared error.

    Raises:
        OptionError: a covariance is none, or zero.
    """
    planes = law.layout.planes
    means, evidences = [], []
    for weight, mean, covariance in zip(law.weights, law.means, law.covariances, strict=True):
        if weight == 0:
            continue
        center = law.layout.to_planes(torch.tensor(mean)).float()
        root = law.layout.to_planes(torch.tensor(_root(covariance)).mT.float())  # (r, *planes)
        parts = in_parts(operator, y, len(root) * y[0].numel(), _NUMBERS)
        made = [_given(center, root, (part, some), noise) for part, some in parts]
        means.append(torch.cat([image for image, _ in made]))
        evidences.append(torch.cat([evidence for _, evidence in made]) + np.log(weight))
    shares = torch.stack(evidences).softmax(dim=0).to(torch.float32)  # (k, n)
    stacked = torch.stack(means)
    assert stacked.shape[2:] == planes
    return (shares[..., None, None, None] * stacked).sum(dim=0)


def _given(
    center: Tensor, root: Tensor, measured: tuple[Operator, Tensor], noise: float
) -> tuple[Tensor, Tensor]:
    """Return the mean of center + rootᵀ c given measurements, and log p(y) but for a constant."""
    operator, y = measured
    axes = y.ndim - 1
    with torch.no_grad():
        seen = operator.A(root.unsqueeze(1)).flatten(-axes)  # (r, n or 1, m)
        residual = (y - operator.A(center.expand(1, *center.shape))).flatten(1).double()
    seen = seen.permute(1, 2, 0).double() / noise  # (n or 1, m, r)
    residual = residual / noise
    precision = seen.mT @ seen
    precision.diagonal(dim1=-2, dim2=-1).add_(1.0)
    factor = torch.linalg.cholesky(precision)
    score = (residual[:, None] @ seen).mT  # (n, r, 1)
    coefficients = torch.cholesky_solve(score, factor.expand(len(y), -1, -1))
    explained = (score * coefficients).sum(dim=(1, 2))
    volume = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    evidence = -(residual.square().sum(-1) - explained) / 2 - volume
    images = center + torch.tensordot(coefficients[..., 0].float(), root, dims=1)
    return images, evidence


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return R with R Rᵀ the covariance, shape (d, r).

    Raises:
        OptionError: it is not symmetric and positive semidefinite, or zero.
    """
    largest = np.abs(covariance).max()
    if not np.isfinite(largest) or np.abs(covariance - covariance.T).max() > 1e-6 * largest:
        raise OptionError("The covariance is not finite and symmetric. Give that of the records.")
    values, vectors = np.linalg.eigh(covariance)
    if values[-1] <= 0 or values[0] < -1e-4 * values[-1]:
        raise OptionError(
            f"The covariance has eigenvalues from {values[0]:.3g} to {values[-1]:.3g}: it is "
            "singular in every direction, or none. Give the covariance of records that differ."
        )
    wide = values > _NO_VARIANCE * values[-1]
    return vectors[:, wide] * np.sqrt(values[wide])


def _vector_schema(schema: object) -> VectorSchema:
    if not isinstance(schema, VectorSchema):
        raise OptionError(
            "This is of a table's rows, with categories in it. Sketch images, or numeric columns "
            "with encoding='vector'."
        )
    return schema
