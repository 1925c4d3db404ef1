"""Answers of a sketch, against the records, and their errors against what they miss."""

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import ColumnError, EmptySourceError, FitError, OptionError


@pytest.fixture(scope="module")
def records():
    rng = np.random.default_rng(0)
    centers = np.array([[0.0, 10], [6, 30]])
    return centers[rng.integers(0, 2, 20_000)] + rng.standard_normal((20_000, 2)) * [1, 5]


@pytest.fixture(scope="module")
def answers(records):
    return sl.ask(sl.sketch(records, size=300, moments="diagonal"))


def test_a_histogram_is_near_that_of_the_records(records, answers):
    found = answers.histogram("x1", bins=8)
    inner = np.concatenate([[-np.inf], found.edges[1:-1], [np.inf]])
    exact = np.histogram(records[:, 1], inner)[0] / len(records)
    assert found.shares.sum() == pytest.approx(1)
    assert np.abs(found.shares - exact).max() < 0.01
    assert (np.abs(found.shares - exact) < 3 * found.errors).all()
    assert found.errors.max() < 0.03
    assert found.edges[0] == pytest.approx(records[:, 1].min(), abs=1e-6)


def test_edges_may_be_given(records, answers):
    found = answers.histogram("x0", bins=[0.0, 3, 6])
    exact = np.histogram(records[:, 0], [-np.inf, 0, 3, 6, np.inf])[0] / len(records)
    np.testing.assert_allclose(found.shares, exact, atol=0.02)
    assert found.edges[1:-1].tolist() == [0, 3, 6]


def test_counts_and_densities_within_bounds(records, answers):
    box = {"x0": (-1.0, 1.0), "x1": (5.0, 15.0)}
    inside = ((np.abs(records[:, 0]) <= 1) & (np.abs(records[:, 1] - 10) <= 5)).mean()
    share = answers.share(box)
    assert share.value == pytest.approx(inside, abs=0.01)
    assert abs(share.value - inside) < 3 * share.error
    assert answers.count(box).value == pytest.approx(inside * 20_000, abs=200)
    assert answers.density(box).value == pytest.approx(inside / 20, abs=0.0005)


def test_moments_and_any_other_mean(records, answers):
    np.testing.assert_allclose(answers.mean(), records.mean(axis=0), atol=1e-4)
    found = answers.covariance()
    exact = np.cov(records.T)
    np.testing.assert_allclose(found.value, exact, rtol=0.01)
    assert found.error[0, 0] == 0
    assert found.error[0, 1] > 0
    whole = sl.ask(sl.sketch(records, size=300)).covariance()
    np.testing.assert_allclose(whole.value, exact, rtol=1e-3)
    assert not whole.error.any()
    waves = answers.expect(lambda rows: np.cos(rows[:, 0] / 2))
    assert waves.value == pytest.approx(np.cos(records[:, 0] / 2).mean(), abs=0.01)


def test_errors_cover_laws_that_no_mixture_has():
    missed = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        angle = rng.uniform(0, 2 * np.pi, 20_000)
        ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) + rng.normal(0, 0.05, (20_000, 2))
        answers = sl.ask(sl.sketch(ring, size=400, seed=seed), seed)
        found = answers.histogram("x0", 9)
        inner = np.concatenate([[-np.inf], found.edges[1:-1], [np.inf]])
        exact = np.histogram(ring[:, 0], inner)[0] / len(ring)
        missed.append((found.shares - exact) / found.errors)
    assert np.mean(np.abs(missed) < 2) > 0.9


def test_whole_numbers_are_counted_with_their_bounds():
    dice = np.random.default_rng(0).integers(1, 7, (20_000, 2))
    answers = sl.ask(sl.sketch(dice, size=400))
    found = answers.histogram("x0", bins=[2, 3, 4, 5, 6])
    np.testing.assert_allclose(found.shares, np.full(6, 1 / 6), atol=0.03)
    share = answers.share({"x0": (2, 5)})
    assert share.value == pytest.approx(4 / 6, abs=0.03)
    assert answers.share({"x0": (3, 3)}).value == pytest.approx(1 / 6, abs=0.03)
    assert answers.count({"x0": (3, 3), "x1": (3, 3)}).value == pytest.approx(20_000 / 36, abs=200)


def test_a_question_that_writes_spoils_no_other(answers):
    before = answers.share({"x0": (-1.0, 1.0)})
    answers.expect(lambda rows: np.negative(rows, out=rows)[:, 0])
    assert answers.share({"x0": (-1.0, 1.0)}) == before


def test_questions_that_cannot_be_asked(records, answers):
    with pytest.raises(ColumnError, match="x7"):
        answers.histogram("x7")
    for wrong in (
        lambda: answers.histogram("x0", bins=1),
        lambda: answers.histogram("x0", bins=[2.0, 1.0]),
        lambda: answers.share({}),
        lambda: answers.share({"x0": (2.0, 1.0)}),
        lambda: answers.density({"x0": (0.0, np.inf)}),
        lambda: answers.expect(lambda rows: rows[:3, 0]),
        lambda: answers.expect(lambda rows: rows[:, 0] * np.nan),
        lambda: answers.expect(lambda rows: np.exp(1j * rows[:, 0])),
        lambda: answers.expect(lambda rows: np.full(len(rows), "a")),
        lambda: answers.share({"x0": 5}),
        lambda: answers.share({"x0": ("a", "b")}),
        lambda: answers.share([1]),
        lambda: answers.histogram("x0", bins=["a"]),
        lambda: answers.histogram("x0", bins=[np.nan]),
        lambda: answers.histogram("x0", bins=10**6),
    ):
        with pytest.raises(OptionError):
            wrong()
    with pytest.raises(EmptySourceError):
        sl.ask(sl.Sketch(sl.plan(records, size=50)))
    with pytest.raises(FitError):
        sl.ask(sl.sketch(records, features="quadratic"))
    with pytest.raises(FitError, match="1-bit"):
        sl.ask(sl.sketch(records, features="one-bit", size=50))


@pytest.mark.parametrize("count", [100, 400])
def test_errors_of_few_records_are_not_too_small(count):
    off = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        places = np.array([[0, 0], [8, 0], [0, 8.0]])[rng.integers(0, 3, count)]
        records = places + rng.normal(size=(count, 2))
        found = sl.ask(sl.sketch(records, size=500, seed=seed)).histogram("x0", [-1, 0, 1, 4, 8])
        shares = np.bincount(np.searchsorted(found.edges[1:-1], records[:, 0]), minlength=6) / count
        off.append((found.shares - shares) / found.errors)
    assert np.sqrt(np.mean(np.square(off))) < 2


def test_answers_of_a_release_are_off_by_what_they_say():
    rng = np.random.default_rng(0)
    plan = sl.plan(np.zeros((2, 2)), origin="declared", bounds=(-6, 6), size=200)
    rows = rng.normal(size=(20_000, 2))
    share = (np.abs(rows[:, 0]) < 1).mean()
    off = []
    for _ in range(12):
        released = sl.sketch(rows, plan).release(epsilon=0.3, delta=1e-6)
        answer = sl.ask(released).share({"x0": (-1, 1)})
        off.append((answer.value - share) / answer.error)
    assert 0.1 < np.sqrt(np.mean(np.square(off))) < 2.5
    assert (sl.ask(released).covariance().error > 0).all()
