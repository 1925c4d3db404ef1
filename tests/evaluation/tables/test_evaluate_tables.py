"""The whole evaluation of tables whose quality is known, and what classifiers and copies tell."""

import datetime as dt
import sys

import numpy as np
import pyarrow as pa
import pytest

from sketchlearn.errors import ColumnError, MissingExtraError
from sketchlearn.evaluation import evaluate_tables
from sketchlearn.evaluation.tables.classifiers import downstream, tell_apart
from sketchlearn.evaluation.tables.coding import code_tables
from sketchlearn.evaluation.tables.copies import exact_copies, nearest_ratio


def people(rows, seed):
    """Draw rows of every kind of column, associated through the class."""
    rng = np.random.default_rng(seed)
    paid = rng.random(rows) < 0.3
    age = rng.normal(40 + 15 * paid, 10).round()
    jobs = np.where(rng.random(rows) < 0.01, "pope", np.where(rng.random(rows) < 0.5, "a", "b"))
    start = [dt.date(2000, 1, 1) + dt.timedelta(days=int(day)) for day in 100 * age]
    return pa.table(
        {
            "age": pa.array(age, mask=rng.random(rows) < 0.1),
            "wealth": rng.lognormal(0, 1, rows),
            "job": jobs,
            "manager": paid ^ (rng.random(rows) < 0.2),
            "start": start,
            "paid": np.where(paid, "yes", "no"),
        }
    )


def shuffled(table, seed=9):
    rng = np.random.default_rng(seed)
    return pa.table({n: table[n].take(rng.permutation(len(table))) for n in table.column_names})


def coded(**tables):
    found = code_tables({k: pa.table(v) for k, v in tables.items()}, next(iter(tables)))
    return tuple(found.values())


def test_fresh_rows_of_the_law_reach_every_floor():
    pytest.importorskip("sklearn")
    result = evaluate_tables(people(1_500, 1), people(1_500, 2), people(1_500, 3), "paid")
    tolerances = {
        "one_way_tv": 0.02, "two_way_tv": 0.03, "associations": 0.03, "two_sample_auc": 0.08,
        "rare_categories": 0, "downstream_auc": 0.04, "exact_copies": 0.0,
        "closest_record_ratio": 0.1,
    }  # fmt: skip
    assert set(result) == set(tolerances)
    for name, tolerance in tolerances.items():
        assert result[name]["value"] == pytest.approx(result[name]["floor"], abs=tolerance), name
    assert result["two_sample_auc"]["floor"] == pytest.approx(0.5, abs=0.06)


def test_independent_columns_and_copies_are_told():
    pytest.importorskip("sklearn")
    train, holdout = people(1_000, 1), people(1_000, 2)
    apart = evaluate_tables(shuffled(train), train, holdout, "paid")
    assert apart["one_way_tv"]["value"] == pytest.approx(apart["one_way_tv"]["floor"], abs=0.02)
    assert apart["two_way_tv"]["value"] > apart["two_way_tv"]["floor"] + 0.05
    assert apart["downstream_auc"]["value"] == pytest.approx(0.5, abs=0.1)
    assert apart["downstream_auc"]["floor"] > 0.75
    assert apart["two_sample_auc"]["value"] > 0.9
    copied = evaluate_tables(train, train, holdout)
    assert copied["exact_copies"] == {"value": 1.0, "floor": 0.0}
    assert copied["closest_record_ratio"] == {"value": 0.0, "floor": 1.0}
    assert "downstream_auc" not in copied


def test_one_seed_gives_one_result():
    pytest.importorskip("sklearn")
    tables = people(300, 1), people(200, 2), people(250, 3)
    assert evaluate_tables(*tables, "age", seed=5) == evaluate_tables(*tables, "age", seed=5)
    with pytest.raises(ColumnError, match="Did you mean 'wealth'"):
        evaluate_tables(*tables, "weath")


def test_area_of_one_coin_against_another():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    a, b = coded(a={"x": rng.random(8_000) < 0.8}, b={"x": rng.random(8_000) < 0.2})
    # The coin tells with probability 0.8 x 0.8, and ties with probability 2 x 0.8 x 0.2.
    assert tell_apart(a, b) == pytest.approx(0.64 + 0.32 / 2, abs=0.02)


def test_numbers_are_predicted_up_to_their_noise():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(1)
    x, noise = rng.standard_normal((2, 8_000))
    y = x + 0.5 * noise
    train, test = coded(
        train={"x": x[:6_000], "y": y[:6_000]}, test={"x": x[6_000:], "y": y[6_000:]}
    )
    name, value = downstream(train, test, "y")
    assert name == "r2"
    assert value == pytest.approx(1 / 1.25, abs=0.03)


def test_a_class_that_was_never_made_counts_as_a_half():
    pytest.importorskip("sklearn")
    labels = np.repeat([1, 2, 4], 200)
    whole = {"x": labels + 0.25, "z": np.tile([0.5, 1.5], 300), "y": labels}
    some = {name: values[:400] for name, values in whole.items()}
    test, partial = coded(test=whole, partial=some)
    assert downstream(test, test, "y") == ("auc", 1.0)
    # Class 1 is told from the rest; class 2 from 1 but not from 4, which looks like it; class 4
    # has no score.
    assert downstream(partial, test, "y")[1] == pytest.approx((1.0 + 0.75 + 0.5) / 3)
    one = {name: values[:200] for name, values in whole.items()}
    assert downstream(coded(test=whole, one=one)[1], test, "y") == ("auc", 0.5)


def test_made_numbers_go_to_the_nearest_class():
    pytest.importorskip("sklearn")
    truth = np.tile([0, 1], 100)
    real = {"x": truth + np.linspace(0, 0.1, 200), "y": truth}
    made = {"x": real["x"], "y": np.where(truth, 0.8, 0.2)}
    test, drawn = coded(test=real, made=made)
    assert downstream(drawn, test, "y") == ("auc", 1.0)


def test_a_target_without_values_is_refused():
    pytest.importorskip("sklearn")
    real = {"x": np.arange(40.0), "y": ["a", None] * 20}
    test, made = coded(test=real, made={"x": np.arange(40.0), "y": pa.nulls(40)})
    with pytest.raises(ColumnError, match="target 'y' has 0 values"):
        downstream(made, test, "y")
    with pytest.raises(ColumnError, match="1 distinct"):
        downstream(test, test, "y")


def test_copies_are_rows_equal_in_every_column():
    train = {"x": pa.array([1.0, None] * 10), "c": ["a", "b"] * 10}
    drawn = {"x": pa.array([1.0, None, 1.0, np.nan] * 5), "c": ["a", "b", "b", "b"] * 5}
    known, made = coded(train=train, made=drawn)
    assert exact_copies(made, known) == 0.75


def test_rows_between_and_beyond_the_data_are_further_than_unseen_ones():
    train, fresh, unseen = coded(
        train=people(1_500, 1), fresh=people(800, 2), unseen=people(800, 3)
    )
    assert nearest_ratio(fresh, unseen, train) == pytest.approx(1.0, abs=0.1)
    assert nearest_ratio(train, unseen, train) == 0.0
    far = coded(train=people(1_500, 1), far=shuffled(people(800, 2)))[1]
    assert nearest_ratio(far, unseen, train) > 1.3


def test_a_category_that_differs_counts_as_the_whole_range_of_a_number():
    grid = np.arange(100.0)
    train, other, moved = coded(
        train={"x": grid, "c": ["a"] * 100},
        other={"x": grid, "c": ["b"] * 100},
        moved={"x": grid + 0.5, "c": ["a"] * 100},
    )
    # A rank lies half a step from its neighbours', of a hundred.
    assert nearest_ratio(other, moved, train) == pytest.approx(1 / 0.005)


def test_distances_are_not_compared_where_unseen_rows_are_copies():
    flags = {"x": np.tile([0, 1], 50), "c": ["a"] * 100}
    train, same, other = coded(train=flags, same=flags, other=flags | {"c": ["b"] * 100})
    assert nearest_ratio(other, same, train) is None
    assert nearest_ratio(same, other, train) == 0.0


def test_absent_scikit_learn_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"sketchlearn\[eval\]"):
        evaluate_tables(people(100, 1), people(100, 2), people(100, 3))
