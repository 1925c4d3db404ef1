"""Tables whose columns are of all kinds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sketchlearn.errors import ColumnError, EmptySourceError, SourceError
from sketchlearn.sources import Batch, open_source
from sketchlearn.sources.arrow_columns import STORED, as_stored
from sketchlearn.sources.csv_files import CSV_BLOCK

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

KINDS = {
    "text": pa.array(["u", None, "w"]),
    "wide": pa.array(["u", None, "w"], pa.large_string()),
    "view": pa.array(["u", None, "w"], pa.string_view()),
    "codes": pa.array(["u", None, "w"]).dictionary_encode(),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 2, 3], ["u", None, "w"]),
    "truth": pa.array([True, None, False]),
    "day": pa.array([1, None, 3], pa.date32()),
    "moment": pa.array([1, None, 3], pa.timestamp("us", "Europe/Paris")),
    "clock": pa.array([1, None, 3], pa.time64("us")),
    "span": pa.array([1, None, 3], pa.duration("ms")),
    "money": pa.array([Decimal("1.25"), None, Decimal("3.50")]),
    "raw": pa.array([b"u", None, b"w"]),
    "nothing": pa.nulls(3),
    "list": pa.array([[1.0], None, []]),
    "struct": pa.array([{"x": 1}, None, {"x": 3}]),
    "count": pa.array([1, None, 3]),
}


def test_columns_of_every_kind_come_as_they_are() -> None:
    source = open_source(pa.table(KINDS))
    batch = next(source.batches())
    assert batch.table is not None
    assert source.schema.columns == tuple(KINDS)
    assert source.schema.arrow.names == list(KINDS)
    assert batch.table.schema.types == source.schema.arrow.types
    for name, column in KINDS.items():
        assert batch.table.column(name).to_pylist() == column.to_pylist()
    for name in ("text", "wide", "view", "codes", "runs"):
        assert source.schema.arrow.field(name).type == pa.string()
    for name in ("wide", "view", "codes"):
        again = as_stored(
            pa.chunked_array([batch.table.column(name)]), source.schema.arrow.field(name)
        )
        assert again.type == KINDS[name].type
        assert again.to_pylist() == KINDS[name].to_pylist()
    dtypes = dict(zip(source.schema.columns, source.schema.dtypes, strict=True))
    assert {name for name, dtype in dtypes.items() if dtype != "object"} == {
        "truth", "money", "count"
    }  # fmt: skip


def test_codes_too_many_for_their_type_get_a_wider_one() -> None:
    kind = pa.dictionary(pa.int8(), pa.string())
    [field] = open_source(pa.table({"c": pa.array(["u"]).cast(kind)})).schema.arrow
    words = [str(number) for number in range(200)]
    again = as_stored(pa.chunked_array([words]), field)
    assert again.to_pylist() == words
    assert again.type == pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_categories_of_data_frames(library: str) -> None:
    module = pytest.importorskip(library)
    series = module.Series(["u", "v", "u"])
    kind = "category" if library == "pandas" else module.Categorical
    frame = module.DataFrame(
        {"c": series.astype(kind) if library == "pandas" else series.cast(kind)}
    )
    source = open_source(frame)
    batch = next(source.batches())
    assert batch.table is not None
    assert batch.table.column(0).to_pylist() == ["u", "v", "u"]
    assert source.schema.arrow.field(0).type == pa.string()
    assert STORED in source.schema.arrow.field(0).metadata


def test_pieces_of_a_batch_keep_records_and_labels_together() -> None:
    table = pa.table({"a": [1, 2, 3, 4], "c": list("wxyz"), "y": list("klmn")})
    batch = next(open_source(table, label="y").batches())
    part = batch.rows(1, 3)
    assert part.table is not None
    assert part.table.to_pydict() == {"a": [2, 3], "c": ["x", "y"]}
    assert part.labels is not None
    assert part.labels.tolist() == ["l", "m"]
    joined = Batch.join([batch.take(np.array([3, 0])), batch.rows(2)])
    assert joined.table is not None
    assert joined.table.column("c").to_pylist() == ["z", "w", "y", "z"]
    assert joined.labels is not None
    assert joined.labels.tolist() == ["n", "k", "m", "n"]
    assert (len(batch.rows(2, 99)), len(batch.rows(3, 1))) == (2, 0)
    with pytest.raises(EmptySourceError):
        Batch.join([])


def test_values_are_made_once_and_follow_the_pieces() -> None:
    batch = next(open_source(pa.table({"a": [1.0, 2.0, 3.0]})).batches())
    assert batch.values is batch.values
    assert np.shares_memory(batch.rows(1).values, batch.values)
    assert batch.take(np.array([2])).values.tolist() == [[3.0]]


def test_arrays_have_no_table(values: np.ndarray) -> None:
    source = open_source(values)
    assert source.schema.arrow is None
    batch = next(source.batches())
    assert batch.table is None
    np.testing.assert_array_equal(batch.rows(3, 5).values, values[3:5])


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (pa.array(["u"]), pa.array([1])),
        (pa.array([1]), pa.array([True])),
        (pa.array([0], pa.timestamp("us", "UTC")), pa.array([0], pa.timestamp("us", "Asia/Tokyo"))),
        (pa.array([0], pa.timestamp("us")), pa.array([0], pa.timestamp("us", "UTC"))),
        (pa.array([0], pa.date32()), pa.array([0], pa.timestamp("us"))),
        (pa.array([[1]]), pa.array([["u"]])),
    ],
)
def test_later_tables_of_another_type(first: Any, later: Any, tmp_path: Path) -> None:
    tables = [pa.table({"a": [1.0], "c": column}) for column in (first, later)]
    message = f"'c' holds values of type .*{later.type}.*, where the first had {first.type}"
    message = message.replace("[", r"\[").replace("]", r"\]")
    with pytest.raises(ColumnError, match=message):
        list(open_source(tables).batches())
    for i, table in enumerate(tables):
        pq.write_table(table, tmp_path / f"{i}.parquet")
    with pytest.raises(ColumnError, match=r"1\.parquet"):
        open_source(tmp_path)


@pytest.mark.parametrize(
    "columns",
    [
        [pa.array(["u"]), pa.array(["v"]).dictionary_encode(), pa.array(["w"], pa.large_string())],
        [pa.array([1], pa.int8()), pa.array([2.5]), pa.array([Decimal("1.5")])],
        [pa.array([2**53 + 1]), pa.array([2.5])],
        [pa.array(["u"]), pa.nulls(1), pa.array(["w"])],
        [pa.nulls(1), pa.array(["u"])],
        [pa.array([1], pa.timestamp("s")), pa.array([5_000_000], pa.timestamp("us"))],
    ],
)
def test_types_that_mean_the_same_join(columns: list[Any]) -> None:
    source = open_source([pa.table({"c": column}) for column in columns])
    joined = Batch.join(list(source.batches()))
    assert joined.table is not None
    found = joined.table.column(0).to_pylist()
    expected = [value for column in columns for value in column.to_pylist()]
    assert [type(value) for value in found] == [
        float if isinstance(value, int | Decimal) else type(value) for value in expected
    ]
    assert found == [float(v) if isinstance(v, int) else v for v in expected]


def test_types_that_differ_after_a_table_of_nulls() -> None:
    parts = [pa.nulls(1), pa.array(["u"]), pa.array([1])]
    source = open_source([pa.table({"c": part}) for part in parts])
    with pytest.raises(ColumnError, match="'c' holds values of types int64, string"):
        source.pilot(3, 0)


def test_later_table_that_names_a_column_twice() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(ColumnError, match="several columns named 'a'"):
        list(open_source([pa.table({"a": [1]}), twice]).batches())


def test_csv_tells_types_from_its_first_block(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = ("1,0.5,u,2024-02-29,2024-02-29 12:00:00", ",1,,2024-03-01,2024-03-01 12:00:01")
    path.write_text("\n".join(("n,f,t,d,m", *rows)))
    source = open_source(path)
    arrow = source.schema.arrow
    assert arrow.types == [
        pa.float64(), pa.float64(), pa.string(), pa.date32(), pa.timestamp("us")
    ]  # fmt: skip
    whole = [field.name for field in arrow if b"whole" in (field.metadata or {})]
    assert whole == ["n"]
    batch = next(source.batches())
    assert batch.table is not None
    assert batch.table.column("d").to_pylist() == [dt.date(2024, 2, 29), dt.date(2024, 3, 1)]


@pytest.mark.parametrize(
    ("first", "later"), [("1", "many"), ("2024-01-01", "soon"), ("2024-01-01 00:00:00", "13")]
)
def test_csv_value_that_does_not_parse(tmp_path: Path, first: str, later: str) -> None:
    path = tmp_path / "x.csv"
    rows = CSV_BLOCK // (len(first) + 3) + 10
    path.write_text("a,c\n" + f"1,{first}\n" * rows + f"1,{later}\n")
    with pytest.raises(SourceError, match=rf"x\.csv cannot be read: column 'c'.*'{later}'"):
        list(open_source(path, columns=["c"]).batches())


def test_csv_moments_with_fractions_after_whole_seconds(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = CSV_BLOCK // 20 + 10
    path.write_text("m\n" + "2024-01-01 00:00:00\n" * rows + "2024-01-01 00:00:00.250\n")
    *_, last = open_source(path).batches()
    assert last.table is not None
    assert last.table.column(0)[-1].as_py().microsecond == 250_000


def test_reader_of_text_replays_its_pilot() -> None:
    def parts() -> Iterator[Any]:
        for i in range(5):
            yield pa.record_batch({"c": [str(i)] * 3})

    schema = pa.schema({"c": pa.string()})
    source = open_source(pa.RecordBatchReader.from_batches(schema, parts()))
    pilot = source.pilot(4, 0)
    assert pilot.table is not None
    assert pilot.table.column(0).to_pylist() == ["0", "0", "0", "1"]
    whole = Batch.join(list(source.batches())).table
    assert whole is not None
    assert whole.column(0).to_pylist() == [str(i) for i in range(5) for _ in range(3)]
