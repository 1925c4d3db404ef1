"""More atoms than asked for, placed at the peaks of what is left of the sketch."""

from __future__ import annotations

import numpy as np

from sketchlearn.features.elliptical import Atoms
from sketchlearn.learners.decoding.descent import Descended, descend
from sketchlearn.learners.decoding.empirical import Empirical
from sketchlearn.learners.decoding.peaks import highest
from sketchlearn.learners.decoding.weights import best_weights

_STEPS, _LAST_STEPS = 4, 25
# A residual below this share of the noise leaves nothing to place atoms by.
_ENOUGH = 0.8
# Rounds in a row that lower the residual by less than this share end the growth.
_SLOW, _SLOW_ROUNDS = 0.02, 3


def grow(
    empirical: Empirical, least: int, most: int, blur: float, rng: np.random.Generator
) -> Descended:
    """Return spherical atoms that match a sketch.

    Atoms start narrow, and widen once all have found their place: one that starts wide takes the
    whole of the records for itself.

    Args:
        empirical: the sketch.
        least: number of atoms below which a match is no reason to end.
        most: number of atoms.
        blur: variance that atoms start with.
        rng: of the places that climbs start from.
    """
    atoms = Atoms.none(empirical.dimension)
    before, slow = float((empirical.mean**2).sum()), 0
    while len(atoms) < most:
        added = min(most - len(atoms), max(3, len(atoms) // 2, most // 8))
        grown = _with_peaks(empirical, atoms, added, blur, rng)
        grown = descend(empirical, grown, _STEPS, scatters=False)
        grown = descend(empirical, grown.atoms, _STEPS)
        atoms = _with_mass(empirical, grown.atoms, 1e-4 / len(grown))
        blur = min(blur, float(np.median(atoms.scatters)))
        if len(atoms) >= least and grown.residual < _ENOUGH * empirical.noise:
            break
        slow = slow + 1 if grown.residual > (1 - _SLOW) * before else 0
        if slow == _SLOW_ROUNDS:
            break
        before = min(before, grown.residual)
    return descend(empirical, atoms, _LAST_STEPS, enough=empirical.noise / 2)


def _with_peaks(
    empirical: Empirical, atoms: Atoms, added: int, blur: float, rng: np.random.Generator
) -> Atoms:
    """Return atoms with others at the peaks of their residual, of the best weights."""
    starts = empirical.starts(6 * added + 30, rng)
    if len(atoms):
        about = atoms.take(np.repeat(np.arange(len(atoms)), 2))
        steps = 1.5 * np.sqrt(about.scatters) * rng.standard_normal(about.centers.shape)
        starts = np.concatenate([starts, empirical.within(about.centers + steps)])
    _, rest = atoms.features_and_rest(empirical.frequencies, empirical.mean)
    peaks = highest(empirical, rest, starts, blur, added)
    new = Atoms.round(np.ones(len(peaks)), peaks.places, peaks.blurs)
    return _with_mass(empirical, atoms.and_also(new), 1e-5)


def _with_mass(empirical: Empirical, atoms: Atoms, least: float) -> Atoms:
    """Return atoms with their best weights, without those of less than `least`."""
    weights = best_weights(empirical, atoms)
    kept = weights > least
    return atoms.weighing(weights).take(kept) if kept.any() else atoms
