"""Compiled loops of structured frequencies: signs and Hadamard transforms instead of a product."""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled
from sketchlearn.features.butterfly import (
    LANES,
    butterfly2,
    butterfly4,
    butterfly16,
    signed_butterfly,
)
from sketchlearn.features.waves import wave_signs, wave_units

# Rows whose features are summed in int32 before they are added to the int64 totals.
_BLOCK_ROWS = 1024


@compiled
def transform(source, signs, target):  # noqa: ANN001, ANN201
    """Multiply the rows of `source` by signs, then by the Hadamard matrix.

    Args:
        source: float32, shape (2ᵖ, LANES), p ≥ 4.
        signs: float32, shape (2ᵖ,).
        target: the result, which may be `source`.
    """
    length = source.shape[0]
    read, written, sign = source.ctypes.data, target.ctypes.data, signs.ctypes.data
    row = LANES * 4
    for i in range(0, length, 16):
        signed_butterfly(read + i * row, sign + i * 4, written + i * row)
    step = 16
    while step < length:
        # as many doublings at a time as registers hold: fewer trips through memory
        radix = 16 if step * 16 <= length else 4 if step * 4 <= length else 2
        for start in range(0, length, radix * step):
            for i in range(start, start + step):
                if radix == 16:
                    butterfly16(written + i * row, step)
                elif radix == 4:
                    butterfly4(written + i * row, step)
                else:
                    butterfly2(written + i * row, step)
        step *= radix


@compiled
def add_structured(records, signs, factors, shifts, total):  # noqa: ANN001, ANN201
    """Add the features of records under structured frequencies.

    Args:
        records: float32, shape (n, d), C-contiguous.
        signs: ±1, float32, shape (blocks, 3, 2ᵖ) with 2ᵖ ≥ d.
        factors: turns per unit of a transformed record, float32, shape (blocks · 2ᵖ,).
        shifts: dither of 1-bit features, float32, shape (m,); empty for smooth ones.
        total: int64, shape (2, m), changed in place.
    """
    length = signs.shape[2]
    lanes = np.empty((length, LANES), np.float32)
    block = np.empty((length, LANES), np.float32)
    sums = np.empty((2, length, LANES), np.int32)
    # lanes without a record hold zeros, whose features are taken off again
    for number in range(signs.shape[0]):
        start = number * length
        width = min(length, total.shape[1] - start)
        scales = factors[start : start + width]
        dither = shifts[start : start + width]
        for first in range(0, records.shape[0], _BLOCK_ROWS):
            last = min(records.shape[0], first + _BLOCK_ROWS)
            sums[:] = 0
            for top in range(first, last, LANES):
                _load(records, top, min(LANES, last - top), lanes)
                transform(lanes, signs[number, 0], block)
                transform(block, signs[number, 1], block)
                transform(block, signs[number, 2], block)
                _add_features(block, scales, dither, sums)
            spare = -(last - first) % LANES
            for i in range(width):
                nothing = _feature(np.float32(0), dither, i)
                total[0, start + i] += sums[0, i].sum() - spare * np.int64(nothing[0])
                total[1, start + i] += sums[1, i].sum() - spare * np.int64(nothing[1])


@compiled
def _load(records, top, rows, lanes):  # noqa: ANN001, ANN202
    lanes[:] = 0
    for lane in range(rows):
        for k in range(records.shape[1]):
            lanes[k, lane] = records[top + lane, k]


@compiled
def _feature(turns, dither, i):  # noqa: ANN001, ANN202
    if dither.size:
        return wave_signs(turns + dither[i])
    return wave_units(turns)


@compiled
def _add_features(block, factors, dither, sums):  # noqa: ANN001, ANN202
    for i in range(factors.size):
        factor = factors[i]
        if dither.size:
            shift = dither[i]
            for lane in range(LANES):
                cosine, sine = wave_signs(block[i, lane] * factor + shift)
                sums[0, i, lane] += cosine
                sums[1, i, lane] += sine
        else:
            for lane in range(LANES):
                cosine, sine = wave_units(block[i, lane] * factor)
                sums[0, i, lane] += cosine
                sums[1, i, lane] += sine
