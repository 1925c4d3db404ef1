"""Fewer atoms: those go, or become one with a neighbour, that the sketch misses least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from sketchlearn.features.elliptical import Atoms
from sketchlearn.learners.decoding.descent import Descended, descend
from sketchlearn.learners.decoding.empirical import Empirical

# Neighbours of an atom that it may be merged with.
_NEIGHBOURS = 6
_STEPS, _LAST_STEPS = 5, 30
# The last atom too many is looked for among so many.
_LAST_CHOICES, _CHOICE_STEPS = 5, 8


@final
@dataclass(frozen=True)
class Reduction:
    """A way to have one atom less.

    Attributes:
        residual: what it leaves, were nothing else moved.
        out: numbers of the atoms that go, one or two.
        instead: the atom that takes the place of two, or none.
    """

    residual: float
    out: tuple[int, ...]
    instead: Atoms


def reductions(empirical: Empirical, atoms: Atoms) -> list[Reduction]:
    """Return ways to have one atom less, those that are missed least first."""
    frequencies = empirical.frequencies
    features, rest = atoms.features_and_rest(frequencies, empirical.mean)
    parts = atoms.weights[:, None] * features  # (2, K, m)
    first, second = _neighbours(atoms)
    both = atoms.merged(first, second)
    merged = both.weights[:, None] * both.features(frequencies)
    left = rest[:, None] + parts[:, first] + parts[:, second] - merged
    found = [
        Reduction(cost, (one, other), both.take([number]))
        for number, (cost, one, other) in enumerate(
            zip((left**2).sum(axis=(0, 2)), first.tolist(), second.tolist(), strict=True)
        )
    ]
    none = atoms.take([])
    costs = ((rest[:, None] + parts) ** 2).sum(axis=(0, 2))
    found += [Reduction(cost, (number,), none) for number, cost in enumerate(costs)]
    return sorted(found, key=lambda reduction: reduction.residual)


def reduced(atoms: Atoms, chosen: list[Reduction]) -> Atoms:
    """Return atoms after reductions that do not share an atom."""
    out = [number for reduction in chosen for number in reduction.out]
    return atoms.without(out).and_also(*(reduction.instead for reduction in chosen))


def contract(empirical: Empirical, atoms: Atoms, count: int, share: int = 4) -> Descended:
    """Return so many atoms, less a few at a time, all moved after each time.

    Args:
        empirical: the sketch.
        atoms: at least `count`, or they are moved only.
        count: how many.
        share: of those too many, one in so many goes at a time.
    """
    while len(atoms) > count + 1:
        goes = max(1, (len(atoms) - count) // share)
        chosen = _disjoint(reductions(empirical, atoms), goes)
        atoms = descend(empirical, reduced(atoms, chosen), _STEPS).atoms
    if len(atoms) == count + 1:
        atoms = _last(empirical, atoms)
    return descend(empirical, atoms, _LAST_STEPS)


def _last(empirical: Empirical, atoms: Atoms) -> Atoms:
    """Return one atom less, the best of a few ways after each was tried."""
    trials = [
        descend(empirical, reduced(atoms, [reduction]), _CHOICE_STEPS)
        for reduction in reductions(empirical, atoms)[:_LAST_CHOICES]
    ]
    return min(trials, key=lambda trial: trial.residual).atoms


def _disjoint(ordered: list[Reduction], count: int) -> list[Reduction]:
    chosen: list[Reduction] = []
    used: set[int] = set()
    for reduction in ordered:
        if len(chosen) == count:
            break
        if used.isdisjoint(reduction.out):
            chosen.append(reduction)
            used.update(reduction.out)
    return chosen


def _neighbours(atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of atoms that are near each other."""
    count = len(atoms)
    squares = ((atoms.centers[:, None] - atoms.centers) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    near = np.argsort(squares, axis=1)[:, : min(_NEIGHBOURS, count - 1)]
    pairs = np.stack([np.repeat(np.arange(count), near.shape[1]), near.ravel()], axis=1)
    pairs = np.unique(np.sort(pairs, axis=1), axis=0).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
