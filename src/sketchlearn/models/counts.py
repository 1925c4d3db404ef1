"""How many records are asked of a model."""

from __future__ import annotations

import numpy as np

from sketchlearn.errors import OptionError


def require_count(count: object) -> None:
    """Raise OptionError unless a number of records is whole, 0 or more."""
    if not isinstance(count, int | np.integer) or count < 0:
        raise OptionError(f"{count!r} records were asked for; the number must be whole, 0 or more.")
