"""Public tables of mixed columns, each with a column to predict, for benchmarks.tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq


@dataclass(frozen=True)
class TableSet:
    """One data set.

    Attributes:
        train: rows to fit on.
        test: rows to judge against.
        target: the column to predict, of text.
    """

    train: pa.Table
    test: pa.Table
    target: str


def load(name: str, folder: Path, most: int | None = None) -> TableSet:
    """Read a set by name, with at most so many training rows, drawn at random."""
    found = SETS[name](folder)
    if most is None or len(found.train) <= most:
        return found
    return TableSet(_shuffled(found.train).slice(0, most), found.test, found.target)


def _adult(folder: Path) -> TableSet:
    """Read Adult, with its own test rows."""
    files = (folder / "adult" / f"adult_{part}.parquet" for part in ("train", "test"))
    train, test = (pq.read_table(file) for file in files)
    return TableSet(train, test, "income")


def _census(folder: Path) -> TableSet:
    """Read the 33 categories of Census-Income."""
    return _split(pq.read_table(folder / "census" / "census_income_nominal.parquet"), "income")


def _intrusion(folder: Path) -> TableSet:
    """Read the KDD Cup of 1999, attacks of all kinds as one class."""
    table = pq.read_table(folder / "intrusion" / "kddcup99_10_percent.parquet")
    kinds = pc.if_else(pc.equal(table["label"], "normal."), "normal", "attack")
    return _split(_replaced(table, "label", kinds), "label")


def _cervical(folder: Path) -> TableSet:
    """Read the risk factors of cervical cancer, with missing numbers."""
    [file] = (folder / "cervical").glob("*.csv")
    missing = pyarrow.csv.ConvertOptions(null_values=["?"])
    return _split(pyarrow.csv.read_csv(file, convert_options=missing), "Biopsy")


def _cover_numbers(folder: Path) -> TableSet:
    """Read the numbers of two classes of Covertype."""
    file = folder / "covtype" / "covtype_numeric_class2_class4.parquet"
    return _split(pq.read_table(file), "cover_type")


def _cover_flags(folder: Path) -> TableSet:
    """Read the flags of all rows of Covertype."""
    file = folder / "covtype" / "covtype_binary_all_rows.parquet"
    return _split(pq.read_table(file), "is_cover_type_4")


SETS: dict[str, Callable[[Path], TableSet]] = {
    "adult": _adult,
    "census": _census,
    "intrusion": _intrusion,
    "cervical": _cervical,
    "covtype_numbers": _cover_numbers,
    "covtype_flags": _cover_flags,
}


def _split(table: pa.Table, target: str) -> TableSet:
    """Keep two rows of three to fit on, the same ones every time; the target becomes text."""
    table = _shuffled(_replaced(table, target, table[target].cast(pa.string())))
    count = 2 * len(table) // 3
    return TableSet(table.slice(0, count), table.slice(count), target)


def _shuffled(table: pa.Table) -> pa.Table:
    """Put rows in an order that is random but always the same."""
    return table.take(np.random.default_rng(0).permutation(len(table)))


def _replaced(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    """Return the table with other values in one column."""
    return table.set_column(table.column_names.index(name), name, values)
