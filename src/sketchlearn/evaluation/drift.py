"""Drift: whether two sketches of one plan may be those of records of one law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc

from sketchlearn.errors import OptionError, PlanError
from sketchlearn.evaluation.reference import FREQUENCIES, features_of, mean_features, points_like
from sketchlearn.features import UNIT
from sketchlearn.learners.vectors import require_vectors
from sketchlearn.sketches import Sketch

# Points of a mixture, from which the covariance of features is taken.
_POINTS = 6_000


@dataclass(frozen=True)
class Drift:
    """How far the records of two sketches are from each other.

    Attributes:
        distance: squared kernel distance of the two laws (MMD²), without the bias of the numbers of
            records; about 0, and at times below, where the laws are one.
        deviation: of the distance, by sampling alone, were the laws one.
        p_value: probability of a distance at least as large, were the laws one.
        shifts: by column, the difference of the means (second less first) over its standard error.
    """

    distance: float
    deviation: float
    p_value: float
    shifts: dict[str, float]


def drift(first: Sketch, second: Sketch, seed: int = 0) -> Drift:
    """Compare the records of two sketches, that share none, by the sketches alone.

    The kernel two-sample test: under one law the squared distance of mean features is a mixture of
    χ² laws, whose weights are the eigenvalues of the features' covariance. Its trace follows from
    the sketches; the trace of its square, from a mixture learnt from both; a gamma law of that mean
    and variance stands for it. (Gretton, Borgwardt, Rasch, Schölkopf and Smola, "A kernel
    two-sample test", JMLR 2012.)

    Args:
        first: of one set of records.
        second: of another, with the same plan.
        seed: of the points of the mixture.

    Raises:
        OptionError: the sketches are the same.
        PlanMismatchError: the plans differ.
        FitError: the sketches are not of numeric columns, or hold too few frequencies.
        EmptySourceError: one holds no record.
    """
    for one in (first, second):
        require_vectors(one, "differences of laws")
    if first is second or (first.plan == second.plan and (first.sums == second.sums).all()):
        raise OptionError(
            "The two sketches are the same. Compare sketches of different records: none in both."
        )
    both = first + second
    size = min(FREQUENCIES, both.plan.size)
    features = features_of(points_like(both, _POINTS, seed), both, size)
    centered = features - features.mean(axis=0)
    covariance = centered.T @ centered / len(features)
    mean = mean_features(both, size)
    norm = both.plan.projection.norm**2 * size
    # the records' own trace; the mixture's shape
    trace = float(norm - (mean**2).sum())
    covariance *= trace / np.trace(covariance)
    share = 1 / first.count + 1 / second.count
    gap = mean_features(first, size) - mean_features(second, size)
    square = float((gap**2).sum())
    released = first.noise_variance + second.noise_variance
    expected = share * trace + 2 * size * released
    # of the squared length of a Gaussian vector with the covariance of the gap
    covariance = share * covariance + released * np.eye(2 * size)
    variance = 2 * float((covariance**2).sum())
    return Drift(
        (square - expected) / size,
        float(np.sqrt(variance)) / size,
        float(gammaincc(expected**2 / variance, square * expected / variance)),
        _shifts(first, second),
    )


def _variances(sketch: Sketch) -> np.ndarray:
    """Return variances of columns, whatever the records: what moved far is compared too."""
    try:
        covariance = sketch.side.covariance(sketch.count)
    except PlanError:  # values beyond what moments are kept of, or all alike
        return ((sketch.side.upper - sketch.side.lower) / 4) ** 2
    return np.diag(covariance) if covariance.ndim == 2 else covariance


def _shifts(first: Sketch, second: Sketch) -> dict[str, float]:
    means, errors = [], []
    for one in (first, second):
        means.append(one.side.mean(one.count))
        noise = (one.noise or {}).get("first_moments", 0.0) * UNIT / one.count
        errors.append(_variances(one) / one.count + noise**2)
    scores = (means[1] - means[0]) / np.sqrt(np.maximum(sum(errors), 1e-300))
    schema = first.plan.schema
    return dict(zip(schema.columns, scores.tolist(), strict=True))
