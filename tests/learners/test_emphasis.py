"""Weights of frequencies: more for the sets of columns that are not yet matched."""

import numpy as np
import pytest

from sketchlearn.learners.emphasis import Emphasis

SETS = np.repeat(np.arange(10), 40)


def weights_after(rounds, distances, noise=1e-4):
    emphasis = Emphasis()
    for _ in range(rounds):
        emphasis.update(distances, SETS, noise)
    assert emphasis.weights is not None
    assert emphasis.weights.mean() == pytest.approx(1, abs=1e-6)
    return emphasis.weights.reshape(10, 40)


def test_equal_distances_give_equal_weights():
    assert weights_after(5, np.full(400, 3e-4)) == pytest.approx(1)


def test_a_set_that_is_further_off_gets_more_and_all_of_it_the_same():
    distances = np.full(400, 2e-4)
    distances[SETS == 3] = 2e-3
    weights = weights_after(8, distances)
    assert (np.ptp(weights, axis=1) < 1e-6).all()
    assert weights[3, 0] > 3 * weights[0, 0]
    assert weights[3, 0] <= 8


def test_what_is_within_the_noise_is_weighed_alike():
    # a perfect model's distances scatter around the noise
    distances = 1e-4 * np.random.default_rng(0).exponential(size=400)
    weights = weights_after(8, distances)
    assert weights.min() > 0.5
    assert weights.max() < 2


def test_negative_estimates_do_no_harm():
    weights = weights_after(3, np.random.default_rng(1).normal(0, 1e-3, 400))
    assert np.isfinite(weights).all()
    assert weights.min() > 0
