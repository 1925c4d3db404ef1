"""Fit CTGAN or TVAE on a Parquet table and write synthetic rows, for benchmarks.tables.

    python peers_tables.py CTGAN --rows 32561 --seed 0 train.parquet synthetic.parquet figures.json

Runs in a Python of its own that has `ctgan`, pandas and pyarrow, and knows nothing of this library.
Class defaults throughout, one process. Text, booleans and numbers of at most ten values are
declared discrete. Neither model takes missing numbers: they are filled with the median, and a
discrete column beside says where, so that they can be put back. Dates and times become numbers.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FEW = 10
MISSING = "(missing)"


def undated(table: pa.Table) -> pa.Table:
    """Return the table with dates and times as numbers."""
    columns = [
        column.cast(whole(column.type)) if pa.types.is_temporal(column.type) else column
        for column in table.columns
    ]
    return pa.table(columns, names=table.column_names)


def whole(kind: pa.DataType) -> pa.DataType:
    """Return the integers that a date or time is stored as."""
    return pa.int32() if kind.bit_width == 32 else pa.int64()


def is_discrete(column: pd.Series) -> bool:
    """Tell whether a column is declared discrete."""
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        return True
    return column.nunique() <= FEW


def prepared(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return a frame without missing values, and the names of its discrete columns."""
    columns, discrete = {}, []
    for name, column in frame.items():
        if is_discrete(column):
            columns[name] = column.astype(object).where(column.notna(), MISSING).astype(str)
            discrete.append(name)
            continue
        if column.isna().any():
            columns[f"{name} is missing"] = column.isna().map({True: "yes", False: "no"})
            discrete.append(f"{name} is missing")
        columns[name] = column.fillna(column.median())
    return pd.DataFrame(columns), discrete


def restored(drawn: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Put missing values and the types of the original back."""
    columns = []
    for field in schema:
        values = drawn[field.name]
        absent = (values == MISSING).to_numpy()
        if f"{field.name} is missing" in drawn:
            absent = (drawn[f"{field.name} is missing"] == "yes").to_numpy()
        columns.append(cast(values, absent, field.type))
    return pa.table(columns, schema=schema)


def cast(values: pd.Series, absent: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Return the values as an Arrow array of the original type."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pa.array(values.astype(object), type=kind, mask=absent)
    if pa.types.is_boolean(kind):
        return pa.array((values == "True").to_numpy(), type=kind, mask=absent)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    numbers[absent] = 0.0
    if pa.types.is_floating(kind):
        return pa.array(numbers, type=kind, mask=absent)
    rounded = pa.array(np.rint(numbers).astype(np.int64), mask=absent)
    if pa.types.is_temporal(kind):
        rounded = rounded.cast(whole(kind), safe=False)
    return rounded.cast(kind, safe=False)


def peak() -> float:
    """Return the peak resident memory of this process in MiB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def main() -> None:
    """Fit, sample, write rows and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=["CTGAN", "TVAE"])
    parser.add_argument("train", type=Path)
    parser.add_argument("synthetic", type=Path)
    parser.add_argument("figures", type=Path)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()

    import ctgan

    table = pq.read_table(chosen.train)
    frame, discrete = prepared(undated(table).to_pandas())
    model = getattr(ctgan, chosen.model)()
    model.set_random_state(chosen.seed)
    start, busy = time.monotonic(), time.process_time()
    model.fit(frame, discrete)
    fitted, used = time.monotonic(), time.process_time()
    drawn = model.sample(chosen.rows)
    figures = {
        "fit seconds": round(fitted - start, 1),
        "fit CPU seconds": round(used - busy, 1),
        "sample seconds": round(time.monotonic() - fitted, 1),
        "peak MiB": round(peak(), 1),
        "rows": len(table),
        "discrete": discrete,
    }
    pq.write_table(restored(drawn, table.schema.remove_metadata()), chosen.synthetic)
    chosen.figures.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
