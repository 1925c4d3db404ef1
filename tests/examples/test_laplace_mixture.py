"""The learner that documentation adds: its closed form, known parameters, and what it refuses."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import EmptySourceError, FitError, OptionError
from sketchlearn.learners.fit import Status

_PATH = Path(__file__).resolve().parents[2] / "examples" / "laplace_mixture.py"
_SPEC = importlib.util.spec_from_file_location("_laplace_mixture", _PATH)
_EXAMPLE = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = _EXAMPLE  # dataclasses look their module up
_SPEC.loader.exec_module(_EXAMPLE)
LaplaceMixture = _EXAMPLE.LaplaceMixture

WEIGHTS = np.array([0.6, 0.4])
CENTERS = np.array([[0.0, 0], [5, 1]])
WIDTHS = np.array([[1.0, 0.5], [0.4, 0.8]])


def records(count, seed=0):
    rng = np.random.default_rng(seed)
    of = rng.choice(2, count, p=WEIGHTS)
    return rng.laplace(CENTERS[of], WIDTHS[of])


def test_expected_features_are_the_mean_of_many():
    frequencies = np.random.default_rng(1).standard_normal((2, 20))
    mean = np.exp(1j * records(400_000) @ frequencies).mean(axis=0)
    found = _EXAMPLE.expected_features(WEIGHTS, CENTERS, WIDTHS, frequencies)
    assert np.abs(found - mean).max() < 5 / np.sqrt(400_000)


def test_known_parameters_are_recovered(tmp_path):
    fit = LaplaceMixture(2).fit(sl.sketch(records(50_000), size=200))
    spread = np.asarray(fit.model.schema.spread)
    centers = fit.model.encoded_centers * spread + np.asarray(fit.model.schema.center)
    np.testing.assert_allclose(fit.model.weights, WEIGHTS, atol=0.01)
    np.testing.assert_allclose(centers, CENTERS, atol=0.03)
    np.testing.assert_allclose(fit.model.encoded_widths * spread, WIDTHS, atol=0.03)
    assert fit.status is Status.FITS
    held_out = records(20_000, seed=1)
    gaussian = sl.GaussianMixture(2).fit(sl.sketch(records(50_000), size=200)).model
    assert fit.model.score(held_out) > gaussian.score(held_out) + 0.05
    fit.save(tmp_path / "model")
    assert (tmp_path / "model" / "model.safetensors").exists()


def test_another_law_is_told():
    rng = np.random.default_rng(0)
    flat = rng.uniform(-1, 1, (20_000, 2))
    assert LaplaceMixture(1).fit(sl.sketch(flat, size=200)).status is Status.DIFFERS


def test_what_it_cannot_learn_from_is_refused():
    with pytest.raises(FitError, match="a sketch was expected"):
        LaplaceMixture(1).fit(records(10))
    with pytest.raises(EmptySourceError):
        LaplaceMixture(1).fit(sl.Sketch(sl.plan(records(100), size=50)))
    with pytest.raises(OptionError, match="at least 1"):
        LaplaceMixture(0)
