"""Data frames, Arrow tables and readers."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sketchlearn.errors import (
    ColumnError,
    EmptySourceError,
    LabelError,
    SourceError,
    UnsupportedSourceError,
)
from sketchlearn.sources import BATCH_ROWS, Batch, open_source

pa = pytest.importorskip("pyarrow")


def _columns(values: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[:, i] for i, name in enumerate("abc")}


def _table(kind: str, columns: dict[str, Any]) -> Any:
    if kind == "arrow":
        return pa.table(columns)
    if kind == "record batch":
        return pa.RecordBatch.from_pydict(columns)
    if kind == "reader":
        return pa.table(columns).to_reader(max_chunksize=7)
    return pytest.importorskip(kind).DataFrame(columns)


KINDS = ["arrow", "record batch", "reader", "pandas", "polars"]


@pytest.mark.parametrize("kind", KINDS)
def test_same_records_whatever_the_kind(kind: str, values: np.ndarray, labels: np.ndarray) -> None:
    names = np.array(["no", "yes", "perhaps"])[labels]
    columns: dict[str, Any] = {**_columns(values), "y": names.tolist()}
    source = open_source(_table(kind, columns), label="y")
    assert source.schema.columns == ("a", "b", "c")
    assert source.schema.dtypes == ("float64",) * 3
    assert source.rows == (None if kind == "reader" else 40)
    assert source.one_shot == (kind == "reader")
    pilot = source.pilot(10, 4)
    expected = values[:10] if kind == "reader" else open_source(values).pilot(10, 4).values
    np.testing.assert_array_equal(pilot.values, expected)
    batch = Batch.join(list(source.batches()))
    np.testing.assert_array_equal(batch.values, values)
    assert batch.labels is not None
    assert batch.labels.tolist() == names.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_columns_in_the_order_asked(kind: str, values: np.ndarray) -> None:
    source = open_source(_table(kind, _columns(values)), columns=["c", "a"], image=(2, 1))
    assert source.schema.image == (2, 1)
    np.testing.assert_array_equal(Batch.join(list(source.batches())).values, values[:, [2, 0]])


@pytest.mark.parametrize("kind", KINDS)
def test_no_record(kind: str) -> None:
    source = open_source(_table(kind, {"a": np.empty(0)}))
    with pytest.raises(EmptySourceError, match="holds no record"):
        source.pilot(3, 0)
    assert list(source.batches()) == []


def test_reader_is_read_once(values: np.ndarray) -> None:
    source = open_source(_table("reader", _columns(values)))
    list(source.batches())
    with pytest.raises(SourceError, match="already been read"):
        list(source.batches())


def test_dtypes() -> None:
    small = open_source(pa.table({"a": np.ones(3, "f4"), "b": np.ones(3, "f4")}))
    assert next(small.batches()).values.dtype == np.float32
    mixed = open_source(pa.table({"a": np.ones(3, "f4"), "b": np.ones(3, "u1")}))
    assert mixed.schema.dtypes == ("float32", "uint8")
    assert next(mixed.batches()).values.dtype == np.float64
    money = pa.array([decimal.Decimal("1.25")] * 2)
    other = open_source(pa.table({"a": money, "b": [True, False]}))
    assert other.schema.dtypes == ("float64", "bool")
    assert next(other.batches()).values.tolist() == [[1.25, 1], [1.25, 0]]


def test_nulls_become_nan() -> None:
    source = open_source(pa.table({"a": [1, None], "b": [True, None], "c": [1.5, None]}))
    np.testing.assert_array_equal(next(source.batches()).values, [[1, 1, 1.5], [np.nan] * 3])
    whole = open_source(pa.table({"a": [1, None], "b": [2, 3]}))
    assert next(whole.batches()).values.dtype == np.float64


def test_large_tables_come_in_batches() -> None:
    sizes = [len(batch) for batch in open_source(pa.table({"a": np.zeros(40_000)})).batches()]
    assert sizes == [BATCH_ROWS, BATCH_ROWS, 40_000 - 2 * BATCH_ROWS]


def test_dictionary_labels_are_decoded() -> None:
    labels = pa.array(["u", "v", "u"]).dictionary_encode()
    batch = next(open_source(pa.table({"a": [1, 2, 3], "y": labels}), label="y").batches())
    assert batch.labels is not None
    assert batch.labels.tolist() == ["u", "v", "u"]


def test_missing_label() -> None:
    source = open_source(pa.table({"a": [1, 2], "y": ["u", None]}), label="y")
    with pytest.raises(LabelError, match="1 of 2 records"):
        list(source.batches())


def test_index_of_a_data_frame_is_no_column(values: np.ndarray) -> None:
    frame = pytest.importorskip("pandas").DataFrame(_columns(values))
    kept = frame[frame.a > 0]
    assert open_source(kept).schema.columns == ("a", "b", "c")
    named = open_source(frame.set_index("b"), label="b")
    assert named.schema.columns == ("a", "c")
    np.testing.assert_array_equal(next(named.batches()).labels, values[:, 1])


@pytest.mark.parametrize(
    "column", [pa.array(["u"]), pa.array([[1.0]]), pa.array([None]), pa.array([0], pa.date32())]
)
def test_columns_of_no_numbers(column: Any) -> None:
    table = pa.table({"a": [1.0], "city": column})
    source = open_source(table)
    assert source.schema.dtypes == ("float64", "object")
    batch = next(source.batches())
    with pytest.raises(ColumnError, match=r"'city' holds .*columns=\[\.\.\.\]"):
        _ = batch.values
    assert open_source(table, columns=["a"]).schema.columns == ("a",)


def test_columns_that_do_not_fit() -> None:
    with pytest.raises(ColumnError, match="Did you mean 'weight'"):
        open_source(pa.table({"weight": [1]}), columns=["wieght"])
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(ColumnError, match="2 columns named 'a'"):
        open_source(twice)
    with pytest.raises(ColumnError, match="index=False"):
        open_source(pa.table({"": [0], "a": [1]}))


def test_single_columns_are_no_table() -> None:
    with pytest.raises(UnsupportedSourceError, match="to_frame"):
        open_source(pa.chunked_array([[1.0]]))
    with pytest.raises(UnsupportedSourceError, match="to_frame"):
        open_source(pytest.importorskip("pandas").Series([1.0]))


def test_table_that_arrow_cannot_hold() -> None:
    frame = pytest.importorskip("pandas").DataFrame({"a": [1, "b"]}, dtype=object)
    with pytest.raises(SourceError, match="DataFrame cannot be read"):
        open_source(frame)


def test_relation_that_is_run_again_at_each_reading(values: np.ndarray) -> None:
    class Relation:
        runs = 0

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            self.runs += 1
            return pa.table(_columns(values)).__arrow_c_stream__(requested_schema)

        def __len__(self) -> int:
            raise AssertionError("counting runs the whole query")

    source = open_source(Relation())
    assert (source.rows, source.one_shot) == (None, False)
    np.testing.assert_array_equal(source.pilot(5, 0).values, values[:5])
    for _ in range(2):
        np.testing.assert_array_equal(Batch.join(list(source.batches())).values, values)


def test_failure_of_a_reader_passes_through() -> None:
    def parts() -> Iterator[Any]:
        yield pa.record_batch({"a": [1.0]})
        raise RuntimeError("the disk is gone")

    schema = pa.schema({"a": pa.float64()})
    source = open_source(pa.RecordBatchReader.from_batches(schema, parts()))
    with pytest.raises(RuntimeError, match="the disk is gone"):
        list(source.batches())
