"""Frequencies on rays: the same law and kernel, from a fifth of the projections."""

import numpy as np
import pytest

from sketchlearn.features import (
    UNIT,
    FoldedGaussian,
    Gaussian,
    Projection,
    draw_frequencies,
    draw_rays,
    integer_sums,
)
from sketchlearn.features.rays import PER_RAY

SHAPES = [(16, 1), (17, 7), (32, 240), (50, 241), (70, 503), (20, 1000)]


def one_class(records, projection):
    return integer_sums(records, projection, np.zeros(len(records), dtype=np.int64), 1)[0]


@pytest.mark.parametrize(("dimension", "size"), SHAPES)
@pytest.mark.parametrize("count", [1, 300])
def test_sums_are_those_of_the_matrix(dimension, size, count):
    projection = draw_rays(Gaussian((1.0, 3.0)), dimension, size, seed=1)
    assert projection.frequencies.shape == (dimension, size)
    records = np.random.default_rng(2).standard_normal((count, dimension))
    exact = np.exp(1j * records @ projection.frequencies.astype(np.float64)).sum(axis=0)
    cosine, sine = one_class(records, projection) * UNIT
    assert np.abs(cosine + 1j * sine - exact).max() < count * 1e-5


def test_frequencies_share_directions_by_fives():
    drawn = draw_rays(Gaussian((1.0,)), 20, 23, seed=3).frequencies
    unit = drawn / np.linalg.norm(drawn, axis=0)
    cosine = unit.T @ unit
    same = np.arange(23)[:, None] // PER_RAY == np.arange(23) // PER_RAY
    assert cosine[same] == pytest.approx(1, abs=1e-6)
    assert np.abs(cosine[~same]).max() < 0.999


@pytest.mark.parametrize("law", [Gaussian((2.0,)), FoldedGaussian((1.0, 3.0))])
def test_radii_follow_the_law(law):
    radius = np.linalg.norm(draw_rays(law, 24, 5000, seed=4).frequencies, axis=0)
    dense = np.linalg.norm(draw_frequencies(law, 24, 5000, seed=5), axis=0)
    for level in (0.1, 0.5, 0.9):
        assert np.quantile(radius, level) == pytest.approx(np.quantile(dense, level), rel=0.1)


def test_the_kernel_estimate_is_unbiased():
    law, rng = Gaussian((1.0,)), np.random.default_rng(6)
    steps = rng.standard_normal((50, 17)) / 4
    exact = np.exp(-(steps**2).sum(axis=1) / 2)
    found = [
        np.cos(steps @ draw_rays(law, 17, 500, seed).frequencies).mean(axis=1)
        for seed in range(100)
    ]
    error = np.std(found, axis=0) / 10
    assert (np.abs(np.mean(found, axis=0) - exact) < 4.5 * error).all()


def test_far_records_take_the_matrix():
    projection = draw_rays(Gaussian((1.0,)), 26, 40, seed=8)
    far = 1e6 * np.random.default_rng(9).standard_normal((30, 26))
    dense = one_class(far, Projection(projection.frequencies))
    assert np.array_equal(one_class(far, projection), dense)


def test_a_record_gives_the_same_features_in_every_row():
    projection = draw_rays(Gaussian((1.0,)), 27, 301, seed=6)
    record = np.random.default_rng(7).standard_normal((1, 27))
    alone = one_class(record, projection)
    assert np.array_equal(one_class(np.repeat(record, 777, axis=0), projection), 777 * alone)
