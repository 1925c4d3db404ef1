"""Whether pixels come in the units that a plan was made for."""

from __future__ import annotations

import warnings

import numpy as np

from sketchlearn.errors import ColumnError, PlanWarning

# Images of a batch that are looked at, and fewest that tell whether images differ.
_SOME, _FEWEST = 256, 20

# Root mean square of encoded pixels, 1 in the pilot, and their deviation between images, beyond
# which they are in other units: 0 to 255 for 0 to 1 makes them some 255 times as large.
_LARGEST, _LEAST = 20.0, 0.05


def check_pixels(encoded: np.ndarray) -> None:
    """Refuse images whose pixels are in larger units than the pilot's; warn of smaller ones.

    Args:
        encoded: standardised images, shape (n, d).

    Raises:
        ColumnError: pixels are many times as far from the plan's center as those of the pilot.
    """
    some = encoded[:_SOME]
    with np.errstate(over="ignore"):
        size = float(np.sqrt(np.mean(some**2))) if len(some) else 0.0
    if size > _LARGEST:
        raise ColumnError(
            f"Pixels are {size:.0f} times as far from the plan's mean image as those of its pilot: "
            "they are in other units, such as 0 to 255 where 0 to 1 was planned. Scale them as "
            "for the plan, or make a new plan."
        )
    if len(some) >= _FEWEST and np.sqrt(np.mean(some.var(axis=0))) < _LEAST:
        warnings.warn(
            "Images of a batch hardly differ from each other, where those of the pilot did: they "
            "are all black, or in other units, such as 0 to 1 where 0 to 255 was planned.",
            PlanWarning,
            stacklevel=2,
        )
