"""Gaussian laws and mixtures: closed forms against what they are."""

import numpy as np
import pytest
import torch
from known_ranges import generator_of, noisy

import sketchlearn as sl
from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import EmptySourceError, MeasurementError, OptionError
from sketchlearn.inverse import (
    BoxDownsampling,
    Convolution,
    Dense,
    GaussianLaw,
    Identity,
    Mask,
    Outcome,
    reconstruct,
)
from sketchlearn.inverse.images import Layout

RNG = np.random.default_rng(0)
SHAPE = (4, 4)
ROOT = RNG.normal(size=(16, 5))
MEAN = RNG.normal(size=16)


def images(count, seed=0):
    """Images of five directions about a mean: their covariance is singular."""
    made = MEAN + np.random.default_rng(seed).normal(size=(count, 5)) @ ROOT.T
    return made.reshape(count, *SHAPE)


@pytest.mark.parametrize(
    "operator",
    [
        Identity(),
        Mask(RNG.random((3, *SHAPE)) < 0.6, per_image=True),
        BoxDownsampling(2),
        Dense(RNG.normal(size=(3, 6, 16)), SHAPE),
        Convolution(RNG.random((3, 3, 3)), "zero"),
    ],
    ids=lambda operator: type(operator).__name__,
)
@pytest.mark.parametrize("numbers", [2**25, 1])
def test_the_linear_estimate_is_that_of_the_books(operator, numbers, monkeypatch):
    monkeypatch.setattr("sketchlearn.inverse.gaussian._NUMBERS", numbers)
    covariance = ROOT @ ROOT.T
    law = GaussianLaw.of_moments(MEAN, covariance, SHAPE)
    x = torch.tensor(images(3)).float()[:, None]
    y = noisy(operator.A(x).numpy(), 0.3)
    found = reconstruct(y, operator, law, noise=0.3)
    for number in range(3):
        one = operator.of_images(slice(number, number + 1))
        matrix = one.A(torch.eye(16).view(16, 1, 1, *SHAPE)).flatten(1).T.double().numpy()
        inverse = np.linalg.inv(matrix @ covariance @ matrix.T + 0.09 * np.eye(len(matrix)))
        expected = MEAN + covariance @ matrix.T @ inverse @ (y[number].ravel() - matrix @ MEAN)
        assert np.abs(found.images[number].ravel() - expected).max() < 1e-4
    assert found.outcome is Outcome.EXACT
    assert found.converged.all()
    assert found.latents is None


def test_mean_and_covariance_come_from_the_pass_of_a_sketch():
    records = 100 + 20 * images(4000)
    sketch = sl.sketch(records, size=20)
    moments = GaussianLaw.of_moments(
        records.reshape(-1, 16).mean(axis=0), np.cov(records.reshape(-1, 16).T), SHAPE
    )
    clean = 100 + 20 * images(5, seed=1)
    y = noisy(clean, 10)
    ours, theirs = (reconstruct(y, Identity(), law, noise=10).images for law in (sketch, moments))
    assert np.abs(ours - theirs).max() < 0.2
    assert np.mean((ours - clean) ** 2) < 0.6 * np.mean((y - clean) ** 2)


def test_a_mixture_weighs_its_components_by_what_was_measured():
    means = np.stack([np.full(4, -3.0), np.full(4, 3.0)])
    schema = VectorSchema(("a", "b", "c", "d"), ("float64",) * 4, (1.0,) * 4, (2.0,) * 4, (2, 2))
    model = sl.GaussianMixtureModel(
        schema, np.array([0.7, 0.3]), means, np.stack([np.eye(4), 0.1 * np.eye(4)])
    )
    x = model.sample(20_000, seed=0).values
    seen = np.array([[1.0, 1.0, 0.0, 0.0]])
    y = x @ seen.T + np.random.default_rng(1).normal(size=(20_000, 1))
    operator = Dense(seen, (2, 2))
    found = reconstruct(y, operator, model, noise=1.0).images.reshape(-1, 4)
    single = reconstruct(y, operator, model, noise=1.0, prior="gaussian").images.reshape(-1, 4)
    assert np.mean((found - x) ** 2) < np.mean((single - x) ** 2)
    # a posterior mean errs in no direction that the measurements tell: E (x - x̂) f(y) = 0
    for told in (np.ones_like(y), y, np.sign(y)):
        assert np.abs(np.mean((x - found) * told, axis=0)).max() < 0.05 * np.abs(told).mean()


def test_a_learnt_mixture_denoises():
    rng = np.random.default_rng(0)
    patterns = np.stack([np.eye(3), 1 - np.eye(3)]) * 4
    records = patterns[rng.integers(2, size=3000)] + 0.3 * rng.normal(size=(3000, 3, 3))
    sketch = sl.sketch(records, size=500)
    model = sl.GaussianMixture(2).fit(sketch).model
    clean = patterns[rng.integers(2, size=50)]
    y = noisy(clean, 1.5)
    errors = [
        np.mean((reconstruct(y, Identity(), prior, noise=1.5).images - clean) ** 2)
        for prior in (model, sketch)
    ]
    assert errors[0] < errors[1] < 1.5**2


def test_a_mixture_of_patches_denoises_larger_images():
    rng = np.random.default_rng(0)
    edges = np.cumsum(rng.random((40, 24)) < 0.1, axis=1) % 2 * 4.0
    images = np.repeat(edges[:, None], 20, axis=1)  # upright stripes
    patches = np.lib.stride_tricks.sliding_window_view(images[:30], (4, 4), axis=(1, 2))
    model = sl.GaussianMixture(4).fit(sl.sketch(patches.reshape(-1, 4, 4)[::7], size=400)).model
    clean = images[30:]
    y = noisy(clean, 1.0)
    found = reconstruct(y, Identity(), model, noise=1.0)
    assert found.images.shape == clean.shape
    assert np.mean((found.images - clean) ** 2) < 0.4
    with pytest.raises(MeasurementError, match="NaN"):
        reconstruct(np.where(y > 3, np.nan, y), Identity(), model, noise=1.0)
    with pytest.raises(MeasurementError, match="shape"):
        reconstruct(y[:, :3], Identity(), model, noise=1.0)


def test_a_generators_moments_are_those_of_its_draws():
    model = generator_of((4, 4), latent=3)
    clean = model.sample(30, seed=1).values.reshape(30, 4, 4)
    found = reconstruct(noisy(clean, 0.5), Identity(), model, noise=0.5, prior="gaussian")
    assert found.latents is None
    assert np.mean((found.images - clean) ** 2) < 0.25


@pytest.mark.parametrize(
    ("covariance", "says"),
    [
        (np.zeros((16, 16)), "singular in every direction"),
        (-np.eye(16), "or none"),
        (np.diag([1.0] * 15 + [-1.0]), "or none"),
        (np.triu(np.ones((16, 16))), "symmetric"),
        (np.full((16, 16), np.nan), "not finite"),
    ],
)
def test_a_covariance_that_is_none_is_refused(covariance, says):
    law = GaussianLaw.of_moments(MEAN, covariance, SHAPE)
    with pytest.raises(OptionError, match=says):
        reconstruct(images(2), Identity(), law, noise=0.1)


def test_moments_of_other_sizes_are_refused():
    with pytest.raises(OptionError, match="They are"):
        GaussianLaw.of_moments(MEAN, np.eye(15), SHAPE)


def test_a_mean_that_is_not_finite_is_refused():
    with pytest.raises(OptionError, match="1 of the 16 numbers of the mean"):
        GaussianLaw.of_moments(np.where(np.arange(16) == 3, np.nan, MEAN), np.eye(16), SHAPE)


@pytest.mark.parametrize("options", [{"tau": "much"}, {"method": "fast"}])
def test_options_are_checked_for_every_prior(options):
    law = GaussianLaw.of_moments(MEAN, np.eye(16), SHAPE)
    with pytest.raises(OptionError, match="was given; it is"):
        reconstruct(images(2), Identity(), law, noise=0.1, **options)


@pytest.mark.filterwarnings("error")
def test_a_component_of_no_weight_has_no_share():
    covariances = np.stack([np.eye(16)] * 2)
    law = GaussianLaw(Layout(SHAPE), np.array([1.0, 0.0]), np.stack([MEAN, MEAN]), covariances)
    alone = GaussianLaw.of_moments(MEAN, np.eye(16), SHAPE)
    one, two = (reconstruct(images(2), Identity(), some, noise=0.1) for some in (law, alone))
    assert (one.images == two.images).all()


def test_a_sketch_without_covariances_or_records_is_refused():
    plan = sl.plan(images(100), size=20, moments="diagonal")
    with pytest.raises(OptionError, match="moments='full'"):
        reconstruct(images(2), Identity(), sl.sketch(images(100), plan), noise=0.1)
    with pytest.raises(EmptySourceError):
        reconstruct(images(2), Identity(), sl.Sketch(plan), noise=0.1)


def test_measurements_are_checked_for_every_prior():
    law = GaussianLaw.of_moments(MEAN, np.eye(16), SHAPE)
    with pytest.raises(MeasurementError, match="positive"):
        reconstruct(images(2), Identity(), law, noise=0)
