"""Bounds that are bought: where records are, and what that costs."""

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import BudgetError, OptionError, PrivacyError, SketchlearnError


def rows(count=20_000):
    return np.random.default_rng(0).normal([3.0, -400.0], [0.5, 30.0], (count, 2))


COST = {"within": (-1e6, 1e6), "epsilon": 0.3, "delta": 1e-6}


def test_bounds_reach_over_most_records_and_little_more():
    values = rows()
    values[0] = [9e5, -9e5]  # one record moves no bound
    for (low, high), column in zip(
        sl.noisy_bounds(values, **COST).pairs.values(), values.T, strict=True
    ):
        assert ((column >= low) & (column <= high)).mean() > 0.98
        assert high - low < 12 * column[1:].std()


def test_what_bounds_cost_is_in_the_ledger_of_the_sketch(tmp_path):
    bounds = sl.noisy_bounds(rows(), **COST)
    plan = sl.plan(rows(), origin="declared", bounds=bounds, size=40)
    plan.save(tmp_path / "plan")
    sketch = sl.sketch(rows(), sl.load(tmp_path / "plan"))
    assert sketch.ledger.charges == (bounds.charge,)
    released = sketch.release(epsilon=1.0, delta=1e-6)
    assert len(released.ledger.charges) == 2
    assert 1.0 < released.ledger.epsilon(1e-6) < 1.1
    frugal = sl.sketch(rows(), plan)
    with pytest.raises(BudgetError):
        frugal.release(epsilon=1.0, delta=1e-6, budget=(1.0, 1e-6))


def test_noise_of_releases_that_share_bought_bounds_is_still_independent():
    plan = sl.plan(rows(), origin="declared", bounds=sl.noisy_bounds(rows(), **COST), size=40)
    parts = [sl.sketch(rows(), plan).release(epsilon=1.0, delta=1e-6) for _ in range(2)]
    assert sum(parts).noise["sums"] == pytest.approx(np.sqrt(2) * parts[0].noise["sums"])


def test_too_few_records_have_no_bounds():
    with pytest.raises(PrivacyError, match="more records"):
        sl.noisy_bounds(rows(100), **{**COST, "epsilon": 0.01})


def test_a_range_that_is_none_and_a_source_that_is_read_once_are_refused():
    with pytest.raises(OptionError, match="within"):
        sl.noisy_bounds(rows(), **{**COST, "within": (1, 0)})
    with pytest.raises(OptionError, match="read only once"):
        sl.noisy_bounds(iter([rows(50)]), **COST)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"within": 5}, "least and a greater"),
        ({"within": (1, 2, 3)}, "least and a greater"),
        ({"within": ("a", "b")}, "least and a greater"),
        ({"epsilon": "x"}, "epsilon='x'"),
        ({"delta": None}, "delta is None"),
    ],
)
def test_what_is_no_number_is_refused_in_words(options, said):
    usual = COST
    with pytest.raises(SketchlearnError, match=said):
        sl.noisy_bounds(np.zeros((9, 2)), **(usual | options))
