"""Arrays, tensors, .npy files and pairs."""

from __future__ import annotations

from pathlib import Path

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


def test_array_schema_and_records(values: np.ndarray) -> None:
    source = open_source(values)
    assert source.schema.columns == ("x0", "x1", "x2")
    assert source.schema.dtypes == ("float64",) * 3
    assert (source.schema.image, source.schema.label) == (None, None)
    assert (source.rows, source.one_shot) == (40, False)
    for _ in range(2):
        batch = Batch.join(list(source.batches()))
        np.testing.assert_array_equal(batch.values, values)
        assert batch.labels is None


def test_batches_are_bounded_views() -> None:
    records = np.zeros((BATCH_ROWS * 2 + 1, 2), np.float32)
    batches = list(open_source(records).batches())
    assert [len(batch) for batch in batches] == [BATCH_ROWS, BATCH_ROWS, 1]
    assert all(np.shares_memory(batch.values, records) for batch in batches)


def test_wide_records_come_fewer_at_a_time() -> None:
    records = np.zeros((100, 100_000), np.uint8)
    sizes = [len(batch) for batch in open_source(records).batches()]
    assert sum(sizes) == 100
    assert max(sizes) < 100


def test_columns_are_selected_in_the_order_asked(values: np.ndarray) -> None:
    source = open_source(values, columns=["x2", "x0"])
    np.testing.assert_array_equal(Batch.join(list(source.batches())).values, values[:, [2, 0]])


def test_label_column_leaves_the_values(values: np.ndarray) -> None:
    source = open_source(values, label="x1")
    batch = Batch.join(list(source.batches()))
    assert source.schema.columns == ("x0", "x2")
    assert source.schema.label == "x1"
    np.testing.assert_array_equal(batch.values, values[:, [0, 2]])
    np.testing.assert_array_equal(batch.labels, values[:, 1])


@pytest.mark.parametrize("name", [None, "digit"])
def test_pair(values: np.ndarray, labels: np.ndarray, name: str | None) -> None:
    source = open_source((values, labels[:, None]), label=name)
    assert source.schema.label == (name or "label")
    np.testing.assert_array_equal(Batch.join(list(source.batches())).labels, labels)


def test_pair_with_series_of_another_index(values: np.ndarray, labels: np.ndarray) -> None:
    pandas = pytest.importorskip("pandas")
    series = pandas.Series(labels, index=np.arange(40)[::-1])
    np.testing.assert_array_equal(
        open_source((values, series)).pilot(10, 0).labels,
        open_source((values, labels)).pilot(10, 0).labels,
    )


def test_images_declare_their_shape() -> None:
    digits = np.arange(5 * 64).reshape(5, 8, 8)
    source = open_source(digits)
    assert source.schema.image == (8, 8)
    np.testing.assert_array_equal(Batch.join(list(source.batches())).values, digits.reshape(5, 64))
    assert open_source(digits, image=(1, 8, 8)).schema.image == (1, 8, 8)
    assert open_source(digits.reshape(5, 64), image=(8, 8)).schema.image == (8, 8)
    assert open_source(digits, columns=["x0", "x9"]).schema.image is None


def test_image_of_another_size_is_refused(values: np.ndarray) -> None:
    with pytest.raises(ColumnError, match="holds 64 values, but each record has 3"):
        open_source(values, image=(8, 8))


def test_npy_file_is_mapped(tmp_path: Path, values: np.ndarray) -> None:
    np.save(tmp_path / "x.npy", values)
    source = open_source(tmp_path / "x.npy")
    np.testing.assert_array_equal(Batch.join(list(source.batches())).values, values)
    np.testing.assert_array_equal(source.pilot(7, 3).values, open_source(values).pilot(7, 3).values)


def test_npy_file_of_no_record(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.empty((0, 3)))
    assert list(open_source(tmp_path / "x.npy").batches()) == []


@pytest.mark.parametrize("damage", ["pickled", "cut", "text", "empty", "archive"])
def test_npy_file_that_cannot_be_read(tmp_path: Path, values: np.ndarray, damage: str) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.array([{}]) if damage == "pickled" else values)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:300])
    elif damage in ("text", "empty"):
        path.write_text("not an array" if damage == "text" else "")
    elif damage == "archive":
        with path.open("wb") as file:
            np.savez(file, values)
    with pytest.raises(SourceError, match=r"x\.npy"):
        open_source(path)


def test_tensors(values: np.ndarray, labels: np.ndarray) -> None:
    torch = pytest.importorskip("torch")
    records = torch.tensor(values, requires_grad=True)
    batch = Batch.join(list(open_source((records, torch.tensor(labels))).batches()))
    np.testing.assert_array_equal(batch.values, values)
    np.testing.assert_array_equal(batch.labels, labels)
    half = open_source(torch.ones(4, 2, dtype=torch.bfloat16))
    assert half.schema.dtypes == ("float32", "float32")
    assert half.pilot(2, 0).values.tolist() == [[1, 1], [1, 1]]
    with pytest.raises(SourceError, match="to_dense"):
        open_source(torch.eye(3).to_sparse())


def test_pilot_is_drawn_without_replacement_in_order() -> None:
    source = open_source(np.arange(1000)[:, None])
    pilot = source.pilot(100, 5).values[:, 0]
    assert len(set(pilot)) == 100
    assert (np.diff(pilot) > 0).all()
    assert pilot.max() > 800
    np.testing.assert_array_equal(pilot, source.pilot(100, 5).values[:, 0])
    assert len(source.pilot(5000, 5)) == 1000


def test_no_record() -> None:
    source = open_source(np.empty((0, 3)))
    assert list(source.batches()) == []
    with pytest.raises(EmptySourceError, match="holds no record"):
        source.pilot(10, 0)


@pytest.mark.parametrize("records", [np.zeros(5), np.array(1.0)])
def test_arrays_of_too_few_dimensions(records: np.ndarray) -> None:
    with pytest.raises(SourceError, match=r"reshape\(-1, 1\)"):
        open_source(records)


@pytest.mark.parametrize("dtype", ["O", "U3", "M8[s]", "V4"])
def test_arrays_of_no_numbers(dtype: str) -> None:
    with pytest.raises(ColumnError, match=r"'x0' holds .* needs numbers"):
        open_source(np.empty((2, 2), dtype))


def test_complex_numbers_are_refused() -> None:
    with pytest.raises(ColumnError, match="real and imaginary parts"):
        open_source(np.zeros((2, 2), complex))


def test_special_arrays() -> None:
    swapped = open_source(np.ones((2, 2), ">f4")).pilot(2, 0).values
    assert swapped.dtype.isnative
    masked = np.ma.masked_array([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]])
    assert np.isnan(open_source(masked).pilot(2, 0).values[0, 1])
    truth = open_source(np.array([[True, False]]))
    assert truth.schema.dtypes == ("bool", "bool")
    assert truth.pilot(1, 0).values.dtype == np.uint8


def test_columns_that_are_absent_or_double(values: np.ndarray) -> None:
    with pytest.raises(ColumnError, match="no column 'x9'"):
        open_source(values, columns=["x9"])
    with pytest.raises(ColumnError, match="no column 'y'"):
        open_source(values, label="y")
    with pytest.raises(ColumnError, match="'x0' twice"):
        open_source(values, columns=["x0", "x0"])
    with pytest.raises(ColumnError, match="both in columns and the label"):
        open_source(values, columns=["x0"], label="x0")
    with pytest.raises(ColumnError, match="no column of values"):
        open_source(values[:, :1], label="x0")


def test_labels_that_do_not_fit(values: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(LabelError, match="39 labels came with 40 records"):
        open_source((values, labels[1:]))
    with pytest.raises(LabelError, match=r"shape \(40, 3\)"):
        list(open_source((values, values)).batches())
    names = np.array(["a", None, float("nan")] + ["b"] * 37, object)
    with pytest.raises(LabelError, match="2 of 40 records"):
        list(open_source((values, names)).batches())
    with pytest.raises(LabelError, match="1 of 40 records"):
        list(open_source((values, np.where(labels + np.arange(40) == 0, np.nan, 1.0))).batches())


def test_tuples_that_are_no_pair(values: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(UnsupportedSourceError, match=r"\(records, labels\)"):
        open_source((values, labels, labels))


def test_array_of_another_library(values: np.ndarray) -> None:
    class Lazy:
        shape, dtype = values.shape, values.dtype

        def __getitem__(self, where: slice) -> np.ndarray:
            return values[where]

        def __array__(self) -> np.ndarray:
            raise AssertionError("the whole array was read")

    np.testing.assert_array_equal(Batch.join(list(open_source(Lazy()).batches())).values, values)
