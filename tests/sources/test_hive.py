"""Parquet files in folders that name columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sketchlearn.errors import ColumnError
from sketchlearn.sources import Batch, open_source

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six records, by year and city."""
    for folders, values in {
        ("year=2023", "city=Aix%20la%20Chapelle"): [1.0, 2.0],
        ("year=2023", "city=Rome"): [3.0],
        ("year=2024", "city=__HIVE_DEFAULT_PARTITION__"): [4.0, 5.0, 6.0],
    }.items():
        place = tmp_path.joinpath(*folders)
        place.mkdir(parents=True)
        pq.write_table(pa.table({"a": values}), place / "part.parquet")
    return tmp_path


def _columns(source: Any, **options: Any) -> dict[str, list[Any]]:
    table = Batch.join(list(open_source(source, **options).batches())).table
    assert table is not None
    return table.to_pydict()


def test_folders_give_columns(folder: Path) -> None:
    source = open_source(folder)
    assert source.schema.columns == ("a", "year", "city")
    assert source.schema.arrow.types == [pa.float64(), pa.int32(), pa.string()]
    assert source.rows == 6
    assert _columns(folder) == {
        "a": [1, 2, 3, 4, 5, 6],
        "year": [2023, 2023, 2023, 2024, 2024, 2024],
        "city": ["Aix la Chapelle"] * 2 + ["Rome"] + [None] * 3,
    }
    pilot = source.pilot(4, 0).table
    assert pilot is not None
    assert len(pilot) == 4
    assert set(pilot.to_pydict()["year"]) == {2023, 2024}


def test_columns_of_folders_can_be_chosen_and_be_the_label(folder: Path) -> None:
    assert _columns(folder, columns=["year", "a"])["year"][0] == 2023
    assert _columns(folder, columns=["year"]) == {"year": [2023] * 3 + [2024] * 3}
    batch = Batch.join(list(open_source(folder, columns=["a"], label="year").batches()))
    assert batch.labels is not None
    assert batch.labels.tolist() == [2023] * 3 + [2024] * 3


def test_a_wildcard_stands_for_folders_and_a_full_name_for_none(folder: Path) -> None:
    assert list(_columns(str(folder / "*" / "*" / "*.parquet"))) == ["a", "year", "city"]
    assert list(_columns(str(folder / "year=2023" / "*"))) == ["a", "city"]
    assert list(_columns(folder / "year=2023" / "city=Rome" / "part.parquet")) == ["a"]


def test_a_column_of_the_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a=7").mkdir()
    pq.write_table(pa.table({"a": [1.0]}), tmp_path / "a=7" / "part.parquet")
    assert _columns(tmp_path) == {"a": [1.0]}


def test_folders_of_other_names(folder: Path) -> None:
    pq.write_table(pa.table({"a": [1.0]}), folder / "year=2024" / "part.parquet")
    with pytest.raises(ColumnError, match=r"give the columns \['year'\], .*\['city', 'year'\]"):
        open_source(folder)


def test_numbers_too_large_for_int32_are_text(tmp_path: Path) -> None:
    for name in ("1", "3000000000"):
        (tmp_path / f"id={name}").mkdir()
        pq.write_table(pa.table({"a": [1.0]}), tmp_path / f"id={name}" / "x.parquet")
    assert _columns(tmp_path)["id"] == ["1", "3000000000"]
