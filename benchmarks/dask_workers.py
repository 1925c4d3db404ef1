"""Time of a pass on Dask with one and two worker processes of one thread each.

    python -m benchmarks.dask_workers [--rows 24000000]

A folder of Parquet files (10 columns) is made on the spot and sketched with 1,000 frequencies,
with one worker and with two in turn; both clusters are started and warmed before the clock runs.
The ratio is that of the medians; 2 would be perfect.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import dask.dataframe as dd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from distributed import Client, LocalCluster

import sketchlearn as sl
from benchmarks import results

COLUMNS = 10
FILES = 32
# A worker uses one core, whatever the libraries below would take.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def write_parquet(folder: Path, rows: int) -> None:
    """Write `rows` normal records as `FILES` files of equal size."""
    rng = np.random.default_rng(0)
    for number, part in enumerate(np.array_split(np.arange(rows), FILES)):
        values = rng.standard_normal((len(part), COLUMNS), dtype=np.float32)
        table = pa.table({f"x{j}": values[:, j] for j in range(COLUMNS)})
        pq.write_table(table, folder / f"{number:02}.parquet")


def measure(folder: Path, plan: sl.Plan, workers: int) -> tuple[float, sl.Sketch]:
    """Return the seconds of one pass, and its sketch."""
    options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**options, env=ONE_THREAD) as cluster, Client(cluster) as client:
        client.wait_for_workers(workers)
        frame = dd.read_parquet(folder)
        # every worker imports the library and draws the frequencies
        sl.sketch(frame.partitions[: 2 * workers], plan)
        start = time.monotonic()
        made = sl.sketch(frame, plan)
        return time.monotonic() - start, made


def main() -> None:
    """Run one and two workers in turn and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=24_000_000)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    seconds: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_parquet(folder, chosen.rows)
        plan = sl.plan(folder, size=chosen.size)
        expected = sl.sketch(folder, plan)
        for _ in range(chosen.repeats):
            for workers, taken in seconds.items():
                took, made = measure(folder, plan, workers)
                if made != expected:
                    raise SystemExit("Dask and the local pass gave different sketches.")
                taken.append(round(took, 2))
                print(f"{workers} workers: {took:.2f} s", flush=True)
    one, two = (float(np.median(seconds[workers])) for workers in (1, 2))
    figures = {
        "rows": chosen.rows,
        "columns": COLUMNS,
        "size": chosen.size,
        "seconds, 1 worker": seconds[1],
        "seconds, 2 workers": seconds[2],
        "ratio of medians": round(one / two, 3),
    }
    results.write("dask_workers", "python -m benchmarks.dask_workers", figures)


if __name__ == "__main__":
    main()
