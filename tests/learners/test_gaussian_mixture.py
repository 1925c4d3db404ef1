"""Gaussian mixtures from a sketch, against the law and against EM on the records."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture as ExpectationMaximisation

import sketchlearn as sl
from sketchlearn.errors import FitError, OptionError
from sketchlearn.learners.fit import Status


def full_mixture(seed, count=10_000, k=3, d=3):
    rng = np.random.default_rng(seed)
    means = rng.normal(0, 3, (k, d))
    roots = 0.3 * rng.standard_normal((k, d, d)) + 0.7 * np.eye(d)
    of = rng.integers(0, k, count)
    return means[of] + np.einsum("nij,nj->ni", roots[of], rng.standard_normal((count, d)))


@pytest.fixture(scope="module")
def records():
    return full_mixture(1)


@pytest.fixture(scope="module")
def fit(records):
    return sl.GaussianMixture(3).fit(sl.sketch(records, size=300))


def test_full_covariances_are_as_likely_as_those_of_em(records, fit):
    reference = ExpectationMaximisation(3, n_init=3, random_state=0).fit(records)
    assert fit.model.score(records) > reference.score(records) - 0.02
    assert fit.status is Status.FITS


@pytest.mark.parametrize("covariance", ["diagonal", "spherical"])
def test_balls_and_axes_are_as_likely_as_those_of_em(covariance):
    rng = np.random.default_rng(1)
    means = rng.normal(0, 3, (4, 3))
    axes = [0.6, 1.0, 1.4] if covariance == "diagonal" else [1.0, 1.0, 1.0]
    drawn = means[rng.integers(0, 4, 10_000)] + rng.standard_normal((10_000, 3)) * axes
    records = (drawn - drawn.mean(axis=0)) / drawn.std()
    sketch = sl.sketch(records, size=300, standardise="common")
    fit = sl.GaussianMixture(4, covariance).fit(sketch)
    kind = {"diagonal": "diag", "spherical": "spherical"}[covariance]
    reference = ExpectationMaximisation(4, covariance_type=kind, n_init=3, random_state=0)
    assert fit.model.score(records) > reference.fit(records).score(records) - 0.01


def test_densities_are_those_of_the_components(records, fit):
    model, some = fit.model, records[:200]
    parts = [
        weight * multivariate_normal(mean, covariance).pdf(some)
        for weight, mean, covariance in zip(
            model.weights, model.means, model.covariances, strict=True
        )
    ]
    density = np.sum(parts, axis=0)
    np.testing.assert_allclose(model.score_samples(some), np.log(density))
    np.testing.assert_allclose(model.predict_proba(some), (parts / density).T, atol=1e-12)
    np.testing.assert_array_equal(model.predict(some), np.argmax(parts, axis=0))


def test_samples_have_the_moments_of_the_records(records, fit):
    drawn = fit.model.sample(50_000, seed=1).to_numpy()
    np.testing.assert_allclose(drawn.mean(axis=0), records.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(records.T), rtol=0.1, atol=0.3)
    np.testing.assert_array_equal(drawn, fit.model.sample(50_000, seed=1).to_numpy())


def test_a_model_is_saved_and_read(tmp_path, records, fit):
    fit.save(tmp_path / "m")
    loaded = sl.load(tmp_path / "m")
    assert isinstance(loaded, sl.GaussianMixtureModel)
    assert loaded.score(records) == fit.model.score(records)


def test_more_components_than_the_sketch_can_carry(records):
    with pytest.raises(FitError, match="components of 10 numbers each"):
        sl.GaussianMixture(30).fit(sl.sketch(records, size=100))


@pytest.mark.parametrize(
    "options", [{"components": 0}, {"components": 2, "covariance": "tied"}, {"components": True}]
)
def test_options_are_checked(options):
    with pytest.raises(OptionError):
        sl.GaussianMixture(**options)


def test_a_count_of_samples_is_checked(fit):
    with pytest.raises(OptionError, match="whole"):
        fit.model.sample(-1)
