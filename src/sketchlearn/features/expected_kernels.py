"""Compiled loops of the matching loss of soft rows: products of the waves of columns.

Factors are the expected waves of columns, shape (columns · waves, 2, rows): cosines, then sines.
A frequency multiplies the factors of one to four waves, which `places` names, -1 for none.
"""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.waves import waves

# Rows summed side by side; runs of rows are padded to a multiple of it.
LANES = 8


@compiled
def turn_numbers(values, chance, lengths, shifts, moved, factors):  # noqa: ANN001, ANN201
    """Add the waves p exp(i(ω + ω_x x)) of a column's number to its factors.

    Args:
        values: x, shape (rows,).
        chance: probability that a number is set, shape (rows,).
        lengths: ω_x of each wave in turns, shape (waves,).
        shifts: ω in turns, shape (waves,).
        moved: changed in place to exp(i(ω + ω_x x)), shape (waves, 2, rows).
        factors: shape (waves, 2, rows).
    """
    for wave in range(lengths.size):
        length, shift = lengths[wave], shifts[wave]
        cosine, sine = moved[wave, 0], moved[wave, 1]
        real, imaginary = factors[wave, 0], factors[wave, 1]
        for row in range(values.size):
            cosine[row] = values[row] * length + shift
        for row in range(values.size):
            cosine[row], sine[row] = waves(cosine[row])
        for row in range(values.size):
            real[row] += chance[row] * cosine[row]
            imaginary[row] += chance[row] * sine[row]


@compiled
def pull_numbers(chance, lengths, moved, slopes, value_slope, chance_slope):  # noqa: ANN001, ANN201
    """Add the gradient in a column's numbers, and in the probability that they are set.

    Args:
        chance: probability that a number is set, shape (rows,).
        lengths: of each wave, in radians, shape (waves,).
        moved: from `turn_numbers`.
        slopes: the gradient in the column's factors, shape (waves, 2, rows).
        value_slope: changed in place, shape (rows,).
        chance_slope: changed in place, shape (rows,).
    """
    for wave in range(lengths.size):
        length = lengths[wave]
        cosine, sine = moved[wave, 0], moved[wave, 1]
        real, imaginary = slopes[wave, 0], slopes[wave, 1]
        for row in range(chance.size):
            turned = imaginary[row] * cosine[row] - real[row] * sine[row]
            value_slope[row] += chance[row] * length * turned
            chance_slope[row] += real[row] * cosine[row] + imaginary[row] * sine[row]


@compiled
def add_features(factors, places, first, last, total):  # noqa: ANN001, ANN201
    """Add the features of rows first to last, a multiple of LANES, to sums (2, m)."""
    sums = np.empty((2, LANES), np.float32)
    for j in range(places.shape[0]):
        a, b, c, d = places[j]
        sums[:] = 0
        for top in range(first, last, LANES):
            for lane in range(LANES):
                row = top + lane
                x, y = factors[a, 0, row], factors[a, 1, row]
                if b >= 0:
                    u, v = factors[b, 0, row], factors[b, 1, row]
                    x, y = x * u - y * v, x * v + y * u
                if c >= 0:
                    u, v = factors[c, 0, row], factors[c, 1, row]
                    x, y = x * u - y * v, x * v + y * u
                if d >= 0:
                    u, v = factors[d, 0, row], factors[d, 1, row]
                    x, y = x * u - y * v, x * v + y * u
                sums[0, lane] += x
                sums[1, lane] += y
        total[0, j] += sums[0].sum()
        total[1, j] += sums[1].sum()


@compiled
def pull_factors(factors, places, residual, slopes, first, last):  # noqa: ANN001, ANN201
    """Add the gradient of Σ_j Re(conj(r_j) Σ_rows f_j) in the factors of rows first to last.

    Args:
        factors: shape (columns · waves, 2, rows).
        places: of each frequency's waves, -1 for none, shape (m, 4).
        residual: r, cosines and sines, shape (2, m).
        slopes: the gradient, shape of the factors; changed in place.
        first: the first row.
        last: the row after the last.
    """
    f, g = factors[:, :, first:last], slopes[:, :, first:last]
    for j in range(places.shape[0]):
        a, b, c, d = places[j]
        p, q = residual[0, j], residual[1, j]
        if b < 0:
            _pull_one(g[a], p, q)
        elif c < 0:
            _pull_two(f[a], f[b], g[a], g[b], p, q)
        elif d < 0:
            _pull_three((f[a], f[b], f[c]), (g[a], g[b], g[c]), p, q)
        else:
            _pull_four((f[a], f[b], f[c], f[d]), (g[a], g[b], g[c], g[d]), p, q)


@compiled
def _pull_one(slope, p, q):  # noqa: ANN001, ANN202
    for row in range(slope.shape[1]):
        slope[0, row] += p
        slope[1, row] += q


@compiled
def _pull_two(f, g, f_slope, g_slope, p, q):  # noqa: ANN001, ANN202
    """The slope in one factor is r times the conjugate of the other."""
    f0, f1, g0, g1 = f[0], f[1], g[0], g[1]
    df0, df1, dg0, dg1 = f_slope[0], f_slope[1], g_slope[0], g_slope[1]
    for i in range(f0.size):
        x, y, u, v = f0[i], f1[i], g0[i], g1[i]
        df0[i] += p * u + q * v
        df1[i] += q * u - p * v
        dg0[i] += p * x + q * y
        dg1[i] += q * x - p * y


@compiled
def _pull_three(factors, slopes, p, q):  # noqa: ANN001, ANN202
    (f, g, h), (df, dg, dh) = factors, slopes
    f0, f1, g0, g1, h0, h1 = f[0], f[1], g[0], g[1], h[0], h[1]
    df0, df1, dg0, dg1, dh0, dh1 = df[0], df[1], dg[0], dg[1], dh[0], dh[1]
    for i in range(f0.size):
        x, y, u, v, s, t = f0[i], f1[i], g0[i], g1[i], h0[i], h1[i]
        rx, ry = p * x + q * y, q * x - p * y  # r conj(f)
        ru, rv = p * u + q * v, q * u - p * v  # r conj(g)
        df0[i] += ru * s + rv * t
        df1[i] += rv * s - ru * t
        dg0[i] += rx * s + ry * t
        dg1[i] += ry * s - rx * t
        dh0[i] += rx * u + ry * v
        dh1[i] += ry * u - rx * v


@compiled
def _pull_four(factors, slopes, p, q):  # noqa: ANN001, ANN202
    (f, g, h, k), (df, dg, dh, dk) = factors, slopes
    f0, f1, g0, g1, h0, h1, k0, k1 = f[0], f[1], g[0], g[1], h[0], h[1], k[0], k[1]
    df0, df1, dg0, dg1 = df[0], df[1], dg[0], dg[1]
    dh0, dh1, dk0, dk1 = dh[0], dh[1], dk[0], dk[1]
    for i in range(f0.size):
        x, y, u, v = f0[i], f1[i], g0[i], g1[i]
        s, t, w, z = h0[i], h1[i], k0[i], k1[i]
        rx, ry = p * x + q * y, q * x - p * y  # r conj(f)
        ru, rv = p * u + q * v, q * u - p * v  # r conj(g)
        both, bothi = s * w - t * z, s * z + t * w  # h k
        rxu, rxv = rx * u + ry * v, ry * u - rx * v  # r conj(f g)
        df0[i] += ru * both + rv * bothi
        df1[i] += rv * both - ru * bothi
        dg0[i] += rx * both + ry * bothi
        dg1[i] += ry * both - rx * bothi
        dh0[i] += rxu * w + rxv * z
        dh1[i] += rxv * w - rxu * z
        dk0[i] += rxu * s + rxv * t
        dk1[i] += rxv * s - rxu * t
