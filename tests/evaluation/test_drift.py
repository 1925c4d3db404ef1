"""Drift: chance is told from change."""

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import OptionError, PlanMismatchError

CENTERS = np.array([[0.0, 0], [4, 0], [0, 3]])


def records(count, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    drawn = CENTERS[rng.integers(0, 3, count)] + rng.standard_normal((count, 2))
    drawn[:, 0] += shift
    return drawn


PLAN = sl.plan(records(3_000, 0), size=120)


def sketch(count, seed, shift=0.0):
    return sl.sketch(records(count, seed, shift), PLAN)


def test_p_values_of_one_law_are_uniform():
    found = [sl.drift(sketch(800, 2 * k), sketch(400, 2 * k + 1)).p_value for k in range(1, 25)]
    # of 24 uniforms, with a probability below one in ten thousand each
    assert np.mean(found) == pytest.approx(0.5, abs=0.24)
    assert min(found) > 1e-4


def test_the_distance_is_that_of_the_laws_without_the_bias_of_samples():
    found = [sl.drift(sketch(500, 2 * k), sketch(500, 2 * k + 1)) for k in range(1, 13)]
    mean = np.mean([one.distance for one in found])
    assert abs(mean) < 4 * found[0].deviation / np.sqrt(12)


def test_a_shift_is_found_and_named():
    found = sl.drift(sketch(4_000, 1), sketch(4_000, 2, shift=0.4))
    assert found.p_value < 1e-4
    assert found.distance > 3 * found.deviation
    assert found.shifts["x0"] > 8
    assert abs(found.shifts["x1"]) < 5


def test_a_change_that_moves_no_mean_is_found():
    rng = np.random.default_rng(0)
    narrow = sl.sketch(records(1, 1).mean(axis=0) + rng.standard_normal((4_000, 2)), PLAN)
    wide = sl.sketch(records(1, 1).mean(axis=0) + 1.3 * rng.standard_normal((4_000, 2)), PLAN)
    found = sl.drift(narrow, wide)
    assert found.p_value < 1e-4
    assert max(map(abs, found.shifts.values())) < 4


def test_what_moved_beyond_all_moments_is_compared():
    usual = sketch(500, 1)
    stuck = sl.sketch(np.full((500, 2), 1.5), PLAN)
    units = sl.sketch(records(500, 2) * 1e5, PLAN)
    assert sl.drift(usual, stuck).p_value < 1e-6
    assert sl.drift(usual, units).p_value < 1e-6


def test_other_plans_are_refused():
    other = sl.sketch(records(100, 1), size=60)
    with pytest.raises(PlanMismatchError):
        sl.drift(sketch(100, 1), other)


def test_a_sketch_is_not_compared_with_itself():
    some = records(500, 0)
    plan = sl.plan(some, size=100)
    with pytest.raises(OptionError, match="are the same"):
        sl.drift(sl.sketch(some, plan), sl.sketch(some, plan))


def test_noise_of_releases_is_no_drift_and_hides_no_large_one():
    rng = np.random.default_rng(0)
    plan = sl.plan(np.zeros((2, 2)), origin="declared", bounds=(-6, 6), size=200)
    first, second, moved = (
        sl.sketch(rng.normal(mean, 1, (20_000, 2)), plan).release(epsilon=1.0, delta=1e-6)
        for mean in (0, 0, 0.3)
    )
    assert sl.drift(first, second).p_value > 1e-3
    assert sl.drift(first, moved).p_value < 1e-6
    assert max(map(abs, sl.drift(first, second).shifts.values())) < 5
