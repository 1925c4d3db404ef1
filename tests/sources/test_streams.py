"""Iterables of batches."""

from __future__ import annotations

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


def test_list_can_be_read_again(values: np.ndarray) -> None:
    source = open_source([values[:15], values[:0], values[15:]])
    assert (source.rows, source.one_shot) == (None, False)
    assert source.schema.columns == ("x0", "x1", "x2")
    np.testing.assert_array_equal(source.pilot(20, 0).values, values[:20])
    for _ in range(2):
        batches = list(source.batches())
        assert [len(batch) for batch in batches] == [15, 25]
        np.testing.assert_array_equal(Batch.join(batches).values, values)


def test_generator_replays_its_pilot_once(values: np.ndarray, labels: np.ndarray) -> None:
    source = open_source((values[i : i + 8], labels[i : i + 8]) for i in range(0, 40, 8))
    assert source.one_shot
    assert source.schema.label == "label"
    for rows in (10, 20, 5):
        np.testing.assert_array_equal(source.pilot(rows, 0).values, values[:rows])
    batch = Batch.join(list(source.batches()))
    np.testing.assert_array_equal(batch.values, values)
    np.testing.assert_array_equal(batch.labels, labels)
    for again in (lambda: list(source.batches()), lambda: source.pilot(5, 0)):
        with pytest.raises(SourceError, match="already been read"):
            again()


def test_pilot_reads_no_further_than_it_needs(values: np.ndarray) -> None:
    read = []

    def parts() -> Iterator[np.ndarray]:
        for i in range(5):
            read.append(i)
            yield values[i * 8 : i * 8 + 8]

    open_source(parts()).pilot(10, 0)
    assert read == [0, 1]


def test_object_that_hands_out_its_one_iterator(values: np.ndarray) -> None:
    class Holder:
        def __init__(self) -> None:
            self._items = iter([values[:20], values[20:]])

        def __iter__(self) -> Iterator[np.ndarray]:
            return self._items

    source = open_source(Holder())
    assert source.one_shot
    source.pilot(5, 0)
    np.testing.assert_array_equal(Batch.join(list(source.batches())).values, values)


def test_large_items_are_cut() -> None:
    sizes = [len(batch) for batch in open_source([np.zeros((BATCH_ROWS + 5, 1))]).batches()]
    assert sizes == [BATCH_ROWS, 5]


def test_label_column_and_images(values: np.ndarray) -> None:
    batch = next(open_source([values], label="x0", columns=["x2"]).batches())
    np.testing.assert_array_equal(batch.values, values[:, [2]])
    np.testing.assert_array_equal(batch.labels, values[:, 0])
    assert open_source([np.zeros((4, 2, 3))]).schema.image == (2, 3)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables(library: str, values: np.ndarray, labels: np.ndarray) -> None:
    frame = pytest.importorskip(library).DataFrame

    def part(a: int, b: int) -> Any:
        return frame({"u": values[a:b, 0], "v": values[a:b, 1], "y": labels[a:b]})

    source = open_source([part(0, 0), part(0, 30), part(30, 40)], label="y")
    batch = Batch.join(list(source.batches()))
    assert source.schema.columns == ("u", "v")
    np.testing.assert_array_equal(batch.values, values[:, :2])
    np.testing.assert_array_equal(batch.labels, labels)
    with pytest.raises(ColumnError, match=r"missing \['y'\], added \['z'\]"):
        list(open_source([part(0, 9), frame({"u": [1.0], "v": [1.0], "z": [1.0]})]).batches())
    with pytest.raises(SourceError, match="both arrays and tables"):
        list(open_source([part(0, 9), values]).batches())


@pytest.mark.parametrize("parts", [[], [np.empty((0, 3))], iter([])])
def test_no_record(parts: Any) -> None:
    source = open_source(parts)
    with pytest.raises(EmptySourceError, match="holds no record"):
        source.pilot(5, 0)
    assert list(source.batches()) == []


def test_batches_that_differ(values: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(ColumnError, match="2 columns, where the first batch had 3 columns"):
        list(open_source([values, values[:, :2]]).batches())
    with pytest.raises(LabelError, match="with labels and a later one did not"):
        list(open_source([(values, labels), values]).batches())
    with pytest.raises(LabelError, match=r"Labels of shape \(39,\)"):
        list(open_source([(values, labels[1:])]).batches())


@pytest.mark.parametrize("parts", [[[1.0, 2.0]], [1.0], [{"a": 1}], [None], [("a", "b", 1)]])
def test_items_that_are_no_batch(parts: list[Any]) -> None:
    with pytest.raises(UnsupportedSourceError, match="no batches of records"):
        open_source(parts)


def test_items_of_one_dimension(values: np.ndarray) -> None:
    with pytest.raises(SourceError, match=r"reshape\(1, -1\)"):
        open_source(list(values))


def test_failure_passes_through_unchanged(values: np.ndarray) -> None:
    def parts() -> Iterator[np.ndarray]:
        yield values
        raise RuntimeError("the sensor is gone")

    with pytest.raises(RuntimeError, match="the sensor is gone"):
        list(open_source(parts()).batches())
