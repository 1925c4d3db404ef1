"""The search for the atoms of a sketch: grow, contract, exchange, and again from another start."""

from __future__ import annotations

import numpy as np

from sketchlearn.features.scatters import SPHERICAL, Scatter
from sketchlearn.learners.decoding.descent import Descended, descend
from sketchlearn.learners.decoding.empirical import Empirical
from sketchlearn.learners.decoding.exchange import exchange
from sketchlearn.learners.decoding.growth import grow
from sketchlearn.learners.decoding.merging import contract

# Searches, one after the other: the variance that atoms start with, over that of the records shared
# by so many equal balls, and atoms grown for one that is asked for.
_SEARCHES = ((0.1, 1.5), (0.3, 3.0))
_STEPS = 15
# A residual below this share of what records leave that atoms were not fitted to ends the search.
_ENOUGH = 0.5


def decode(
    empirical: Empirical, count: int, rng: np.random.Generator, scatter: Scatter = SPHERICAL
) -> Descended:
    """Return Gaussian atoms whose features equal a sketch's, so many or fewer.

    Args:
        empirical: the sketch.
        count: number of atoms.
        rng: of starts.
        scatter: of the atoms; they are balls until all have found their place.
    """
    ball = empirical.variance * count ** (-2 / empirical.dimension)
    ends: list[Descended] = []
    for blur, grown in _SEARCHES:
        most = max(count, min(round(grown * count), empirical.most_atoms()))
        atoms = grow(empirical, count, most, blur * ball, rng).atoms
        if scatter is not SPHERICAL:
            # balls in a row become one ellipsoid better than one ball does
            balls = max(count, min(len(atoms), empirical.most_atoms(scatter)))
            atoms = contract(empirical, atoms, balls).atoms.as_scatter(scatter)
            atoms = descend(empirical, atoms, _STEPS).atoms
        ends.append(exchange(empirical, contract(empirical, atoms, count).atoms, rng))
        if _matches(empirical, ends[-1]):
            return ends[-1]
    return min(ends, key=lambda end: end.residual)


def _matches(empirical: Empirical, found: Descended) -> bool:
    """Tell whether atoms leave less than records of theirs would that were not fitted to."""
    return empirical.excess(found.atoms) < _ENOUGH
