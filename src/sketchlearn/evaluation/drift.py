"""Drift: whether two sketches of one plan may be those of records of one law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc

from sketchlearn.evaluation.reference import FREQUENCIES, features_of, mean_features, points_like
from sketchlearn.learners.vectors import covariance_of, require_vectors
from sketchlearn.sketches import Sketch

# Points of a mixture, from which the covariance of features is taken.
_POINTS = 6_000


@dataclass(frozen=True)
class Drift:
    """How far the records of two sketches are from each other.

    Attributes:
        distance: squared kernel distance of the two laws (MMD²), without the bias of the numbers of
            records; about 0, and at times below, where the laws are one.
        expected: what sampling alone would make of it, as a standard deviation.
        p_value: probability of a distance at least as large, were the laws one.
        shifts: by column, the difference of the means (second less first) over its standard error.
    """

    distance: float
    expected: float
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
        PlanMismatchError: the plans differ.
        FitError: the sketches are not of numeric columns, or hold too few frequencies.
        EmptySourceError: one holds no record.
    """
    for one in (first, second):
        require_vectors(one, "differences of laws")
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
    expected, variance = share * trace, 2 * share**2 * float((covariance**2).sum())
    return Drift(
        (square - expected) / size,
        float(np.sqrt(variance)) / size,
        float(gammaincc(expected**2 / variance, square * expected / variance)),
        _shifts(first, second),
    )


def _shifts(first: Sketch, second: Sketch) -> dict[str, float]:
    means, errors = [], []
    for one in (first, second):
        covariance = covariance_of(one)
        variance = np.diag(covariance) if covariance.ndim == 2 else covariance
        means.append(one.side.mean(one.count))
        errors.append(np.maximum(variance, 0) / one.count)
    scores = (means[1] - means[0]) / np.sqrt(np.maximum(sum(errors), 1e-300))
    schema = first.plan.schema
    return dict(zip(schema.columns, scores.tolist(), strict=True))
