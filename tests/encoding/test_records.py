"""Records leave in the source's own columns, dtypes and labels."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from sketchlearn.encoding import Records
from sketchlearn.errors import OptionError, StorageError

MIXED = Records(
    columns=("height", "count"),
    dtypes=("float64", "int16"),
    values=np.array([[1.5, 2.0], [-0.1, 3.0]]),
    label="kind",
    labels=np.array(["no", "yes"]),
)
PIXELS = np.arange(8, dtype=np.uint8).reshape(2, 4)
IMAGES = Records(("x0", "x1", "x2", "x3"), ("uint8",) * 4, PIXELS, image=(2, 2))


def assert_mixed(table):
    assert table.column_names == ["height", "count", "kind"]
    assert table["height"].to_pylist() == [1.5, -0.1]
    assert table["count"].to_pylist() == [2, 3]
    assert table["kind"].to_pylist() == ["no", "yes"]


def test_length_is_the_number_of_records():
    assert len(MIXED) == 2


def test_images_have_their_shape_in_numpy():
    assert IMAGES.to_numpy().tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert MIXED.to_numpy().shape == (2, 2)


def test_arrow_has_the_columns_and_dtypes_of_the_source():
    table = MIXED.to_arrow()
    assert_mixed(table)
    assert table.schema.types == [pa.float64(), pa.int16(), pa.string()]


def test_integer_labels_stay_integers():
    records = Records(("a",), ("float32",), np.zeros((2, 1)), None, "digit", np.array([3, 7]))
    assert records.to_arrow()["digit"].to_pylist() == [3, 7]
    assert records.to_arrow().schema.field("a").type == pa.float32()


def test_records_are_an_arrow_stream():
    assert_mixed(pa.table(MIXED))


def test_parquet(tmp_path):
    MIXED.save(tmp_path / "r.parquet")
    assert_mixed(pa.parquet.read_table(tmp_path / "r.parquet"))


def test_csv(tmp_path):
    MIXED.save(tmp_path / "r.CSV")
    assert_mixed(pa.csv.read_csv(tmp_path / "r.CSV"))


def test_npy(tmp_path):
    IMAGES.save(tmp_path / "r.npy")
    loaded = np.load(tmp_path / "r.npy", allow_pickle=False)
    assert loaded.dtype == np.uint8
    assert np.array_equal(loaded, IMAGES.to_numpy())


@pytest.mark.parametrize("name", ["r.xlsx", "r", "r.pkl"])
def test_another_suffix_is_refused_and_nothing_written(tmp_path, name):
    with pytest.raises(OptionError, match=r"\.parquet, \.csv or \.npy"):
        MIXED.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"r\.csv"):
        MIXED.save(tmp_path / "file" / "r.csv")
