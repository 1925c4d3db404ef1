"""Noise on integers, exactly of its law, from the operating system's cryptographic randomness.

Sums are integers and so is the noise: no low bits of a floating-point number tell where a sum
was, as they do of `sum + normal()` (Mironov, "On significance of the least significant bits for
differential privacy", CCS 2012). There is no seed, and nothing here takes one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sketchlearn.errors import MissingExtraError, PrivacyError

# Largest scale whose noise, and that of many merges, fits in 64 bits beside sums.
_MOST = 2.0**54

# Integers drawn at a time: what OpenDP is given becomes lists of Python on the way.
_AT_A_TIME = 2**16


def gaussian_noise(shape: tuple[int, ...], scale: float) -> np.ndarray:
    """Return int64 noise of the discrete Gaussian law.

    P(k) ∝ exp(-k² / 2 scale²) exactly. (Canonne, Kamath and Steinke, "The discrete Gaussian for
    differential privacy", NeurIPS 2020; sampled by OpenDP.)

    Args:
        shape: of the noise.
        scale: σ; the deviation, but for scales below 1.

    Raises:
        PrivacyError: the scale is not positive, or too large for 64 bits.
        MissingExtraError: OpenDP is not installed.
    """
    dp = _opendp()
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
    return _drawn(space >> dp.m.then_gaussian(scale=_widened(scale)), shape)


def laplace_noise(shape: tuple[int, ...], scale: float) -> np.ndarray:
    """Return int64 noise of the discrete Laplace law: P(k) ∝ exp(-|k| / scale) exactly.

    Raises:
        PrivacyError: the scale is not positive, or too large for 64 bits.
        MissingExtraError: OpenDP is not installed.
    """
    dp = _opendp()
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    return _drawn(space >> dp.m.then_laplace(scale=_widened(scale)), shape)


def require_scale(scale: float) -> None:
    """Raise PrivacyError unless noise of a scale can be drawn, MissingExtraError without OpenDP."""
    _opendp()
    if not 0 < scale <= _MOST:
        raise PrivacyError(
            f"Noise of scale {scale:.3g} was asked for; it must be positive, and at most "
            f"{_MOST:.3g} so that sums fit in 64 bits. Ask for a larger epsilon."
        )


def _widened(scale: float) -> float:
    require_scale(scale)
    # never less noise than was asked for, whatever was rounded on the way here
    return scale * (1 + 2.0**-44)


def _drawn(measurement: Any, shape: tuple[int, ...]) -> np.ndarray:
    count = math.prod(shape)
    parts = [
        np.asarray(measurement([0] * min(_AT_A_TIME, count - start)), dtype=np.int64)
        for start in range(0, count, _AT_A_TIME)
    ]
    return np.concatenate([*parts, np.empty(0, dtype=np.int64)]).reshape(shape)


def _opendp() -> Any:
    try:
        import opendp.prelude as dp
        from opendp.mod import enable_features
    except ImportError as error:
        raise MissingExtraError.needs("OpenDP", "privacy", "Noise for a release") from error
    # the samplers used here have proofs beside their code; the flag marks the library's state
    enable_features("contrib")
    return dp
