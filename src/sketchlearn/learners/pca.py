"""Learning principal components from a sketch alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import FitError
from sketchlearn.features.quadratic import Quadratic
from sketchlearn.learners.fit import Fit, Status
from sketchlearn.learners.low_rank import low_rank
from sketchlearn.learners.mixture_options import require_components
from sketchlearn.learners.vectors import (
    covariance_of,
    heavy_tailed,
    one_column_rules,
    require_vectors,
)
from sketchlearn.models.subspace import Subspace
from sketchlearn.sketches import Sketch

# Measurements for each number of the covariance that is fitted to them.
_PER_NUMBER = 2

# Misfit of the measurements above which components are not to be trusted.
_COARSE = 0.1


@dataclass(frozen=True)
class PCA:
    """Learn the directions along which encoded records vary most.

    A sketch that keeps all second moments, as by default up to 256 columns, has the covariance
    itself, and components are those of the records. Of wider records the plan keeps
    features=["fourier", "quadratic"], and a covariance of wide directions over an even rest is
    fitted to them: of as many as are asked for, or of more where these fit worse.

    Components are those of the encoding: of correlations where columns are standardised each, of
    the covariance where all are divided by one deviation, or by none.

    Attributes:
        components: number of components, k; the plan should keep 5 k d directions, and needs
            2 k d.
    """

    components: int

    def __post_init__(self) -> None:
        require_components("components", self.components)

    def fit(self, sketch: Sketch) -> Fit[Subspace]:
        """Learn components from a sketch.

        Args:
            sketch: what the pass left; it is not changed.

        Raises:
            FitError: the sketch is not one of numeric columns, keeps too little, holds one record
                again and again, or values beyond what moments are kept of.
            EmptySourceError: the sketch holds no record.
        """
        schema = require_vectors(sketch, "principal components")
        if self.components > schema.dimension:
            raise FitError(
                f"{self.components} components were asked for, of records of {schema.dimension} "
                f"columns. Ask for {schema.dimension} at most."
            )
        moments = covariance_of(sketch)
        covariance, misfit = (moments, 0.0) if moments.ndim == 2 else self._measured(sketch)
        values, vectors = np.linalg.eigh(covariance)
        wide = slice(None, -self.components - 1, -1)
        model = Subspace(
            schema,
            sketch.side.mean(sketch.count),
            _signed(vectors.T[wide]),
            np.maximum(values[wide], 0),
            float(np.trace(covariance)),
        )
        history: list[dict[str, Any]] = [
            {"components": int(self.components), "misfit": misfit, "measured": moments.ndim == 1}
        ]
        return Fit.of(sketch, model, history, _status(sketch, schema, moments, misfit))

    def _measured(self, sketch: Sketch) -> tuple[np.ndarray, float]:
        """Return the covariance that squares along directions tell, and its misfit."""
        kept = sketch.statistic(Quadratic)
        dimension = sketch.plan.schema.dimension
        if kept is None:
            raise FitError(
                f"The sketch keeps the variances of {dimension} columns, but nothing of what they "
                "have in common. Sketch again with features=['fourier', 'quadratic'], or with "
                "moments='full'."
            )
        quadratic, sums = kept
        needed = _PER_NUMBER * self.components * dimension
        if quadratic.size < min(needed, dimension * (dimension + 1)):
            raise FitError(
                f"{self.components} components of {dimension} columns were asked for, but the "
                f"sketch has {quadratic.size} directions. Ask for "
                f"{quadratic.size // (_PER_NUMBER * dimension)} at most, or sketch again with "
                f"directions={5 * self.components * dimension}."
            )
        means = quadratic.directions @ sketch.side.mean(sketch.count)
        squares = quadratic.squares(sums, sketch.count) - means**2
        most = min(dimension, quadratic.size // (_PER_NUMBER * dimension))
        if quadratic.size >= dimension * (dimension + 1):  # twice the numbers of the whole matrix
            most = dimension
        found = low_rank(quadratic.directions, np.maximum(squares, 0), self.components, most)
        return found.matrix(), found.misfit


def _status(sketch: Sketch, schema: VectorSchema, moments: np.ndarray, misfit: float) -> Status:
    if heavy_tailed(sketch):
        return Status.HEAVY_TAILS
    if one_column_rules(moments if moments.ndim == 1 else np.diag(moments), schema):
        return Status.UNSCALED
    return Status.COARSE if misfit > _COARSE else Status.FITS


def _signed(components: np.ndarray) -> np.ndarray:
    """Return components whose largest entry is positive, so that a sign is no matter of chance."""
    largest = np.abs(components).argmax(axis=1)
    return components * np.sign(np.take_along_axis(components, largest[:, None], axis=1))
