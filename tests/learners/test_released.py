"""Learning from released sketches: the noise is known, and what it hides is said to be hidden."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import sketchlearn as sl
from sketchlearn.errors import PrivacyError
from sketchlearn.learners.problem import MatchingProblem
from sketchlearn.learners.training import Training
from sketchlearn.sources import Batch

CENTERS = np.array([[-3.0, 0.0], [3.0, 2.0], [2.0, -3.0]])
SPENT = {"epsilon": 1.0, "delta": 1e-6}


def records(count=60_000):
    rng = np.random.default_rng(0)
    return CENTERS[np.arange(count) % 3] + 0.5 * rng.standard_normal((count, 2))


def declared(**options):
    return sl.plan(records(100), origin="declared", bounds=(-8, 8), **options)


@pytest.fixture(scope="module")
def released():
    return sl.sketch(records(), declared(size=120)).release(**SPENT)


def in_order(places):
    return places[np.argsort(places[:, 0])]


def test_centroids_of_a_release_are_those_of_the_records(released):
    fit = sl.KMeans(3).fit(released)
    assert np.abs(in_order(fit.model.centers) - in_order(CENTERS)).max() < 0.1
    assert fit.status is sl.Status.FITS
    assert fit.history[0]["more needed"] < 0.5
    assert fit.model.ledger == released.ledger


def test_a_mixture_of_a_release_has_the_law_of_the_records(released):
    fit = sl.GaussianMixture(3).fit(released)
    assert fit.status is sl.Status.FITS
    assert fit.history[0]["excess"] < 1.5  # the noise is expected, and no misfit
    variances = np.diagonal(fit.model.covariances, axis1=1, axis2=2)
    assert np.abs(variances - 0.25).max() < 0.08


def test_components_of_a_release_are_those_of_the_records():
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((200_000, 4)) * [3.0, 2.0, 0.5, 0.5]
    for features in ("fourier", ["fourier", "quadratic"]):
        plan = sl.plan(
            rows,
            origin="declared",
            bounds=(-15, 15),
            size=50,
            features=features,
            standardise="none",
        )
        released = sl.sketch(rows, plan).release(epsilon=3.0, delta=1e-6)
        model = sl.PCA(2).fit(released).model
        assert np.abs(np.abs(model.components) - np.eye(4)[:2]).max() < 0.1


def test_independent_components_of_a_release_are_those_of_the_records():
    rng = np.random.default_rng(2)
    mixing = np.array([[1.0, 0.4], [-0.3, 1.0]])
    rows = rng.laplace(size=(200_000, 2)) @ mixing.T
    plan = sl.plan(rows[:5_000], origin="public", features=["fourier", "contrasts"], size=20)
    released = sl.sketch(rows[5_000:], plan).release(epsilon=3.0, delta=1e-6)
    unmixed = np.abs(sl.ICA().fit(released).model.unmixing @ mixing)
    unmixed /= unmixed.max(axis=1, keepdims=True)
    assert sorted(unmixed.argmax(axis=1)) == [0, 1]
    assert np.sort(unmixed, axis=1)[:, 0].max() < 0.1


def test_noise_that_hides_the_records_is_told_from_few_records():
    few = sl.sketch(records(60), declared(size=120)).release(epsilon=0.1, delta=1e-6)
    fit = sl.KMeans(3).fit(few)
    assert fit.status is sl.Status.RELEASE_DOMINATES
    assert 1 < fit.history[0]["more needed"] < 10  # signal or not, a factor that would do at least
    network = sl.GenerativeNetwork(steps=10).fit(few)
    assert network.status is sl.Status.RELEASE_DOMINATES
    assert network.history[-1]["more needed"] > 1


def test_distances_to_a_release_are_those_to_the_exact_sketch():
    plan = declared(size=400)
    sketch = sl.sketch(records(3_000), plan)
    released = sketch.release(**SPENT, moments="drop")
    exact, noised = (MatchingProblem.of(one, 0.5, 0) for one in (sketch, released))
    assert noised.floor == pytest.approx(2 * released.noise_deviations[0] ** 2)
    assert noised.sampling == pytest.approx(exact.noises, rel=0.2)
    made = torch.from_numpy(plan.schema.encode(Batch(records(2_000) * 0.7)).values).float()
    made = made.view(1, 2, 1_000, 2)
    distances = []
    for _ in range(40):
        again = sl.Sketch(plan, sketch.totals).release(**SPENT, moments="drop")
        problem = MatchingProblem.of(again, 0.5, 0)
        distances.append(float(problem.held_out.loss(made)) - problem.floor)
    off = np.mean(distances) - float(exact.held_out.loss(made))
    assert abs(off) < 5 * np.std(distances) / np.sqrt(40) < noised.floor
    assert 0.5 < np.std(distances) / noised.error(np.mean(distances)) < 1.6


def test_a_learner_that_needs_moments_says_how_to_release_them():
    released = sl.sketch(records(), declared(size=120)).release(**SPENT, moments="drop")
    with pytest.raises(PrivacyError, match="moments='keep'"):
        sl.KMeans(3).fit(released)


def test_a_network_of_a_release_carries_the_guarantee_to_its_folder(released, tmp_path):
    sl.GenerativeNetwork(steps=4).fit(released).save(tmp_path / "model")
    assert sl.load(tmp_path / "model").ledger == released.ledger
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "replace-one" in card
    assert json.loads((tmp_path / "model" / "config.json").read_text())["latent"] == 4
    sl.GenerativeNetwork(steps=4).fit(sl.sketch(records(300), size=40)).save(tmp_path / "open")
    card = (tmp_path / "open" / "README.md").read_text(encoding="utf-8")
    assert "no promise" in card


class Told:
    """Held-out frequencies whose distances are given: in turn, twice each."""

    def __init__(self, target, distances):
        self.mean, self.distances = target.mean, iter(distances)
        self.told = 0
        self.current = 0.0

    def loss(self, records):
        if self.told % 2 == 0:
            self.current = next(self.distances)
        self.told += 1
        return torch.tensor(self.current) * len(records)


@pytest.mark.parametrize("private", [True, False])
def test_of_networks_that_noise_does_not_tell_apart_the_later_one_is_kept(released, private):
    sketch = released if private else sl.sketch(records(), released.plan)
    problem = MatchingProblem.of(sketch, 0.1, 0)
    told = Told(problem.held_out, np.array([0.1, 0.01, 0.01001, 0.5]) + problem.floor)
    generator = torch.nn.Linear(2, 2)
    learner = sl.GenerativeNetwork(generator, latent=2)
    training = Training(replace(problem, held_out=told), learner.settings(sketch), generator)
    biases = []
    for number in range(4):
        for module in (training.generator, training.averaged.module):
            with torch.no_grad():
                module.bias.fill_(float(number))
        training.evaluate()
        biases.append(training._best["bias"][0].item())
    assert biases == [0, 1, 2 if private else 1, 2 if private else 1]
    assert training.best_distance == pytest.approx(0.01, rel=1e-3)
