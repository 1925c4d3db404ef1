"""The polynomials of the kernel, at every phase that a float32 can hold."""

import numpy as np
import pytest

from sketchlearn.compilation import compiled
from sketchlearn.features import UNIT
from sketchlearn.features.waves import wave_units, waves


@compiled
def heaviest(first, last):
    """Return the largest cos² + sin², in squared units, of phases with these bits."""
    bits = np.empty(1, np.int32)
    phase = bits.view(np.float32)
    worst = 0
    for pattern in range(first, last):
        bits[0] = pattern
        cosine, sine = wave_units(phase[0])
        norm = np.int64(cosine) * cosine + np.int64(sine) * sine
        worst = max(worst, norm)
    return worst


@compiled
def evaluated(turns):
    result = np.empty((4, turns.size))
    for i in range(turns.size):
        result[0, i], result[1, i] = waves(turns[i])
        result[2, i], result[3, i] = wave_units(turns[i])
    return result


def test_no_phase_outweighs_the_unit_circle():
    # the sensitivity of a private release rests on this; phases are reduced to at most half a turn
    half = int(np.float32(0.5).view(np.int32))
    assert heaviest(0, half + 1) <= 2**40
    sign = int(np.float32(-0.0).view(np.int32))
    assert heaviest(sign, sign + half + 1) <= 2**40


@pytest.mark.parametrize("reach", [1e-6, 0.5, 100.0])
def test_waves_are_cosine_and_sine(reach):
    turns = np.linspace(-reach, reach, 400_001).astype(np.float32)
    cosine, sine, cosine_units, sine_units = evaluated(turns)
    angle = 2 * np.pi * turns.astype(np.float64)
    assert np.abs(cosine - np.cos(angle)).max() < 1e-6
    assert np.abs(sine - np.sin(angle)).max() < 1e-6
    assert np.abs(cosine_units * UNIT - np.cos(angle)).max() < 2.5 * UNIT
    assert np.abs(sine_units * UNIT - np.sin(angle)).max() < 2.5 * UNIT
