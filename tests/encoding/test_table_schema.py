"""Tables of every kind of column: what is encoded comes back, and what cannot be is refused."""

import datetime as dt
import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchlearn.encoding import Column, TableSchema, schema_from_document
from sketchlearn.encoding.declarations import declarations
from sketchlearn.encoding.inference import infer_columns, types_of
from sketchlearn.errors import ColumnError, MissingValuesError, OptionError, PlanError, PlanWarning
from sketchlearn.sources import Batch

ROWS = 200
RANDOM = np.random.default_rng(0)
NOON = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
TABLE = pa.table(
    {
        "age": pa.array(RANDOM.integers(17, 90, ROWS), pa.int8()),
        "pay": pa.array(np.where(RANDOM.random(ROWS) < 0.7, 0.0, RANDOM.lognormal(8, 1, ROWS))),
        "price": pa.array([Decimal(int(k)) / 4 for k in RANDOM.integers(1, 99, ROWS)]),
        "town": pa.array(RANDOM.choice(["Paris", "Lyon", "Nice", None], ROWS).tolist()),
        "alive": pa.array(RANDOM.random(ROWS) < 0.5),
        "born": pa.array(
            [NOON.date() + dt.timedelta(int(k)) for k in RANDOM.integers(0, 9999, ROWS)]
        ),
        "seen": pa.array(
            [NOON + dt.timedelta(seconds=int(k)) for k in RANDOM.integers(0, 10**8, ROWS)]
        ),
        "stay": pa.array([dt.timedelta(minutes=int(k)) for k in RANDOM.integers(0, 10**5, ROWS)]),
        "holes": pa.array([None if k < 0.9 else k for k in RANDOM.random(ROWS)]),
        "same": pa.array(["x"] * ROWS),
        "age again": pa.array(RANDOM.integers(17, 90, ROWS)),
    }
)
TABLE = TABLE.set_column(10, "age again", TABLE["age"])


def batch_of(table):
    return Batch.of_table(table.combine_chunks().to_batches()[0])


def schema_of(table, **kinds):
    columns, _ = infer_columns(table.schema, batch_of(table).table, declarations(None, kinds))
    return TableSchema(columns, types_of(table.schema))


def kinds_of(schema):
    return {column.name: column.kind for column in schema.fields}


def test_kinds_are_seen():
    assert kinds_of(schema_of(TABLE)) == {
        "age": "integer",
        "pay": "continuous",
        "price": "continuous",
        "town": "category",
        "alive": "boolean",
        "born": "date",
        "seen": "date",
        "stay": "duration",
        "holes": "continuous",
        "same": "constant",
        "age again": "copy",
    }


def test_what_is_encoded_comes_back_in_its_own_types():
    schema = schema_of(TABLE)
    found = schema.decode(schema.encode(batch_of(TABLE)).values).to_arrow()
    assert found.schema.types == TABLE.schema.types
    for name in TABLE.column_names:
        told, exact = found[name].to_pylist(), TABLE[name].to_pylist()
        if name in ("pay", "holes"):  # any number: to the rounding of interpolation
            assert [value is None for value in told] == [value is None for value in exact]
            pairs = [pair for pair in zip(told, exact, strict=True) if pair[0] is not None]
            assert np.allclose(*zip(*pairs, strict=True), rtol=1e-9)
        else:
            assert told == exact


def test_a_schema_is_the_same_after_json():
    schema = schema_of(TABLE)
    again = schema_from_document(json.loads(json.dumps(schema.to_document())))
    assert again == schema
    assert again.arrow == TABLE.schema


def test_encoded_rows_are_one_hot_with_numbers_only_where_one_is_set():
    schema = schema_of(TABLE)
    encoded, start = schema.encode(batch_of(TABLE)).values, 0
    for column in schema.encoded:
        block = encoded[:, start : start + column.width]
        start += column.width
        if column.slots:
            assert (np.sort(block[:, : column.slots], axis=1)[:, -1] == 1).all()
            assert (block[:, : column.slots].sum(axis=1) == 1).all()
        if column.slots and column.number:
            assert (block[block[:, column.slots - 1] == 0, -1] == 0).all()
    assert start == schema.dimension


def test_numbers_are_roughly_normal():
    values = np.random.default_rng(1).lognormal(0, 2, 4000)
    schema = schema_of(pa.table({"x": values}))
    scores = schema.encode(batch_of(pa.table({"x": values}))).values[:, 0]
    assert scores.mean() == pytest.approx(0, abs=0.05)
    assert scores.std() == pytest.approx(1, abs=0.05)


def test_values_that_stand_out_have_a_category_each():
    schema = schema_of(TABLE)
    pay = next(column for column in schema.fields if column.name == "pay")
    assert pay.categories == (0.0,)
    assert pay.number


def test_numbers_beyond_the_pilot_are_kept_too():
    schema = schema_of(pa.table({"x": np.linspace(0, 1, 500)}))
    far = pa.table({"x": [-1e3, 40.0, 1e5]})
    with pytest.warns(PlanWarning, match="'x' holds many numbers far outside"):
        encoded = schema.encode(batch_of(far)).values
    found = schema.decode(encoded).to_arrow()["x"].to_pylist()
    assert found == pytest.approx([-1e3, 40.0, 1e5], rel=1e-6)


def test_decimals_come_back_as_the_numbers_nearest_to_them():
    values = np.random.default_rng(0).integers(-(10**6), 10**6, 3000) / 100
    schema = schema_of(pa.table({"x": values}))
    assert schema.fields[0].step == 0.01
    found = schema.decode(schema.encode(batch_of(pa.table({"x": values}))).values).to_arrow()
    assert (np.asarray(found["x"]) == values).all()


def test_one_number_or_none_has_two_slots():
    table = pa.table({"x": [3.0, None] * 60, "y": np.linspace(0, 1, 120)})
    schema = schema_of(table)
    assert schema.fields[0].categories == (3.0,)
    found = schema.decode(schema.encode(batch_of(table)).values).to_arrow()
    assert found["x"].to_pylist() == [3.0, None] * 60


def test_fractions_where_the_pilot_had_whole_numbers_are_told():
    schema = schema_of(pa.table({"x": np.arange(200) % 90}))
    with pytest.warns(PlanWarning, match="'x' held whole numbers.*continuous"):
        schema.encode(batch_of(pa.table({"x": [1.5, 2.0, 7.0]})))


def test_an_unseen_category_goes_to_the_tail():
    schema = schema_of(TABLE.select(["town"]))
    other = pa.table({"town": ["Paris", "Brest"]})
    found = schema.decode(schema.encode(batch_of(other)).values).to_arrow()
    assert found["town"].to_pylist() == ["Paris", "(other)"]


def test_names_and_counters_of_rows_are_left_out_and_said():
    table = pa.table(
        {
            "id": range(300),
            "name": [f"person {i}" for i in range(300)],
            "tags": [[1]] * 300,
            "x": np.random.default_rng(2).random(300),
        }
    )
    columns, reasons = infer_columns(table.schema, batch_of(table).table, {})
    assert [column.kind for column in columns] == ["left out"] * 3 + ["continuous"]
    assert "300 distinct values in 300 rows" in reasons[1]
    schema = TableSchema(columns, types_of(table.schema))
    assert schema.decode(schema.encode(batch_of(table)).values).to_arrow().column_names == ["x"]
    kept = schema_of(table, name="category", id="integer")
    assert kinds_of(kept)["name"] == "category"
    assert kinds_of(kept)["id"] == "integer"


def test_a_long_tail_is_grouped():
    towns = [f"town {int(k)}" for k in np.random.default_rng(3).zipf(1.4, 5000)]
    table = pa.table({"town": towns})
    columns, reasons = infer_columns(table.schema, batch_of(table).table, {})
    assert len(columns[0].categories) == 64
    assert "'(other)' for the rest" in reasons[0]


def test_missing_values_where_none_were_planned_are_refused_or_dropped():
    schema = schema_of(pa.table({"x": [1.5, 2.5, 3.25], "c": ["a", "b", "a"]}))
    holed = batch_of(pa.table({"x": [1.5, None, 3.5], "c": ["a", "b", None]}))
    with pytest.raises(MissingValuesError, match="'x' holds a missing value in row 1"):
        schema.encode(holed)
    encoded = schema.encode(holed, missing="drop")
    assert encoded.dropped == 2
    assert len(encoded.values) == 1


def test_infinite_numbers_are_refused():
    schema = schema_of(pa.table({"x": [1.5, None, 3.25]}))
    with pytest.raises(MissingValuesError, match="'x' holds an infinite value in row 0"):
        schema.encode(batch_of(pa.table({"x": [np.inf, 1.0, 2.0]})))


def test_an_array_is_refused_where_a_table_was_planned():
    with pytest.raises(ColumnError, match="named columns"):
        schema_of(TABLE).encode(Batch(np.zeros((2, 11))))


def test_types_may_differ_in_width_and_unit_and_no_further():
    schema = schema_of(TABLE.select(["age", "born", "stay"]))
    wider = pa.table(
        {
            "age": TABLE["age"].cast(pa.float32()),
            "born": TABLE["born"],
            "stay": TABLE["stay"].cast(pa.duration("ms")),
        }
    )
    same = TABLE.select(["age", "born", "stay"])
    assert np.array_equal(
        schema.encode(batch_of(wider)).values, schema.encode(batch_of(same)).values
    )
    numbers = wider.set_column(1, "born", TABLE["pay"])
    with pytest.raises(ColumnError, match=r"'born'.*type double.*plan has date32"):
        schema.encode(batch_of(numbers))


@pytest.mark.parametrize(
    ("kinds", "error", "match"),
    [
        ({"pay": "colour"}, OptionError, "expected one of"),
        ({"town": "integer"}, OptionError, "'town'.*type string"),
        ({"pay": "category"}, OptionError, "Make it text"),
        ({"twon": "category"}, ColumnError, "twon"),
    ],
)
def test_declarations_that_do_not_fit_are_refused(kinds, error, match):
    with pytest.raises(error, match=match):
        schema_of(TABLE, **kinds)


def test_a_table_without_anything_to_learn_is_refused():
    with pytest.raises(PlanError, match="at least one column"):
        schema_of(pa.table({"same": ["x"] * 30}))


def test_a_column_of_two_equal_categories_is_refused():
    with pytest.raises(PlanError, match="twice"):
        Column("c", "category", ("a", "a"))


COLUMNS = {
    "integer": st.integers(-(2**40), 2**40),
    "float": st.floats(-1e9, 1e9).map(lambda x: round(x, 6)),
    "text": st.sampled_from(["a", "b", "c", "", "é"]),
    "flag": st.booleans(),
    "day": st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)),
    "moment": st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1)),  # noqa: DTZ001
}
TYPES = {
    "integer": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_decoding_undoes_encoding_for_any_table(data):
    names = data.draw(st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, unique=True))
    count = data.draw(st.integers(3, 40))
    table = pa.table(
        {
            name: pa.array(
                data.draw(
                    st.lists(COLUMNS[name] | st.none(), min_size=count, max_size=count), name
                ),
                TYPES[name],
            )
            for name in names
        }
    )
    try:
        schema = schema_of(table)
    except PlanError:  # nothing to learn, or no two values
        return
    found = schema.decode(schema.encode(batch_of(table)).values).to_arrow()
    for name in found.column_names:
        for told, exact in zip(found[name].to_pylist(), table[name].to_pylist(), strict=True):
            if name == "float" and exact is not None:
                assert told == pytest.approx(exact, rel=1e-6, abs=2e-6)
            else:
                assert told == exact
