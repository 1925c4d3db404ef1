"""What noise of a size costs, and how much a guarantee needs; dp-accounting does the numbers."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np

from sketchlearn.errors import MissingExtraError, PrivacyError


def require_epsilon(epsilon: float) -> None:
    """Raise PrivacyError unless ε is a positive, finite number."""
    if not (is_number(epsilon) and 0 < epsilon < math.inf):
        raise PrivacyError(
            f"epsilon={epsilon!r} was given; it must be a positive number. 1 is a usual choice, "
            "above 10 little is promised."
        )


def is_number(value: object) -> bool:
    """Tell whether a value is a number that floating-point ones reach, infinities included."""
    if not isinstance(value, int | float | np.number) or isinstance(value, bool):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def require_delta(delta: float) -> None:
    """Raise PrivacyError unless δ can be one of Gaussian noise."""
    if not (is_number(delta) and 0 < delta < 1):
        raise PrivacyError(
            f"delta is {delta!r}; Gaussian noise needs one in (0, 1), far below 1 / n: give delta "
            "too, such as 1e-6. Without one there is mechanism='laplace', for small sketches alone."
        )


def gaussian_multiplier(epsilon: float, delta: float) -> float:
    """Return the least noise, in sensitivities, that gives (ε, δ).

    (Balle and Wang, "Improving the Gaussian mechanism for differential privacy", ICML 2018.)

    Raises:
        PrivacyError: ε or δ is out of range.
    """
    require_epsilon(epsilon)
    require_delta(delta)
    return float(_closed_form().get_sigma_gaussian(epsilon, delta))


def gaussian_epsilon(multiplier: float, delta: float) -> float:
    """Return the ε, at δ, of Gaussian noise of so many sensitivities."""
    require_delta(delta)
    return float(_closed_form().get_epsilon_gaussian(multiplier, delta))


def _closed_form() -> ModuleType:
    try:
        from dp_accounting import gaussian_mechanism
    except ImportError as error:
        raise MissingExtraError.needs("dp-accounting", "privacy", "Privacy accounting") from error
    return gaussian_mechanism
