"""The law of the noise, and that nothing but the machine's randomness goes into it."""

import os

import numpy as np
import pytest
from scipy import stats

from sketchlearn.errors import PrivacyError
from sketchlearn.privacy.noise import gaussian_noise, laplace_noise

COUNT = 40_000


def chi_square(drawn, weight):
    """p-value of integers under the law whose probabilities are proportional to a weight."""
    edge = 12
    values = np.arange(-60, 61)
    probability = weight(values)
    probability = probability / probability.sum()
    inside = np.abs(values) <= edge
    expected = np.append(probability[inside], probability[~inside].sum()) * len(drawn)
    seen = [(drawn == value).sum() for value in values[inside]]
    seen.append(len(drawn) - sum(seen))
    kept = expected > 5
    rest = expected[~kept].sum(), np.array(seen)[~kept].sum()
    return stats.chisquare(
        [*np.array(seen)[kept], rest[1]], [*expected[kept], max(rest[0], 1e-9)]
    ).pvalue


@pytest.mark.parametrize("scale", [1.0, 3.3])
def test_gaussian_noise_has_the_law_of_the_discrete_gaussian(scale):
    drawn = gaussian_noise((COUNT,), scale)
    assert chi_square(drawn, lambda k: np.exp(-(k**2) / (2 * scale**2))) > 1e-6


def test_laplace_noise_has_the_law_of_the_discrete_laplace():
    drawn = laplace_noise((COUNT,), 2.5)
    assert chi_square(drawn, lambda k: np.exp(-np.abs(k) / 2.5)) > 1e-6


def test_the_test_of_the_law_tells_a_rounded_normal_from_it():
    rounded = np.rint(np.random.default_rng(0).normal(0, 0.5, COUNT)).astype(int)
    assert chi_square(rounded, lambda k: np.exp(-(k**2) / (2 * 0.5**2))) < 1e-6


def test_noise_is_independent_across_places_and_calls():
    first, second = (gaussian_noise((2, COUNT // 2), 1e6) for _ in range(2))
    assert first.shape == (2, COUNT // 2)
    for one, other in ((first[0], first[1]), (first.ravel(), second.ravel())):
        assert abs(np.corrcoef(one, other)[0, 1]) < 6 / np.sqrt(len(one))
    assert abs(np.corrcoef(first[0, 1:], first[0, :-1])[0, 1]) < 6 / np.sqrt(COUNT / 2)


def test_the_last_bit_of_noise_is_a_coin():
    last = gaussian_noise((COUNT,), 2.0**30) & 1
    assert abs(last.mean() - 0.5) < 3 / np.sqrt(COUNT)


def test_neither_seeds_nor_a_fork_repeat_noise():
    np.random.seed(0)  # noqa: NPY002 - the global state that noise must not depend on
    first = gaussian_noise((4,), 1e6)
    np.random.seed(0)  # noqa: NPY002
    assert (gaussian_noise((4,), 1e6) != first).any()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, gaussian_noise((4,), 1e6).tobytes())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 32) != gaussian_noise((4,), 1e6).tobytes()


@pytest.mark.parametrize("scale", [0.0, -1.0, np.inf, 2.0**60])
def test_scales_that_hide_nothing_or_overflow_are_refused(scale):
    with pytest.raises(PrivacyError, match="scale"):
        gaussian_noise((1,), scale)
