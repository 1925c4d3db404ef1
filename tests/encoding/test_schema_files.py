"""Schema files: read with every mistake told, written so that they read back the same."""

import datetime as dt
import tomllib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchlearn.encoding import TableSchema, VectorSchema
from sketchlearn.encoding.declarations import declarations
from sketchlearn.encoding.inference import infer_columns, types_of
from sketchlearn.encoding.schema_files import read_schema, toml_of, write_schema
from sketchlearn.errors import FileFormatError, OptionError, StorageError

ROWS = 300
RANDOM = np.random.default_rng(0)
DAYS = [dt.date(2020, 1, 1) + dt.timedelta(int(k)) for k in RANDOM.integers(0, 900, ROWS)]
TABLE = pa.table(
    {
        "id": range(ROWS),
        'a "quoted" näme\n': RANDOM.integers(17, 90, ROWS),
        "few": pa.array(RANDOM.integers(0, 5, ROWS).tolist()),
        "pay": np.where(RANDOM.random(ROWS) < 0.7, 0.0, RANDOM.lognormal(8, 1, ROWS)),
        "price": pa.array(np.round(RANDOM.random(ROWS), 2)).cast(pa.decimal128(4, 2)),
        "town": pa.array(RANDOM.choice(["Paris", "x\\\x7f\t", "", None], ROWS).tolist()),
        "alive": pa.array(RANDOM.random(ROWS) < 0.5),
        "born": DAYS,
        "seen": pa.array([1_600_000_000_123_456_789 + k * 10**10 for k in range(ROWS)][::-1]).cast(
            pa.timestamp("ns", "Europe/Paris")
        ),
        "clock": pa.array(RANDOM.integers(0, 86_400, ROWS).astype("int32"), pa.time32("s")),
        "stay": pa.array(RANDOM.integers(0, 10**6, ROWS), pa.duration("ms")),
        "same": ["x"] * ROWS,
        "same day": [DAYS[0]] * ROWS,
        "gone": pa.nulls(ROWS, pa.int16()),
        "born again": DAYS,
        "tags": [[1]] * ROWS,
    }
)


def schema_of(table, declared=None):
    rows = table.combine_chunks().to_batches()[0]
    columns, _ = infer_columns(table.schema, rows, declarations(declared, None))
    return TableSchema(columns, types_of(table.schema))


def test_a_file_declares_columns(tmp_path):
    path = tmp_path / "people.toml"
    path.write_text(
        '\ufeff[columns.age]\nkind = "integer"\nbounds = [17, 90]\n'
        '[columns."first name"]\nkind = "hashed"\n'
        "[columns.started]\nbounds = [2020-01-01, 2025-12-31]\n"
    )
    found = declarations(path, None)
    assert found["age"].bounds == (17, 90)
    assert found["first name"].kind == "hashed"
    assert found["started"].bounds == (dt.date(2020, 1, 1), dt.date(2025, 12, 31))
    assert declarations(str(path), None) == found


def test_mistakes_name_the_file(tmp_path):
    path = tmp_path / "people.toml"
    path.write_text('[columns.age]\nkind = "integer"\nbound = [17, 90]\n')
    with pytest.raises(OptionError, match=r"'age' in .*people.toml .*Did you mean 'bounds'\?"):
        declarations(path, None)


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("[columns.age]\nkind = integer\n", FileFormatError, r"people.toml is .*line 2"),
        ("[column.age]\n", OptionError, r"'column' beside.*Did you mean \[columns.NAME\]\?"),
        ("[age]\n", OptionError, "'age' beside its columns"),
        ("columns = 3\n", OptionError, "columns = 3; expected one table"),
        ("[columns]\nage = 3\n", OptionError, "'age' in .*people.toml is 3; expected keys"),
    ],
)
def test_files_of_another_shape_are_refused(tmp_path, text, error, match):
    path = tmp_path / "people.toml"
    path.write_text(text)
    with pytest.raises(error, match=match):
        declarations(path, None)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(StorageError, match=r"nothing.toml: No such file.*--write-schema"):
        read_schema(tmp_path / "nothing.toml")
    (tmp_path / "latin.toml").write_bytes(b'[columns."\xe9t\xe9"]\n')
    with pytest.raises(FileFormatError, match=r"latin.toml is not a TOML file"):
        read_schema(tmp_path / "latin.toml")


def without_scale(schema):
    """Columns as JSON without what bounds change: the scale of numbers and its ends."""
    gone = ("knots", "levels", "outside")
    return [
        {key: value for key, value in column.to_document().items() if key not in gone}
        for column in schema.fields
    ]


def test_a_written_schema_gives_the_same_columns(tmp_path):
    path = tmp_path / "table.toml"
    schema = schema_of(TABLE)
    assert {column.kind for column in schema.fields} == {
        "left out", "integer", "continuous", "category", "boolean", "date", "time", "duration",
        "constant", "copy",
    }  # fmt: skip
    write_schema(schema, path)
    again = schema_of(TABLE, path)
    assert without_scale(again) == without_scale(schema)
    for found, learnt in zip(again.fields, schema.fields, strict=True):
        if learnt.number:
            assert found.bounds == pytest.approx(learnt.bounds, rel=1e-15)
    # rows have their part in what they wrote, however often it is read back
    assert again.learnt.keys() == schema.learnt.keys()
    assert all("kind" in parts for parts in again.learnt.values())
    assert {"kind", "bounds", "missing"} <= set(again.learnt["born"])
    first = path.read_text()
    write_schema(again, path)
    assert path.read_text() == first


def test_rows_of_a_written_schema_fit_it(tmp_path):
    from sketchlearn.sources import Batch

    path = tmp_path / "table.toml"
    write_schema(schema_of(TABLE), path)
    schema = schema_of(TABLE, path)
    rows = schema.decode(schema.encode(Batch.of_table(TABLE.to_batches()[0])).values).to_arrow()
    exact = [name for name in rows.column_names if name not in ("pay", "seen")]
    assert rows.select(exact).to_pydict() == TABLE.select(exact).to_pydict()
    assert np.allclose(rows["pay"], TABLE["pay"], rtol=1e-9)


def test_clip_hash_and_steps_are_written(tmp_path):
    path = tmp_path / "table.toml"
    table = pa.table(
        {"x": [1.0, 2.5] * 20, "url": ["a", "b"] * 20, "n": range(40), "day": DAYS[:40]}
    )
    declared = {
        "x": {"bounds": [0, 9], "clip": True, "step": 0.5, "missing": True},
        "url": {"kind": "hashed", "buckets": 7, "missing": False},
        "n": {"bounds": [-0.5, 9.5], "missing": False},
        "day": {"bounds": [dt.date(2020, 1, 1), dt.date(2023, 1, 1)], "step": 7 * 86_400},
    }
    schema = schema_of(table, declared)
    write_schema(schema, path)
    assert schema_of(table, path) == schema


def test_moments_that_toml_cannot_say_are_left_to_the_pilot(tmp_path):
    far = pa.array([-10_000_000, 0, 50, 99] * 10, pa.int32()).cast(pa.date32())
    path = tmp_path / "table.toml"
    write_schema(schema_of(pa.table({"day": far})), path)
    assert "bounds =" not in path.read_text()
    assert schema_of(pa.table({"day": far}), path).fields[0].number
    fine = pa.table({"seen": pa.array([1_001, 2_002] * 10, pa.timestamp("ns"))})
    write_schema(schema_of(fine), path)
    assert without_scale(schema_of(fine, path)) == without_scale(schema_of(fine))


def test_vectors_have_no_schema_file(tmp_path):
    vectors = VectorSchema(("x",), ("float64",), (0.0,), (1.0,), None, None)
    with pytest.raises(OptionError, match="encoding='table'"):
        write_schema(vectors, tmp_path / "x.toml")


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
MOMENTS = (
    st.dates()
    | st.times().map(lambda time: time.replace(fold=0))
    | st.datetimes(
        timezones=st.sampled_from([None, dt.UTC, dt.timezone(dt.timedelta(hours=-5))])
    ).map(lambda moment: moment.replace(fold=0))
)
VALUES = (
    TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | MOMENTS
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(TEXT, st.dictionaries(TEXT, VALUES | st.lists(VALUES)), max_size=4))
def test_toml_reads_back_what_was_written(tables):
    read = tomllib.loads(toml_of(tables)).get("columns", {})
    assert read == tables
    assert repr(read) == repr(tables)  # of the same types too
