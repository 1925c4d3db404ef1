"""Latents are standard normal one by one, independent between halves, even within one."""

import numpy as np
import pytest
import torch
from scipy import stats

from sketchlearn.learners.latents import LatentStream

LATENT, CLASSES, HALF, DRAWS = 3, 2, 32, 1500


@pytest.fixture(scope="module")
def drawn():
    """Latents of many draws, shape (draws, classes, 2, half, latent)."""
    stream = LatentStream(LATENT, CLASSES, 2 * HALF, seed=3)
    random = torch.Generator().manual_seed(5)
    parts = [stream.draw(random) for _ in range(DRAWS)]
    return torch.stack(parts).numpy().astype(float).reshape(DRAWS, CLASSES, 2, HALF, LATENT)


@pytest.mark.parametrize("position", [0, 1, 17, HALF - 1])
@pytest.mark.parametrize("coordinate", range(LATENT))
def test_every_coordinate_of_every_position_is_standard_normal(drawn, position, coordinate):
    # one position of one half at a time: over draws it is an independent sample
    sample = drawn[:, 1, 0, position, coordinate]
    assert stats.kstest(sample, "norm").pvalue > 1e-3
    assert sample.mean() == pytest.approx(0, abs=4 / DRAWS**0.5)
    assert sample.var() == pytest.approx(1, abs=4 * (2 / DRAWS) ** 0.5)
    assert stats.kurtosis(sample) == pytest.approx(0, abs=4 * (24 / DRAWS) ** 0.5)


def test_coordinates_of_one_latent_are_uncorrelated(drawn):
    correlation = np.corrcoef(drawn[:, 0, 0, 7].T)
    assert np.abs(correlation - np.eye(LATENT)).max() < 4 / DRAWS**0.5


def correlations_between(a, b):
    """Correlations over draws of values and of squares, between positions of two halves."""
    scores = []
    for f in (lambda x: x, np.square):
        for shift in (0, 1):
            one, other = f(a[:, :-1]), np.roll(f(b), shift, axis=1)[:, :-1]
            one, other = one - one.mean(0), other - other.mean(0)
            scores.append((one * other).mean(0) / (one.std(0) * other.std(0)))
    return np.abs(np.concatenate(scores))


def test_halves_are_independent_and_a_half_is_not_independent_of_itself(drawn):
    bound = 5 / DRAWS**0.5  # of some 370 correlations
    assert correlations_between(drawn[:, 0, 0], drawn[:, 0, 1]).max() < bound
    assert correlations_between(drawn[:, 0, 0], drawn[:, 1, 0]).max() < bound
    assert correlations_between(drawn[:, 0, 0], drawn[:, 0, 0]).max() > bound


@pytest.mark.parametrize("feature", [lambda u: u, np.square, np.cos], ids=["u", "u²", "cos u"])
def test_the_mean_over_a_half_varies_much_less_than_that_of_independent_draws(drawn, feature):
    means = feature(drawn[:, 0, 0]).mean(axis=1)  # (draws, latent)
    independent = feature(np.random.default_rng(0).normal(size=(DRAWS, HALF))).mean(1).var()
    assert (means.var(axis=0) < 0.2 * independent).all()


def test_the_generators_seed_decides_the_draws():
    def draw(seed, scrambling=0):
        stream = LatentStream(2, 1, 16, scrambling)
        random = torch.Generator().manual_seed(seed)
        return torch.stack([stream.draw(random) for _ in range(2)])

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
    assert not torch.equal(draw(1), draw(1, scrambling=1))
    assert not torch.equal(*draw(1))


def test_drawing_leaves_torch_s_global_state_alone():
    before = torch.get_rng_state()
    LatentStream(2, 1, 16, seed=0).draw(torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)


def test_class_numbers_follow_the_rows():
    stream = LatentStream(2, 3, 8, seed=0)
    assert stream.numbers.tolist() == [0] * 8 + [1] * 8 + [2] * 8
    assert stream.draw(torch.Generator()).shape == (24, 2)


@pytest.mark.parametrize("border", [0.0, 1 - 2**-24])
def test_a_point_on_the_border_of_the_torus_gives_a_finite_latent(monkeypatch, border):
    stream = LatentStream(1, 1, 4, seed=0)
    stream._net = torch.zeros(2, 1)
    monkeypatch.setattr(torch, "rand", lambda *size, generator: torch.full(size, border))
    assert torch.isfinite(stream.draw(torch.Generator())).all()


def test_latents_of_one_side_are_independent():
    stream = LatentStream(LATENT, CLASSES, 2 * HALF, seed=3, independent=True)
    assert stream.sides == 1
    random = torch.Generator().manual_seed(5)
    parts = torch.stack([stream.draw(random) for _ in range(DRAWS)]).numpy().astype(float)
    drawn = parts.reshape(DRAWS, CLASSES, 2, HALF, LATENT)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 1e-3
    bound = 5 / DRAWS**0.5
    assert correlations_between(drawn[:, 0, 0], np.roll(drawn[:, 0, 0], 2, axis=1)).max() < bound
    assert stream.numbers.tolist() == [0] * 2 * HALF + [1] * 2 * HALF
