"""Exchanges of atoms."""

from __future__ import annotations

import numpy as np

import sketchlearn as sl
from sketchlearn.features.elliptical import Atoms
from sketchlearn.learners.decoding import Empirical
from sketchlearn.learners.decoding.descent import descend
from sketchlearn.learners.decoding.exchange import exchange

_CLUSTERS = 40


def test_missing_atoms_that_neighbours_make_up_for_are_found() -> None:
    """Clusters along a curve, two of them without an atom and two with two.

    No single exchange gains: all atoms must move before it shows.
    """
    rng = np.random.default_rng(1)
    turns = np.linspace(0, 6, _CLUSTERS)
    centers = np.stack([3 * turns, 4 * np.sin(turns)], axis=1)
    of = np.repeat(np.arange(_CLUSTERS), 1_000)
    records = centers[of] + 0.1 * rng.normal(size=(len(of), 2))
    sketch = sl.sketch(records, size=20 * _CLUSTERS, seed=1)
    empirical = Empirical.of(sketch)
    schema = sketch.plan.schema
    places = (centers - np.asarray(schema.center)) / np.asarray(schema.spread) - empirical.origin
    wrong = np.delete(np.vstack([places, places[[5, 30]] + 0.01]), [10, 20], axis=0)
    variances = np.full(_CLUSTERS, 0.1**2 / 27)
    weights = np.full(_CLUSTERS, 1 / _CLUSTERS)
    right = descend(empirical, Atoms.round(weights, places, variances), 60)
    start = descend(empirical, Atoms.round(weights, wrong, variances), 60)
    assert start.residual > 2 * right.residual
    found = exchange(empirical, start.atoms, np.random.default_rng(1))
    assert found.residual < 1.01 * right.residual
