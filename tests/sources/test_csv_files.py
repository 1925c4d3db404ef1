"""CSV files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sketchlearn.errors import ColumnError, SourceError
from sketchlearn.sources import Batch, open_source
from sketchlearn.sources.csv_files import CSV_BLOCK

pa = pytest.importorskip("pyarrow")


def test_numbers_are_floats_and_labels_keep_their_type(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b,ok,y\n1,0.5,true,3\n,2,false,4\n")
    source = open_source(path, label="y")
    assert source.schema.dtypes == ("float64", "float64", "bool")
    assert source.rows is None
    batch = next(source.batches())
    np.testing.assert_array_equal(batch.values, [[1, 0.5, 1], [np.nan, 2, 0]])
    assert batch.labels is not None
    assert batch.labels.dtype == np.int64


def test_column_that_turns_out_to_hold_fractions(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = CSV_BLOCK // 2 + 10
    path.write_text("a\n" + "1\n" * rows + "1.5\n")
    values = Batch.join(list(open_source(path).batches())).values
    assert len(values) == rows + 1
    assert values[-1, 0] == 1.5


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2"])
def test_compressed_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.csv{suffix}"
    with pa.output_stream(str(path), compression="detect") as stream:
        stream.write(b"a,b\n1,2\n")
    assert next(open_source(path).batches()).values.tolist() == [[1, 2]]


def test_pilot_is_the_first_rows_and_passes_over_short_files(tmp_path: Path) -> None:
    (tmp_path / "0.csv").write_text("a\n")
    (tmp_path / "1.csv").write_text("a\n1\n")
    (tmp_path / "2.csv").write_text("a\n" + "".join(f"{i}\n" for i in range(2, 50)))
    pilot = open_source(tmp_path).pilot(6, 0)
    assert pilot.values[:, 0].tolist() == [1, 2, 3, 4, 5, 6]


def test_lines_of_other_lengths(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n3\n")
    with pytest.raises(SourceError, match=r"x\.csv cannot be read"):
        open_source(path)


def test_text_after_numbers(tmp_path: Path) -> None:
    (tmp_path / "0.csv").write_text("a\n1\n")
    path = tmp_path / "1.csv"
    path.write_text("a\n" + "1\n" * (CSV_BLOCK // 2 + 10) + "many\n")
    with pytest.raises(SourceError, match=r"1\.csv cannot be read.*many"):
        list(open_source(tmp_path).batches())


def test_index_written_without_name(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(",a\n0,1.5\n")
    with pytest.raises(ColumnError, match="index=False"):
        open_source(path)
    assert open_source(path, columns=["a"]).schema.columns == ("a",)


@pytest.mark.parametrize("empty", ["a.csv", "z.csv"])
def test_a_file_of_a_header_alone_has_the_columns_of_the_others(tmp_path: Path, empty) -> None:
    (tmp_path / empty).write_text("t,x,y\n")
    (tmp_path / "m.csv").write_text("t,x,y\nred,1,u\nblue,2,v\n")
    source = open_source(tmp_path / "*.csv", label="y")
    assert source.schema.dtypes == ("object", "float64")
    assert [len(batch) for batch in source.batches()] == [2]


def test_a_column_that_is_blank_in_one_file_has_the_type_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,x,none\n,1,\n")
    (tmp_path / "b.csv").write_text("t,x,none\nred,,\n")
    source = open_source(tmp_path / "*.csv")
    assert source.schema.dtypes == ("object", "float64", "float64")
    assert sum(len(batch) for batch in source.batches()) == 2


def test_a_header_alone_of_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,x\nred,1\n")
    (tmp_path / "b.csv").write_text("t,z\n")
    with pytest.raises(ColumnError, match=r"b\.csv.*missing \['x'\], added \['z'\]"):
        open_source(tmp_path / "*.csv")
