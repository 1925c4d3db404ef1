"""Columns computed from the others of their row, and a condition."""

import datetime as dt
import sys

import pyarrow as pa
import pytest

from sketchlearn.errors import MissingExtraError, OptionError
from sketchlearn.sources.row_rules import RowRules

pytest.importorskip("duckdb")

DAY = dt.date(2024, 2, 28)
TABLE = pa.table(
    {
        "food": pa.array([1, 2, 3], pa.int16()),
        "rent": pa.array([10, 20, None], pa.int16()),
        "total": pa.array([0, 0, 0], pa.int16()),
        "start": pa.array([DAY] * 3),
        "finish": pa.array([DAY + dt.timedelta(d) for d in (-1, 0, 2)]),
        "lasts": pa.array([dt.timedelta(0)] * 3, pa.duration("s")),
        'odd "name"': ["x", "y", None],
    }
)


def applied(where=None, **derive):
    with RowRules(where, derive) as rules:
        return rules.applied(TABLE)


def test_without_rules_all_rows_pass():
    table, passing = applied()
    assert table == TABLE
    assert passing.tolist() == [0, 1, 2]


def test_a_condition_that_is_not_known_does_not_hold():
    assert applied("rent < 15")[1].tolist() == [0]
    assert applied("rent < 15 or food = 3 -- with a remark")[1].tolist() == [0, 2]
    assert applied('"odd ""name""" = \'y\'')[1].tolist() == [1]


def test_columns_are_computed_in_order_and_in_their_own_types():
    table, passing = applied("start <= finish", total="food + rent", food="total * 2")
    assert table.schema == TABLE.schema
    assert table["total"].to_pylist() == [11, 22, None]
    assert table["food"].to_pylist() == [22, 44, None]
    assert passing.tolist() == [1, 2]


def test_dates_and_durations_are_computed():
    table, _ = applied(finish="greatest(start, finish)", lasts="to_days(finish - start)")
    assert table["finish"].to_pylist() == [DAY, DAY, DAY + dt.timedelta(2)]
    assert table["lasts"].to_pylist() == [dt.timedelta(d) for d in (0, 0, 2)]


@pytest.mark.parametrize(
    ("derive", "message"),
    [
        ({"totl": "food"}, r"no column 'totl'.*Did you mean 'total'"),
        ({"total": "foot + rent"}, r"'total' cannot be computed as 'foot \+ rent'.*foot"),
        ({"total": "food +"}, "cannot be computed"),
        ({"total": "'many'"}, "in its type int16 .*many"),
        ({"total": "food * 30000"}, "in its type int16"),
        ({"total": "sum(food)"}, "aggregates"),
        ({"total": "row_number() over ()"}, "window"),
        ({"total": "(select count(*) from '/etc/passwd')"}, "cannot be computed"),
        ({"total": "food) as made, (rent"}, "cannot be computed"),
    ],
)
def test_what_cannot_be_computed_is_refused(derive, message):
    with pytest.raises(OptionError, match=message):
        applied(**derive)


@pytest.mark.parametrize("where", ["foot > 1", "food > ", "sum(food) > 1"])
def test_conditions_that_cannot_be_asked_of_a_row_are_refused(where):
    with pytest.raises(OptionError, match=r"cannot be evaluated .*The columns are food, rent"):
        applied(where)


def test_the_nearest_column_is_named_where_a_condition_misspells_one():
    with pytest.raises(OptionError, match=r"\"foot\" not found.*Did you mean 'food'\?"):
        applied("foot > 1")


def test_expressions_are_given_by_column():
    with pytest.raises(OptionError, match=r'such as {"total": "food \+ rent"}'):
        RowRules(derive="total = food + rent")


def test_duckdb_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(MissingExtraError, match=r"sketchlearn\[sql\]"):
        RowRules("food > 1")
