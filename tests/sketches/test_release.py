"""Releases of sketches: what they keep, merge to, refuse, and say."""

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import (
    BudgetError,
    EmptySourceError,
    FileFormatError,
    OptionError,
    PrivacyError,
    PrivacyWarning,
)
from sketchlearn.storage import tensor_bytes, tensors_of

BOUNDS = (-5.0, 5.0)
SPENT = {"epsilon": 1.0, "delta": 1e-6}


def records(count=4_000, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 2))


PLAN = sl.plan(records(), origin="declared", bounds=BOUNDS, size=40)
LABELLED = sl.plan(
    (records(), np.zeros(4_000, int)),
    origin="declared",
    bounds=BOUNDS,
    size=40,
    label="side",
    classes=[0, 1, 2],
)


def sketched(count=4_000, seed=0):
    return sl.sketch(records(count, seed), PLAN)


def labelled(counts=(3_000, 900, 0)):
    labels = np.repeat(np.arange(3), counts)
    return sl.sketch((records(len(labels)), labels), LABELLED)


def test_a_release_has_noise_of_the_size_that_it_says():
    sketch = sketched()
    released = sketch.release(**SPENT)
    noise = released.sums - sketch.sums
    assert noise.std() == pytest.approx(released.noise["sums"], rel=0.4)
    error = np.abs(released.mean() - sketch.mean()) ** 2
    assert error.mean() == pytest.approx(2 * released.noise_deviations[0] ** 2, rel=0.6)
    assert released.error_bound() > sketch.error_bound()


def test_the_number_of_records_is_public_or_noised_by_the_relation():
    sketch = sketched()
    assert sketch.release(**SPENT).count == 4_000
    sketch = sketched()
    released = sketch.release(**SPENT, relation="add-remove")
    assert "counts" in released.noise
    assert released.count != 4_000 or released.noise["counts"] < 20
    assert abs(released.count - 4_000) < 8 * released.noise["counts"]


def test_counts_of_classes_are_noised_and_sum_to_the_public_number():
    released = labelled().release(**SPENT)
    assert released.count == 3_900
    assert np.abs(released.counts - [3_000, 900, 0]).max() < 8 * released.noise["counts"]
    assert (released.counts >= 0).all()


def test_moments_are_released_near_what_they_are_and_stay_possible():
    sketch = sketched(20_000)
    released = sketch.release(**SPENT)
    there, here = (one.side.covariance(one.count) for one in (sketch, released))
    assert np.abs(there - here).max() < 0.02
    tiny = sl.sketch(records(20), PLAN).release(epsilon=0.1, delta=1e-6)
    covariance = tiny.side.covariance(20)
    assert np.linalg.eigvalsh(covariance).min() > -1e-6 * max(1, np.abs(covariance).max())


def test_dropped_moments_are_asked_for_in_vain():
    released = sketched().release(**SPENT, moments="drop")
    with pytest.raises(PrivacyError, match="moments='keep'"):
        released.side  # noqa: B018
    lower, upper = released.bounds
    assert (lower < upper).all()


def test_nothing_of_the_records_is_in_the_file_but_noised_sums(tmp_path):
    values = records()
    values[7] = [4.125, -4.875]  # within the bounds, and extreme
    released = sl.sketch(values, PLAN).release(**SPENT)
    released.save(tmp_path / "a.private")
    content = (tmp_path / "a.private").read_bytes()
    assert np.float64(4.125).tobytes() not in content
    assert values[:2].tobytes() not in content
    _, tensors = tensors_of(content, "sketch")
    exact = sl.sketch(values, PLAN).tensors()
    noised = {"sums", "first_moments", "second_moments"}
    assert noised == {n for n in exact if not np.array_equal(exact[n], tensors[n])} - {
        "lower",
        "upper",
    }
    assert np.array_equal(tensors["lower"], PLAN.schema.encoded_bounds[0])
    other = sl.sketch(records(seed=5), PLAN).release(**SPENT).tensors()
    assert np.array_equal(other["upper"], tensors["upper"])


def test_dropped_records_are_not_counted_in_a_release():
    values = records()
    values[:30, 0] = np.nan
    sketch = sl.sketch(values, PLAN, missing="drop")
    assert (sketch.dropped, sketch.release(**SPENT).dropped) == (30, 0)


def test_files_give_releases_and_ledgers_back(tmp_path):
    sketch = labelled()
    released = sketch.release(**SPENT, budget=(2.0, 1e-6))
    for one in (sketch, released):
        one.save(tmp_path / "one")
        again = sl.load(tmp_path / "one")
        assert (again, again.ledger, again.noise) == (one, one.ledger, one.noise)


def test_a_second_release_is_refused_or_charged():
    sketch = sketched()
    sketch.release(**SPENT)
    with pytest.raises(BudgetError, match="above the budget of 1"):
        sketch.release(epsilon=0.1, delta=1e-6)
    sketch = sketched()
    sketch.release(**SPENT, budget=(2.0, 1e-6))
    sketch.release(epsilon=0.5, delta=1e-6)
    with pytest.raises(BudgetError):
        sketch.release(epsilon=1.6, delta=1e-6)
    assert 1.0 < sketch.ledger.epsilon(1e-6) < 1.5


def test_descendants_of_a_sketch_bear_its_releases():
    first, second = sketched(seed=1), sketched(seed=2)
    first.release(**SPENT)
    for descendant in (first + second, first - sl.sketch(records(10, seed=1), PLAN)):
        assert descendant.ledger.epsilon(1e-6) == pytest.approx(1.0)
        with pytest.raises(BudgetError):
            descendant.release(**SPENT)


def test_released_sketches_merge_with_their_noise():
    parts = [sketched(seed=seed).release(**SPENT) for seed in range(3)]
    total = sum(parts)
    assert total.count == 12_000
    assert total.noise["sums"] == pytest.approx(np.sqrt(3) * parts[0].noise["sums"])
    assert total.ledger.epsilon(1e-6) > 1.5  # nobody said that the records are disjoint
    apart = parts[0].merged(parts[1], disjoint=True).merged(parts[2], disjoint=True)
    assert apart.ledger.epsilon(1e-6) == pytest.approx(1.0)
    with pytest.raises(PrivacyError, match="released"):
        parts[0] + sketched()


def test_parties_add_their_shares_of_the_noise():
    parties = [sketched(seed=seed) for seed in range(4)]
    shares = [party.release(**SPENT, parties=4) for party in parties]
    total = sl.Sketch.of_shares(shares)
    alone = sl.sketch(np.concatenate([records(seed=s) for s in range(4)]), PLAN).release(**SPENT)
    assert total.noise["sums"] == pytest.approx(alone.noise["sums"])
    assert total.ledger.epsilon(1e-6) == pytest.approx(1.0)
    assert shares[0].ledger.epsilon(1e-6) > 1.9
    assert parties[0].ledger.epsilon(1e-6) == pytest.approx(1.0)
    with pytest.raises(PrivacyError, match="3 sketches were given"):
        sl.Sketch.of_shares(shares[:3])


def test_nothing_is_added_to_a_released_sketch_or_forgotten():
    released = sketched().release(**SPENT)
    for change in (
        lambda: released.update(records(5)),
        lambda: released.forget(records(5)),
        lambda: released - released,
        lambda: sketched() - released,
        lambda: released.release(**SPENT),
    ):
        with pytest.raises(PrivacyError, match="released sketch cannot be"):
            change()


def test_plans_that_saw_the_records_cannot_be_released():
    with pytest.raises(PrivacyError, match="origin='declared'"):
        sl.sketch(records(), size=40).release(**SPENT)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"epsilon": 0.0, "delta": 1e-6}, PrivacyError),
        ({"epsilon": 1.0, "delta": 1.5}, PrivacyError),
        ({"epsilon": 1.0}, PrivacyError),
        ({"epsilon": 1.0, "mechanism": "laplace", "delta": 1e-6}, PrivacyError),
        ({"epsilon": 1.0, "mechanism": "cauchy"}, OptionError),
        ({**SPENT, "relation": "both"}, OptionError),
        ({**SPENT, "parties": 0}, OptionError),
        ({**SPENT, "moments": True}, OptionError),
    ],
)
def test_releases_that_promise_nothing_are_refused_and_cost_nothing(options, error):
    sketch = sketched()
    with pytest.raises(error):
        sketch.release(**options)
    assert not sketch.ledger
    sketch.release(**SPENT)


def test_a_delta_of_one_record_is_warned_of():
    with pytest.warns(PrivacyWarning, match="3e-06"):
        sketched().release(epsilon=1.0, delta=1e-3)


def test_no_records_have_no_release():
    with pytest.raises(EmptySourceError):
        sl.Sketch(PLAN).release(**SPENT)


def test_laplace_noise_suits_a_dozen_frequencies():
    plan = sl.plan(records(), origin="declared", bounds=BOUNDS, size=6)
    sketch = sl.sketch(records(), plan)
    released = sketch.release(epsilon=1.0, mechanism="laplace", moments="drop")
    assert released.ledger.epsilon(0.0) == pytest.approx(1.0)
    assert np.abs(released.mean() - sketch.mean()).max() < 12 * released.noise_deviations[0]


@pytest.mark.parametrize("change", ["noise", "ledger", "identity"])
def test_an_edited_ledger_is_refused(change):
    content = sketched().release(**SPENT).to_bytes()
    document, tensors = tensors_of(content, "sketch")
    if change == "noise":
        document["noise"]["sums"] = -1.0
    elif change == "ledger":
        del document["ledger"]
    else:
        document["ledger"]["charges"][0]["identity"] = "me"
    with pytest.raises(FileFormatError, match="ledger"):
        sl.Sketch.from_bytes(tensor_bytes("sketch", document, tensors))
    with pytest.raises(FileFormatError, match="changed after"):
        sl.Sketch.from_bytes(content.replace(b"replace-one", b"add-removed"))
