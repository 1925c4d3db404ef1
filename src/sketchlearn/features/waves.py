"""Cosine and sine of phases measured in turns, by polynomials, in units of a feature."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.projection import UNIT
from sketchlearn.features.tile import fma

# Best polynomials of cos πr and sin πr / r in r² for |r| ≤ 1/2: errors 5e-8 and 7e-9.
_C0, _C1, _C2, _C3, _C4 = np.array(
    [0.99999995347, -4.9347928586742, 4.058411914146, -1.331880161114, 0.219696798336], np.float32
)
_S0, _S1, _S2, _S3, _S4 = np.array(
    [3.1415925800447, -5.1677068789264, 2.55003137728, -0.598045174118, 0.077220128944], np.float32
)

# Half a unit less than one keeps cos² + sin² of every record at most 1 whatever the rounding;
# tests/features/test_waves.py visits every float32 phase.
_WHOLE = np.float32((1 - 2.0**-21) / UNIT)
_TWICE = np.float32(2) * _WHOLE


@compiled
def half_waves(turns):  # noqa: ANN001, ANN201 - compiled for float32
    """Return sin πr and cos πr, where r is a phase in turns less its nearest whole number."""
    r = turns - np.rint(turns)
    u = r * r
    sine = r * fma(u, fma(u, fma(u, fma(u, _S4, _S3), _S2), _S1), _S0)
    cosine = fma(u, fma(u, fma(u, fma(u, _C4, _C3), _C2), _C1), _C0)
    return sine, cosine


@compiled
def wave_units(turns):  # noqa: ANN001, ANN201
    """Return cosine and sine of a float32 phase in turns, as whole units truncated toward zero.

    By the double angle: cos 2a = 1 - 2 sin²a, sin 2a = 2 sin a cos a.
    """
    sine, cosine = half_waves(turns)
    return np.int32(fma(sine * -_TWICE, sine, _WHOLE)), np.int32(sine * _TWICE * cosine)


@compiled
def waves(turns):  # noqa: ANN001, ANN201
    """Return cosine and sine of a float32 phase in turns, as float32."""
    sine, cosine = half_waves(turns)
    return fma(sine * np.float32(-2), sine, np.float32(1)), sine * np.float32(2) * cosine


@compiled
def wave_signs(turns):  # noqa: ANN001, ANN201
    """Return the signs of cosine and sine of a float32 phase in turns, +1 or -1."""
    r = turns - np.rint(turns)
    cosine = np.int32(1) if abs(r) < np.float32(0.25) else np.int32(-1)
    return cosine, np.int32(1) if r >= 0 else np.int32(-1)
