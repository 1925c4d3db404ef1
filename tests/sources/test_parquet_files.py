"""Parquet files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sketchlearn.errors import SourceError
from sketchlearn.sources import Batch, open_source

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def test_rows_are_known_and_small_dtypes_kept(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": np.ones(9, "f4"), "b": np.ones(9, "f4")}), tmp_path / "x.pq")
    source = open_source(tmp_path / "x.pq")
    assert source.rows == 9
    assert next(source.batches()).values.dtype == np.float32


def test_pilot_of_few_row_groups_is_that_of_the_array(tmp_path: Path, values: np.ndarray) -> None:
    table = pa.table({name: values[:, i] for i, name in enumerate("abc")})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=7)
    np.testing.assert_array_equal(
        open_source(tmp_path / "x.parquet").pilot(12, 8).values,
        open_source(values).pilot(12, 8).values,
    )


def test_pilot_of_many_row_groups_is_spread(tmp_path: Path) -> None:
    table = pa.table({"a": np.arange(1000), "y": np.arange(1000)})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=10)
    pilot = open_source(tmp_path / "x.parquet", label="y").pilot(80, 0)
    assert len(set(pilot.values[:, 0])) == 80
    np.testing.assert_array_equal(pilot.values[:, 0], pilot.labels)
    assert np.histogram(pilot.values, bins=4, range=(0, 1000))[0].min() > 0


def test_files_of_other_number_types_lose_nothing(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"a": [1.5]}), tmp_path / "1.parquet")
    assert Batch.join(list(open_source(tmp_path).batches())).values.tolist() == [[1.0], [1.5]]


def test_index_written_by_pandas_is_no_column(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0]}, index=[5, 9])
    frame.to_parquet(tmp_path / "x.parquet")
    assert open_source(tmp_path / "x.parquet").schema.columns == ("a",)


def test_damaged_files(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"not a table of any kind")
    with pytest.raises(SourceError, match=r"x\.parquet cannot be read"):
        open_source(path)
    pq.write_table(pa.table({"a": np.random.default_rng(0).normal(size=5000)}), path)
    data = bytearray(path.read_bytes())
    data[:2000] = b"\xff" * 2000
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"x\.parquet cannot be read"):
        list(open_source(path).batches())
