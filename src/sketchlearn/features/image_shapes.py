"""What the shape of an image says: where its sides are, and what suits it."""

from __future__ import annotations

import math
from collections.abc import Sequence

# From this many pixels on, neighbouring pixels are worth windows and convolutions.
_LARGE = 400

# Planes that may come last; more are taken for rows of pixels.
_MOST_PLANES = 4


def planes_last(image: Sequence[int]) -> bool:
    """Tell whether an image is (height, width, planes) rather than (planes, height, width)."""
    return len(image) == 3 and image[2] <= _MOST_PLANES < image[0]


def sides_of(image: Sequence[int]) -> tuple[int, int]:
    """Return (height, width) of an image of two or three axes."""
    height, width = image[:2] if planes_last(image) else image[-2:]
    return height, width


def is_large(image: Sequence[int] | None) -> bool:
    """Tell whether a record is an image large enough for windows and convolutions."""
    return image is not None and len(image) in (2, 3) and math.prod(image) >= _LARGE


def halves_twice(image: Sequence[int]) -> bool:
    """Tell whether a record is an image whose sides wavelets can halve twice."""
    return len(image) in (2, 3) and all(s % 4 == 0 and s >= 8 for s in sides_of(image))
