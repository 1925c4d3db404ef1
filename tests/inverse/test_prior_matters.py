"""A learnt prior against one that learnt nothing, or the wrong thing, on real digits."""

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.cli.demo import split_digits
from sketchlearn.inverse import Dense, Identity, Mask, Search, reconstruct
from sketchlearn.learners.generative import default_generator
from sketchlearn.models import GenerativeModel

RNG = np.random.default_rng(0)
SEEN = np.ones((8, 8))
SEEN[2:6, 2:6] = 0
TASKS = {
    "denoise": (Identity(), 16 * 0.3),
    "inpaint": (Mask(SEEN), 16 * 0.05),
    "sense": (Dense(RNG.normal(size=(12, 64)) / np.sqrt(12), (8, 8)), 16 * 0.05),
}


@pytest.fixture(scope="module")
def digits():
    return split_digits(0)


def learnt(images, digits, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sketchlearn.learners.training.EVALUATION_RECORDS", 512)
        sketch = sl.sketch((images, digits), label="digit", size=1000)
        learner = sl.GenerativeNetwork(latent=12, steps=steps, batch=256)
        return learner.fit(sketch).model


@pytest.fixture(scope="module")
def model(digits):
    return learnt(digits[0], digits[1], 700)


@pytest.fixture(scope="module")
def of_other_digits(digits):
    images, labels = digits[:2]
    return learnt(images[labels < 5], labels[labels < 5], 700)


def decibels(images, clean):
    errors = np.square((np.clip(images, 0, 16) - clean) / 16).reshape(len(clean), -1).mean(axis=1)
    return float(np.mean(-10 * np.log10(errors)))


def restored(task, model, clean, **options):
    import torch

    operator, noise = TASKS[task]
    y = operator.A(torch.tensor(clean).float()[:, None]).numpy()
    y = y + noise * np.random.default_rng(1).normal(size=y.shape)
    return decibels(reconstruct(y, operator, model, noise=noise, **options).images, clean)


@pytest.mark.parametrize("task", TASKS)
def test_a_generator_that_learnt_nothing_is_worse(task, digits, model):
    clean = digits[2][:80]
    sketch = sl.sketch((digits[0], digits[1]), label="digit", size=50)
    fresh = GenerativeModel(
        default_generator(sketch, 12), sketch.plan.schema, 12,
        sketch.counts / sketch.count, *sketch.bounds,
    )  # fmt: skip
    assert restored(task, model, clean) > restored(task, fresh, clean) + 1


@pytest.mark.parametrize("task", TASKS)
def test_a_generator_of_other_digits_is_worse(task, digits, model, of_other_digits):
    clean = digits[2][digits[3] >= 5][:80]
    assert restored(task, model, clean) > restored(task, of_other_digits, clean) + 1


def test_the_measurements_matter(digits, model):
    clean = digits[2][:80]
    turned = np.roll(clean, 1, axis=0)
    y = clean + 16 * 0.1 * np.random.default_rng(1).normal(size=clean.shape)
    found = reconstruct(y, Identity(), model, noise=1.6).images
    assert decibels(found, clean) > decibels(found, turned) + 8


@pytest.mark.parametrize("task", TASKS)
def test_it_is_better_than_mean_and_covariance_or_close(task, digits, model):
    sketch, clean = sl.sketch(digits[0], size=50), digits[2][:80]
    found = [restored(task, model, clean, method=Search(seed=seed)) for seed in range(3)]
    assert np.mean(found) > restored(task, sketch, clean) - 0.5  # seeds differ by 0.2
