"""Sketches: statistics against closed forms, and the laws of a commutative group."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sketchlearn as sl
from sketchlearn.errors import (
    ColumnError,
    EmptySourceError,
    ForgetError,
    LabelError,
    MissingValuesError,
    OptionError,
    OverflowSketchError,
    PlanMismatchError,
    SketchlearnError,
)
from sketchlearn.sketches import Sketch


def normal(count, dimension=2, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dimension))


def labels_of(records):
    return (records[:, 0] > 0).astype(np.int64)


PLAN = sl.plan(normal(200), size=16, scales=[1.0, 2.0])
LABELLED = sl.plan((normal(200), labels_of(normal(200))), size=16, label="side", classes=[0, 1])


def labelled(count, seed):
    """Return a sketch with labels, and with dropped records."""
    records = normal(count, seed=seed)
    labels = labels_of(records)
    records[::5, 1] = np.nan
    return Sketch(LABELLED).update((records, labels), missing="drop")


def unlabelled(count, seed):
    return Sketch(PLAN).update(normal(count, seed=seed))


# --- statistics -------------------------------------------------------------------------


def test_the_mean_converges_to_the_characteristic_function_at_the_rate_of_a_mean():
    mean, factor = np.array([0.5, -1.0, 0.0]), np.array([[1.0, 0, 0], [0.5, 0.8, 0], [0, 0.3, 2.0]])
    records = normal(200_000, 3, seed=1) @ factor.T + mean
    plan = sl.plan(records, size=400, scales=[1.0, 2.0], standardise="none")
    omega = plan.frequencies.astype(np.float64)
    characteristic = np.exp(1j * mean @ omega - ((factor.T @ omega) ** 2).sum(axis=0) / 2)
    error = np.abs(sl.sketch(records, plan).mean() - characteristic)
    expected = np.sqrt((1 - np.abs(characteristic) ** 2).mean() / len(records))
    assert np.sqrt((error**2).mean()) / expected == pytest.approx(1, abs=0.15)


def test_the_error_bound_holds_and_says_something():
    omega = PLAN.frequencies.astype(np.float64)
    spread, center = np.array(PLAN.schema.spread), np.array(PLAN.schema.center)
    scaled = omega / spread[:, None]
    exact = np.exp(-1j * center @ scaled - (scaled**2).sum(axis=0) / 2)
    errors = []
    for seed in range(200):
        part = unlabelled(50, 1000 + seed)
        errors.append(np.linalg.norm(part.mean() - exact) / np.sqrt(16))
    assert np.mean(np.array(errors) > part.error_bound(0.05)) <= 0.05
    assert part.error_bound(0.05) < 6 * np.sqrt(np.mean(np.square(errors)))
    assert part.error_bound(0.01) > part.error_bound(0.05)


def test_the_error_bound_is_that_of_bounded_differences():
    bound = (1 + np.sqrt(2 * np.log(20))) / 10
    assert unlabelled(100, 1).error_bound(0.05) == pytest.approx(bound, abs=2e-6)


def test_a_class_has_the_error_bound_of_its_own_count():
    part = labelled(400, 1)
    assert part.error_bound(label=1) == pytest.approx(
        part.error_bound() * np.sqrt(part.count / part.counts[1]), rel=1e-4
    )
    with pytest.raises(LabelError, match="7"):
        part.error_bound(label=7)


@pytest.mark.parametrize("delta", [0.0, 2.0, -0.1, np.nan])
def test_an_error_bound_needs_a_probability(delta):
    with pytest.raises(OptionError, match="delta"):
        unlabelled(10, 1).error_bound(delta)


def test_one_record_is_its_own_feature():
    record = normal(1, seed=3)
    encoded = (record - PLAN.schema.center) / PLAN.schema.spread
    feature = np.exp(1j * encoded @ PLAN.frequencies)[0]
    assert Sketch(PLAN).update(record).mean() == pytest.approx(feature, abs=1e-5)


def test_moments_are_those_of_encoded_records():
    records = 5 + 2 * normal(500, seed=4)
    encoded = (records - PLAN.schema.center) / PLAN.schema.spread
    part = Sketch(PLAN).update(records)
    assert part.side.mean(part.count) == pytest.approx(encoded.mean(axis=0), abs=1e-6)
    covariance = np.cov(encoded.T, bias=True)
    assert part.side.covariance(part.count) == pytest.approx(covariance, abs=5e-3)


def test_rows_of_classes_are_the_sketches_of_their_records():
    records = normal(300, seed=5)
    whole = Sketch(LABELLED).update((records, labels_of(records)))
    assert whole.mean().shape == (2, 16)
    for side in (0, 1):
        mine = records[labels_of(records) == side]
        alone = Sketch(LABELLED).update((mine, labels_of(mine)))
        assert whole.counts[side] == len(mine)
        assert np.array_equal(whole.mean()[side], alone.mean()[side])
        assert not alone.mean()[1 - side].any()


def test_a_sketch_without_records_has_no_mean():
    for ask in (Sketch(PLAN).mean, Sketch(PLAN).error_bound):
        with pytest.raises(EmptySourceError, match="update"):
            ask()


@pytest.mark.parametrize("far", [1e6, 1e30, 1e38, 1e39, 1e300])
def test_a_record_far_away_is_refused_or_weighs_one(far):
    part = unlabelled(10, 1)
    before = part.sums.copy()
    try:
        part.update(np.array([[far, 0.0]]))
    except SketchlearnError:
        assert part == unlabelled(10, 1)
    assert np.abs(part.sums - before).max() <= 2**20


# --- group laws -------------------------------------------------------------------------

counts, seeds = st.integers(0, 40), st.integers(0, 2**32 - 1)
parts = st.builds(labelled, counts, seeds) | st.builds(labelled, st.just(0), seeds)


@settings(max_examples=25, deadline=None)
@given(parts, parts, parts)
def test_merging_is_a_commutative_group(a, b, c):
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + b - b == a
    assert a + Sketch(LABELLED) == a
    assert sum([a, b, c]) == a + b + c
    assert (a + b).dropped == a.dropped + b.dropped
    assert (a + b).counts.tolist() == (a.counts + b.counts).tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), seeds, st.lists(st.integers(0, 60), max_size=3))
def test_any_split_of_the_records_gives_the_same_sketch(count, seed, cuts):
    records = normal(count, seed=seed)
    whole = Sketch(PLAN).update(records)
    split = Sketch(PLAN)
    for part in np.split(records, sorted(min(cut, count) for cut in cuts)):
        split.update(part)
    assert split == whole
    shuffled = np.random.default_rng(seed).permutation(records)
    assert Sketch(PLAN).update(shuffled) == whole


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), seeds)
def test_updating_and_forgetting_in_place_equal_merging(first, second, seed):
    a, b = normal(first, seed=seed), normal(second, seed=seed + 1)
    part = Sketch(PLAN).update(a)
    assert part.update(b) == Sketch(PLAN).update(a) + Sketch(PLAN).update(b)
    assert part.forget(b) == Sketch(PLAN).update(a)
    assert part.forget(a) == Sketch(PLAN)


def test_a_window_slid_by_forgetting_is_the_sketch_of_the_window():
    records = normal(100, seed=6)
    window = Sketch(PLAN).update(records[:30])
    for start in range(0, 70, 10):
        window.update(records[start + 30 : start + 40])
        window.forget(records[start : start + 10])
    assert window == Sketch(PLAN).update(records[70:])


def test_update_and_forget_return_the_sketch_itself():
    part = unlabelled(5, 1)
    assert part.update(normal(3)) is part
    assert part.forget(normal(3)) is part


def test_merging_leaves_both_sides_alone():
    a, b = labelled(10, 1), labelled(20, 2)
    merged = a + b
    merged.update((normal(5), labels_of(normal(5))))
    merged.forget((normal(5), labels_of(normal(5))))
    assert a == labelled(10, 1)
    assert b == labelled(20, 2)


def test_the_sum_of_one_sketch_is_a_sketch_of_its_own():
    a = unlabelled(10, 1)
    total = sum([a])
    for batch in sl_batches(normal(3)):
        total.add_batch(batch)
    total.update(normal(3))
    assert a == unlabelled(10, 1)


def sl_batches(records):
    from sketchlearn.sources import open_source

    return open_source(records).batches()


@pytest.mark.parametrize("seed", [0, 1])
def test_sketches_of_other_records_differ(seed):
    assert unlabelled(10, seed) != unlabelled(10, seed + 1)
    assert unlabelled(10, seed) != unlabelled(11, seed)
    assert labelled(10, seed) != labelled(10, seed + 1)


def test_dropped_records_are_part_of_equality():
    part = Sketch(PLAN).update(np.array([[np.nan, 1.0], [1.0, 1.0]]), missing="drop")
    assert part.dropped == 1
    assert part.count == 1
    assert part != Sketch(PLAN).update(np.array([[1.0, 1.0]]))


def test_a_sketch_is_not_a_number():
    assert unlabelled(3, 1) != 3
    for combine in (lambda s: s + 1, lambda s: s - 1, lambda s: 1 + s):
        with pytest.raises(TypeError):
            combine(unlabelled(3, 1))
    with pytest.raises(TypeError):
        hash(unlabelled(3, 1))


# --- refusals ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "error"),
    [
        ([normal(5), np.full((5, 2), np.nan)], MissingValuesError),
        ([normal(5), np.full((5, 2), np.inf)], MissingValuesError),
        ([normal(5), normal(5, 3)], ColumnError),
        (normal(5, 1), ColumnError),
    ],
)
def test_a_refused_batch_adds_nothing(records, error):
    part = unlabelled(10, 1)
    with pytest.raises(error):
        part.update(records)
    assert part == unlabelled(10, 1)
    assert np.array_equal(part.side.upper, unlabelled(10, 1).side.upper)


@pytest.mark.parametrize("labels", [np.full(5, 7), np.array(["a"] * 5), None])
def test_records_without_a_known_label_are_refused(labels):
    part = labelled(10, 1)
    with pytest.raises(SketchlearnError, match=r"7|'a'|side") as refusal:
        part.update(normal(5) if labels is None else (normal(5), labels))
    assert isinstance(refusal.value, LabelError | ColumnError)
    assert part == labelled(10, 1)


def test_an_overflow_is_refused_and_adds_nothing():
    plan = sl.plan(normal(50, 1), size=1, scales=[1.0], standardise="none")
    part = Sketch(plan)
    far = Sketch(plan).update(np.full((2**10, 1), 5000.0))
    for _ in range(8):
        far = far + far
    part = part + far
    with pytest.raises(OverflowSketchError):
        part.update(np.full((1, 1), 5000.0))
    assert part == far


def test_more_records_than_there_are_cannot_be_forgotten():
    part = unlabelled(5, 1)
    with pytest.raises(ForgetError, match=r"6 .* 5"):
        part.forget(normal(6))
    assert part == unlabelled(5, 1)


def test_more_records_of_a_class_than_there_are_cannot_be_forgotten():
    plan = LABELLED
    part = Sketch(plan).update((normal(6), np.array([0, 0, 0, 0, 0, 1])))
    with pytest.raises(ForgetError, match="class"):
        part.forget((normal(2), np.array([1, 1])))
    assert part.counts.tolist() == [5, 1]


def test_more_dropped_records_than_there_are_cannot_be_forgotten():
    part = unlabelled(5, 1)
    with pytest.raises(ForgetError):
        part.forget(np.array([[np.nan, 1.0]]), missing="drop")
    assert part.dropped == 0


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"size": 17}, "size"),
        ({"seed": 1}, "seed"),
        ({"scales": [1.0, 3.0]}, "law"),
        ({"law": "student"}, "law"),
        ({"standardise": "none"}, "center, spread"),
    ],
)
def test_sketches_of_other_plans_are_refused_by_what_differs(options, named):
    other = sl.plan(normal(200), **{"size": 16, "scales": [1.0, 2.0], **options})
    for combine in (Sketch.__add__, Sketch.__sub__):
        with pytest.raises(PlanMismatchError, match=f"differ in {named}\\."):
            combine(Sketch(PLAN), Sketch(other))
    assert Sketch(PLAN) != Sketch(other)


def test_equal_plans_made_twice_combine():
    twin = sl.plan(normal(200), size=16, scales=[1.0, 2.0])
    assert twin is not PLAN
    assert Sketch(PLAN).update(normal(5)) + Sketch(twin).update(normal(7)) == Sketch(PLAN).update(
        np.concatenate([normal(5), normal(7)])
    )


def test_its_repr_counts():
    assert "7 records, size 16" in repr(unlabelled(7, 1))
