"""Frequency laws against their kernels, radii and promises of reproducibility."""

import hashlib

import numpy as np
import pytest
from scipy import special

from sketchlearn.errors import OptionError
from sketchlearn.features import (
    LAWS,
    AdaptedRadius,
    FoldedGaussian,
    Gaussian,
    Student,
    draw_frequencies,
)
from sketchlearn.features.laws import law_from_document

DISTANCES = np.array([0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 5.0])
DIMENSIONS = [1, 2, 5, 64, 300, 784, 5000]


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_gaussian_kernel(dimension):
    exact = np.exp(-(DISTANCES**2) / (2 * 1.5**2))
    assert Gaussian((1.5,)).kernel(DISTANCES, dimension) == pytest.approx(exact, abs=3e-3)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_folded_gaussian_kernel_is_confluent_hypergeometric(dimension):
    exact = special.hyp1f1(0.5, dimension / 2, -(DISTANCES**2) / (2 * 1.5**2))
    assert FoldedGaussian((1.5,)).kernel(DISTANCES, dimension) == pytest.approx(exact, abs=3e-3)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_student_with_three_degrees_of_freedom_is_matern_three_halves(dimension):
    t = np.sqrt(3) * DISTANCES / 1.5
    exact = (1 + t) * np.exp(-t)
    assert Student((1.5,)).kernel(DISTANCES, dimension) == pytest.approx(exact, abs=6e-3)


def test_student_with_one_degree_of_freedom_is_exponential():
    exact = np.exp(-DISTANCES[:4] / 1.5)  # the Cauchy law; its tail needs short distances
    assert Student((1.5,), freedom=1).kernel(DISTANCES[:4], 3) == pytest.approx(exact, abs=6e-3)


def test_the_kernel_of_a_mixture_is_the_mean_of_the_kernels():
    parts = [Gaussian((s,)).kernel(DISTANCES, 3) for s in (0.5, 1.0, 4.0)]
    mixture = Gaussian((0.5, 1.0, 4.0)).kernel(DISTANCES, 3)
    assert mixture == pytest.approx(np.mean(parts, axis=0), abs=1e-12)


@pytest.mark.parametrize("law", LAWS.values())
@pytest.mark.parametrize("dimension", [1, 3, 20])
def test_frequencies_average_to_the_kernel(law, dimension):
    frequencies = draw_frequencies(law((1.0, 3.0)), dimension, 20_000, seed=5).astype(np.float64)
    direction = np.linspace(1, 2, dimension)
    direction /= np.linalg.norm(direction)
    phase = np.outer(DISTANCES, direction) @ frequencies
    kernel = law((1.0, 3.0)).kernel(DISTANCES, dimension)
    assert np.cos(phase).mean(axis=1) == pytest.approx(kernel, abs=4 / np.sqrt(20_000))
    assert np.sin(phase).mean(axis=1) == pytest.approx(0, abs=4 / np.sqrt(20_000))


def test_gaussian_frequencies_have_independent_entries_of_deviation_one_over_scale():
    frequencies = draw_frequencies(Gaussian((0.5,)), 5, 20_000, seed=1)
    assert np.cov(frequencies) == pytest.approx(4 * np.eye(5), abs=0.15)


@pytest.mark.parametrize(("law", "mean"), [(AdaptedRadius, 2.703), (FoldedGaussian, 1.596)])
def test_mean_radius_in_five_dimensions(law, mean):
    frequencies = draw_frequencies(law((0.5,)), 5, 20_000, seed=1)
    assert np.linalg.norm(frequencies, axis=0).mean() == pytest.approx(mean, rel=0.02)


@pytest.mark.parametrize("law", [AdaptedRadius, FoldedGaussian])
def test_directions_are_uniform_on_the_sphere(law):
    frequencies = draw_frequencies(law(), 4, 20_000, seed=2)
    direction = frequencies / np.linalg.norm(frequencies, axis=0)
    assert direction.mean(axis=1) == pytest.approx(0, abs=0.02)
    assert direction @ direction.T / 20_000 == pytest.approx(np.eye(4) / 4, abs=0.02)


def test_one_seed_gives_one_draw():
    law = Gaussian((1.0, 2.0))
    assert np.array_equal(draw_frequencies(law, 3, 50, 9), draw_frequencies(law, 3, 50, 9))
    assert not np.array_equal(draw_frequencies(law, 3, 50, 9), draw_frequencies(law, 3, 50, 10))


@pytest.mark.parametrize("law", LAWS.values())
def test_a_smaller_draw_is_the_beginning_of_a_larger_one(law):
    large = draw_frequencies(law((1.0, 2.0, 3.0)), 3, 100, 4)
    assert np.array_equal(draw_frequencies(law((1.0, 2.0, 3.0)), 3, 37, 4), large[:, :37])


def test_scales_alternate():
    plain = draw_frequencies(Gaussian((1.0,)), 2, 12, 8)
    mixed = draw_frequencies(Gaussian((1.0, 2.0, 4.0)), 2, 12, 8)
    assert mixed == pytest.approx(plain / np.tile([1.0, 2.0, 4.0], 4), rel=1e-6)


@pytest.mark.parametrize("law", LAWS.values())
def test_frequencies_are_finite_contiguous_float32(law):
    frequencies = draw_frequencies(law((1e-3, 1e3)), 1, 10_000, 0)
    assert frequencies.shape == (1, 10_000)
    assert frequencies.dtype == np.float32
    assert frequencies.flags.c_contiguous
    assert np.isfinite(frequencies).all()


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("gaussian", "f793243d5fc5259bd963c6b07efba58776b1c56294571beb5aa5e481666a22c4"),
        ("folded-gaussian", "d8344a04cd0cd4525653249b593c5b6db990d9d7ed4e67b006555e8a3da89ed1"),
        ("adapted-radius", "5841e9e6d84f705d2d413eb9313482ce63e77dd2e995316f9ea46d87bf8a3866"),
        ("student", "4c637829a9e27f79735fe07186992a12bceb1e725a74c3d15ebb08f78314322e"),
    ],
)
def test_draws_never_change_between_releases(name, digest):
    frequencies = draw_frequencies(LAWS[name]((0.5, 2.0)), 3, 8, seed=20240229)
    assert hashlib.sha256(frequencies.tobytes()).hexdigest() == digest


@pytest.mark.parametrize("law", [*(law((0.5, 2.0)) for law in LAWS.values()), Student((1.0,), 5.0)])
def test_documents_give_the_law_back(law):
    assert law_from_document(law.to_document()) == law


@pytest.mark.parametrize("scales", [(), (0.0,), (-1.0,), (1.0, np.nan), (np.inf,), (1e-300,)])
def test_scales_that_are_not_positive_are_refused(scales):
    with pytest.raises(OptionError, match="scale"):
        Gaussian(scales)


def test_harmonics_are_whole_multiples_of_frequencies_of_the_law():
    first = draw_frequencies(Gaussian((1.0, 2.0)), 3, 4, seed=5)
    drawn = draw_frequencies(Gaussian((1.0, 2.0)), 3, 11, seed=5, harmonics=3)
    assert drawn.shape == (3, 11)
    for number, frequency in enumerate(drawn.T):
        expected = first[:, number // 3] * (number % 3 + 1)
        assert frequency == pytest.approx(expected, rel=1e-6)
