"""More atoms than there are: halves of some, and others at peaks of the residual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from sketchlearn.features.elliptical import Atoms
from sketchlearn.learners.decoding.descent import Descended, descend
from sketchlearn.learners.decoding.empirical import Empirical
from sketchlearn.learners.decoding.peaks import highest_of_blurs
from sketchlearn.learners.decoding.weights import best_weights

_STEPS = 15
# Peaks are looked for at these multiples of the median variance of atoms.
_BLURS = (4.0, 1.0, 0.25)
_WIDEST = 0.5


@final
@dataclass(frozen=True)
class Halves:
    """Two atoms in place of one.

    Attributes:
        residual: what they leave, were nothing else moved.
        of: number of the atom.
        atoms: the two.
    """

    residual: float
    of: int
    atoms: Atoms


def halves(empirical: Empirical, atoms: Atoms) -> list[Halves]:
    """Return every atom in halves, apart along the direction in which the residual asks for it.

    Those that bring the mixture nearest to the sketch come first.
    """
    frequencies = empirical.frequencies
    features, rest = atoms.features_and_rest(frequencies, empirical.mean)
    agreement = features[0] * rest[0] + features[1] * rest[1]  # (K, m)
    roots = atoms.scatter.roots(atoms.scatters, empirical.dimension)
    found = []
    for number, root in enumerate(roots):
        along = root.T @ frequencies.array  # (d, m)
        curvature = (along * agreement[number]) @ along.T
        direction = np.linalg.eigh(curvature)[1][:, 0]
        offset = root @ direction
        one = atoms.take([number])
        narrow = atoms.scatter.narrowed(one.scatters, direction[None])
        both = Atoms(
            np.repeat(one.weights / 2, 2),
            empirical.within(one.centers + np.stack([offset, -offset])),
            np.repeat(narrow, 2, axis=0),
            np.repeat(one.stabilities, 2),
            atoms.scatter,
        )
        halved = both.weights[:, None] * both.features(frequencies)
        left = rest + one.weights * features[:, number] - halved.sum(axis=1)
        found.append(Halves(float((left**2).sum()), number, both))
    return sorted(found, key=lambda halved: halved.residual)


def at_peaks(empirical: Empirical, atoms: Atoms, count: int, rng: np.random.Generator) -> Atoms:
    """Return atoms of little weight at the highest peaks of the residual, at most so many."""
    _, rest = atoms.features_and_rest(empirical.frequencies, empirical.mean)
    starts = np.concatenate([empirical.starts(2 * count + 30, rng), atoms.centers])
    usual = float(np.median(atoms.scatter.variances(atoms.scatters)))
    blurs = [min(_WIDEST * empirical.variance, factor * usual) for factor in _BLURS]
    peaks = highest_of_blurs(empirical, rest, starts, blurs, count)
    new = Atoms.round(np.full(len(peaks), 1e-4 / len(atoms)), peaks.places, peaks.blurs)
    return _like(new, atoms)


def expanded(
    empirical: Empirical, atoms: Atoms, peaks: int, halved: int, rng: np.random.Generator
) -> Descended:
    """Return more atoms: some in halves, and so many others at peaks; all are moved then."""
    split = halves(empirical, atoms)[:halved]
    new = at_peaks(empirical, atoms, peaks, rng)
    more = atoms.without([one.of for one in split]).and_also(*(one.atoms for one in split), new)
    weights = np.maximum(best_weights(empirical, more), 1e-4 / len(more))
    return descend(empirical, more.weighing(weights), _STEPS)


def _like(new: Atoms, atoms: Atoms) -> Atoms:
    """Return spherical atoms as atoms of another kind, of its median stability."""
    alike = new.as_scatter(atoms.scatter)
    stabilities = np.full(len(new), np.median(atoms.stabilities))
    return Atoms(alike.weights, alike.centers, alike.scatters, stabilities, atoms.scatter)
