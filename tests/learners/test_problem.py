"""The sketch as a matching problem: split, targets, noise."""

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import FitError
from sketchlearn.learners.problem import MatchingProblem


def columns(target):
    """Each frequency of a target as a tuple, with its mean features (classes, 2)."""
    pairs = zip(target.frequencies.T.tolist(), target.mean.permute(2, 0, 1).numpy(), strict=True)
    return {tuple(frequency): mean for frequency, mean in pairs}


def test_training_and_held_out_frequencies_partition_the_plans_and_keep_their_means(gaussian):
    problem = MatchingProblem.of(gaussian, 0.25, seed=0)
    training, held_out = columns(problem.training), columns(problem.held_out)
    assert (len(training), len(held_out)) == (30, 10)
    assert not training.keys() & held_out.keys()
    z = gaussian.mean()
    for number, frequency in enumerate(gaussian.plan.frequencies.T.tolist()):
        mean = {**training, **held_out}[tuple(frequency)]
        assert mean == pytest.approx(np.array([[z[number].real, z[number].imag]]), abs=1e-6)


def test_the_seed_decides_which_frequencies_are_held_out(gaussian):
    def held(seed):
        return columns(MatchingProblem.of(gaussian, 0.25, seed).held_out).keys()

    assert held(0) == held(0)
    assert held(0) != held(1)


def test_at_least_one_and_at_most_five_hundred_frequencies_are_held_out(gaussian):
    assert len(columns(MatchingProblem.of(gaussian, 1e-6, 0).held_out)) == 1
    records = np.random.default_rng(0).normal(size=(20, 2))
    large = MatchingProblem.of(sl.sketch(records, size=3000), 0.5, 0)
    assert large.held_out.frequencies.shape == (2, 500)
    assert large.training.frequencies.shape == (2, 2500)


def test_some_frequencies_are_always_left_to_train_on():
    records = np.random.default_rng(0).normal(size=(20, 2))
    problem = MatchingProblem.of(sl.sketch(records, size=10), 0.99, 0)
    assert problem.training.frequencies.shape[1] >= 1


def test_noise_and_signal_are_what_simulation_gives_on_a_normal_law():
    rng = np.random.default_rng(0)
    count, trials = 8, 400
    plan = sl.plan(rng.normal(size=(50, 2)), size=100, standardise="none", scales=[1.0])
    frequencies = plan.frequencies.astype(float)
    expected = np.exp(-(frequencies**2).sum(axis=0) / 2)
    distances, noises, signals = [], [], []
    for _ in range(trials):
        sketch = sl.Sketch(plan).update(rng.normal(size=(count, 2)))
        distances.append((np.abs(sketch.mean() - expected) ** 2).mean())
        problem = MatchingProblem.of(sketch, 0.1, 0)
        noises.append(problem.noise)
        signals.append(problem.signal)
    assert np.mean(noises) == pytest.approx(np.mean(distances), rel=0.06)
    assert np.mean(signals) == pytest.approx((expected**2).mean(), rel=0.06)


def test_noise_is_averaged_over_the_classes_present():
    rng = np.random.default_rng(0)
    records, labels = rng.normal(size=(330, 2)), np.array(["a"] * 300 + ["b"] * 30)
    both = MatchingProblem.of(sl.sketch((records, labels), label="k", size=200), 0.1, 0)
    plan = sl.plan((records, labels), label="k", size=200)
    apart = [
        MatchingProblem.of(sl.sketch((records[labels == k], labels[labels == k]), plan), 0.1, 0)
        for k in "ab"
    ]
    assert both.noise == pytest.approx((apart[0].noise + apart[1].noise) / 2)
    assert apart[1].noise > 5 * apart[0].noise


def test_classes_without_records_are_left_out():
    rng = np.random.default_rng(0)
    records, labels = rng.normal(size=(40, 2)), np.array(["a", "c"] * 20)
    sketch = sl.sketch((records, labels), label="k", classes=["a", "b", "c"], size=20)
    problem = MatchingProblem.of(sketch, 0.1, 0)
    assert problem.classes.tolist() == [0, 2]
    assert problem.class_count == 3
    assert problem.training.mean.shape == (2, 2, 18)
    known = {f: (mean[:, 0] + 1j * mean[:, 1]) for f, mean in columns(problem.training).items()}
    for frequency, z in zip(sketch.plan.frequencies.T.tolist(), sketch.mean().T, strict=True):
        if tuple(frequency) in known:
            assert known[tuple(frequency)] == pytest.approx(z[[0, 2]], abs=1e-6)


def test_too_few_frequencies_are_refused_with_the_remedy():
    records = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(FitError, match=r"9 frequencies.*larger size"):
        MatchingProblem.of(sl.sketch(records, size=9), 0.1, 0)
    assert MatchingProblem.of(sl.sketch(records, size=10), 0.1, 0).dimension == 2


def test_frequencies_of_one_ray_are_held_out_together():
    records = np.random.default_rng(0).standard_normal((200, 30))
    problem = MatchingProblem.of(sl.sketch(records, size=103, structure="rays"), 0.2, seed=1)
    sides = [part.frequencies.numpy() for part in (problem.training, problem.held_out)]
    assert sum(side.shape[1] for side in sides) == 103
    unit = [side / np.linalg.norm(side, axis=0) for side in sides]
    shared = (unit[0].T @ unit[1] > 1 - 1e-6).any(axis=0)
    assert shared.sum() < 5  # at most one ray is cut where the held-out ones end
