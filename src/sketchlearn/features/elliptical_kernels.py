"""Compiled loops of mixtures of elliptical laws: damped waves in double precision."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled

# Best polynomials of sin πr / r and cos πr in r² for |r| ≤ 1/2: errors below 1e-14.
_S = (
    3.141592653589793,
    -5.167712780049629,
    2.550164039853901,
    -0.5992645286590894,
    0.08214587708757534,
    -0.0073703547999667855,
    0.0004659604106127609,
    -2.1103980720617415e-05,
)
_C = (
    0.9999999999999998,
    -4.934802200544504,
    4.058712126406056,
    -1.3352627685680996,
    0.2353306262763453,
    -0.025806858267925246,
    0.0019294201631004711,
    -0.00010424706877805807,
    3.843792584193536e-06,
)
_S0, _S1, _S2, _S3, _S4, _S5, _S6, _S7 = _S
_C0, _C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8 = _C

# exp(-60) is beneath every residual; the power 2¹⁰ of a short series is exact to 1e-12.
_MOST, _PART = 60.0, -1.0 / 1024


@compiled
def damped_waves(turns, exponents, weights, cosines, sines, left):  # noqa: ANN001, ANN201
    """Write exp(2πi turns - exponents), and take the weighted sum over atoms from `left`.

    Args:
        turns: phases in turns, float64 (K, m).
        exponents: at least 0, float64 (K, m).
        weights: float64 (K,).
        cosines: receives the real parts, float64 (K, m).
        sines: receives the imaginary parts, float64 (K, m).
        left: real and imaginary parts from which the sum is taken, float64 (2, m).
    """
    atoms, size = turns.shape
    for k in range(atoms):
        weight = weights[k]
        for j in range(size):
            r = turns[k, j] - np.rint(turns[k, j])
            u = r * r
            s = _S3 + u * (_S4 + u * (_S5 + u * (_S6 + u * _S7)))
            s = r * (_S0 + u * (_S1 + u * (_S2 + u * s)))
            c = _C4 + u * (_C5 + u * (_C6 + u * (_C7 + u * _C8)))
            c = _C0 + u * (_C1 + u * (_C2 + u * (_C3 + u * c)))
            y = min(exponents[k, j], _MOST) * _PART
            e = 1.0 + y * (1.0 + y * (0.5 + y * (1.0 / 6 + y * (1.0 / 24 + y / 120))))
            e *= e  # 2
            e *= e
            e *= e
            e *= e
            e *= e
            e *= e
            e *= e
            e *= e
            e *= e
            e *= e  # 1024
            # by the double angle
            real, imaginary = e * (1.0 - 2.0 * s * s), e * (2.0 * s * c)
            cosines[k, j] = real
            sines[k, j] = imaginary
            left[0, j] -= weight * real
            left[1, j] -= weight * imaginary
