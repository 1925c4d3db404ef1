"""Squares along directions: those of the records, exact sums, cut off where nothing Gaussian is."""

import numpy as np
import pytest

from sketchlearn.features.quadratic import Quadratic
from sketchlearn.features.statistics import statistic_from_document

QUADRATIC = Quadratic(dimension=5, size=70, spread=1.5, seed=3)


def sums(records, statistic=QUADRATIC):
    total = np.zeros(statistic.shape, dtype=np.int64)
    statistic.add(records, total)
    return total


def test_mean_squares_are_those_of_the_second_moments():
    records = np.random.default_rng(0).normal(size=(2_000, 5)) @ np.diag([1.0, 2, 3, 0.1, 0]) + 0.5
    second = records.T @ records / len(records)
    expected = np.einsum("ji,ik,jk->j", QUADRATIC.directions, second, QUADRATIC.directions)
    found = QUADRATIC.squares(sums(records), len(records))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_directions_are_uniform_on_the_sphere_and_a_matter_of_the_seed():
    many = Quadratic(dimension=3, size=20_000, spread=1.0, seed=0).directions
    np.testing.assert_allclose(np.linalg.norm(many, axis=1), 1)
    np.testing.assert_allclose(many.T @ many / len(many), np.eye(3) / 3, atol=0.01)
    again = Quadratic(dimension=3, size=20_000, spread=2.0, seed=0).directions
    assert np.array_equal(many, again)


def test_parts_add_up_to_the_last_bit():
    records = np.random.default_rng(1).standard_cauchy((501, 5))
    parts = [sums(records[start:stop]) for start, stop in ((0, 1), (1, 8), (8, 300), (300, 501))]
    assert np.array_equal(sum(parts), sums(records))


def test_a_distant_record_counts_as_sixteen_spreads():
    distant = np.full((1, 5), 1e300)
    found = QUADRATIC.squares(sums(distant), 1)
    np.testing.assert_allclose(found, (16 * 1.5) ** 2)


def test_a_document_makes_the_same_statistic():
    assert statistic_from_document(QUADRATIC.to_document()) == QUADRATIC


@pytest.mark.parametrize("change", [{"size": 0}, {"spread": float("nan")}, {"dimension": -1}])
def test_a_document_of_no_statistic_is_refused(change):
    with pytest.raises(ValueError, match=r"\d|nan"):
        statistic_from_document(QUADRATIC.to_document() | change)
