"""Mixtures of stable laws from a sketch, against the law that drew the records."""

import numpy as np
import pytest
from scipy.stats import cauchy, norm

import sketchlearn as sl
from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import OptionError
from sketchlearn.learners.fit import Status

SCHEMA = VectorSchema(("a", "b"), ("float64", "float64"), (0.0, 0.0), (1.0, 1.0))
TRUE = sl.StableMixtureModel(
    SCHEMA,
    np.array([0.6, 0.4]),
    np.array([1.3, 1.8]),
    np.array([[0.0, 0.0], [9.0, 4.0]]),
    np.array([[[1.0, 0.3], [0.3, 0.5]], [[0.6, 0.0], [0.0, 1.2]]]),
)


@pytest.fixture(scope="module")
def fit():
    return sl.StableMixture(2).fit(sl.sketch(TRUE.sample(20_000, seed=3).to_numpy(), size=400))


def test_the_law_is_found_though_it_has_no_variance(fit):
    model = fit.model
    np.testing.assert_allclose(model.weights, TRUE.weights, atol=0.02)
    np.testing.assert_allclose(model.stabilities, TRUE.stabilities, atol=0.05)
    np.testing.assert_allclose(model.locations, TRUE.locations, atol=0.1)
    np.testing.assert_allclose(model.scatters, TRUE.scatters, atol=0.12)
    assert fit.status is Status.FITS


def test_samples_have_the_characteristic_function():
    at = np.random.default_rng(0).standard_normal((2, 30)) / 2
    drawn = TRUE.sample(200_000, seed=1).to_numpy()
    mean = np.exp(1j * drawn @ at).mean(axis=0)
    quadratic = np.einsum("dm,kde,em->km", at, TRUE.scatters, at)
    damping = np.exp(-((quadratic / 2) ** (TRUE.stabilities[:, None] / 2)))
    expected = TRUE.weights @ (np.exp(1j * TRUE.locations @ at) * damping)
    np.testing.assert_allclose(mean, expected, atol=5 / np.sqrt(200_000))


def one_column(stability, scatter):
    schema = VectorSchema(("a",), ("float64",), (2.0,), (3.0,))
    ones = np.ones(1)
    place, spread = np.zeros((1, 1)), np.full((1, 1, 1), scatter)
    return sl.StableMixtureModel(schema, ones, np.array([stability]), place, spread)


def test_the_density_of_cauchys_law():
    at = np.array([[-40.0], [-1.0], [2.0], [3.5], [30.0]])
    model = one_column(1.0, 2.0)  # exp(-|ω|) of encoded records
    expected = cauchy(loc=2.0, scale=3.0).logpdf(at[:, 0])
    np.testing.assert_allclose(model.score_samples(at), expected, atol=0.03)


def test_the_density_near_the_normal_law():
    at = np.array([[-1.0], [2.0], [5.0]])
    model = one_column(1.999, 1.0)
    expected = norm(loc=2.0, scale=3.0).logpdf(at[:, 0])
    np.testing.assert_allclose(model.score_samples(at), expected, atol=0.03)


def test_records_are_given_to_their_component(fit):
    records = np.array([[0.1, 0.0], [9.2, 4.1]])
    np.testing.assert_array_equal(fit.model.predict(records), [0, 1])


def test_a_model_is_saved_and_read(tmp_path, fit):
    fit.save(tmp_path / "m")
    loaded = sl.load(tmp_path / "m")
    assert isinstance(loaded, sl.StableMixtureModel)
    np.testing.assert_array_equal(
        loaded.sample(50, seed=2).to_numpy(), fit.model.sample(50, seed=2).to_numpy()
    )


def test_options_are_checked():
    with pytest.raises(OptionError, match="components"):
        sl.StableMixture(0)
