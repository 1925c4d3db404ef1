"""What is drawn: classes, chains, what of it depends on a batch, an offset, or a memory."""

import numpy as np
import pytest
import torch
from known_ranges import generator_of, in_range, noisy

from sketchlearn.errors import OperatorError
from sketchlearn.inverse import (
    Convolution,
    Identity,
    Langevin,
    Mask,
    PosteriorMean,
    Search,
    project,
    reconstruct,
)
from sketchlearn.inverse.latents import LatentPrior
from sketchlearn.inverse.operators import Operator
from sketchlearn.inverse.whitening import misfit_of

FEW = Search(steps=20, restarts=2, draws=8)
CHAINS = Langevin(search=FEW, steps=30, warm_up=30)


def drawn_classes(model, count, seed=0):
    return LatentPrior(model).draw(count, torch.Generator().manual_seed(seed))[1]


def test_few_draws_are_of_any_class_and_many_of_each_as_often():
    model = generator_of((8, 8), classes=tuple(range(10)))
    first = {int(drawn_classes(model, 1, seed)) for seed in range(40)}
    assert len(first) > 6
    for start in drawn_classes(model, 80).split(10):
        assert sorted(start.tolist()) == list(range(10))


def test_classes_of_images_and_of_kernels_meet_in_every_pair():
    random = torch.Generator().manual_seed(0)
    priors = [LatentPrior(generator_of((3, 3), classes=(0, 1), seed=seed)) for seed in (0, 1)]
    one, two = (prior.draw(64, random)[1] for prior in priors)
    assert len(set(zip(one.tolist(), two.tolist(), strict=True))) == 4


def test_an_impossible_class_is_never_chosen():
    model = generator_of((8, 8), latent=4, classes=("a", "b", "c"))
    clean = in_range(model, 12)
    model.proportions = np.array([0.5, 0.0, 0.5])
    for method in (Search(steps=20), PosteriorMean(draws=300)):
        found = reconstruct(clean, Identity(), model, noise=0.05, tau=0, method=method)
        assert set(found.classes) == {0, 2}
        assert np.isfinite(found.losses).all()
    assert set(project(clean, model, method=FEW).classes) == {0, 2}


def test_the_usual_error_is_of_classes_as_often_as_they_are():
    model = generator_of((8, 8), latent=4, classes=("a", "b"))
    with torch.no_grad():  # class b is far from a
        model.generator[0].weight[:, -1] += 3
    equal = LatentPrior(model).usual_error()
    model.proportions = np.array([0.999, 0.001])
    assert LatentPrior(model).usual_error() < 0.8 * equal
    plain = LatentPrior(generator_of((8, 8)))
    with torch.no_grad():
        images = plain.images(*plain.draw(1024, torch.Generator().manual_seed(0)))
    assert plain.usual_error() == pytest.approx(0.25 * float(images.var(0).mean().sqrt()))


@pytest.mark.parametrize(
    "operator",
    [
        Identity(),
        Mask(np.random.default_rng(0).random((3, 8, 8)) < 0.6, per_image=True),
        Convolution(np.random.default_rng(1).random((3, 3, 3)) / 4, "zero"),
    ],
    ids=lambda operator: type(operator).__name__,
)
@pytest.mark.parametrize("method", [PosteriorMean(draws=500), CHAINS], ids=["mean", "chains"])
def test_a_batch_is_drawn_as_its_images_alone(operator, method):
    model = generator_of((8, 8), latent=3)
    clean = torch.tensor(in_range(model, 3)).float()[:, None]
    y = noisy(operator.A(clean).numpy(), 0.3)
    whole, apart = reconstruct(y, operator, model, noise=0.3, tau=0.1, method=method), []
    for number in range(3):
        some = slice(number, number + 1)
        one = operator.of_images(some)
        alone = reconstruct(y[some], one, model, noise=0.3, tau=0.1, method=method)
        apart.append(np.abs(alone.images[0] - whole.images[number]).max())
        if whole.deviations is not None:
            apart[-1] = max(apart[-1], np.abs(alone.deviations[0] - whole.deviations[number]).max())
    # rounding may throw one chain across an edge of the network, to another path
    assert np.median(apart) < 1e-3


@pytest.mark.parametrize("method", [FEW, PosteriorMean(draws=500), CHAINS])
def test_many_kernels_are_factored_as_one_alone(model, method, monkeypatch):
    operator = Convolution(np.random.default_rng(1).random((3, 3, 3)) / 4, "zero")
    clean = torch.tensor(in_range(model, 3)).float()[:, None]
    y = noisy(operator.A(clean).numpy(), 0.3)
    whole = reconstruct(y, operator, model, noise=0.3, tau=0.1, method=method)
    monkeypatch.setattr("sketchlearn.inverse.foreign._LARGEST_MATRIX", 64**2 * 2)
    monkeypatch.setattr("sketchlearn.inverse.whitening._CG_STEPS", 0)  # not one of them
    cut = reconstruct(y, operator, model, noise=0.3, tau=0.1, method=method)
    assert np.allclose(cut.images, whole.images, atol=1e-4)
    assert np.allclose(cut.losses, whole.losses, rtol=1e-4)
    for name in ("deviations", "effective"):
        if getattr(whole, name) is not None:
            assert np.allclose(getattr(cut, name), getattr(whole, name), rtol=1e-3)


class Blurred(Operator):
    """A large operator, of no closed form."""

    inner = Convolution(np.ones((5, 5)) / 25, "zero")

    def A(self, x):
        return self.inner.A(x)

    def A_adjoint(self, y):
        return self.inner.A_adjoint(y)

    def measured(self, planes):
        return planes


def test_conjugate_gradients_go_on_until_they_are_there(monkeypatch):
    random = torch.Generator().manual_seed(0)
    y = torch.randn(2, 1, 16, 16, generator=random)
    planes, x = (1, 16, 16), torch.zeros(2, 1, 16, 16)
    exact = misfit_of(Blurred(), y, 3e-3, 0.3, planes)(x)
    monkeypatch.setattr("sketchlearn.inverse.foreign._LARGEST_MATRIX", 1)
    assert torch.allclose(misfit_of(Blurred(), y, 3e-3, 0.3, planes)(x), exact, rtol=1e-2)
    with pytest.raises(OperatorError, match="larger noise"):
        misfit_of(Blurred(), y, 1e-7, 0.3, planes)(x)
    assert (
        not misfit_of(Blurred(), y, 0.1, 0.3, planes)(torch.full_like(x, torch.inf))
        .isfinite()
        .any()
    )


@pytest.mark.parametrize("offset", [300, 3000])
def test_an_offset_of_all_images_changes_nothing_else(offset):
    models = [generator_of((8, 8), latent=3, center=0.5 + add) for add in (0, offset)]
    y = noisy(in_range(models[0], 4), 0.5)
    means, spreads = (
        [
            reconstruct(y + add, Identity(), some, noise=noise, tau=tau, method=method)
            for some, add in zip(models, (0, offset), strict=True)
        ]
        for method, noise, tau in ((PosteriorMean(draws=5000), 0.5, 0.0), (CHAINS, 0.1, 0.03))
    )
    rounding = 2e-5 * offset  # of weights: pixels keep 24 bits
    assert np.abs(means[1].images - offset - means[0].images).max() < rounding
    assert np.allclose(means[1].effective, means[0].effective, rtol=2 * rounding)
    assert (spreads[1].deviations > 0).all()
    assert np.median(np.abs(spreads[1].deviations / spreads[0].deviations - 1)) < 0.1


def test_too_long_steps_give_back_the_best_that_was_reached(model):
    y = in_range(model, 3)
    starts, wild = (
        reconstruct(y, Identity(), model, noise=0.1, method=Search(steps=steps, learning_rate=rate))
        for steps, rate in ((1, 1e-9), (20, 1e4))
    )
    assert (wild.losses <= starts.losses).all()
    assert not wild.converged.any()
