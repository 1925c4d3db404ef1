"""Structured frequencies: the same law and kernel, summed without the matrix."""

import numpy as np
import pytest
from scipy.linalg import hadamard

from sketchlearn.features import (
    UNIT,
    FoldedGaussian,
    Gaussian,
    Projection,
    Student,
    draw_frequencies,
    draw_hadamard,
    integer_sums,
)
from sketchlearn.features.hadamard_kernels import LANES, transform

SHAPES = [(16, 1), (16, 50), (17, 5), (70, 300), (300, 64), (513, 100)]


def one_class(records, projection):
    return integer_sums(records, projection, np.zeros(len(records), dtype=np.int64), 1)[0]


@pytest.mark.parametrize("length", [16, 32, 64, 128, 256, 512, 1024, 4096])
def test_the_transform_is_signs_and_the_hadamard_matrix(length):
    block = np.random.default_rng(0).standard_normal((length, LANES)).astype(np.float32)
    signs = np.random.default_rng(1).choice([-1.0, 1.0], length).astype(np.float32)
    expected = hadamard(length) @ (signs[:, None] * block.astype(np.float64))
    apart = np.empty_like(block)
    transform(block, signs, apart)
    transform(block, signs, block)
    assert np.array_equal(apart, block)
    assert np.allclose(block, expected, atol=1e-5 * length)


@pytest.mark.parametrize(("dimension", "size"), SHAPES)
@pytest.mark.parametrize("count", [1, 15, 16, 40])
def test_sums_are_those_of_the_matrix(dimension, size, count):
    projection = draw_hadamard(Gaussian((1.0, 3.0)), dimension, size, seed=1)
    assert projection.frequencies.shape == (dimension, size)
    records = np.random.default_rng(2).standard_normal((count, dimension))
    exact = np.exp(1j * records @ projection.frequencies.astype(np.float64)).sum(axis=0)
    cosine, sine = one_class(records, projection) * UNIT
    assert np.abs(cosine + 1j * sine - exact).max() < count * 3e-5


@pytest.mark.parametrize("law", [Gaussian((2.0,)), FoldedGaussian((1.0,)), Student((1.0, 4.0))])
def test_radii_follow_the_law_exactly(law):
    projection = draw_hadamard(law, 50, 4000, seed=3)
    radius = np.sort(np.linalg.norm(projection.frequencies, axis=0))
    dense = np.sort(np.linalg.norm(draw_frequencies(law, 50, 4000, seed=4), axis=0))
    middle = slice(200, 3800)  # both are samples of one law: quantiles agree
    assert np.abs(np.log(radius[middle] / dense[middle])).max() < 0.25


@pytest.mark.parametrize("dimension", [30, 64, 200])
def test_the_kernel_estimate_is_no_worse_than_that_of_independent_frequencies(dimension):
    law, rng = Gaussian((1.0,)), np.random.default_rng(5)
    steps = rng.standard_normal((200, dimension))
    steps *= rng.uniform(0.3, 2.0, (200, 1)) / np.linalg.norm(steps, axis=1, keepdims=True)
    exact = np.exp(-(steps**2).sum(axis=1) / 2)

    def error(draw):
        found = [np.cos(steps @ draw(seed)).mean(axis=1) - exact for seed in range(20)]
        return np.sqrt(np.mean(np.square(found)))

    structured = error(lambda seed: draw_hadamard(law, dimension, 256, seed).frequencies)
    independent = error(lambda seed: draw_frequencies(law, dimension, 256, seed))
    assert structured < 1.05 * independent


def test_a_record_gives_the_same_features_in_every_lane():
    projection = draw_hadamard(Gaussian((1.0,)), 20, 77, seed=6)
    record = np.random.default_rng(7).standard_normal((1, 20))
    alone = one_class(record, projection)
    assert np.array_equal(one_class(np.repeat(record, 2053, axis=0), projection), 2053 * alone)


def test_far_records_take_the_matrix():
    projection = draw_hadamard(Gaussian((1.0,)), 20, 40, seed=8)
    far = 1e6 * np.random.default_rng(9).standard_normal((30, 20))
    dense = one_class(far, Projection(projection.frequencies))
    assert np.array_equal(one_class(far, projection), dense)
