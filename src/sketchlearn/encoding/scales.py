"""Scales of numbers: straight pieces between knots, normal scores, multiples of a step."""

from __future__ import annotations

import numpy as np


def interpolated(x: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Return straight pieces through points (xs, ys), beyond them as steep as on average."""
    slope = (ys[-1] - ys[0]) / (xs[-1] - xs[0])
    beyond = np.minimum(x - xs[0], 0) + np.maximum(x - xs[-1], 0)
    return np.interp(x, xs, ys) + slope * beyond


def normal_levels(count: int) -> np.ndarray:
    """Return the normal scores of `count` equally likely knots."""
    from scipy import special  # only a plan needs it

    return special.ndtri((np.arange(count) + 0.5) / count)


def times_step(multiples: np.ndarray, step: float) -> np.ndarray:
    """Return multiples of a step: of 0.01 the numbers nearest to so many hundredths."""
    parts = round(1 / step)
    return multiples / parts if step < 1 and 1 / parts == step else multiples * step


def multiples_within(low: float, high: float, step: float) -> tuple[float, float]:
    """Return the least and the greatest multiple of a step within bounds, as numbers of steps.

    0.3 counts as a multiple of 0.1. Without a step the bounds themselves.
    """
    if not step:
        return low, high
    first, last = low / step, high / step
    slack = [min(4 * float(np.spacing(abs(end))), 0.25) for end in (first, last)]
    return float(np.ceil(first - slack[0])), float(np.floor(last + slack[1]))
