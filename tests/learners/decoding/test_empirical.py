"""What a sketch tells of records: along few directions, at and near frequency 0."""

from __future__ import annotations

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.features.elliptical import Atoms
from sketchlearn.features.scatters import DIAGONAL
from sketchlearn.learners.decoding import Empirical, decode


def _of_gaussians(dimension: int, size: int = 300) -> tuple[np.ndarray, Empirical]:
    rng = np.random.default_rng(0)
    records = rng.normal(size=(4_000, dimension)) @ rng.normal(size=(dimension, dimension))
    return records, Empirical.of(sl.sketch(records, size=size, seed=0), source_units=True)


def test_one_gaussian_is_the_same_along_its_leading_directions() -> None:
    _, empirical = _of_gaussians(12)
    few = empirical.leading(4)
    assert few.dimension == 4
    atom = Atoms(np.ones(1), np.zeros((1, 4)), np.diag(few.spread)[None], np.full(1, 2.0), DIAGONAL)
    along = empirical.frequencies.array
    whole = np.exp(-0.5 * np.einsum("dm,de,em->m", along, empirical.spread, along))
    np.testing.assert_allclose(atom.features(few.frequencies)[0, 0], whole, rtol=1e-9)


def test_places_along_leading_directions_are_records_again() -> None:
    _, empirical = _of_gaussians(12)
    few = empirical.leading(4)
    places = np.random.default_rng(1).normal(size=(5, 4))
    np.testing.assert_allclose(few.encoded(places), empirical.encoded(places @ few.axes.T))


def test_few_columns_are_not_reduced() -> None:
    _, empirical = _of_gaussians(3)
    assert empirical.leading(4) is empirical


@pytest.mark.parametrize("count", [4_000, 400])
def test_features_that_the_covariance_tells_are_those_of_the_records(count: int) -> None:
    records, _ = _of_gaussians(5)
    records = records[:count]
    sketch = sl.sketch(records, size=100, seed=0)
    empirical = Empirical.of(sketch, source_units=True)
    more = empirical.with_covariance(np.random.default_rng(2))
    new = more.frequencies.array[:, empirical.size :]
    schema = sketch.plan.schema
    encoded = (records - np.asarray(schema.center)) / np.asarray(schema.spread)
    waves = np.exp(1j * ((encoded - empirical.origin) * empirical.units) @ new).mean(axis=0)
    weight = np.exp(-np.asarray(more.frequencies.outside)[empirical.size :])
    told = more.mean[0, empirical.size :] / weight
    assert np.abs(waves - told).max() < 0.25 / np.sqrt(count)  # the noise of cosines is larger
    assert more.noise == empirical.noise


def test_masses_sum_to_one_though_no_mixture_describes_the_records() -> None:
    rng = np.random.default_rng(3)
    records = rng.standard_t(1.1, size=(20_000, 2))
    empirical = Empirical.of(sl.sketch(records, size=200, seed=3))
    free = decode(empirical, 1, np.random.default_rng(4)).atoms.weights.sum()
    known = decode(empirical.with_mass(), 1, np.random.default_rng(4)).atoms.weights.sum()
    assert abs(known - 1) < 0.75 * abs(free - 1)


def test_what_is_thinned_keeps_what_is_known_of_zero() -> None:
    _, empirical = _of_gaussians(3)
    few = empirical.with_mass().thinned(110)
    assert (few.frequencies.size, few.size) == (110, 100)
    np.testing.assert_array_equal(few.frequencies.array[:, few.size :], 0)
    assert abs(few.noise / empirical.noise - few.size / empirical.size) < 0.05
