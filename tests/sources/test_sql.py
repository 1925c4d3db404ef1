"""Queries run by DuckDB and SQLite."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sketchlearn.errors import (
    ColumnError,
    EmptySourceError,
    MissingExtraError,
    OptionError,
    SourceError,
    UnsupportedSourceError,
)
from sketchlearn.sources import Batch, Source, open_source

pa = pytest.importorskip("pyarrow")
duckdb = pytest.importorskip("duckdb")

ROWS = 30_000


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of a table `sales` of 30,000 records and an empty table `rumours`."""
    path = str(tmp_path_factory.mktemp("db") / f"x.{request.param}")
    connect = duckdb.connect if request.param == "duckdb" else sqlite3.connect
    with closing(connect(path)) as connection:
        connection.execute("create table sales (id integer, price double, city varchar)")
        connection.execute("create table rumours (id integer)")
        connection.execute(
            "with recursive i(n) as (select 0 union all select n + 1 from i where n < 29999) "
            "insert into sales select n, n * 0.5, case when n % 3 = 0 then null else 'Rome' end "
            "from i"
        )
        connection.commit()
    return path


def _whole(source: Source) -> dict[str, list[Any]]:
    table = Batch.join(list(source.batches())).table
    assert table is not None
    return table.to_pydict()


def test_records_of_a_query(database: str) -> None:
    source = open_source("select * from sales order by id;", database=database)
    assert (source.rows, source.one_shot) == (None, False)
    assert source.schema.columns == ("id", "price", "city")
    assert source.schema.arrow.field("city").type == pa.string()
    for _ in range(2):
        columns = _whole(source)
        assert columns["id"] == list(range(ROWS))
        assert columns["price"][-1] == (ROWS - 1) / 2
        assert columns["city"][:3] == [None, "Rome", "Rome"]
    assert max(len(batch) for batch in source.batches()) <= 16_384


def test_columns_labels_and_values(database: str) -> None:
    query = "select price, id, city from sales where city is not null order by id"
    source = open_source(query, database=Path(database), columns=["price"], label="city")
    batch = next(source.batches())
    assert batch.values[:3].tolist() == [[0.5], [1.0], [2.0]]
    assert batch.labels is not None
    assert set(batch.labels) == {"Rome"}


def test_pilot(database: str) -> None:
    source = open_source("select id from sales -- all of them", database=database)
    ids = source.pilot(500, 3).values[:, 0]
    assert len(set(ids)) == 500
    np.testing.assert_array_equal(ids, source.pilot(500, 3).values[:, 0])
    if database.endswith("duckdb"):
        assert np.histogram(ids, bins=5, range=(0, ROWS))[0].min() > 40
        assert set(ids) != set(source.pilot(500, 4).values[:, 0])
    assert len(source.pilot(10**6, 0)) == ROWS


def test_query_of_no_record(database: str) -> None:
    source = open_source("select id from rumours", database=database)
    assert source.schema.columns == ("id",)
    assert list(source.batches()) == []
    with pytest.raises(EmptySourceError, match="holds no record"):
        source.pilot(3, 0)


def test_reading_that_is_given_up_lets_go_of_the_file(database: str) -> None:
    batches = open_source("select * from sales", database=database).batches()
    next(batches)
    assert isinstance(batches, Iterator)
    batches.close()  # type: ignore[attr-defined]
    connect = duckdb.connect if database.endswith("duckdb") else sqlite3.connect
    with closing(connect(database)) as connection:
        connection.execute("create table notes (a integer)")
        connection.execute("drop table notes")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from sale", r"no table 'sale'; it has: rumours, sales\. Did you mean 'sales'\?"),
        ("selec 1", "cannot be run .*syntax error.*Correct the query"),
        ("select wrong from sales", r"cannot be run .*wrong"),
        ("drop table sales", "cannot be run .*read|one SELECT was expected"),
        ("create table z (a integer)", "cannot be run .*read|one SELECT was expected"),
        ("select 1 as a; select 2 as a", "cannot be run|one SELECT was expected"),
        ("-- nothing", "one SELECT was expected"),
    ],
)
def test_queries_that_fail(database: str, query: str, message: str) -> None:
    with pytest.raises(SourceError, match=f"(?s){message}"):
        open_source(query, database=database)
    assert len(_whole(open_source("select id from sales", database=database))["id"]) == ROWS


def test_columns_named_twice(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (a integer)")
    with pytest.raises(ColumnError, match="2 columns named 'a'"):
        open_source("select a, a from t", database=path)


def test_failure_midway(tmp_path: Path) -> None:
    # Far beyond what DuckDB computes ahead of the first batch.
    query = "select if(range = 5000000, error('boom'), range) as a from range(6000000)"
    source = open_source(query, database=":memory:")
    with pytest.raises(SourceError, match=r"stopped after \d{4,} records .*boom"):
        list(source.batches())


def test_queries_over_files(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,u\n2,v\n")
    query = f"select a, b, a * 2 as c from '{tmp_path}/*.csv' order by a"
    columns = _whole(open_source(query, database=":memory:"))
    assert columns == {"a": [1, 2], "b": ["u", "v"], "c": [2, 4]}
    with pytest.raises(SourceError, match=r"cannot be run .*No files found"):
        open_source("select * from 'absent.csv'", database=":memory:")
    with pytest.raises(SourceError, match="consists of COPY"):
        open_source(f"copy (select 1) to '{tmp_path}/y.csv'", database=":memory:")
    assert not (tmp_path / "y.csv").exists()


def test_variables_of_the_library_are_no_tables() -> None:
    for name in ("query", "connection", "kinds", "part"):
        with pytest.raises(SourceError, match="has no table"):
            open_source(f"select * from {name}", database=":memory:")


def test_open_connection_is_used_and_left_open() -> None:
    with closing(duckdb.connect()) as connection:
        connection.register("mine", pa.table({"a": [1.5, 2.5], "e": ["u", "v"]}))
        source = open_source("from mine", database=connection)
        assert _whole(source) == {"a": [1.5, 2.5], "e": ["u", "v"]}
        assert len(source.pilot(1, 0)) == 1
        assert connection.execute("select count(*) from mine").fetchone() == (2,)


def test_file_that_is_open_for_writing(tmp_path: Path) -> None:
    with closing(duckdb.connect(tmp_path / "x.duckdb")) as connection:
        connection.execute("create table t as select 1 as a")
        with pytest.raises(SourceError, match="give that connection as database="):
            open_source("from t", database=tmp_path / "x.duckdb")
        assert _whole(open_source("from t", database=connection)) == {"a": [1]}


def test_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_bytes(b"\0" * 8 + b"DUCK" + b"\1" * 99)
    with pytest.raises(SourceError, match=r"x\.duckdb cannot be opened by DuckDB"):
        open_source("from t", database=tmp_path / "x.duckdb")
    (tmp_path / "x.sqlite").write_bytes(b"SQLite format 3\0" + b"\1" * 99)
    with pytest.raises(SourceError, match="cannot be run"):
        open_source("select 1 as a from t", database=tmp_path / "x.sqlite")


def test_types_of_duckdb() -> None:
    query = (
        "select sum(range) as s, 1.5::decimal(9, 2) as d, true as b, date '2024-02-29' as day, "
        "timestamp '2024-02-29 12:00:00' as m, uuid() as u, 'x'::enum('x', 'y') as e, [1] as l "
        "from range(4)"
    )
    source = open_source(query, database=":memory:")
    dtypes = dict(zip(source.schema.columns, source.schema.dtypes, strict=True))
    assert (dtypes["s"], dtypes["d"], dtypes["b"]) == ("float64", "float64", "bool")
    assert _whole(source)["e"] == ["x"]
    numbers = open_source(query, database=":memory:", columns=["s", "d", "b"])
    assert next(numbers.batches()).values.tolist() == [[6, 1.5, 1]]


def test_a_locked_database_is_said_to_be_held_by_another(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        connection.execute("create table locks (a integer)")
        connection.commit()
        connection.execute("begin exclusive")
        with pytest.raises(SourceError, match=r"held by another.*Try again"):
            open_source("select a from locks", database=path)
    with pytest.raises(SourceError, match=r"no table 'lock'"):
        open_source("select a from lock", database=path)


def test_sqlite_whole_numbers_may_be_followed_by_fractions(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (a, b, c)")
        records = [(i, None, 2**60) for i in range(17_000)]
        connection.executemany("insert into t values (?, ?, ?)", [*records, (0.5, "u", 1.5)])
        connection.commit()
    source = open_source("select * from t", database=path)
    assert source.schema.dtypes == ("float64", "object", "float64")
    assert source.schema.arrow.field("a").metadata == {b"whole": b"1"}
    columns = _whole(source)
    assert columns["a"][-2:] == [16_999, 0.5]
    assert columns["b"][-2:] == [None, "u"]


def test_sqlite_values_of_several_types(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (a)")
        connection.executemany("insert into t values (?)", [(1,), ("many",)])
        connection.commit()
    with pytest.raises(ColumnError, match=r"'a' holds values of types int, str.*cast\(a as text\)"):
        open_source("select a from t", database=path)


@pytest.mark.parametrize(
    "query", ["select * from sales", "SELECT\n1", " with a as (select 1) from a"]
)
def test_query_without_database(query: str) -> None:
    with pytest.raises(SourceError, match=r"SQL query, and no database.*--db"):
        open_source(query)


def test_paths_that_begin_like_a_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("with spaces.csv").write_text("a\n1\n")
    assert len(open_source("with spaces.csv").pilot(1, 0)) == 1


def test_databases_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent\.db' cannot be opened"):
        open_source("select 1", database=tmp_path / "absent.db")
    (tmp_path / "x.csv").write_text("a,b,c,d,e,f,g,h\n1,2\n")
    with pytest.raises(SourceError, match=r"no database of DuckDB or SQLite.*:memory:"):
        open_source("select 1", database=tmp_path / "x.csv")
    with pytest.raises(UnsupportedSourceError, match=r"'mysql'.*postgresql://"):
        open_source("select 1", database="mysql://host/db")
    with pytest.raises(OptionError, match="database=3 cannot be opened"):
        open_source("select 1", database=3)
    with pytest.raises(OptionError, match="source of type ndarray"):
        open_source(np.ones((2, 2)), database=":memory:")


@pytest.mark.parametrize(
    ("module", "database", "extra"),
    [
        ("duckdb", ":memory:", "sql"),
        ("adbc_driver_postgresql.dbapi", "postgresql://h/d", "postgres"),
    ],
)
def test_drivers_that_are_not_installed(
    monkeypatch: pytest.MonkeyPatch, module: str, database: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"sketchlearn\[{extra}\]"):
        open_source("select 1", database=database)
