"""Tables of every type are coded alike, or refused."""

import datetime as dt
import decimal

import numpy as np
import pyarrow as pa
import pytest

from sketchlearn.errors import ColumnError, EmptySourceError
from sketchlearn.evaluation.tables.coding import code_tables


def both(train, other):
    coded = code_tables({"train": train, "synthetic": other}, "train")
    return coded["train"], coded["synthetic"]


def column(values, kind=None):
    return pa.table({"x": pa.array(values, kind)})


def test_one_value_has_one_code_whatever_its_type():
    days = [dt.date(2020, 1, 1), None] * 10
    dictionary = pa.schema([("x", pa.dictionary(pa.int8(), pa.string()))])
    fractions = [decimal.Decimal("1.5"), decimal.Decimal("2.5")] * 10
    stamps = pa.schema([("x", pa.timestamp("us"))])
    pairs = [
        (column(["b", "a", None, "b"] * 5), column(["b", "a", None, "b"] * 5).cast(dictionary)),
        (column([1, 2, None, 4] * 5, pa.int8()), column([1.0, 2.0, np.nan, 4.0] * 5)),
        (column([1.5, 2.5] * 10), column(fractions)),
        (column(days), column(days).cast(stamps)),
        (column([True, None] * 10), column(["true", None] * 10)),
        (column([0.0] * 20), column([-0.0] * 20)),
        (column(["a", "b"] * 10, pa.large_string()), column(["a", "b"] * 10)),
        (column([3, 4] * 10, pa.duration("s")), column([3_000, 4_000] * 10, pa.duration("ms"))),
    ]
    for train, other in pairs:
        first, second = both(train, other)
        assert first.values.tobytes() == second.values.tobytes(), train.schema


def test_columns_go_by_name_and_others_are_left_out():
    train = pa.table({"a": ["x"] * 20, "b": np.arange(20)})
    other = pa.table({"id": np.arange(20), "b": np.arange(20), "a": ["x"] * 20})
    first, second = both(train, other)
    np.testing.assert_array_equal(first.values, second.values)
    assert first.index("b") == 1


def test_a_column_of_nulls_fits_any_kind():
    for values in (["a"] * 20, np.arange(20)):
        _, made = both(column(values), column([None] * 20))
        assert set(made.cells()[:, 0]) == {made.columns[0].size - 1}


@pytest.mark.parametrize(
    ("train", "other", "message"),
    [
        (column([1] * 20), column(["1"] * 20), "Column 'x' of the synthetic table holds string"),
        (column(["1"] * 20), column([1] * 20), "text or booleans"),
        (column([[1]] * 20), column([[1]] * 20), "holds list"),
        (column([dt.time(1)] * 20), column([dt.date(2020, 1, 1)] * 20), "same type"),
        (column([1] * 20), pa.table({"y": [1] * 20}), "no column 'x'"),
        (column([1] * 20), pa.table([[1] * 20, [2] * 20], names=["x", "x"]), "2 columns named"),
        (pa.table({}), column([1] * 20), "no column"),
    ],
)
def test_columns_that_cannot_be_compared_are_refused(train, other, message):
    with pytest.raises(ColumnError, match=message):
        both(train, other)


def test_short_tables_and_unknown_names_are_refused():
    with pytest.raises(EmptySourceError, match="synthetic table has 19 rows"):
        both(column([1] * 20), column([1] * 19))
    with pytest.raises(ColumnError, match="no column 'z'"):
        both(column([1] * 20), column([1] * 20))[0].index("z")
