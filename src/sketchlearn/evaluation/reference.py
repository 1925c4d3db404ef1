"""A law near that of the records, from the sketch alone: points of it, and their features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import FitError
from sketchlearn.learners.gaussian_mixture import GaussianMixture
from sketchlearn.learners.vectors import require_vectors
from sketchlearn.sketches import Sketch

# Components of the mixture at most, and frequencies to each of their numbers.
_COMPONENTS, _PER_NUMBER = 6, 4

# Frequencies that are looked at, and points of the mixture, which tell the coefficients of twice as
# many features apart.
FREQUENCIES, _POINTS = 500, 6_000

# Every so manieth point lies so many times as far from the mean: where tails of the mixture are too
# thin, records would be infinitely far from it.
_EVERY, _FARTHER = 5, 1.7

# Least eigenvalue of the covariance of features that is taken for more than rounding.
_LEAST = 1e-6


@dataclass(frozen=True)
class Reference:
    """Points of a Gaussian mixture that was learnt from a sketch, beside what the sketch says.

    Attributes:
        points: encoded, shape (p, d).
        features: cosines, then sines, of the points, shape (p, 2m).
        mean: the same of the records, shape (2m,).
        count: number of records.
        schema: of the records.
        released: variance of the noise that a release added to each of the records' features.
    """

    points: np.ndarray
    features: np.ndarray
    mean: np.ndarray
    count: int
    schema: VectorSchema
    released: float = 0.0

    @classmethod
    def of(cls, sketch: Sketch, seed: int) -> Reference:
        """Learn a mixture from a sketch, and draw points of it.

        Raises:
            FitError: the sketch is not one of numeric columns, or holds too few frequencies.
            EmptySourceError: the sketch holds no record.
        """
        schema = require_vectors(sketch, "questions to a sketch")
        if sketch.plan.features == "one-bit":
            raise FitError(
                "The sketch holds 1-bit features, whose harmonics are noise to a question. Sketch "
                "again with features='fourier' to ask."
            )
        drawn = _widened(points_like(sketch, _POINTS, seed))
        mean = mean_features(sketch, FREQUENCIES)
        features = features_of(drawn, sketch, FREQUENCIES)
        return cls(drawn, features, mean, sketch.count, schema, sketch.noise_variance)

    @cached_property
    def centered(self) -> np.ndarray:
        """Features of the points less their mean, shape (p, 2m)."""
        return self.features - self.features.mean(axis=0)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance of the features of the mixture, shape (2m, 2m)."""
        return self.centered.T @ self.centered / len(self.points)

    @cached_property
    def difference(self) -> np.ndarray:
        """Features of the records less those of the points, shape (2m,)."""
        return self.mean - self.features.mean(axis=0)

    @cached_property
    def _solver(self) -> tuple[np.ndarray, bool]:
        # as much noise as so many records, and a release, leave in the features
        ridge = np.diag(self.covariance) / self.count + self.released + _LEAST
        return cho_factor(self.covariance + np.diag(ridge))

    def solved(self, right: np.ndarray) -> np.ndarray:
        """Return coefficients of features whose covariances with them are given, (2m, q)."""
        return cho_solve(self._solver, right)

    @cached_property
    def distance(self) -> float:
        """How far records are from the mixture, as far as features tell: √χ², at least 0.

        It is the root mean square, under the mixture, of what their density differs by.
        """
        seen = float(self.difference @ self.solved(self.difference[:, None])[:, 0])
        # what sampling alone leaves, of records and of points, and a release
        noise = np.trace(self.solved(self.covariance)) * (1 / self.count + 1 / len(self.points))
        noise += self.released * np.trace(self.solved(np.eye(len(self.difference))))
        return float(np.sqrt(max(seen - noise, 0.0)))


def _widened(points: np.ndarray) -> np.ndarray:
    mean = points.mean(axis=0)
    points[::_EVERY] = mean + _FARTHER * (points[::_EVERY] - mean)
    return points


def points_like(sketch: Sketch, count: int, seed: int) -> np.ndarray:
    """Draw encoded points of a mixture that is learnt from a sketch, shape (count, d).

    Raises:
        FitError: the sketch is not one of numeric columns, or holds too few frequencies.
        EmptySourceError: the sketch holds no record.
    """
    numbers = 1 + 2 * sketch.plan.schema.dimension
    most = 2 * sketch.plan.size // (_PER_NUMBER * numbers)
    components = int(np.clip(most, 1, _COMPONENTS))
    mixture = GaussianMixture(components, "diagonal", seed).fit(sketch).model
    return mixture.encoded_sample(count, seed)


def features_of(points: np.ndarray, sketch: Sketch, most: int) -> np.ndarray:
    """Return cosines, then sines, of points (p, d) under the first frequencies, shape (p, 2m)."""
    phases = points @ sketch.plan.frequencies[:, :most].astype(np.float64)
    return np.concatenate([np.cos(phases), np.sin(phases)], axis=1)


def mean_features(sketch: Sketch, most: int) -> np.ndarray:
    """Return the same of the records of a sketch, all classes together, shape (2m,)."""
    z = np.atleast_2d(sketch.mean())[:, :most]
    z = sketch.counts @ z / sketch.count
    return np.concatenate([z.real, z.imag])
