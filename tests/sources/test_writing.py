"""Records written to a new table of a database, whole or not at all."""

import datetime as dt
import sqlite3
from contextlib import closing
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.encoding import Records, TableRecords
from sketchlearn.errors import OptionError, SourceError, StorageError, UnsupportedSourceError
from sketchlearn.sources import Batch

duckdb = pytest.importorskip("duckdb")

ODD = 'rows"; drop table kept; --'
TABLE = pa.table(
    {
        "town": ["Nice", None, "L'Aquila"],
        "size": pa.array([1, None, 3], pa.int32()),
        'of "it"': [0.5, 1.5, None],
        "let": [True, False, None],
        "day": [dt.date(2024, 2, 29), None, dt.date(1969, 1, 2)],
        "moment": pa.array([1_709_209_800_000_000, None, None], pa.timestamp("us")),
    }
)
RECORDS = TableRecords(TABLE, "kind", np.array(["a", "b", "a"]))
WHOLE = RECORDS.to_arrow()
# SQLite has no type for truth or for time
IN_SQLITE = {
    **WHOLE.to_pydict(),
    "let": [1, 0, None],
    "day": ["2024-02-29", None, "1969-01-02"],
    "moment": ["2024-02-29 12:30:00.000000", None, None],
}


@pytest.fixture(params=["new.duckdb", "new.sqlite"])
def path(request, tmp_path):
    return tmp_path / request.param


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def read(database, name):
    source = sl.open_source(f"select * from {quoted(name)}", database=database)
    return Batch.join(list(source.batches())).table


def test_what_is_written_is_read_back(path):
    RECORDS.write_to(path, "made")
    found = read(path, "made")
    if path.suffix == ".duckdb":
        assert pa.Table.from_batches([found]) == WHOLE
    else:
        assert found.to_pydict() == IN_SQLITE


def test_types_are_kept_in_sqlite_as_far_as_it_has_any(tmp_path):
    path = tmp_path / "x.sqlite3"
    lasts = pa.array([dt.timedelta(milliseconds=1500)], pa.duration("ms"))
    one = pa.array([Decimal("1.00")], pa.decimal128(9, 2))
    TableRecords(pa.table({"lasts": lasts, "price": one})).write_to(path, "t")
    RECORDS.write_to(path, "made")
    with closing(sqlite3.connect(path)) as connection:
        declared = [row[2].lower() for row in connection.execute("pragma table_info(made)")]
        assert declared == ["text", "integer", "real", "boolean", "date", "timestamp", "text"]
        assert connection.execute("select * from t").fetchall() == [(1.5, 1)]


def test_names_are_taken_as_they_are(path):
    RECORDS.write_to(path, "kept")
    RECORDS.write_to(path, ODD)
    assert read(path, ODD).num_rows == read(path, "kept").num_rows == 3


def test_a_table_that_is_there_is_never_overwritten(path):
    RECORDS.write_to(path, "made")
    with pytest.raises(StorageError, match=r"has a table 'made'.*another name, or drop it first"):
        RECORDS.take(np.array([0])).write_to(path, "made")
    assert read(path, "made").num_rows == 3


def test_vectors_and_no_rows_are_written_too(path):
    values = np.array([[1.5, 2.0], [-0.1, 3.0]])
    Records(("height", "count"), ("float64", "int16"), values).write_to(path, "vectors")
    assert read(path, "vectors").to_pydict() == {"height": [1.5, -0.1], "count": [2, 3]}
    RECORDS.head(0).write_to(path, "none")
    assert sl.open_source("select * from none", database=path).schema.columns[0] == "town"


def test_a_connection_of_the_users_is_written_to_and_left_open():
    with closing(duckdb.connect()) as connection:
        connection.begin()
        RECORDS.write_to(connection, "made")
        connection.rollback()
        RECORDS.write_to(connection, "made")
        assert connection.execute("select count(*) from made").fetchone() == (3,)


def test_nothing_is_left_of_a_writing_that_fails(path):
    big = pa.table({"a": pa.array([1, 2**64 - 1], pa.uint64())})
    if path.suffix == ".duckdb":  # which has such numbers, but none of half a word
        big = pa.table({"a": pa.array([1.0], pa.float16())})
    with pytest.raises(StorageError, match=r"'made' cannot be written .*nothing of it was kept"):
        TableRecords(big).write_to(path, "made")
    assert not path.exists()
    RECORDS.write_to(path, "kept")
    with pytest.raises(StorageError):
        TableRecords(big).write_to(path, "made")
    with pytest.raises(SourceError, match=r"no table 'made'; it has: kept"):
        read(path, "made")


def test_places_that_cannot_be_written_to(tmp_path):
    with pytest.raises(SourceError, match=r"\.duckdb or \.sqlite"):
        RECORDS.write_to(tmp_path / "new.db", "made")
    with pytest.raises(OptionError, match="gone at once"):
        RECORDS.write_to(":memory:", "made")
    with pytest.raises(OptionError, match=r"name of the table .* is empty"):
        RECORDS.write_to(tmp_path / "x.sqlite", "")
    with pytest.raises(UnsupportedSourceError, match="'mysql'"):
        RECORDS.write_to("mysql://host/db", "made")
    (tmp_path / "x.sqlite").write_text("no database, of whatever kind")
    with pytest.raises(SourceError, match="no database"):
        RECORDS.write_to(tmp_path / "x.sqlite", "made")
    for name in ("x.duckdb", "y.sqlite"):
        with pytest.raises((SourceError, StorageError), match=r"cannot be (opened|written)"):
            RECORDS.write_to(tmp_path / "absent" / name, "made")
