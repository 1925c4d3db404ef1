"""Bounds on what a record can change, in integers, on records made to break them."""

import contextlib
import itertools
import math

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import ColumnError
from sketchlearn.privacy import Block, noise_scales
from sketchlearn.sketches.release import blocks_of
from sketchlearn.sketches.totals import Totals
from sketchlearn.sources import Batch

HOSTILE = [0.0, -0.0, 5e-324, 1e-30, 1e308, -1e308, 3.0, -3.0, 1 / 3, 2.0**40, np.pi, 1e17]


def plans():
    """A plan of each kind of features, over sixteen columns between -3 and 3."""
    rows = np.random.default_rng(0).uniform(-3, 3, (64, 16))
    for options in (
        {"size": 30},
        {"size": 30, "features": "one-bit"},
        {"size": 32, "structure": "hadamard"},
        {"size": 30, "structure": "rays"},
        {"size": 48, "structure": "windows", "image": (4, 4), "network": "none"},
        {"features": ["fourier", "quadratic"], "size": 20, "directions": 25},
        {"size": 10, "moments": "diagonal"},
    ):
        yield sl.plan(rows, origin="declared", bounds=(-3, 3), **options)
    yield sl.plan(rows, origin="public", features=["fourier", "contrasts"], size=10)


PLANS = list(plans())


def records():
    rng = np.random.default_rng(1)
    yield from (np.full(16, value) for value in HOSTILE)
    yield from rng.uniform(-4, 4, (50, 16))
    yield from rng.choice([-3.0, 3.0], (50, 16))
    yield from rng.choice(HOSTILE, (50, 16))


def integers(plan, record):
    return Totals.of_batch(plan, Batch(record[None]), "refuse").tensors()


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.structure}-{plan.features}")
def test_no_record_has_more_than_the_bound_and_no_two_differ_by_more(plan):
    blocks = blocks_of(plan, "auto")
    assert math.isclose(sum(block.share for block in blocks), 1)
    made = []
    for record in records():
        # images in other units are refused, and add nothing
        with contextlib.suppress(ColumnError):
            made.append(integers(plan, record))
    assert len(made) > 50
    for block in blocks:
        mine = [one[block.name].astype(object).ravel() for one in made]
        assert max((v * v).sum() for v in mine) <= block.square
        assert max(np.abs(v).sum() for v in mine) <= block.total
        pairs = itertools.pairwise(mine)
        assert max(((v - w) ** 2).sum() for v, w in pairs) <= block.difference * block.square


def test_bounds_are_reached():
    plan = PLANS[0]
    waves = next(block for block in blocks_of(plan, "auto") if block.name == "sums")
    sums = integers(plan, np.zeros(16))["sums"].astype(float)
    assert (sums**2).sum() == pytest.approx(waves.square, rel=1e-5)


@pytest.mark.parametrize("harmonics", [2, 3, 6, 12])
def test_harmonics_bound_the_difference_of_two_records_and_closely(harmonics):
    plan = sl.plan(
        np.zeros((2, 1)), origin="declared", bounds=(-9, 9), size=harmonics, harmonics=harmonics
    )
    waves = next(block for block in blocks_of(plan, "drop") if block.name == "sums")
    places = np.linspace(-9, 9, 4_001)[:, None]
    made = np.array([integers(plan, place)["sums"].ravel() for place in places]).astype(float)
    farthest = ((made - made[2_000]) ** 2).sum(axis=1).max() / waves.square
    assert 0.995 * waves.difference < farthest <= waves.difference < 3.2


def test_incomplete_runs_count_as_what_they_are():
    plan = sl.plan(np.zeros((2, 1)), origin="declared", bounds=(-9, 9), size=7, harmonics=6)
    whole = sl.plan(np.zeros((2, 1)), origin="declared", bounds=(-9, 9), size=6, harmonics=6)
    seven, six = (one.projection.record_difference for one in (plan, whole))
    assert 7 * seven == pytest.approx(6 * six + 4, rel=1e-3)


def test_far_records_differ_by_no_more():
    rows = np.random.default_rng(0).normal(size=(200, 2))
    plan = sl.plan(rows, size=60, harmonics=6, standardise="none")  # without bounds
    waves = plan.projection
    far = np.random.default_rng(1).normal(size=(300, 2)) * 10.0 ** np.arange(0, 15, 0.05)[:, None]
    made = [integers(plan, record)["sums"].astype(object).ravel() for record in far]
    assert max(((v - w) ** 2).sum() for v, w in itertools.pairwise(made)) <= (
        waves.record_difference * waves.record_square
    )


def costs(blocks, scales, changes):
    """Σ ‖change / scale‖² of named changes."""
    return sum(change / scales[name] ** 2 for name, change in changes.items())


LABELLED = [
    {"size": 60, "harmonics": 6},
    {"size": 6},
    {"size": 8, "features": "one-bit"},
    {"size": 8, "moments": "diagonal"},
    {"features": "quadratic", "directions": 12},
]


@pytest.mark.parametrize("options", LABELLED, ids=str)
@pytest.mark.parametrize("mechanism", ["gaussian", "laplace"])
@pytest.mark.parametrize("relation", ["replace-one", "add-remove"])
def test_noise_hides_all_that_a_record_changes_in_all_sums(options, mechanism, relation):
    rows = np.zeros((2, 4)), np.zeros(2, dtype=int)
    plan = sl.plan(
        rows, origin="declared", bounds=(-1, 1), label="label", classes=[0, 1], **options
    )
    scales = noise_scales(blocks_of(plan, "auto"), 3.0, mechanism, relation, classes=2)
    corners = np.array(list(itertools.product([-1.0, 1.0], repeat=4)))

    def added(record, label):
        batch = Batch(record[None], np.array([label]))
        tensors = Totals.of_batch(plan, batch, "refuse").tensors()
        return np.concatenate([tensors[name].ravel() / scales[name] for name in scales])

    of = np.array([[added(corner, label) for corner in corners] for label in (0, 1)])
    power = 2 if mechanism == "gaussian" else 1
    changes = of[0] if relation == "add-remove" else of[:, :, None] - of[:1, None, :]
    assert (np.abs(changes) ** power).sum(axis=-1).max() <= 3.0**-power * (1 + 1e-12)


@pytest.mark.parametrize("relation", ["replace-one", "add-remove"])
def test_noise_hides_every_change_of_one_record_and_no_more(relation):
    blocks = [Block("a", 7**2, 9, 4.0, 0.75), Block("b", 100**2, 300, 2.0, 0.25)]
    scales = noise_scales(blocks, 3.0, "gaussian", relation, classes=2)
    record = {"a": 49, "b": 10_000, "counts": 1}
    changes = [record]  # one more record
    if relation == "replace-one":
        changes = [
            {"a": 4 * 49, "b": 2 * 10_000},  # another of its class
            {name: 2 * change for name, change in record.items()},  # of another class
        ]
        changes.append({**record, "counts": 2})  # by one that is dropped
    worst = max(costs(blocks, scales, change) for change in changes)
    assert worst == pytest.approx(1 / 9)


def test_what_classes_share_changes_as_within_one():
    blocks = [Block("a", 49, 9, 2.65, 0.9), Block("b", 100**2, 300, 4.0, 0.1, rows=False)]
    scales = noise_scales(blocks, 3.0, "gaussian", "replace-one", classes=2)
    same = {"a": 2.65 * 49, "b": 4 * 10_000}
    other = {"a": 2 * 49, "b": 4 * 10_000, "counts": 2}
    assert costs(blocks, scales, same) == pytest.approx(1 / 9)
    assert costs(blocks, scales, other) == pytest.approx(1 / 9)


def test_laplace_noise_hides_every_change_of_one_record():
    blocks = [Block("a", 49, 9, 4.0, 1.0)]
    scales = noise_scales(blocks, 3.0, "laplace", "replace-one", classes=2)
    assert 2 * (9 / scales["a"] + 1 / scales["counts"]) == pytest.approx(1 / 3)


def test_counts_of_classes_are_free_beside_waves():
    blocks = [Block("sums", 10 * 2**40, 10 * 2**21, 4.0, 1.0)]
    alone = noise_scales(blocks, 3.7306, "gaussian", "replace-one", classes=1)
    labelled = noise_scales(blocks, 3.7306, "gaussian", "replace-one", classes=10)
    assert labelled["sums"] == alone["sums"] == pytest.approx(3.7306 * 2 * math.sqrt(10) * 2**20)
    assert labelled["counts"] == pytest.approx(2 * 3.7306)
    assert alone["counts"] == pytest.approx(2 * 3.7306 / math.sqrt(1.5))
