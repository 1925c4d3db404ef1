"""What every learner owes, asked of each public name that can fit a sketch."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.errors import EmptySourceError, FitError
from sketchlearn.learners.fit import Fit, Status

MADE = {
    sl.GaussianMixture: sl.GaussianMixture(2),
    sl.GenerativeNetwork: sl.GenerativeNetwork(steps=2, batch=8),
    sl.ICA: sl.ICA(),
    sl.KMeans: sl.KMeans(2),
    sl.PCA: sl.PCA(1),
    sl.StableMixture: sl.StableMixture(2),
}
LEARNERS = [
    found
    for name in sl.__all__
    if isinstance(found := getattr(sl, name), type)
    and hasattr(found, "fit")
    and dataclasses.is_dataclass(found)
]

RECORDS = np.random.default_rng(0).laplace(size=(800, 2)) @ np.array([[1.0, 0.3], [0.0, 0.8]])


@pytest.fixture(scope="module")
def sketch():
    return sl.sketch(RECORDS, size=60, features=["fourier", "quadratic", "contrasts"])


@pytest.fixture(params=LEARNERS, ids=lambda kind: kind.__name__)
def learner(request):
    return MADE[request.param]


def test_every_learner_is_known_here():
    assert set(LEARNERS) == set(MADE)


def test_options_are_frozen(learner):
    field = dataclasses.fields(learner)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(learner, field, 3)


def test_a_fit_is_a_value_and_leaves_the_sketch_alone(learner, sketch):
    before = {name: array.copy() for name, array in sketch.totals.tensors().items()}
    fit = learner.fit(sketch)
    assert isinstance(fit, Fit)
    assert isinstance(fit.status, Status)
    assert fit.history
    assert all(np.array_equal(before[k], v) for k, v in sketch.totals.tensors().items())


def test_the_same_options_give_the_same_model(learner, sketch):
    one, other = (learner.fit(sketch).model.tensors() for _ in range(2))
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_a_model_is_saved_and_read(learner, sketch, tmp_path):
    fit = learner.fit(sketch)
    fit.save(tmp_path / "model")
    loaded = sl.load(tmp_path / "model")
    assert type(loaded) is type(fit.model)
    mine, theirs = fit.model.tensors(), loaded.tensors()
    assert all(np.array_equal(mine[name], theirs[name]) for name in mine)
    assert (tmp_path / "model" / "status.txt").read_text().strip() == str(fit.status)


def test_what_is_no_sketch_or_holds_no_record_is_refused(learner, sketch):
    with pytest.raises(FitError, match="a sketch was expected"):
        learner.fit(RECORDS)
    with pytest.raises(EmptySourceError):
        learner.fit(sl.Sketch(sketch.plan))


def test_learners_of_numbers_refuse_tables(learner):
    if isinstance(learner, sl.GenerativeNetwork):
        pytest.skip("networks learn tables too")
    table = sl.sketch(pa.table({"a": RECORDS[:50, 0], "b": ["x", "y"] * 25}), size=40)
    with pytest.raises(FitError, match="table"):
        learner.fit(table)


def test_classes_count_together_where_a_model_has_none(learner):
    if isinstance(learner, sl.GenerativeNetwork):
        pytest.skip("networks are conditional")
    features = {"size": 60, "features": ["fourier", "quadratic", "contrasts"]}
    names = {"a": RECORDS[:, 0], "b": RECORDS[:, 1]}
    plain = sl.sketch(pa.table(names), encoding="vector", **features)
    labelled = sl.sketch(
        pa.table({**names, "c": np.arange(800) % 2}), label="c", encoding="vector", **features
    )
    one, other = (learner.fit(made).model.tensors() for made in (plain, labelled))
    assert all(np.array_equal(one[name], other[name]) for name in one)
