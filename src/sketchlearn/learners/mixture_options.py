"""What learners of mixtures have in common: options that are checked, and the verdict."""

from __future__ import annotations

import numpy as np

from sketchlearn.errors import OptionError
from sketchlearn.learners.decoding import Empirical
from sketchlearn.learners.fit import Status, more_needed

# A component of less than this share of an equal one has next to no mass.
_NO_MASS = 0.01
# A residual of so many times its expectation differs from it.
_DIFFERS = 2.0


def require_components(name: str, count: object) -> None:
    """Raise OptionError unless a number of components is a whole number, at least 1."""
    if not isinstance(count, int | np.integer) or isinstance(count, bool) or count < 1:
        raise OptionError(f"{name}={count!r} was given; it must be a whole number, at least 1.")


def require_seed(seed: object) -> None:
    """Raise OptionError unless a seed is a whole number from 0 on."""
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise OptionError(f"seed={seed!r} was given; it must be from 0 to 2**63 - 1.")


def told(empirical: Empirical) -> dict[str, float]:
    """Return what a history says of the noise of a release: nothing where there was none.

    "more needed" is how many times the records, or the ε, would make noise half of the signal; a
    release is of use where it is below 1.
    """
    return {"more needed": _more_needed(empirical)} if empirical.released else {}


def _more_needed(empirical: Empirical) -> float:
    return more_needed(empirical.noise, empirical.energy - empirical.noise, empirical.size)


def noise_dominates(released: bool) -> Status:
    """Return the status of a sketch with more noise than signal, most of it of a release or not."""
    return Status.RELEASE_DOMINATES if released else Status.NOISE_DOMINATES


def verdict(empirical: Empirical, weights: np.ndarray, excess: float) -> Status:
    """Say how well a mixture describes a sketch.

    Args:
        empirical: the sketch.
        weights: of the components; they sum to 1.
        excess: the residual over its expectation.
    """
    if _more_needed(empirical) > 1:
        return noise_dominates(empirical.released * 2 * empirical.size > empirical.noise / 2)
    if weights.min() < _NO_MASS / len(weights):
        return Status.FEWER
    return Status.DIFFERS if excess > _DIFFERS else Status.FITS
