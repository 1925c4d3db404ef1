"""What Parquet and CSV files have in common."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sketchlearn.errors import ColumnError, EmptySourceError, SourceError, UnsupportedSourceError
from sketchlearn.sources import Batch, open_source
from sketchlearn.sources.files import PILOT_PARTS, spread

pa = pytest.importorskip("pyarrow")
pa_csv = pytest.importorskip("pyarrow.csv")
pq = pytest.importorskip("pyarrow.parquet")


def _write(path: Path, columns: dict[str, object]) -> None:
    write = pq.write_table if path.suffix == ".parquet" else pa_csv.write_csv
    write(pa.table(columns), path)


def _columns(values: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    names = np.array(["no", "yes", "perhaps"])[labels].tolist()
    return {**{name: values[:, i] for i, name in enumerate("abc")}, "y": names}


@pytest.fixture(params=[".parquet", ".csv"])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, values: np.ndarray, labels: np.ndarray
) -> Path:
    """The forty records in two files, with what writers leave beside them."""
    _write(tmp_path / f"part-0{request.param}", _columns(values[:25], labels[:25]))
    (tmp_path / "sub").mkdir()
    _write(tmp_path / "sub" / f"part-1{request.param}", _columns(values[25:], labels[25:]))
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / f"_draft{request.param}").touch()
    return tmp_path


def test_same_records_however_the_files_are_named(
    folder: Path, values: np.ndarray, labels: np.ndarray
) -> None:
    parts = sorted(folder.rglob("part-*"))
    for given in (folder, str(folder / "**" / "part*"), parts, tuple(map(str, parts))):
        source = open_source(given, label="y")
        assert (source.schema.columns, source.schema.label) == (("a", "b", "c"), "y")
        assert source.schema.dtypes == ("float64",) * 3
        assert not source.one_shot
        for _ in range(2):
            batch = Batch.join(list(source.batches()))
            np.testing.assert_allclose(batch.values, values, rtol=1e-14)
            assert batch.labels is not None
            assert batch.labels.tolist() == _columns(values, labels)["y"]


def test_pilot_sees_every_file(folder: Path, values: np.ndarray) -> None:
    source = open_source(folder, columns=["c", "a"])
    pilot = source.pilot(10, 0).values
    assert pilot.shape == (10, 2)
    assert np.isin(pilot.round(9), values[:25, [2, 0]].round(9)).any()
    assert np.isin(pilot.round(9), values[25:, [2, 0]].round(9)).any()
    assert len(source.pilot(1000, 0)) >= 35


def test_files_of_other_columns(folder: Path) -> None:
    suffix = next(folder.glob("part-0*")).suffix
    _write(folder / f"part-2{suffix}", {"a": [1.0], "b": [1.0], "z": [1.0], "y": ["no"]})
    with pytest.raises(ColumnError, match=r"part-2.*missing \['c'\], added \['z'\]"):
        open_source(folder, label="y")


def test_file_of_another_type(folder: Path) -> None:
    suffix = next(folder.glob("part-0*")).suffix
    _write(folder / f"part-2{suffix}", {"a": ["one"], "b": [1.0], "c": [1.0], "y": ["no"]})
    with pytest.raises(ColumnError, match="'a' holds values of type string"):
        open_source(folder, label="y")


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_file_of_no_record(tmp_path: Path, suffix: str) -> None:
    _write(tmp_path / f"x{suffix}", {"a": np.empty(0)})
    source = open_source(tmp_path / f"x{suffix}")
    assert list(source.batches()) == []
    with pytest.raises(EmptySourceError, match="holds no record"):
        source.pilot(3, 0)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_file_of_no_byte(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"x{suffix}").touch()
    with pytest.raises(EmptySourceError, match="0 bytes"):
        open_source(tmp_path / f"x{suffix}")


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file or folder"):
        open_source(tmp_path / "absent.csv")
    with pytest.raises(SourceError, match="No file matches"):
        open_source(str(tmp_path / "*.csv"))
    with pytest.raises(SourceError, match="holds no file that can be read"):
        open_source(tmp_path)


def test_suffixes(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").touch()
    with pytest.raises(UnsupportedSourceError, match=r"'\.xlsx'.*\.parquet, \.pq, \.csv"):
        open_source(tmp_path / "x.xlsx")
    _write(tmp_path / "x.csv", {"a": [1]})
    np.save(tmp_path / "x.npy", np.ones((2, 2)))
    with pytest.raises(SourceError, match="one kind at a time"):
        open_source([tmp_path / "x.csv", tmp_path / "x.npy"])


def test_spread() -> None:
    assert spread(PILOT_PARTS, 0) == list(range(PILOT_PARTS))
    chosen = spread(1000, 0)
    assert len(set(chosen)) == PILOT_PARTS
    assert chosen == sorted(chosen)
    assert chosen[0] < 63
    assert chosen[-1] >= 937
