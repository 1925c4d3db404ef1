"""Side sums against numpy, and their group laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sketchlearn as sl
from sketchlearn.errors import OverflowSketchError
from sketchlearn.features import Gaussian
from sketchlearn.sketches import SideSums


def normal(count, dimension=3, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dimension))


def test_mean_and_covariance_are_those_of_numpy():
    records = normal(2000) @ np.array([[1.0, 0.5, 0.0], [0.0, 2.0, 0.3], [0.0, 0.0, 0.1]]) + 3
    side = SideSums.of(records)
    assert side.mean(2000) == pytest.approx(records.mean(axis=0), abs=1e-6)
    assert side.covariance(2000) == pytest.approx(np.cov(records.T, bias=True), abs=1e-3)


def test_bounds_are_the_smallest_and_largest_values():
    records = normal(50)
    side = SideSums.of(records)
    assert np.array_equal(side.lower, records.min(axis=0))
    assert np.array_equal(side.upper, records.max(axis=0))


def test_the_diagonal_alone_gives_variances():
    records = normal(700, 30)
    side = SideSums.of(records, full=False)
    assert side.second.shape == (30,)
    assert side.covariance(700) == pytest.approx(records.var(axis=0), abs=5e-3)


@pytest.mark.parametrize(
    ("dimension", "moments", "full"),
    [(256, "auto", True), (257, "auto", False), (257, "full", True), (2, "diagonal", False)],
)
def test_plans_keep_the_whole_matrix_of_few_columns(dimension, moments, full):
    records = normal(50, dimension)
    plan = sl.plan(records, size=20, moments=moments)
    sketch = sl.sketch(records, plan)
    assert sketch.side.second.ndim == (2 if full else 1)
    assert sum(sl.sketch(part, plan) for part in np.array_split(records, 3)) == sketch


def test_first_plans_keep_the_whole_matrix_up_to_1024_columns():
    schema = sl.plan(normal(50, 2), size=20).schema

    def plan_of(columns):
        names = tuple(f"x{i}" for i in range(columns))
        parts = [part[:1] * columns for part in (schema.dtypes, schema.center, schema.spread)]
        return sl.Plan(type(schema)(names, *parts), Gaussian(), 20, 0)

    assert plan_of(1024).full_moments
    assert not plan_of(1025).full_moments


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1200), st.integers(0, 1200), st.integers(0, 2**32 - 1))
def test_sums_of_parts_in_any_order_are_the_sums_of_the_whole(left, right, seed):
    records = 100 * normal(left + right, 2, seed)
    whole = SideSums.of(records)
    a, b = SideSums.of(records[:left]), SideSums.of(records[left:])
    shuffled = np.random.default_rng(seed).permutation(records)
    assert a + b == b + a == whole == SideSums.of(shuffled)
    assert a + b - b == a
    assert np.array_equal((a + b).lower, whole.lower)
    assert np.array_equal((a + b).upper, whole.upper)


def test_different_records_give_different_sums():
    assert SideSums.of(normal(5)) != SideSums.of(normal(5, seed=1))
    same_mean = np.array([[1.0, 1, 1], [-1, -1, -1]])
    assert SideSums.of(same_mean) != SideSums.of(2 * same_mean)


def test_nothing_is_the_neutral_element():
    side = SideSums.of(normal(5))
    assert side + SideSums.empty(3) == side == SideSums.empty(3) + side
    assert SideSums.of(np.empty((0, 3))) == SideSums.empty(3)


def test_bounds_are_not_forgotten():
    a, b = SideSums.of(normal(5)), SideSums.of(np.full((1, 3), 9.0))
    assert (a + b - b).upper.tolist() == [9.0, 9.0, 9.0]


def test_values_are_clipped_at_4096_spreads():
    assert SideSums.of(np.array([[1e300, -1e9]])).mean(1).tolist() == [4096.0, -4096.0]


def test_a_sum_beyond_64_bits_is_refused():
    # one clipped record adds 2^44 units to a second moment: 2^18 of them make 2^62
    half = SideSums.of(np.full((2**17, 1), 4096.0))
    full = half + half
    assert full.second.item() == 2**62
    with pytest.raises(OverflowSketchError, match="new plan"):
        full + SideSums.of(np.full((1, 1), 4096.0))
    with pytest.raises(OverflowSketchError):
        SideSums.of(np.full((1, 1), 4096.0)) + full
