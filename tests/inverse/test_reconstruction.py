"""The solver: the law of in-range targets, batches, seeds, limits and refusals."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from known_ranges import LATENT, generator_of, in_range, noisy

from sketchlearn.errors import MeasurementError, OperatorError, OptionError
from sketchlearn.inverse import (
    BoxDownsampling,
    Convolution,
    Dense,
    GaussianLaw,
    Identity,
    Langevin,
    Mask,
    Outcome,
    PosteriorMean,
    Search,
    project,
    reconstruct,
    tau_of,
)
from sketchlearn.inverse.operators import Operator
from sketchlearn.inverse.whitening import misfit_of

QUICK = Search(steps=60, restarts=2, draws=8)


def sensing(m, seed=0, side=8):
    matrix = np.random.default_rng(seed).normal(size=(m, side**2)) / np.sqrt(m)
    return Dense(matrix, (side, side))


def measured(operator, images):
    return operator.A(torch.tensor(images).float()[:, None]).numpy()


@pytest.mark.parametrize("sigma", [0.05, 0.1, 0.3])
def test_noise_falls_to_the_share_of_the_latents(model, sigma):
    clean = in_range(model, 100)
    found = reconstruct(noisy(clean, sigma), Identity(), model, noise=sigma, tau=0)
    error = np.mean((found.images - clean) ** 2)
    assert error < 1.5 * sigma**2 * LATENT / 64


def test_twice_the_latents_of_measurements_recover_images(model):
    clean, operator = in_range(model, 100), sensing(2 * LATENT)
    y = noisy(measured(operator, clean), 0.01)

    def recovered(search):
        found = reconstruct(y, operator, model, noise=0.05, tau=0, method=search).images
        apart = np.linalg.norm((found - clean).reshape(100, -1), axis=1)
        return np.mean(apart < 0.1 * np.linalg.norm(clean.reshape(100, -1), axis=1))

    assert recovered(Search()) >= 0.95
    assert recovered(Search(restarts=1, draws=1)) < 0.95


@pytest.mark.parametrize(
    "operator",
    [
        Identity(),
        Mask(np.random.default_rng(0).random((5, 8, 8)) < 0.6, per_image=True),
        BoxDownsampling(2),
        sensing(20),
        Dense(np.random.default_rng(1).normal(size=(5, 20, 64)) / 5, (8, 8)),
        Convolution(np.random.default_rng(1).random((5, 3, 3)) / 4),
        Convolution(np.random.default_rng(1).random((5, 3, 3)) / 4, "zero"),
    ],
    ids=lambda operator: type(operator).__name__,
)
def test_a_batch_is_solved_as_its_images_alone(model, operator):
    y = noisy(measured(operator, in_range(model, 5)), 0.1)
    whole, apart = reconstruct(y, operator, model, noise=0.1, tau=0.1), []
    for number in range(5):
        one = operator.of_images(slice(number, number + 1))
        alone = reconstruct(y[number : number + 1], one, model, noise=0.1, tau=0.1)
        assert np.allclose(alone.losses, whole.losses[number], rtol=1e-3)
        apart.append(np.abs(alone.images[0] - whole.images[number]).max())
    # rounding may throw one search across an edge of the network, to a minimum as deep
    assert np.median(apart) < 1e-4


def test_the_same_seed_gives_the_same_bits_and_leaves_global_state_alone(model):
    y = noisy(in_range(model, 4), 0.2)
    state = torch.random.get_rng_state()
    for method in (QUICK, PosteriorMean(draws=500), Langevin(search=QUICK, steps=9, warm_up=9)):
        other = replace(method, seed=1)
        one, two, three = (
            reconstruct(y, Identity(), model, noise=0.2, method=some).images
            for some in (method, method, other)
        )
        assert (one == two).all()
        assert (one != three).any()
    assert torch.equal(state, torch.random.get_rng_state())


def test_gradients_are_found_where_the_caller_wants_none(model):
    y = noisy(in_range(model, 2), 0.2)
    with torch.no_grad():
        inside = reconstruct(y, Identity(), model, noise=0.2, method=QUICK)
    assert (
        inside.images == reconstruct(y, Identity(), model, noise=0.2, method=QUICK).images
    ).all()
    assert all(weights.grad is None for weights in model.generator.parameters())


class OfMisfit(Operator):
    """An operator that is neither diagonal, nor a convolution, nor small."""

    def __init__(self, inner):
        self.inner = inner

    def A(self, x):
        return self.inner.A(x)

    def A_adjoint(self, y):
        return self.inner.A_adjoint(y)

    def measured(self, planes):
        return self.inner.measured(planes)


@pytest.mark.parametrize("tau", [0.0, 0.3])
@pytest.mark.parametrize(
    "operator",
    [
        Mask(np.random.default_rng(0).random((8, 8)) < 0.6),
        Convolution(np.ones((3, 3)) / 9),
        sensing(20),
    ],
)
def test_every_form_of_the_misfit_is_the_quadratic_form_itself(operator, tau, monkeypatch):
    random = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 1, 8, 8, generator=random)
    y = torch.randn(3, *operator.measured((1, 8, 8)), generator=random)
    matrix = operator.A(torch.eye(64).view(64, 1, 8, 8)).flatten(1).T.double()
    y[:, (matrix == 0).all(dim=1).view(y.shape[1:])] = 0  # what is there says nothing
    covariance = 0.04 * torch.eye(len(matrix)) + tau**2 * matrix @ matrix.T
    apart = (y - operator.A(x)).flatten(2).double()
    solved = torch.linalg.solve(covariance, apart.flatten(0, 1).T).T.view_as(apart)
    expected = (apart * solved).sum(-1) / 2

    forms = [misfit_of(operator, y, 0.2, tau, (1, 8, 8))]
    forms.append(misfit_of(OfMisfit(operator), y, 0.2, tau, (1, 8, 8)))  # by its explicit matrix
    monkeypatch.setattr("sketchlearn.inverse.foreign._LARGEST_MATRIX", 1)
    forms.append(misfit_of(OfMisfit(operator), y, 0.2, tau, (1, 8, 8)))  # by conjugate gradients
    slopes = []
    for form in forms:
        moving = x.clone().requires_grad_()
        value = form(moving)
        assert torch.allclose(value.double(), expected, rtol=1e-3)
        slopes.append(torch.autograd.grad(value.sum(), moving)[0])
        pairs = form.of_all(x[:, 0])
        assert torch.allclose(pairs, form(x[:, :1].expand_as(x)), rtol=1e-3)
        again = form.solved(y - operator.A(x)).flatten(2).double()
        assert torch.allclose(again, solved, rtol=1e-2, atol=1e-3)
    assert all(torch.allclose(slope, slopes[0], rtol=1e-2, atol=1e-2) for slope in slopes)


def test_a_constant_generator_with_a_large_error_gives_ridge_regression():
    model = generator_of((8, 8))
    with torch.no_grad():
        for weights in model.generator.parameters():
            weights.zero_()
    operator = sensing(20)
    y = noisy(measured(operator, in_range(generator_of((8, 8)), 3)), 0.1)
    found = reconstruct(y, operator, model, noise=0.1, tau=0.7, method=QUICK).images
    matrix, ratio = operator.matrix.numpy().astype(float), (0.1 / 0.7) ** 2
    center = np.full(64, 0.5)
    gain = matrix.T @ np.linalg.inv(matrix @ matrix.T + ratio * np.eye(20))
    ridge = center + (y - matrix @ center) @ gain.T
    assert np.abs(found.reshape(3, -1) - ridge).max() < 1e-4


def test_classes_are_found_with_the_latents():
    model = generator_of((8, 8), latent=4, classes=("a", "b", "c"))
    clean = in_range(model, 30)
    found = reconstruct(noisy(clean, 0.1), Identity(), model, noise=0.1, tau=0)
    assert np.mean(found.classes == np.arange(30) % 3) > 0.9
    assert found.latents.shape == (30, 4)


def test_the_error_of_a_generator_is_measured_on_clean_images(model):
    clean = in_range(model, 40)
    assert tau_of(model, clean) < 0.01
    assert tau_of(model, noisy(clean, 0.2)) == pytest.approx(
        0.2 * np.sqrt(1 - LATENT / 64), rel=0.1
    )
    assert project(clean, model).images.shape == clean.shape


def test_its_error_is_made_good_where_measurements_are_good(model):
    clean = noisy(in_range(model, 40), 0.2)  # off the range
    y = noisy(clean, 0.05, seed=3)
    errors = [
        np.mean((reconstruct(y, Identity(), model, noise=0.05, tau=tau).images - clean) ** 2)
        for tau in (0, 0.2)
    ]
    assert errors[1] < 0.3 * errors[0]


def test_the_posterior_mean_errs_less_than_the_mode_in_heavy_noise():
    model = generator_of((8, 8), latent=3)
    clean = in_range(model, 60)
    y = noisy(clean, 1.0)
    mode, mean = (
        reconstruct(y, Identity(), model, noise=1.0, tau=0, method=method)
        for method in (Search(), PosteriorMean(draws=20_000))
    )
    assert np.mean((mean.images - clean) ** 2) < np.mean((mode.images - clean) ** 2)
    assert (mean.effective > 10).all()
    assert mean.outcome is Outcome.CONVERGED


def test_few_draws_are_told(model):
    y = noisy(in_range(model, 3), 0.02)
    found = reconstruct(y, Identity(), model, noise=0.02, method=PosteriorMean(draws=50))
    assert found.outcome is Outcome.FEW_DRAWS
    assert not found.converged.all()


def test_deviations_cover_the_errors_that_are_made():
    model = generator_of((8, 8), latent=4)
    clean = noisy(in_range(model, 30), 0.1)
    y = noisy(clean, 0.4, seed=4)
    found = reconstruct(y, Identity(), model, noise=0.4, tau=0.1, method=Langevin())
    score = (found.images - clean) / found.deviations
    assert 0.8 < np.sqrt(np.mean(score**2)) < 1.25
    mean = reconstruct(y, Identity(), model, noise=0.4, tau=0.1, method=PosteriorMean())
    assert np.abs(mean.images - found.images).mean() < 0.3 * found.deviations.mean()


def test_a_search_that_did_not_converge_says_so_and_returns_its_best(model):
    clean = in_range(model, 5)
    found = reconstruct(
        noisy(clean, 0.05), Identity(), model, noise=0.05, tau=0, method=Search(steps=8)
    )
    assert found.outcome is Outcome.STEPS_SPENT
    assert not found.converged.all()
    assert "best" in str(found.outcome)
    assert np.isfinite(found.images).all()


def test_colour_images_keep_the_layout_of_the_records():
    model = generator_of((6, 5, 3))
    clean = in_range(model, 3)
    found = reconstruct(noisy(clean, 0.1), Identity(), model, noise=0.1, method=QUICK)
    assert found.images.shape == (3, 6, 5, 3)
    planes_first = noisy(clean, 0.1).transpose(0, 3, 1, 2)
    again = reconstruct(planes_first, Identity(), model, noise=0.1, method=QUICK)
    assert (again.images == found.images).all()


def test_records_that_are_no_images_are_rows_of_pixels():
    model = generator_of((7,))
    y = noisy(in_range(model, 3), 0.1)
    found = reconstruct(y, Identity(), model, noise=0.1, method=QUICK)
    assert found.images.shape == (3, 7)


IMAGES = np.zeros((2, 8, 8))


@pytest.mark.parametrize(
    ("y", "options", "error", "says"),
    [
        (IMAGES, {"noise": 0}, MeasurementError, "positive"),
        (IMAGES, {"noise": None}, MeasurementError, "noise=None"),
        (IMAGES, {"noise": float("nan")}, MeasurementError, "positive"),
        (np.full((2, 8, 8), np.nan), {}, MeasurementError, "of 2 of 2 images hold NaN"),
        (np.zeros((2, 7, 8)), {}, MeasurementError, "shape"),
        (np.zeros((0, 8, 8)), {}, MeasurementError, "first axis"),
        (np.zeros((2, 8, 8, 3)), {}, MeasurementError, "One is of colour images"),
        (IMAGES, {"tau": -1}, OptionError, "tau=-1"),
        (IMAGES, {"prior": "flat"}, OptionError, "prior='flat'"),
        (IMAGES, {"method": "fast"}, OptionError, "method='fast'"),
        (IMAGES, {"model": "digits"}, OptionError, "A str was given as model"),
        (IMAGES, {"operator": Mask(np.ones((4, 4)))}, OperatorError, "for images of"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_remedy(model, y, options, error, says):
    options = {"operator": Identity(), "model": model, "noise": 0.1, **options}
    with pytest.raises(error, match=says):
        reconstruct(y, **options)


def test_noise_is_not_optional(model):
    with pytest.raises(TypeError, match="noise"):
        reconstruct(IMAGES, Identity(), model)


def test_noise_that_is_nothing_beside_the_generators_error_is_refused(model):
    y = np.zeros((1, 20))
    with pytest.raises(OperatorError, match="larger noise"):
        reconstruct(y, Dense(np.ones((20, 64)), (8, 8)), model, noise=1e-12, tau=1e3)


@pytest.mark.parametrize("name", ["steps", "restarts", "draws"])
def test_options_of_a_search_are_checked(name):
    with pytest.raises(OptionError, match=name):
        Search(**{name: 0})


def test_a_gaussian_law_of_other_images_is_refused():
    law = GaussianLaw.of_moments(np.zeros(4), np.eye(4), (2, 2))
    with pytest.raises(MeasurementError):
        reconstruct(IMAGES, Identity(), law, noise=0.1)
