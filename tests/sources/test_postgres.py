"""Queries run by a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sketchlearn.errors import EmptySourceError, SourceError, StorageError
from sketchlearn.sources import Batch, Source, open_source

pwd = pytest.importorskip("pwd")
pa = pytest.importorskip("pyarrow")
driver = pytest.importorskip("adbc_driver_postgresql.dbapi")

PROGRAMS = [shutil.which(name) for name in ("initdb", "pg_ctl", "postgres")]
pytestmark = pytest.mark.skipif(None in PROGRAMS, reason="needs the programs of PostgreSQL")
ROWS = 50_000


def _as_another(folder: Path) -> dict[str, Any]:
    """Return how to start a program that refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        pytest.skip("needs the user nobody when tests are run by root")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of our own on a socket in a folder, as the URI of its one database."""
    # Not pytest's folder: its name is too long for a socket, and only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    user, data = _as_another(folder), folder / "data"
    initdb, control, _ = (str(Path(program or "").resolve()) for program in PROGRAMS)

    def run(*command: str) -> None:
        done = subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
            check=False,
            **user,
        )
        assert done.returncode == 0, done.stderr

    run(initdb, "-D", str(data), "-A", "trust", "-U", "tester", "--no-sync", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    log = str(folder / "log")
    run(control, "-D", str(data), "-l", log, "-w", "-o", options, "start")
    try:
        yield f"postgresql:///postgres?host={folder}&user=tester"
    finally:
        run(control, "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _execute(server: str, *statements: str) -> None:
    with closing(driver.connect(server)) as connection, closing(connection.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


@pytest.fixture(scope="module")
def sales(server: str) -> str:
    """The server, with a table of 50,000 records."""
    _execute(
        server,
        "create table sales (id int, price numeric(12, 2), city text, at timestamptz)",
        "insert into sales select n, n * 0.25, case when n % 3 = 0 then null else 'Rome' end, "
        f"timestamptz '2024-01-01 00:00:00Z' from generate_series(0, {ROWS - 1}) n",
        "create table rumours (id int)",
    )
    return server


def _whole(source: Source) -> dict[str, list[Any]]:
    table = Batch.join(list(source.batches())).table
    assert table is not None
    return table.to_pydict()


def test_records_of_a_query(sales: str) -> None:
    source = open_source("select * from sales order by id;", database=sales)
    assert (source.rows, source.one_shot) == (None, False)
    assert source.schema.arrow.types == [
        pa.int32(), pa.float64(), pa.string(), pa.timestamp("us", "UTC")
    ]  # fmt: skip
    for _ in range(2):
        columns = _whole(source)
        assert columns["id"] == list(range(ROWS))
        assert columns["price"][-1] == (ROWS - 1) / 4
        assert columns["city"][:3] == [None, "Rome", "Rome"]


def test_pilot_and_labels(sales: str) -> None:
    query = "select id, city from sales where city is not null order by id"
    pilot = open_source(query, database=sales, label="city").pilot(4, 0)
    assert pilot.values[:, 0].tolist() == [1, 2, 4, 5]
    assert pilot.labels is not None
    assert pilot.labels.tolist() == ["Rome"] * 4


def test_pilot_does_not_wait_for_the_end_of_the_query(sales: str) -> None:
    # two and a half thousand million records
    source = open_source("select a.id, b.city from sales a, sales b", database=sales)
    assert len(source.pilot(5, 0)) == 5


def test_decimal_numbers_without_value_or_end(server: str) -> None:
    query = "select * from (values ('NaN'::numeric), (null), ('Infinity'), ('-1.5')) as t(a)"
    values = Batch.join(list(open_source(query, database=server).batches())).values[:, 0].tolist()
    assert [str(value) for value in values] == ["nan", "nan", "inf", "-1.5"]


def test_types_of_the_server(server: str) -> None:
    query = "select true as b, current_date as d, '{}'::jsonb as j, array[1.5::float8] as l, 'x'::varchar(3) as v"  # fmt: skip  # noqa: E501
    arrow = open_source(query, database=server).schema.arrow
    assert arrow.types == [
        pa.bool_(), pa.date32(), pa.string(), pa.list_(pa.float64()), pa.string()
    ]  # fmt: skip


def test_query_of_no_record(sales: str) -> None:
    source = open_source("select * from rumours", database=sales)
    assert source.schema.columns == ("id",)
    assert list(source.batches()) == []
    with pytest.raises(EmptySourceError, match="holds no record"):
        source.pilot(3, 0)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * from sale", r"no table 'sale'; it has: rumours, sales\. Did you mean 'sales'\?"),
        ("selec 1", "cannot be run .*syntax error"),
        ("select wrong from sales", 'cannot be run .*"wrong" does not exist'),
        ("-- nothing", "one SELECT was expected"),
        ("select 1 as a; select 2 as a", "cannot be run .*multiple commands"),
    ],
)
def test_queries_that_fail(sales: str, query: str, message: str) -> None:
    with pytest.raises(SourceError, match=f"(?s){message}"):
        open_source(query, database=sales)


def test_failure_midway(sales: str) -> None:
    query = "select 1 / (199999 - n) as a, repeat('x', 200) as t from generate_series(1, 200000) n"
    source = open_source(query, database=sales)
    with pytest.raises(SourceError, match=r"stopped after \d{4,} records .*division by zero"):
        list(source.batches())


def test_nothing_can_be_written(sales: str) -> None:
    with pytest.raises(SourceError):
        list(open_source("delete from sales returning id", database=sales).batches())
    (count,) = _whole(open_source("select count(*) as n from sales", database=sales))["n"]
    assert count == ROWS


def test_server_that_goes_away_midway(sales: str) -> None:
    query = "select n, repeat('x', 200) as t from generate_series(1, 2000000) n -- long"
    batches = open_source(query, database=sales).batches()
    assert len(next(batches)) > 0
    _execute(
        sales,
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where query like '%-- long%' and pid <> pg_backend_pid()",
    )
    with pytest.raises(SourceError, match=r"stopped after \d{4,} records .*connection"):
        list(batches)


def test_no_server() -> None:
    uri = "postgresql://someone:secret@127.0.0.1:1/postgres"
    with pytest.raises(SourceError, match=r"(?s)cannot be reached .*Connection refused") as caught:
        open_source("select 1 as a", database=uri)
    assert "secret" not in str(caught.value)


def test_records_are_written_whole_to_a_new_table(server: str) -> None:
    from sketchlearn.encoding import TableRecords

    table = pa.table(
        {
            "town": ["Nice", None],
            'of "it"': [0.5, None],
            "size": pa.array([3, None], pa.int32()),
            "let": [True, None],
            "day": pa.array([19_000, None], pa.date32()),
            "moment": pa.array([0, None], pa.timestamp("us")),
        }
    )
    odd = 'made"; drop table sales; --'
    TableRecords(table).write_to(server, odd)
    query = 'select * from "made""; drop table sales; --"'
    source = open_source(query, database=server)
    assert source.schema.arrow.types == table.schema.types
    assert _whole(source) == table.to_pydict()
    with pytest.raises(StorageError, match=r"has a table 'made.*another name, or drop it first"):
        TableRecords(table).write_to(server, odd)
    assert _whole(source) == table.to_pydict()


def test_nothing_is_left_of_a_writing_that_fails(server: str) -> None:
    from sketchlearn.encoding import TableRecords

    table = pa.table({"a": ["fine", "zero \0 byte"]})
    with pytest.raises(StorageError, match="'broken' cannot be written"):
        TableRecords(table).write_to(server, "broken")
    with pytest.raises(SourceError, match="no table 'broken'"):
        open_source("select * from broken", database=server)
