"""Tables that are long, and tables that are awkward: time and memory of plan, pass and fit.

    python -m benchmarks.tables_at_scale --data DIR [--rows 10000000] [--steps 300]

Adult is repeated in a Parquet file to `rows` rows; the pass is timed and its peak memory taken
there, on a tenth of it and on Adult alone, each in a process of its own, and the same fit is timed
from the first and last sketch, alternating. Then a table made on the spot with a category of
300,000 values, a column that is missing nine times in ten, dates, a duplicated and a constant
column is planned, sketched, learnt and drawn from; bar: 2 GB.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import results
from benchmarks.constant_memory import measure

_PASS = """
import sys, time
import sketchlearn as sl
from benchmarks.constant_memory import peak
start = time.monotonic()
sketch = sl.sketch(sys.argv[1], label=sys.argv[3] or None, threads=1)
took = time.monotonic() - start
sketch.save(sys.argv[2])
print(peak(), took, sketch.count)
"""

_FIT = """
import sys, time
import sketchlearn as sl
from benchmarks.constant_memory import peak
sketch = sl.load(sys.argv[1])
start = time.monotonic()
fitted = sl.GenerativeNetwork(steps=int(sys.argv[2])).fit(sketch)
took = time.monotonic() - start
if len(sys.argv) > 3:
    fitted.model.sample(10_000).save(sys.argv[3])
print(peak(), took, sketch.count)
"""


def repeated(table: pa.Table, path: Path, rows: int) -> None:
    """Write a table again and again, to so many rows in groups of about a million."""
    copies = max(1, min(rows, 1_000_000) // len(table))
    part = pa.concat_tables([table] * copies).combine_chunks()
    with pq.ParquetWriter(path, table.schema) as writer:
        for top in range(0, rows, len(part)):
            writer.write_table(part.slice(0, rows - top))


def awkward(path: Path, rows: int) -> None:
    """Write a table that has something of everything that makes tables awkward."""
    rng = np.random.default_rng(0)
    with pq.ParquetWriter(path, _awkward_part(rng, 0, 1).schema) as writer:
        for top in range(0, rows, 500_000):
            writer.write_table(_awkward_part(rng, top, min(500_000, rows - top)))


def _awkward_part(rng: np.random.Generator, top: int, count: int) -> pa.Table:
    level = rng.standard_normal(count)
    common = rng.random(count) < 0.7
    address = np.where(common, rng.zipf(1.5, count), rng.integers(0, 300_000, count)) % 300_000
    day = np.datetime64("2015-01-01") + (1500 + 600 * level).astype("timedelta64[D]")
    moment = day.astype("datetime64[us]") + rng.integers(0, 86_400, count).astype("timedelta64[s]")
    columns: dict[str, Any] = {
        "row": np.arange(top, top + count),
        "address": pa.array([f"street {a}" for a in address]),
        "seldom": pa.array(np.round(level + 3, 2), mask=rng.random(count) < 0.9),
        "day": day,
        "moment": moment,
        "level": level,
        "level again": level,
        "country": pa.array(np.full(count, "FR", dtype=object), pa.string()),
        "kind": pa.array(np.where(level > 1, "high", "low"), pa.string()),
    }
    return pa.table(columns)


def long_table(folder: Path, table: pa.Table, rows: int, steps: int) -> dict[str, Any]:
    """Measure passes over the table repeated, and fits from their sketches."""
    counts = (len(table), rows // 10, rows)
    passes = {}
    for count in counts:
        repeated(table, folder / "long.parquet", count)
        sketch = folder / f"{count}.sketch"
        passes[f"{count:,} rows"] = measure(_PASS, folder / "long.parquet", sketch, "income")
    ends = [folder / f"{count}.sketch" for count in (counts[0], counts[-1])]
    fits = [[measure(_FIT, sketch, steps) for sketch in ends] for _ in range(3)]
    few, many = zip(*fits, strict=True)
    first, second = (passes[f"{count:,} rows"] for count in counts[1:])
    return {
        "passes": passes,
        "pass, peak memory, ten times the rows": second["peak MiB"] / first["peak MiB"],
        "pass, ns per further row": 1e9
        * (second["seconds"] - first["seconds"])
        / (second["records"] - first["records"]),
        "fit, time, most rows over fewest": _ratio(many, few, "seconds"),
        "fit, peak memory, most rows over fewest": _ratio(many, few, "peak MiB"),
    }


def _ratio(above: Any, below: Any, key: str) -> float:
    def middle(entries: Any) -> float:
        return float(np.median([entry[key] for entry in entries]))

    return round(middle(above) / middle(below), 3)


def awkward_table(folder: Path, rows: int, steps: int) -> dict[str, Any]:
    """Measure plan, pass, fit and sample of the awkward table."""
    source, sketch = folder / "awkward.parquet", folder / "awkward.sketch"
    awkward(source, rows)
    sketchlearn = str(Path(sys.executable).with_name("sketchlearn"))
    command = [sketchlearn, "plan", str(source), "--explain"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(told)
    return {
        "distinct addresses": len(pq.read_table(source, columns=["address"])["address"].unique()),
        "plan": told.splitlines(),
        "pass": measure(_PASS, source, sketch, ""),
        "fit and sample": measure(_FIT, sketch, steps, folder / "awkward.sample.parquet"),
    }


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--steps", type=int, default=300)
    chosen = parser.parse_args()
    table = pq.read_table(chosen.data / "adult" / "adult_train.parquet")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        figures = {
            "Adult repeated": long_table(folder, table, chosen.rows, chosen.steps),
            "awkward table": awkward_table(folder, chosen.rows // 5, chosen.steps),
        }
    command = f"python -m benchmarks.tables_at_scale --data DIR --rows {chosen.rows}"
    results.write("tables_at_scale", command, figures)


if __name__ == "__main__":
    main()
