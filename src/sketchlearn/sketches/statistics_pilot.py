"""Which statistics a plan keeps beside its waves, and what the pilot tells of them."""

from __future__ import annotations

import numpy as np

from sketchlearn.errors import OptionError
from sketchlearn.features.contrasts import Contrasts
from sketchlearn.features.quadratic import Quadratic
from sketchlearn.features.statistic import REACH, Statistic
from sketchlearn.sketches.options import PlanOptions

# Directions a column and, by default, how many components can have their five.
_DIRECTIONS = 50


def statistics_of(
    encoded: np.ndarray, options: PlanOptions, farthest: float | None = None
) -> tuple[Statistic, ...]:
    """Return the statistics that were asked for, from encoded pilot records (n, d).

    Args:
        encoded: pilot records.
        options: of the plan.
        farthest: the greatest length of an encoded record, where it has a bound.

    Raises:
        OptionError: contrasts of columns that are linear combinations of others.
    """
    made: list[Statistic] = []
    dimension = encoded.shape[1]
    if "quadratic" in options.feature_names:
        size = options.directions
        if size == "auto":
            size = min(_DIRECTIONS * dimension, dimension * (dimension + 1))
        with np.errstate(over="ignore"):
            spread = float(f"{np.sqrt(np.mean(encoded**2)):.4g}")
            if farthest is not None:
                # no projection is cut off, and a release has no more noise than that takes
                spread = float(np.nextafter(farthest / REACH, np.inf))
        if not 0 < spread < np.inf:
            raise OptionError(
                "features='quadratic' was asked for, but encoded values are too large to square. "
                "Scale the columns, or leave out standardise='none'."
            )
        made.append(Quadratic(dimension, int(size), spread, int(options.seed)))
    if "contrasts" in options.feature_names:
        made.append(Contrasts.of_pilot(encoded, options.seed))
    return tuple(made)
