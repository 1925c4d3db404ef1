"""Columns that are declared: honoured as they are, whatever a pilot shows."""

import datetime as dt
import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchlearn.encoding import TableSchema, schema_from_document
from sketchlearn.encoding.declarations import declarations
from sketchlearn.encoding.inference import infer_columns, types_of
from sketchlearn.errors import ColumnError, MissingValuesError, OptionError, PlanError
from sketchlearn.sources import Batch

NOON = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)


def batch_of(table):
    return Batch.of_table(table.combine_chunks().to_batches()[0])


def inferred(table, **declared):
    return infer_columns(table.schema, batch_of(table).table, declarations(declared, None))


def schema_of(table, **declared):
    columns, _ = inferred(table, **declared)
    return TableSchema(columns, types_of(table.schema))


def column_of(values, kind=None, **declared):
    return inferred(pa.table({"x": pa.array(values, kind)}), x=declared)[0][0]


def back(schema, table):
    return schema.decode(schema.encode(batch_of(table)).values).to_arrow()


def numbers(*values, kind=None):
    return pa.table({"x": pa.array(values, kind or pa.float64())})


# Twenty rows with two values each: kinds, bounds and categories that are not declared are seen.
ANY = numbers(*[1.5, 2.5] * 10)
WORDS = pa.table({"x": ["a", "b"] * 10})


def test_bounds_give_a_scale_and_no_value_stands_out():
    column = column_of([0.0] * 90 + [float(k) for k in range(10)], bounds=[-10, 30])
    assert column.categories == ()
    assert column.bounds == (-10, 30)
    scores = column.scores(np.linspace(-10, 30, 100_000))
    assert abs(scores.mean()) < 0.01  # of an even law the scores are nearly normal
    assert scores.std() == pytest.approx(1, abs=0.1)


def test_numbers_can_have_a_slot_by_declaration():
    schema = schema_of(ANY, x={"bounds": [1, 100], "categories": [0, -1], "step": 0})
    table = numbers(0, -1, 50.25, 1, 100)  # outside the bounds, but with slots of their own
    encoded = schema.encode(batch_of(table)).values
    assert encoded[:, :3].argmax(axis=1).tolist() == [0, 1, 2, 2, 2]
    assert back(schema, table)["x"].to_pylist() == pytest.approx([0, -1, 50.25, 1, 100])


def test_categories_alone_leave_the_scale_to_the_pilot():
    column = column_of([0.0, 1.0] * 40 + [5.5], categories=[1])
    assert column.categories == (1.0,)
    assert column.bounds == (0, 5.5)
    assert "bounds" in column.learnt
    assert "categories" not in column.learnt
    assert column_of([0.0, 1.0] * 40 + [5.5], categories=[]).slots == 0


@pytest.mark.parametrize(
    ("kind", "bounds", "inside", "value", "shown"),
    [
        (pa.float64(), [0, 10], 3.5, 10.25, "10.25 in row 1 of a batch.* 0.0 to 10.0"),
        (pa.int16(), [17, 90], 20, 16, "16 in row 1.*17 to 90"),
        (
            pa.date32(),
            [dt.date(2020, 1, 1), dt.date(2025, 12, 31)],
            dt.date(2021, 5, 5),
            dt.date(2026, 1, 1),
            "2026-01-01 in row 1.*2020-01-01 to 2025-12-31",
        ),
        (
            pa.timestamp("ms", "Europe/Paris"),
            [dt.datetime(2024, 1, 1), NOON],  # noqa: DTZ001
            NOON,
            NOON + dt.timedelta(seconds=1),
            "2024-02-29 12:00:01",
        ),
        (pa.time64("us"), [dt.time(8), dt.time(18)], dt.time(9, 30), dt.time(19), "19:00:00"),
        (pa.duration("s"), [0, 60], 30, 61, "61 s in row 1.*0 s to 60 s"),
    ],
)
def test_values_outside_bounds_are_refused_or_clipped(kind, bounds, inside, value, shown):
    if bounds[0].__class__ is dt.datetime:
        bounds = [bounds[0].replace(tzinfo=dt.UTC), bounds[1]]
    table = pa.table({"x": pa.array([inside, value, inside], kind)})
    pilot = pa.table({"x": pa.array([inside] * 3, kind)})
    with pytest.raises(ColumnError, match=f"'x' holds .*{shown}.*clip = true"):
        schema_of(pilot, x={"bounds": bounds}).encode(batch_of(table))
    schema = schema_of(pilot, x={"bounds": bounds, "clip": True})
    found = back(schema, table)["x"].to_pylist()
    assert found[0] == found[2] == table["x"][0].as_py()
    end = bounds[0] if shown.startswith("16") else bounds[1]
    if pa.types.is_duration(kind):
        end = dt.timedelta(seconds=end)
    assert found[1] == end
    clipped = pa.table({"x": pa.array([end], kind)})
    encoded = schema.encode(batch_of(table)).values[1]
    assert np.array_equal(encoded, schema.encode(batch_of(clipped)).values[0])


def test_infinite_numbers_are_no_numbers_outside_bounds():
    for clip in (False, True):
        schema = schema_of(ANY, x={"bounds": [0, 9], "clip": clip, "missing": False})
        with pytest.raises(MissingValuesError, match="infinite value in row 0"):
            schema.encode(batch_of(numbers(np.inf, 1)))
        assert schema.encode(batch_of(numbers(np.inf, 1, None)), missing="drop").dropped == 2


def test_rows_that_are_given_back_stay_within_bounds_and_fit_again():
    far = np.array([[-50.0], [-3.0], [3.0], [50.0]])
    # in floating point 3 × 0.1 is more than 0.3, and 0.3 / 0.1 less than 3
    for bounds, ends in (([-0.3, 0.3], (-0.3, 0.3)), ([0.25, 0.95], (0.3, 0.9))):
        schema = schema_of(ANY, x={"bounds": bounds, "step": 0.1, "missing": False})
        found = schema.decode(far).to_arrow()
        assert found["x"].to_pylist() == pytest.approx([ends[0]] * 2 + [ends[1]] * 2)
        schema.encode(batch_of(found))


def test_a_step_of_moments_is_in_seconds():
    table = pa.table({"x": pa.array([NOON, NOON + dt.timedelta(hours=3)] * 3)})
    schema = schema_of(table, x={"bounds": [NOON, NOON + dt.timedelta(days=1)], "step": 3600})
    told = pa.table({"x": pa.array([NOON + dt.timedelta(minutes=100)])})
    assert back(schema, told)["x"].to_pylist() == [NOON + dt.timedelta(hours=2)]


def test_missing_values_have_a_slot_as_declared():
    some = pa.table({"x": ["a", None] * 10})
    schema = schema_of(some, x={"kind": "category", "missing": False})
    with pytest.raises(MissingValuesError, match=r"missing value in row 1.*declared to have none"):
        schema.encode(batch_of(some))
    schema = schema_of(WORDS, x={"kind": "category", "missing": True})
    assert back(schema, some)["x"].to_pylist() == some["x"].to_pylist()


def test_categories_keep_their_order_and_others_a_slot_unless_declined():
    declared = {"kind": "category", "categories": ["b", "z", "a"], "missing": False}
    strange = pa.table({"x": ["z", "a", "c"]})
    assert back(schema_of(WORDS, x=declared), strange)["x"].to_pylist() == ["z", "a", "(other)"]
    schema = schema_of(WORDS, x={**declared, "other": False})
    assert schema.fields[0].categories == ("b", "z", "a")
    with pytest.raises(ColumnError, match=r"'x' holds 'c' in row 2 of a batch.*other = true"):
        schema.encode(batch_of(strange))


def test_codes_of_a_text_file_can_be_categories():
    # numbers of a text file are read as fractions may follow, and the field says they are whole
    field = pa.field("x", pa.float64(), metadata={b"whole": b"1"})
    table = pa.table([pa.array([75001.0, 6000.0, None] * 10)], schema=pa.schema([field]))
    for declared in ({}, {"categories": [75001, 6000]}):
        schema = schema_of(table, x={"kind": "category", **declared})
        found = back(schema, table)["x"]
        assert found.type == pa.int64()
        assert found.to_pylist() == [75001, 6000, None] * 10


def test_text_is_hashed_into_buckets_that_never_change():
    urls = [f"http://example.org/{number}" for number in range(1000)]
    schema = schema_of(pa.table({"x": urls}), x={"kind": "hashed", "buckets": 16, "missing": True})
    table = pa.table({"x": [*urls, None]})
    encoded = schema.encode(batch_of(table)).values
    codes = encoded.argmax(axis=1)
    assert encoded.shape == (1001, 17)
    assert codes[:5].tolist() == [6, 1, 9, 10, 9]  # from BLAKE2b; never to be renewed
    assert codes[-1] == 16
    assert np.bincount(codes[:-1], minlength=16).min() > 30
    found = schema.decode(encoded).to_arrow()
    assert found["x"][:2].to_pylist() == ["(bucket 6)", "(bucket 1)"]
    assert np.array_equal(schema.encode(batch_of(found)).values, encoded)
    wild = pa.table({"x": ["(bucket 16)", "(bucket x)"]})  # no such buckets: text like any other
    assert (schema.encode(batch_of(wild)).values[:, 16] == 0).all()


def test_constants_copies_and_columns_left_out_are_given_back_as_declared():
    day = dt.date(2024, 2, 29)
    table = pa.table(
        {
            "age": [20, 30] * 10,
            "again": [20, 30] * 10,
            "town": ["a", "b"] * 10,
            "day": pa.array([day, None] * 10),
            "gone": [1.5, 2.5] * 10,
            "id": range(20),
        }
    )
    schema = schema_of(
        table,
        again={"of": "age"},
        town={"kind": "constant", "value": "c"},
        day={"value": day},
        gone={"kind": "constant", "missing": True},
        id={"kind": "left out"},
    )
    assert back(schema, table).slice(0, 2).to_pylist() == [
        {"age": age, "again": age, "town": "c", "day": day, "gone": None} for age in (20, 30)
    ]
    assert set(schema.learnt) == {"age"}
    assert column_of([Decimal("1.50")] * 3).value == 1.5


def test_declared_kinds_are_honoured_where_rows_show_less():
    assert column_of(["a"] * 5, kind=None, missing=True).slots == 3
    assert column_of([7] * 5, bounds=[0, 9]).kind == "integer"
    assert column_of(range(200), bounds=[0, 200]).kind == "integer"
    with pytest.raises(PlanError, match=r"'x' holds no two finite values.*declare its bounds"):
        inferred(numbers(7, 7, 7), x={"kind": "integer"})


@pytest.mark.parametrize(
    ("values", "declared", "match"),
    [
        (ANY, {"kind": "date"}, "'date', but holds values of type double, which can be continuous"),
        (ANY, {"kind": "hashed"}, "Make it text first"),
        (WORDS, {"bounds": [0, 1]}, "'bounds', which a column of kind 'category' does not have"),
        (WORDS, {"kind": "category", "categories": ["a", 3]}, "has 3 among.*expected text"),
        (WORDS, {"kind": "category", "categories": []}, "no categories"),
        (WORDS, {"value": 3}, "value 3, and the column holds .*string; expected text"),
        (WORDS, {"kind": "constant"}, "several values. Declare its value"),
        (WORDS, {"kind": "constant", "value": "a", "missing": True}, "Declare one of them"),
        (WORDS, {"kind": "copy"}, 'of which column, with of = "NAME"'),
        (WORDS, {"of": "x"}, "copy is of a column that comes before it"),
        (ANY, {"bounds": [dt.date(2020, 1, 1), dt.date(2021, 1, 1)]}, "expected a number"),
        (ANY, {"bounds": [1e300, 1.0000000000000001e300]}, "the smaller one first"),
        (ANY, {"bounds": [-1.7e308, 1.7e308]}, "cannot tell apart or span"),
        (ANY, {"bounds": [0.25, 0.5], "kind": "integer"}, "no multiple of its step 1 within"),
        (ANY, {"kind": "integer", "step": 0.5}, "has the step 0.5.*whole units"),
        (ANY, {"categories": ["a"]}, "has 'a' among its categories.*expected a number"),
        (numbers(1, 2, 3, kind=pa.int64()), {"kind": "category", "categories": [1.5]}, "whole"),
        (numbers(True, False, kind=pa.bool_()), {"kind": "category"}, "which can be boolean"),
        (
            pa.table({"x": [dt.date(2020, 1, 1), dt.date(2021, 1, 1)]}),
            {"bounds": [0, 9]},
            "has 0 among its bounds.*date32.*expected a date, such as 2024-02-29",
        ),
        (
            pa.table({"x": [dt.date(2020, 1, 1), dt.date(2021, 1, 1)]}),
            {"kind": "continuous"},
            "which can be date",
        ),
        (
            pa.table({"x": pa.array([1, 2], pa.timestamp("s"))}),
            {"bounds": [NOON, NOON + dt.timedelta(1)]},
            "without an offset",
        ),
        (pa.table({"x": [dt.time(1), dt.time(2)]}), {"bounds": [1, 2]}, "expected a time of day"),
        (pa.table({"x": [[1], [2]]}), {"kind": "category"}, "which can be constant, copy"),
        (pa.table({"x": pa.nulls(3)}), {"bounds": [0, 1]}, "of kind 'constant' does not have"),
        (
            pa.table({"x": [f"w{k}" for k in range(70)] * 2}),
            {"kind": "category", "other": False},
            "other = false, and 70 categories",
        ),
    ],
)
def test_declarations_that_do_not_fit_their_column_are_refused(values, declared, match):
    with pytest.raises(OptionError, match="'x' in the schema .*" + match):
        inferred(values, x=declared)


def test_a_copy_is_of_the_same_type():
    table = pa.table({"a": [1.5, 2.5], "x": ["a", "b"]})
    with pytest.raises(OptionError, match=r"holds values of type string.*'a', which holds double"):
        inferred(table, x={"of": "a"})


def test_a_column_that_does_not_exist_is_refused_with_the_nearest():
    with pytest.raises(ColumnError, match=r"no column 'twon'.*Did you mean 'town'\?"):
        inferred(pa.table({"town": ["a", "b"]}), twon={"kind": "category"})


def test_each_column_says_what_was_declared_and_what_was_learnt():
    table = pa.table({"age": [20, 30] * 10, "town": ["a", "b"] * 10, "pay": [1.5, 2.5] * 10})
    columns, reasons = inferred(
        table,
        age={"kind": "integer", "bounds": [17, 90], "missing": True},
        town={"categories": ["a", "b"]},
    )
    assert [column.learnt for column in columns] == [
        (),
        ("missing",),
        ("kind", "bounds", "step", "categories", "missing"),
    ]
    assert reasons[0].endswith("; declared: kind, bounds, missing.")
    assert reasons[1].endswith("; declared: categories; learnt from rows: missing.")
    assert "declared" not in reasons[2]
    assert reasons[2].endswith("learnt from rows: kind, bounds, step, categories, missing.")
    assert TableSchema(columns, types_of(table.schema)).learnt == {
        "town": ("missing",),
        "pay": ("kind", "bounds", "step", "categories", "missing"),
    }


def test_what_was_learnt_is_kept_in_files_and_is_no_part_of_the_plan():
    table = pa.table({"age": [20, 30] * 10, "town": ["a", "b"] * 10})
    schema = schema_of(table, age={"kind": "integer", "bounds": [17, 90]})
    document = json.loads(json.dumps(schema.to_document()))
    assert schema_from_document(document).learnt == schema.learnt
    del document["learnt"]  # as in plans of the first releases
    older = schema_from_document(document)
    assert older == schema
    assert older.learnt["age"] == ("kind", "bounds", "categories", "missing")


# One column of each kind with everything declared, and values that it gives back exactly.
FLOATS = {"bounds": [-100.0, 1000.0], "step": 0, "categories": [0, 5000]}
DECLARED = {
    "float": ({**FLOATS, "kind": "continuous"}, pa.float64(), st.floats(-100, 1000)),
    "cents": (
        {"kind": "continuous", "bounds": [0, 99.99], "step": 0.01},
        pa.float64(),
        st.integers(0, 9999).map(lambda k: k / 100),
    ),
    "age": ({"kind": "integer", "bounds": [17, 90]}, pa.int8(), st.integers(17, 90)),
    "large": (
        {"kind": "integer", "bounds": [-(2**50), 2**50], "categories": [2**53]},
        pa.int64(),
        st.integers(-(2**50), 2**50) | st.just(2**53),
    ),
    "day": (
        {"kind": "date", "bounds": [dt.date(1900, 1, 1), dt.date(2100, 1, 1)]},
        pa.date32(),
        st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)),
    ),
    "moment": (
        {"kind": "date", "bounds": [dt.datetime(2000, 1, 1, tzinfo=dt.UTC), NOON]},
        pa.timestamp("ms", "UTC"),
        st.integers(946_684_800_000, int(NOON.timestamp()) * 1000).map(
            lambda ms: dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
        ),
    ),
    "clock": (
        {"kind": "time", "bounds": [dt.time(6), dt.time(20)]},
        pa.time32("s"),
        st.integers(6, 19).map(lambda hour: dt.time(hour, 59, 59)),
    ),
    "stay": (
        {"kind": "duration", "bounds": [0, 3600.5]},
        pa.duration("ms"),
        st.integers(0, 3_600_500).map(lambda ms: dt.timedelta(milliseconds=ms)),
    ),
    "flag": ({"kind": "boolean"}, pa.bool_(), st.booleans()),
    "town": (
        {"kind": "category", "categories": ["b", "é", ""], "other": False},
        pa.string(),
        st.sampled_from(["b", "é", ""]),
    ),
    "code": (
        {"kind": "category", "categories": [3, 1]},
        pa.int32(),
        st.sampled_from([1, 3]),
    ),
    "url": (
        {"kind": "hashed", "buckets": 9},
        pa.string(),
        st.integers(0, 8).map(lambda number: f"(bucket {number})"),
    ),
}


@st.composite
def declared_tables(draw):
    """Some declared columns, and two tables that they fit, of 1 to 20 rows."""
    names = draw(st.lists(st.sampled_from(sorted(DECLARED)), min_size=1, unique=True))
    missing = {name: draw(st.booleans(), name) for name in names}
    declared = {name: {**DECLARED[name][0], "missing": missing[name]} for name in names}
    tables = []
    for _ in range(2):
        count = draw(st.integers(1, 20))
        columns = {}
        for name in names:
            _, kind, values = DECLARED[name]
            some = values | st.none() if missing[name] else values
            rows = draw(st.lists(some, min_size=count, max_size=count), name)
            columns[name] = pa.array(rows, kind)
        tables.append(pa.table(columns))
    return declared, *tables


@settings(max_examples=150, deadline=None)
@given(declared_tables())
def test_declared_columns_come_from_no_row_and_give_back_what_they_encode(drawn):
    declared, pilot, table = drawn
    schema = schema_of(pilot, **declared)
    assert schema == schema_of(table, **declared)
    assert schema.to_document() == schema_of(table, **declared).to_document()
    assert schema.learnt == {}
    found = back(schema, table)
    assert found.schema.types == table.schema.types
    for name in table.column_names:
        for told, exact in zip(found[name].to_pylist(), table[name].to_pylist(), strict=True):
            if isinstance(exact, float):
                assert told == pytest.approx(exact, rel=1e-13, abs=1e-11)
            else:
                assert told == exact
