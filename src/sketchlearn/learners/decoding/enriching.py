"""More atoms, until the sketch tells nothing that they do not."""

from __future__ import annotations

import numpy as np

from sketchlearn.learners.decoding.descent import Descended, descend
from sketchlearn.learners.decoding.empirical import Empirical
from sketchlearn.learners.decoding.expansion import expanded

# The residual to reach, over its expectation, and the least gain of a round.
_ENOUGH, _GAIN = 0.5, 0.02


def enriched(
    empirical: Empirical, found: Descended, most: int, rng: np.random.Generator
) -> Descended:
    """Return the fewest atoms found, at most so many, that describe a sketch as records would.

    Shapes that no atom has are described by several.
    """
    while empirical.excess(found.atoms) > _ENOUGH:
        added = min(max(1, len(found) // 6), (most - len(found)) // 2)
        if added < 1:
            break
        more = expanded(empirical, found.atoms, added, added, rng)
        if more.residual > (1 - _GAIN) * found.residual:
            break
        kept = more.atoms.weights > 1e-4 / len(more)
        found = descend(empirical, more.atoms.take(kept), 0)
    return found
