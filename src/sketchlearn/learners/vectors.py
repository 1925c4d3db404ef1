"""What learners of subspaces ask of a sketch: numeric columns, their means and variances."""

from __future__ import annotations

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import FitError, PlanError
from sketchlearn.learners.fit import require_sketch
from sketchlearn.sketches import Sketch

# One record's share of a column's sum of squares: of Gaussian records it is about 2 log n / n.
_HEAVY_SHARE = 0.05

# Records from which on such a share says something.
_TELLING = 1_000

# A share of the variance that leaves nothing to the other columns.
_ALONE = 0.99


def require_vectors(sketch: object, what: str) -> VectorSchema:
    """Return the schema of a sketch of numeric columns, with records.

    Args:
        sketch: what a learner was given.
        what: is to be learnt, for the message.

    Raises:
        FitError: it is no sketch, or one of a table's rows.
        EmptySourceError: the sketch holds no record.
    """
    require_sketch(sketch)
    assert isinstance(sketch, Sketch)
    schema = sketch.plan.schema
    if not isinstance(schema, VectorSchema):
        raise FitError(
            f"The sketch is one of a table's rows, with categories in it; {what} need numeric "
            "columns. Sketch again with encoding='vector' and the numeric columns."
        )
    if sketch.count < 2:
        raise FitError(f"The sketch holds one record; {what} need two at least.")
    return schema


def covariance_of(sketch: Sketch) -> np.ndarray:
    """Return the covariance of encoded records, (d, d) or its diagonal (d,).

    Raises:
        FitError: the records are all the same, or their moments beyond what is kept.
    """
    side = sketch.side
    if (side.upper == side.lower).all():
        raise FitError(
            "The sketch holds one record again and again: there is nothing to learn from it."
        )
    try:
        covariance = side.covariance(sketch.count)
    except PlanError as error:
        raise FitError(
            f"{error} If they are standardised, their tails are too heavy for variances: transform "
            "the columns, or learn a StableMixture. (Bounds of forgotten records still count.)"
        ) from error
    if not (covariance if covariance.ndim == 1 else np.diag(covariance)).sum() > 0:
        raise FitError("The sketch holds records that are all alike: there is nothing to learn.")
    return covariance


def heavy_tailed(sketch: Sketch) -> bool:
    """Tell whether single records make up much of the squares of a column."""
    side = sketch.side
    squares = np.maximum(np.abs(side.lower), np.abs(side.upper)) ** 2
    variances = covariance_of(sketch)
    variances = variances if variances.ndim == 1 else np.diag(variances)
    sums = sketch.count * np.maximum(variances + side.mean(sketch.count) ** 2, 1e-300)
    return sketch.count >= _TELLING and bool((squares / sums).max() > _HEAVY_SHARE)


def one_column_rules(variances: np.ndarray, schema: VectorSchema) -> bool:
    """Tell whether one of several columns, that are no pixels, has nearly all of the variance."""
    alone = variances.max() > _ALONE * variances.sum()
    return schema.image is None and len(variances) > 1 and bool(alone)
