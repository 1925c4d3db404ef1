"""Exchanges: an atom more where the sketch asks for it most, one less where it is missed least.

Each trial moves the atoms it touches and their neighbours, while the others stay, so that many
trials cost as much as a step of all atoms. The best of those that do not meet are made together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from sketchlearn.features.elliptical import Atoms
from sketchlearn.learners.decoding.descent import Descended, descend
from sketchlearn.learners.decoding.empirical import Empirical
from sketchlearn.learners.decoding.expansion import at_peaks, halves
from sketchlearn.learners.decoding.merging import contract, reductions

_ROUNDS, _TRIALS = 20, 24
_NEIGHBOURS, _TRIAL_STEPS = 3, 6
_STEPS, _LAST_STEPS = 12, 30
# What a pair of trials must gain, over what it loses: first surely, then perhaps, since trials move
# few atoms and few steps, and gain less than a step of all.
_HOPES = 1.02, 0.5
# Pairs that are made one at a time where all together do not gain.
_ALONE = 4
# A round that gains less than this share of the residual is the last.
_GAIN = 0.005


def exchange(empirical: Empirical, atoms: Atoms, rng: np.random.Generator) -> Descended:
    """Exchange atoms, as many for as many, until no exchange brings them nearer to the sketch."""
    place = descend(empirical, atoms, 0)
    for _ in range(_ROUNDS):
        there = _exchanged(empirical, place, rng)
        if there is None:
            break
        place = there
    return descend(empirical, place.atoms, _LAST_STEPS)


@final
@dataclass(frozen=True)
class _Trial:
    """What came of a change: the residual, the atoms it touched, and those now in their place."""

    residual: float
    touched: tuple[int, ...]
    instead: Atoms


@final
class _Trials:
    """Trials of changes to a mixture."""

    def __init__(self, empirical: Empirical, atoms: Atoms) -> None:
        self._empirical, self._atoms = empirical, atoms
        features, self._rest = atoms.features_and_rest(empirical.frequencies, empirical.mean)
        self._parts = atoms.weights[:, None] * features  # (2, K, m)

    def of(self, out: tuple[int, ...], instead: Atoms, where: np.ndarray) -> _Trial:
        """Try other atoms instead of some, near places (n, d)."""
        touched = (*out, *self._near(out, where, _NEIGHBOURS - len(out)))
        toward = self._rest + self._parts[:, list(touched)].sum(axis=1)
        alone = instead.and_also(self._atoms.take(list(touched[len(out) :])))
        if not len(alone):
            return _Trial(float((toward**2).sum()), touched, alone)
        moved = descend(self._empirical, alone, _TRIAL_STEPS, toward=toward, flat=1e-3)
        return _Trial(moved.residual, touched, moved.atoms)

    def _near(self, out: tuple[int, ...], where: np.ndarray, count: int) -> list[int]:
        atoms = self._atoms
        squares = ((atoms.centers[:, None] - where) ** 2).sum(axis=2).min(axis=1)
        squares /= atoms.scatter.variances(atoms.scatters)
        squares[list(out)] = np.inf
        return np.argsort(squares)[: max(0, min(count, len(atoms) - len(out)))].tolist()


def _exchanged(
    empirical: Empirical, place: Descended, rng: np.random.Generator
) -> Descended | None:
    """Make the exchanges of a round; return where they led, or None where none gains."""
    atoms = place.atoms
    trials = _Trials(empirical, atoms)
    more = sorted(_additions(empirical, atoms, trials, rng), key=lambda trial: trial.residual)
    less = sorted(_removals(empirical, atoms, trials), key=lambda trial: trial.residual)
    for hope in _HOPES:
        pairs = _pairs(more, less, place.residual, _most_at_once(atoms), hope)
        for chosen in (pairs, *([pair] for pair in pairs[:_ALONE])):
            if chosen:
                there = descend(empirical, _after(atoms, chosen), _STEPS)
                if there.residual < (1 - _GAIN) * place.residual:
                    return there
    there = _by_way_of_more(empirical, atoms, more)
    return there if there.residual < (1 - _GAIN) * place.residual else None


def _by_way_of_more(empirical: Empirical, atoms: Atoms, more: list[_Trial]) -> Descended:
    """Make the best additions that do not meet, move all atoms, and only then have fewer.

    Where neighbours have made up for an atom that is missing, what one more gains shows only when
    all of them move, and so does how little one too many is missed.
    """
    chosen: list[_Trial] = []
    touched: set[int] = set()
    for addition in more:
        if len(chosen) == _most_at_once(atoms):
            break
        if touched.isdisjoint(addition.touched):
            chosen.append(addition)
            touched.update(addition.touched)
    added = atoms.without(sorted(touched)).and_also(*(trial.instead for trial in chosen))
    return contract(empirical, descend(empirical, added, _STEPS).atoms, len(atoms), share=3)


def _most_at_once(atoms: Atoms) -> int:
    return 1 + len(atoms) // 8


def _additions(
    empirical: Empirical, atoms: Atoms, trials: _Trials, rng: np.random.Generator
) -> Iterator[_Trial]:
    most = min(_TRIALS, 2 * len(atoms) + 4)
    new = at_peaks(empirical, atoms, max(4, most // 2), rng)
    for number in range(len(new)):
        one = new.take([number])
        yield trials.of((), one, one.centers)
    for halved in halves(empirical, atoms):
        yield trials.of((halved.of,), halved.atoms, halved.atoms.centers)


def _removals(empirical: Empirical, atoms: Atoms, trials: _Trials) -> Iterator[_Trial]:
    if len(atoms) < 2:
        return
    for reduction in reductions(empirical, atoms)[: max(2 * _TRIALS, len(atoms))]:
        where = reduction.instead.centers if len(reduction.instead) else None
        out = reduction.out
        yield trials.of(
            out, reduction.instead, atoms.centers[list(out)] if where is None else where
        )


def _pairs(
    more: list[_Trial], less: list[_Trial], residual: float, most: int, hope: float
) -> list[tuple[_Trial, _Trial]]:
    """Pair the best additions with the best removals, as long as a pair may gain.

    Args:
        more: additions, best first.
        less: removals, best first.
        residual: of the place.
        most: pairs at most.
        hope: share of its loss that a pair must gain in trials.
    """
    pairs: list[tuple[_Trial, _Trial]] = []
    used: set[int] = set()
    for addition in more:
        if len(pairs) == most:
            break
        if not used.isdisjoint(addition.touched):
            continue
        for removal in less:
            gain, loss = residual - addition.residual, removal.residual - residual
            if gain < hope * loss + _GAIN * residual:
                break
            if (used | set(addition.touched)).isdisjoint(removal.touched):
                pairs.append((addition, removal))
                used |= {*addition.touched, *removal.touched}
                break
    return pairs


def _after(atoms: Atoms, pairs: list[tuple[_Trial, _Trial]]) -> Atoms:
    trials = [trial for pair in pairs for trial in pair]
    touched = [number for trial in trials for number in trial.touched]
    return atoms.without(touched).and_also(*(trial.instead for trial in trials))
