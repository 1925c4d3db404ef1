"""Compiled loops of wavelets: moduli averaged over squares, and their gradient.

A plane with its border is read as one long line: a row of a filter, then, is one loop over all of
it. What it says of the border's own columns is never looked at.
"""

from __future__ import annotations

import numpy as np

from sketchlearn.compilation import compiled

#: Side of a filter, in pixels; the loops are written out for it.
SIDE = 7


@compiled
def average_moduli(padded, filters, square, least, waves, averages):  # noqa: ANN001, ANN201
    """Write the moduli of wavelets, averaged over squares.

    Args:
        padded: planes with a border of zeros, float32, shape (n, h + SIDE - 1, w + SIDE - 1).
        filters: real parts, then imaginary ones, float32, shape (2 L, SIDE, SIDE).
        square: side of the squares; h and w are multiples of it.
        least: added to each modulus, squared under the root.
        waves: written: waves over their moduli, zeros in the border's columns, float32, shape
            (n, 2 L, h, w + SIDE - 1).
        averages: written: float32, shape (n, L, h / square, w / square).
    """
    _, wavelets, _, across = averages.shape
    height, width = waves.shape[2], across * square
    share = np.float32(1 / (square * square))
    moduli = np.empty(width, np.float32)
    averages[:] = 0
    waves[:] = 0
    for number in range(padded.shape[0]):
        line = padded[number].reshape(-1)
        for part in range(2 * wavelets):
            seen = waves[number, part].reshape(-1)
            span = seen[: seen.size - SIDE + 1]
            for down in range(SIDE):
                _add(span, line[down * padded.shape[2] :], filters[part, down])
            waves[number, part, :, width:] = 0
        for wavelet in range(wavelets):
            own = waves[number, wavelet], waves[number, wavelets + wavelet]
            for row in range(height):
                place = averages[number, wavelet, row // square]
                _average(own[0][row], own[1][row], moduli, (share, least), place)


@compiled
def _average(real, imaginary, moduli, scale, averages):  # noqa: ANN001, ANN202
    """Add a row's moduli to averages, and divide its waves by them; `scale`: share, least."""
    share, least = scale
    for x in range(moduli.size):
        a, b = real[x], imaginary[x]
        moduli[x] = np.sqrt(a * a + b * b + least * least)
        real[x] = a / moduli[x]
        imaginary[x] = b / moduli[x]
    square = moduli.size // averages.size
    for place in range(averages.size):
        for x in range(place * square, (place + 1) * square):
            averages[place] += moduli[x] * share


@compiled
def pull_moduli(waves, filters, square, gradient, padded):  # noqa: ANN001, ANN201
    """Add the gradient of pixels to `padded`.

    Args:
        waves: what `average_moduli` wrote.
        filters: as there.
        square: as there.
        gradient: of the averages, float32, shape (n, L, h / square, w / square).
        padded: changed: float32, shape (n, h + SIDE - 1, w + SIDE - 1).
    """
    wavelets, height, stride = gradient.shape[1], waves.shape[2], waves.shape[3]
    share = np.float32(1 / (square * square))
    # zeros in front stand for what lies before the first pixel
    slopes = np.zeros(SIDE - 1 + height * stride, np.float32)
    for number in range(waves.shape[0]):
        line = padded[number].reshape(-1)
        for part in range(2 * wavelets):
            for row in range(height):
                own = waves[number, part, row]
                pulls = gradient[number, part % wavelets, row // square]
                start = SIDE - 1 + row * stride
                for place in range(pulls.size):
                    pull = pulls[place] * share
                    for x in range(place * square, (place + 1) * square):
                        slopes[start + x] = own[x] * pull
            for down in range(SIDE):
                left = down * stride
                _add(line[left : left + height * stride], slopes, filters[part, down, ::-1])


@compiled
def _add(out, line, taps):  # noqa: ANN001, ANN202
    """Add to each number of `out` what a row of a filter sees from there on."""
    t0, t1, t2, t3, t4, t5, t6 = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5], taps[6]
    for i in range(out.size):
        near = t0 * line[i] + t1 * line[i + 1] + t2 * line[i + 2] + t3 * line[i + 3]
        out[i] += near + (t4 * line[i + 4] + t5 * line[i + 5] + t6 * line[i + 6])
