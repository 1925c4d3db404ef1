"""Files of JSON lines."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from sketchlearn.errors import ColumnError, EmptySourceError, SourceError
from sketchlearn.sources import Batch, open_source
from sketchlearn.sources.json_lines import JSON_BLOCK

pa = pytest.importorskip("pyarrow")

RECORDS: list[dict[str, Any]] = [
    {"a": 1, "t": "u", "ok": True, "m": "2024-02-29 12:00:00", "l": [1.5]},
    {"a": 2, "t": None, "ok": False},
]


def _lines(records: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def _rows(path: Path, **options: Any) -> list[dict[str, Any]]:
    table = Batch.join(list(open_source(path, **options).batches())).table
    assert table is not None
    return table.to_pylist()


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.zst", ".jsonl.bz2"])
def test_records_and_types(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    with pa.output_stream(str(path), compression="detect") as stream:
        stream.write(_lines(RECORDS))
    source = open_source(path)
    assert source.schema.columns == ("a", "t", "ok", "m", "l")
    assert source.schema.dtypes == ("float64", "object", "bool", "object", "object")
    assert source.schema.arrow.field("a").metadata == {b"whole": b"1"}
    moment = dt.datetime(2024, 2, 29, 12)  # noqa: DTZ001 - no zone is told
    assert _rows(path) == [
        {"a": 1, "t": "u", "ok": True, "m": moment, "l": [1.5]},
        {"a": 2, "t": None, "ok": False, "m": None, "l": None},
    ]


def test_later_blocks_keep_the_types_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    many = JSON_BLOCK // 20
    first, last = [{"a": 1, "t": "u" * 9}], [{"t": "2024-01-01"}, {"a": 0.5}]
    path.write_bytes(_lines(first) * many + _lines(last))
    rows = _rows(path)
    assert len(rows) == many + 2
    assert rows[-2:] == [{"a": None, "t": "2024-01-01"}, {"a": 0.5, "t": None}]


def test_values_of_another_type_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    many = JSON_BLOCK // 8
    path.write_bytes(_lines([{"a": 1}]) * many + _lines([{"a": "many"}]))
    message = rf"x\.jsonl cannot be read: line {many + 1}: .*\(/a\) changed .* to string"
    with pytest.raises(SourceError, match=message):
        list(open_source(path).batches())


def test_fields_that_come_late(tmp_path: Path) -> None:
    (tmp_path / "0.jsonl").write_bytes(_lines([{"a": 1.0}]))
    (tmp_path / "1.jsonl").write_bytes(_lines([{"a": 2.0, "b": 3}]))
    with pytest.raises(ColumnError, match=r"1\.jsonl \(from line 1 on\) has fields .*'b'"):
        open_source(tmp_path)
    assert _rows(tmp_path, columns=["a"]) == [{"a": 1.0}, {"a": 2.0}]


def test_field_that_is_null_at_first(tmp_path: Path) -> None:
    (tmp_path / "0.jsonl").write_bytes(_lines([{"a": 1.0, "b": None}]))
    (tmp_path / "1.jsonl").write_bytes(_lines([{"a": 2.0, "b": "u"}]))
    assert open_source(tmp_path).schema.arrow.field("b").type == pa.null()
    assert [row["b"] for row in _rows(tmp_path)] == [None, "u"]


def test_line_longer_than_a_block_and_no_last_newline(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    long = "u" * (2 * JSON_BLOCK + 5)
    path.write_bytes(_lines([{"t": "v"}, {"t": long}, {"t": "w"}]).rstrip())
    assert [row["t"] for row in _rows(path)] == ["v", long, "w"]


def test_labels_and_pilot(tmp_path: Path) -> None:
    for i in range(3):
        (tmp_path / f"{i}.jsonl").write_bytes(_lines([{"a": i, "y": f"k{i}"}] * 10))
    pilot = open_source(tmp_path, label="y").pilot(6, 0)
    assert pilot.values[:, 0].tolist() == [0, 0, 1, 1, 2, 2]
    assert pilot.labels is not None
    assert pilot.labels.tolist() == ["k0", "k0", "k1", "k1", "k2", "k2"]


@pytest.mark.parametrize("text", ['[{"a": 1},\n{"a": 2}]\n', '{"a": 1}\n{"a": 1,\n', "1\n2\n"])
def test_files_that_are_no_json_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"line \d.*one JSON object a line"):
        open_source(path)


def test_file_of_no_byte(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").touch()
    with pytest.raises(EmptySourceError, match="0 bytes"):
        open_source(tmp_path / "x.jsonl")


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["2024-02-29T12:00:00", None, "2024-02-29"], pa.timestamp("us")),
        (["2024-02-29T12:00:00Z", None, "2024-02-29T14:00:00+02:00"], pa.timestamp("us", "UTC")),
    ],
)
def test_moments_keep_whether_they_have_a_time_zone(
    tmp_path: Path, texts: list[str | None], kind: pa.DataType
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(_lines([{"m": text} for text in texts]))
    assert open_source(path).schema.arrow.field("m").type == kind
    found = [row["m"] for row in _rows(path)]
    assert found[1] is None
    if kind.tz:
        assert found[0] == found[2] == dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("first", "later", "match"),
    [
        ("2024-02-29T12:00:00Z", "2024-03-01T08:30:00", "'2024-03-01T08:30:00' has no time zone"),
        ("2024-02-29T12:00:00", "2024-03-01T08:30:00-05", "has a time zone, where the first"),
        ("2024-02-29T12:00:00", "soon", r"'m' held moments at first, and later not \(.*soon"),
    ],
)
def test_moments_unlike_the_first_are_refused(
    tmp_path: Path, first: str, later: str, match: str
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(_lines([{"m": first}]))
    (tmp_path / "y.jsonl").write_bytes(_lines([{"m": first}, {"m": later}]))
    with pytest.raises(SourceError, match=match):
        list(open_source([path, tmp_path / "y.jsonl"]).batches())
