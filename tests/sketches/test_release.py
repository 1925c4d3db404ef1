"""Releases of sketches: what they keep, merge to, refuse, and say."""

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.errors import (
    BudgetError,
    EmptySourceError,
    FileFormatError,
    FitError,
    OptionError,
    PrivacyError,
    PrivacyWarning,
    SketchlearnError,
)
from sketchlearn.privacy.page import privacy_page
from sketchlearn.sources import Batch
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
    assert error.mean() == pytest.approx(2 * released.noise_deviations[0] ** 2, rel=0.8)
    assert released.error_bound() > sketch.error_bound()


def test_the_number_of_records_is_public_or_noised_by_the_relation():
    sketch = sketched()
    assert sketch.release(**SPENT).count == 4_000
    noised = [sketched().release(**SPENT, relation="add-remove") for _ in range(4)]
    counts = np.array([released.count for released in noised])
    assert np.abs(counts - 4_000).max() < 8 * noised[0].noise["counts"]
    assert (counts != 4_000).any()  # one alone is 4,000 once in a hundred times


def test_counts_of_classes_are_noised_and_sum_to_the_public_number():
    released = labelled().release(**SPENT)
    assert released.count == 3_900
    assert np.abs(released.counts - [3_000, 900, 0]).max() < 8 * released.noise["counts"]
    assert (released.counts >= 0).all()


def test_moments_are_released_near_what_they_are_and_stay_possible():
    sketch = sketched(100_000)
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
    noised = {"sums", "first_moments", "second_moments"}  # and counts, which are tidied to n
    assert noised == {n for n in exact if not np.array_equal(exact[n], tensors[n])} - {
        "lower",
        "upper",
    }
    assert np.array_equal(tensors["lower"], PLAN.schema.encoded_bounds[0])
    other = sl.sketch(records(seed=5), PLAN).release(**SPENT).tensors()
    assert np.array_equal(other["upper"], tensors["upper"])


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
    sketch = sketched()
    with pytest.warns(PrivacyWarning, match="a hundredth of one in their number"):
        sketch.release(epsilon=1.0, delta=1e-3)
    other = sketched()
    with pytest.raises(PrivacyWarning, match=r"^(?!.*3,?000)"):  # an error, as in these tests
        other.release(epsilon=1.0, delta=1e-3)
    assert not other.ledger


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


def test_shares_carry_their_noise_unclipped_to_the_sum():
    """Counts of absent classes are noise, whose sign a party must not take away."""
    parties = [labelled((40, 0, 0)) for _ in range(16)]
    absent = []
    for _ in range(30):
        shares = [sl.Sketch(LABELLED, p.totals).release(**SPENT, parties=16) for p in parties]
        total = sum(shares)
        absent.append(total.counts[2] - total.counts[1])
    assert np.std(absent) == pytest.approx(np.sqrt(2) * total.noise["counts"], rel=0.45)
    assert sl.Sketch.of_shares(shares).counts.sum() == 16 * 40


def test_more_parties_than_whole_numbers_can_share_are_refused():
    with pytest.raises(PrivacyError, match=r"At most \d+ parties"):
        labelled().release(**SPENT, parties=1_000)


def test_a_share_is_not_learnt_from():
    share = sketched().release(**SPENT, parties=2)
    assert share.is_share
    with pytest.raises(FitError, match="of_shares"):
        sl.KMeans(2).fit(share)


def test_a_record_that_is_dropped_shows_in_no_public_number():
    values = records(500)
    values[0, 0] = np.nan
    seen = set()
    for one in (records(500), values):
        sketch = sl.sketch(one, PLAN, missing="drop")
        for _ in range(5):
            released = sl.Sketch(PLAN, sketch.totals).release(**SPENT)
            assert released.count + released.dropped == 500
            seen.add(released.count)
    assert seen == {500}
    values[:200] = np.nan
    many = sl.sketch(values, PLAN, missing="drop").release(**SPENT)
    assert abs(many.dropped - 200) < 8 * many.noise["counts"]
    assert many.count + many.dropped == 500


def test_a_release_that_fails_costs_nothing():
    table = pa.table({"a": ["x", "y"] * 50, "b": [1.0, 2.5, 3.0, 0.5] * 25})
    sketch = sl.sketch(table, sl.plan(table, origin="public", size=40))
    with pytest.raises(PrivacyError, match="of a table"):
        sketch.release(epsilon=1.0, delta=1e-3, moments="keep")
    assert not sketch.ledger
    assert sketch.release(epsilon=1.0, delta=1e-3).count == 100


def test_counts_that_are_all_noise_still_sum_to_the_public_number():
    for _ in range(20):
        tiny = labelled((10, 5, 5)).release(epsilon=0.05, delta=1e-6)
        assert tiny.count + tiny.dropped == 20


def test_nothing_exact_is_added_to_a_released_sketch_by_the_step_of_a_pass():
    released = sketched().release(**SPENT)
    with pytest.raises(PrivacyError, match="added to"):
        released.add_batch(Batch(records(3)))


def test_the_same_release_twice_has_twice_the_noise():
    released = sketched().release(**SPENT)
    assert (released + released).noise["sums"] == 2 * released.noise["sums"]


def test_no_record_and_one_are_told_apart_by_no_error():
    none = sl.Sketch(PLAN).release(**SPENT, relation="add-remove")
    assert none.count < 8 * none.noise["counts"]


def test_a_plan_of_the_records_themselves_is_not_called_public():
    with pytest.raises(OptionError, match="very records"):
        sl.sketch(records(), origin="public")


@pytest.mark.parametrize(
    "options",
    [{"epsilon": "1"}, {"delta": None}, {"budget": 2.0}, {"budget": (2,)}, {"epsilon": True}],
)
def test_options_of_wrong_types_are_refused_in_words(options):
    with pytest.raises((PrivacyError, OptionError), match="was given"):
        sketched().release(**{**SPENT, **options})


def test_a_first_release_above_its_own_budget_is_told_so():
    with pytest.raises(BudgetError, match="declare a larger budget"):
        sketched().release(**SPENT, budget=(0.5, 1e-6))


def test_exact_sketches_are_no_shares():
    shares = [sketched() for _ in range(2)]
    for share in shares:
        share.release(**SPENT, parties=2)
    with pytest.raises(PrivacyError, match="Sketch 1 of 2 is no share"):
        sl.Sketch.of_shares(shares)


def test_a_share_is_not_added_to_the_sum_that_it_is_in():
    shares = [sketched().release(**SPENT, parties=2) for _ in range(2)]
    with pytest.raises(PrivacyError, match="share of a release and the other is none"):
        sl.Sketch.of_shares(shares) + shares[0]


def test_the_page_says_that_noise_is_a_sum_of_shares(tmp_path):
    total = sl.Sketch.of_shares([sketched().release(**SPENT, parties=2) for _ in range(2)])
    total.save(tmp_path / "all")
    page = privacy_page(sl.load(tmp_path / "all").ledger)
    assert "the sum of the shares of 2 parties" in page
    assert "proved of one party's noise" in page


def test_exact_sums_do_not_pass_for_released_ones(tmp_path):
    released = sketched().release(**SPENT)
    noise = {name: value for name, value in released.noise.items() if name != "sums"}
    sl.Sketch(released.plan, released.totals, released.ledger, noise).save(tmp_path / "edited")
    with pytest.raises(FileFormatError, match="ledger"):
        sl.load(tmp_path / "edited")


@pytest.mark.parametrize("options", [{"parties": float("inf")}, {"epsilon": 10**400}], ids=str)
def test_numbers_that_are_none_are_refused_in_words(options):
    with pytest.raises(SketchlearnError, match="was given"):
        sketched().release(**(SPENT | options))
