"""Columns that are not learnt: told when rows contradict what the pilot showed."""

import warnings

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.errors import PlanWarning

COUNT = 300
CODES = np.arange(COUNT) % 3
TABLE = pa.table(
    {
        "town": pa.array(np.array(["Nice", "Lyon", "Oslo"], dtype=object)[CODES], pa.string()),
        "country": pa.array(np.array(["FR", "FR", "NO"], dtype=object)[CODES], pa.string()),
        "unit": pa.array(["kg"] * COUNT),
        "weight": np.random.default_rng(0).standard_normal(COUNT),
        "again": np.random.default_rng(0).standard_normal(COUNT),
    }
)
OTHERS = {"country": "SE", "unit": "g", "again": 1.5}


def changed(name):
    values = TABLE[name].to_pylist()
    values[7] = OTHERS[name]
    place = TABLE.column_names.index(name)
    return TABLE.set_column(place, name, pa.array(values))


def test_rows_like_those_of_the_pilot_say_nothing():
    plan = sl.plan(TABLE, size=40)
    assert {c.name: c.kind for c in plan.schema.fields} == {
        "town": "category", "country": "derived", "unit": "constant", "weight": "continuous",
        "again": "copy",
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sl.sketch(TABLE, plan).count == COUNT


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("country", "was decided by 'town'"),
        ("unit", "held 'kg'"),
        ("again", "was equal to 'weight'"),
    ],
)
def test_a_row_that_contradicts_the_pilot_is_told_with_the_remedy(name, told):
    plan = sl.plan(TABLE, size=40)
    with pytest.warns(PlanWarning, match=f"{name!r} {told}.*declare its kind"):
        assert sl.sketch(changed(name), plan).count == COUNT


def test_what_was_declared_is_taken_at_its_word():
    plan = sl.plan(TABLE, size=40, schema={"unit": {"kind": "constant", "value": "kg"}})
    assert sl.sketch(changed("unit"), plan).count == COUNT


def test_dropped_rows_contradict_nothing():
    values = TABLE["weight"].to_pylist()
    values[5] = float("inf")
    holed = TABLE.set_column(3, "weight", pa.array(values)).drop_columns(["again"])
    plan = sl.plan(TABLE.drop_columns(["again"]), size=40)
    assert sl.sketch(holed, plan, missing="drop").dropped == 1
