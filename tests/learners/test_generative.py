"""Learning a generator from a sketch alone."""

import numpy as np
import pytest
import torch
from torch import nn

import sketchlearn as sl
from sketchlearn.errors import EmptySourceError, FitError, OptionError
from sketchlearn.learners import training
from sketchlearn.learners.generative import default_generator
from sketchlearn.learners.problem import MatchingProblem
from sketchlearn.models.generators import MLP, Bounded, Clipped, Convolutional
from sketchlearn.models.movements import MOVEMENTS, Moved

QUICK = {"steps": 12, "batch": 32, "latent": 4}


def custom(inputs=4, outputs=2):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, outputs))


@pytest.mark.parametrize("dimension", [1, 2])
def test_the_mean_and_covariance_of_a_gaussian_are_recovered(dimension):
    mix = np.array([[2.0, 1.0], [0.0, 1.0]])[:dimension, :dimension]
    records = np.random.default_rng(0).normal(size=(4000, dimension)) @ mix + 5.0
    sketch = sl.sketch(records, size=80)
    fit = sl.GenerativeNetwork(steps=300, batch=256).fit(sketch)
    drawn = fit.model.sample(20_000).to_numpy()
    deviation = records.std(axis=0)
    assert np.abs(drawn.mean(axis=0) - records.mean(axis=0)).max() < 0.1 * deviation.max()
    scaled = np.atleast_2d(np.cov((drawn / deviation).T))
    assert np.abs(scaled - np.atleast_2d(np.cov((records / deviation).T))).max() < 0.15
    first, best = fit.history[0], min(row["held_out_distance"] for row in fit.history)
    assert best < 0.2 * first["held_out_distance"]


def test_records_in_other_units_give_the_same_model_in_those_units():
    records = np.random.default_rng(1).normal(size=(500, 2)) ** 3

    def drawn(factor):
        fit = sl.GenerativeNetwork(**QUICK).fit(sl.sketch(factor * records, size=40))
        return fit.model.sample(200).to_numpy() / factor

    assert np.abs(drawn(1000.0) - drawn(1.0)).max() < 1e-3 * records.std()


def test_the_seed_decides_the_weights(gaussian, same):
    fits = [sl.GenerativeNetwork(**QUICK, seed=seed).fit(gaussian) for seed in (0, 0, 1)]
    assert same(fits[0], fits[1])
    assert not same(fits[0], fits[2])


@pytest.mark.parametrize("own", [False, True])
def test_a_fit_leaves_torch_s_global_random_state_alone_and_does_not_depend_on_it(
    gaussian, same, own
):
    learner = sl.GenerativeNetwork(**QUICK, restarts=2, generator=custom() if own else None)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = learner.fit(gaussian)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert same(one, learner.fit(gaussian))


def test_a_fit_leaves_its_sketch_and_the_users_module_alone(gaussian):
    module = custom()
    weights = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    sums = gaussian.sums.copy()
    fit = sl.GenerativeNetwork(generator=module, **QUICK).fit(gaussian)
    assert all(torch.equal(weights[k], v) for k, v in module.state_dict().items())
    assert (gaussian.sums == sums).all()
    assert not torch.equal(fit.model.generator[0].weight, module[0].weight)
    assert fit.model.sample(5).to_numpy().shape == (5, 2)


def test_each_label_draws_records_of_its_own_class():
    rng = np.random.default_rng(0)
    labels = np.array(["left"] * 300 + ["right"] * 100)
    records = rng.normal(size=(400, 2)) + np.where(labels == "left", -4, 4)[:, None]
    sketch = sl.sketch((records, labels), label="side", size=60)
    model = sl.GenerativeNetwork(steps=200, batch=256).fit(sketch).model
    assert (model.sample(500, label="left").to_numpy().mean(axis=1) < 0).mean() > 0.9
    assert (model.sample(500, label="right").to_numpy().mean(axis=1) > 0).mean() > 0.9
    mixed = model.sample(1000)
    assert ((mixed.to_numpy().mean(axis=1) > 0) == (mixed.labels == "right")).mean() > 0.9
    assert (mixed.labels == "right").mean() == pytest.approx(0.25, abs=0.06)


def test_a_class_without_records_does_not_stop_the_others():
    rng = np.random.default_rng(0)
    records, labels = rng.normal(size=(40, 2)), np.array(["a", "c"] * 20)
    sketch = sl.sketch((records, labels), label="k", classes=["a", "b", "c"], size=20)
    fit = sl.GenerativeNetwork(**QUICK).fit(sketch)
    assert set(fit.model.sample(200).labels) == {"a", "c"}


def test_a_module_of_the_wrong_output_width_is_refused(gaussian):
    learner = sl.GenerativeNetwork(generator=custom(outputs=3), **QUICK)
    with pytest.raises(FitError, match=r"gave \(3,\) numbers.*records have 2.*last layer"):
        learner.fit(gaussian)


def test_a_module_of_the_wrong_input_width_is_refused(gaussian):
    learner = sl.GenerativeNetwork(generator=custom(inputs=7), **QUICK)
    with pytest.raises(FitError, match=r"shape \(2, 4\).*first layer"):
        learner.fit(gaussian)


def test_a_module_that_returns_one_number_per_record_without_an_axis_is_refused():
    class Flat(nn.Linear):
        def forward(self, latents):
            return super().forward(latents).squeeze(1)

    sketch = sl.sketch(np.random.default_rng(0).normal(size=(50, 1)), size=20)
    with pytest.raises(FitError):
        sl.GenerativeNetwork(generator=Flat(4, 1), **QUICK).fit(sketch)


class Broken(nn.Linear):
    """A generator whose output is no number after its first call."""

    calls = 0

    def forward(self, latents):
        self.calls += 1
        return super().forward(latents) * (1.0 if self.calls == 1 else float("nan"))


def test_a_module_that_yields_no_numbers_is_told_as_divergence(gaussian):
    learner = sl.GenerativeNetwork(generator=Broken(4, 2), **QUICK)
    with pytest.raises(FitError, match="diverged at step 1"):
        learner.fit(gaussian)


def test_a_learning_rate_that_overflows_is_told_as_divergence(gaussian):
    with pytest.raises(FitError, match="smaller learning_rate"):
        sl.GenerativeNetwork(**QUICK, learning_rate=1e20).fit(gaussian)


@pytest.mark.parametrize("seed", [0, 1])
def test_restarts_go_on_from_the_best_start_and_are_reproducible(gaussian, same, monkeypatch, seed):
    learner = sl.GenerativeNetwork(**{**QUICK, "steps": 40, "patience": 99}, restarts=3, seed=seed)
    expected = learner.fit(gaussian)
    rows, evaluate = [], training.Training.evaluate
    monkeypatch.setattr(
        training.Training, "evaluate", lambda self: rows.append(evaluate(self)) or rows[-1]
    )
    fit = learner.fit(gaussian)
    assert same(fit, expected)
    trials = rows[:3]
    assert [row["step"] for row in trials] == [2, 2, 2]
    assert len({row["held_out_distance"] for row in trials}) == 3
    assert fit.history[0] == min(trials, key=lambda row: row["held_out_distance"])
    assert fit.history[-1]["step"] == 40


def test_restarts_of_a_users_module_reset_its_weights(gaussian):
    """The user's own weights are far off, so a reset module must win."""
    module = custom()
    with torch.no_grad():
        module[-1].bias.fill_(50.0)
    one = sl.GenerativeNetwork(generator=module, **QUICK, learning_rate=1e-4).fit(gaussian)
    two = sl.GenerativeNetwork(generator=module, **QUICK, learning_rate=1e-4, restarts=2).fit(
        gaussian
    )
    assert one.model.generator[-1].bias.min() > 40
    assert two.model.generator[-1].bias.max() < 2


def test_the_model_has_the_best_weights_of_the_history(gaussian):
    seen = {}
    learner = sl.GenerativeNetwork(**{**QUICK, "learning_rate": 0.3})
    fit = learner.fit(gaussian, on_step=lambda step, row: seen.update({step: row}))
    assert list(seen) == list(range(1, 13))
    assert [row for row in seen.values() if row] == fit.history
    best = min(fit.history, key=lambda row: row["held_out_distance"])
    run = training.Training(
        training.MatchingProblem.of(gaussian, 0.1, 0),
        training.TrainingSettings(4, 12, 32, 0.3, 0, 0.99, 20, 0),
        fit.model.generator,
    )
    assert run.evaluate()["held_out_distance"] == best["held_out_distance"]


def test_the_learning_rate_rises_while_warming_up(gaussian):
    def moved(warm_up):
        run = training.Training(
            training.MatchingProblem.of(gaussian, 0.1, 0),
            training.TrainingSettings(4, 2000, 32, 0.1, warm_up, 0.99, 20, 0),
            nn.Linear(4, gaussian.plan.schema.dimension),
        )
        before = [weights.detach().clone() for weights in run.generator.parameters()]
        run.advance(1)
        pairs = zip(run.generator.parameters(), before, strict=True)
        return max(float((after.detach() - then).abs().max()) for after, then in pairs)

    # the first step of Adam has the length of the learning rate, whatever the gradient
    assert moved(0) == pytest.approx(0.1, rel=1e-3)
    assert moved(100) == pytest.approx(0.001, rel=1e-3)


def test_patience_stops_a_run_that_no_longer_improves(gaussian):
    module = custom()
    learner = sl.GenerativeNetwork(
        generator=module, **{**QUICK, "steps": 30}, patience=2, learning_rate=1e-12
    )
    fit = learner.fit(gaussian)
    assert fit.history[-1]["step"] < 30
    assert fit.status is sl.Status.STUCK


def test_a_run_ends_once_the_model_is_well_within_the_noise_of_the_sketch(monkeypatch):
    monkeypatch.setattr(training, "_NEAR", 0.4)
    records = np.random.default_rng(0).normal(size=(60, 2))
    fit = sl.GenerativeNetwork(steps=1200, batch=128).fit(sl.sketch(records, size=600))
    last = fit.history[-1]
    assert fit.status is sl.Status.MATCHED
    assert last["matched"]
    assert last["step"] < 1200
    assert last["held_out_distance"] < 0.4 / len(records)
    assert not any(row["matched"] for row in fit.history[:-1])


def test_a_run_ends_only_when_every_class_is_matched_however_noisy_one_is(monkeypatch):
    monkeypatch.setattr(training, "_NEAR", 1.5)
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 20_000)
    ring = 3 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    records = np.concatenate([ring, rng.normal(size=(4, 2))])
    labels = np.array(["ring"] * len(ring) + ["few"] * 4)
    sketch = sl.sketch((records, labels), label="k", size=400)
    fit = sl.GenerativeNetwork(steps=80, batch=64).fit(sketch)
    noises = MatchingProblem.of(sketch, 0.1, 0).noises
    assert noises.max() > 1000 * noises.min()
    assert min(row["held_out_distance"] for row in fit.history) < 1.5 * noises.mean()
    assert fit.history[-1]["step"] == 80


@pytest.mark.parametrize(
    "option",
    [
        {"steps": 0}, {"batch": 3}, {"restarts": 0}, {"patience": 0}, {"held_out": 0.0},
        {"held_out": 1.0}, {"averaging": 1.0}, {"averaging": -0.1}, {"learning_rate": 0.0},
        {"learning_rate": float("nan")}, {"latent": 0}, {"seed": -1},
    ],
    ids=str,
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_refused_by_its_name(option):
    with pytest.raises(OptionError, match=next(iter(option))):
        sl.GenerativeNetwork(**option)


def test_an_empty_sketch_is_refused(gaussian):
    with pytest.raises(EmptySourceError, match="no record"):
        sl.GenerativeNetwork(**QUICK).fit(sl.Sketch(gaussian.plan))


def test_three_records_in_twenty_dimensions_are_told_to_be_noise():
    sketch = sl.sketch(np.random.default_rng(0).normal(size=(3, 20)), size=40)
    assert sl.GenerativeNetwork(**QUICK).fit(sketch).status is sl.Status.NOISE_DOMINATES


def test_a_large_network_on_ten_frequencies_is_mostly_told_that_the_sketch_is_too_small():
    rng = np.random.default_rng(0)
    corners = rng.choice([-2.0, 2.0], size=(5000, 10)) * rng.choice([0, 1], size=(5000, 1))
    records = corners + 0.3 * rng.normal(size=(5000, 10))
    learner = sl.GenerativeNetwork(steps=80, batch=128, held_out=0.5, learning_rate=1e-2)
    sketches = [sl.sketch(records, size=10, scales=[1.5], seed=seed) for seed in range(5)]
    told = [learner.fit(sketch).status for sketch in sketches]
    assert told.count(sl.Status.SKETCH_TOO_SMALL) >= 3


def test_small_images_come_from_a_bounded_perceptron():
    images = np.random.default_rng(0).integers(3, 200, size=(60, 8, 8)).astype(np.uint8)
    fit = sl.GenerativeNetwork(**QUICK).fit(sl.sketch(images, size=20))
    generator = fit.model.generator
    assert isinstance(generator, Bounded)
    assert isinstance(generator.inner, MLP)
    encoded = fit.model.generate(100 * torch.randn(200, 4)).detach().numpy()
    assert (encoded >= fit.model.lower - 1e-4).all()
    assert (encoded <= fit.model.upper + 1e-4).all()
    drawn = fit.model.sample(300).to_numpy()
    assert drawn.shape == (300, 8, 8)
    assert (drawn >= images.min(axis=0)).all()
    assert (drawn <= images.max(axis=0)).all()


@pytest.mark.parametrize(("latent", "drawing"), [("auto", 16), (4, 4)])
def test_images_of_400_pixels_come_from_a_clipped_convolutional_network_that_moves_them(
    monkeypatch, latent, drawing
):
    monkeypatch.setattr(training, "EVALUATION_RECORDS", 32)
    images = np.random.default_rng(0).integers(0, 256, size=(30, 20, 20)).astype(np.uint8)
    learner = sl.GenerativeNetwork(steps=2, batch=4, latent=latent)
    fit = learner.fit(sl.sketch(images, size=20))
    assert isinstance(fit.model.generator, Clipped)
    assert isinstance(fit.model.generator.inner, Moved)
    assert isinstance(fit.model.generator.inner.inner, Convolutional)
    assert fit.model.latent == drawing + MOVEMENTS
    assert fit.model.sample(3).to_numpy().shape == (3, 20, 20)
    smaller = default_generator(sl.sketch(images[:, :, :19], size=20), 4)
    assert isinstance(smaller.inner, MLP)


def test_latents_are_twice_the_dimension_within_4_to_16(gaussian):
    def latent(dimension):
        records = np.random.default_rng(0).normal(size=(20, dimension))
        return sl.GenerativeNetwork().settings(sl.sketch(records, size=10)).latent

    assert [latent(d) for d in (1, 2, 3, 8, 30)] == [4, 4, 6, 16, 16]


def test_records_in_place_of_a_sketch_are_refused():
    with pytest.raises(FitError, match="a sketch was expected"):
        sl.GenerativeNetwork(**QUICK).fit(np.zeros((5, 2)))


def test_steps_batch_and_rate_depend_on_what_is_learnt():
    images = np.random.default_rng(0).integers(0, 256, size=(30, 20, 20)).astype(np.uint8)
    large = sl.GenerativeNetwork().settings(sl.sketch(images, size=20))
    vectors = sl.GenerativeNetwork().settings(sl.sketch(images[:, 0, :3] / 256, size=20))
    asked = sl.GenerativeNetwork(steps=7, batch=8, learning_rate=0.3).settings(
        sl.sketch(images, size=20)
    )
    assert (large.steps, large.batch, large.learning_rate, large.warm_up) == (1500, 640, 0.01, 75)
    assert (vectors.steps, vectors.batch, vectors.learning_rate) == (8000, 512, 0.005)
    assert (asked.steps, asked.batch, asked.learning_rate) == (7, 8, 0.3)
