"""Distances against closed forms."""

import math

import numpy as np
import pytest

from sketchlearn.errors import ColumnError, EmptySourceError, OptionError
from sketchlearn.evaluation import fresh_frequencies, sketch_distance, sliced_wasserstein


def test_sliced_wasserstein_of_a_shift_is_its_mean_projection():
    rng = np.random.default_rng(1)
    a = rng.standard_normal((500, 3))
    shift = np.array([3.0, -1.0, 2.0])
    # In three dimensions a coordinate of a random unit vector is uniform on [-1, 1].
    expected = 0.5 * np.linalg.norm(shift)
    assert sliced_wasserstein(a, a + shift, directions=4_000) == pytest.approx(expected, rel=0.03)


def test_sliced_wasserstein_of_shifted_gaussians():
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((4_000, 2)), rng.standard_normal((3_000, 2)) + np.array([4.0, 0.0])
    expected = 4.0 * 2.0 / math.pi
    assert sliced_wasserstein(a, b, directions=2_000) == pytest.approx(expected, rel=0.05)


def test_sliced_wasserstein_in_one_dimension_is_wasserstein():
    a, b = np.array([[0.0], [1.0], [5.0]]), np.array([[2.0], [0.0], [4.0]])
    assert sliced_wasserstein(a, b, directions=7) == pytest.approx((0 + 1 + 1) / 3)


def test_sliced_wasserstein_ignores_repetition():
    a = np.random.default_rng(3).standard_normal((50, 4))
    assert sliced_wasserstein(a, np.repeat(a, 3, axis=0)) == pytest.approx(0.0, abs=1e-12)


def test_sketch_distance_is_the_mean_over_distinct_pairs():
    rng = np.random.default_rng(4)
    a, b, w = rng.normal(size=(20, 2)), rng.normal(1, 1, (13, 2)), rng.normal(size=(2, 40))

    def kernel(x, y):
        return np.cos((x[:, None] - y[None]) @ w).mean(axis=2)

    def distinct(x):
        gram = kernel(x, x)
        return (gram.sum() - np.trace(gram)) / (len(x) * (len(x) - 1))

    expected = distinct(a) + distinct(b) - 2 * kernel(a, b).mean()
    assert sketch_distance(a, b, w) == pytest.approx(expected, abs=1e-12)


def test_sketch_distance_of_shifted_gaussians_with_gaussian_frequencies():
    rng = np.random.default_rng(5)
    d, tau, mu = 3, 0.7, np.array([1.0, 0.5, -1.0])
    a, b = rng.standard_normal((5_000, d)), rng.standard_normal((5_000, d)) + mu
    w = tau * rng.standard_normal((d, 3_000))
    wide = 1 + 2 * tau**2
    expected = 2 * wide ** (-d / 2) * (1 - math.exp(-(tau**2) * (mu @ mu) / (2 * wide)))
    assert sketch_distance(a, b, w) == pytest.approx(expected, rel=0.06)


def test_sketch_distance_of_equal_laws_has_mean_zero():
    rng = np.random.default_rng(6)
    w = rng.standard_normal((2, 200))
    values = [
        sketch_distance(rng.normal(size=(30, 2)), rng.normal(size=(20, 2)), w) for _ in range(200)
    ]
    assert abs(np.mean(values)) < 4 * np.std(values) / math.sqrt(len(values))
    assert min(values) < 0


def test_fresh_frequencies_follow_the_scale_of_the_records():
    real = np.random.default_rng(7).standard_normal((300, 5))
    small, large = fresh_frequencies(real, 50, seed=1), fresh_frequencies(10 * real, 50, seed=1)
    assert small.shape == (5, 50)
    np.testing.assert_allclose(small, 10 * large)
    assert np.isfinite(fresh_frequencies(np.zeros((30, 2)))).all()


def test_samples_that_cannot_be_compared_are_refused():
    with pytest.raises(ColumnError, match="same d"):
        sliced_wasserstein(np.zeros((5, 2)), np.zeros((5, 3)))
    with pytest.raises(ColumnError, match="frequencies"):
        sketch_distance(np.zeros((5, 2)), np.zeros((5, 2)), np.zeros((3, 4)))
    with pytest.raises(EmptySourceError, match="at least 2"):
        sketch_distance(np.zeros((1, 2)), np.zeros((5, 2)), np.zeros((2, 4)))
    with pytest.raises(OptionError, match="directions"):
        sliced_wasserstein(np.zeros((5, 2)), np.zeros((5, 2)), directions=0)
