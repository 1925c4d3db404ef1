"""Memory of a pass and cost of a fit, as the number of records grows.

    python -m benchmarks.constant_memory [--rows 10000000]

A Parquet file is made on the spot and sketched in a process of its own; peak resident memory at
ten million rows over that at one million (bar: 1.1). Then the same fit from sketches of 10⁴ and
10⁷ records: time and peak memory must be the same.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from examples.planar_sets import mixture

from benchmarks import results

_PASS = """
import sys, time
import sketchlearn as sl
from benchmarks.constant_memory import peak
from sketchlearn.sketches import Plan
start = time.monotonic()
sketch = sl.sketch(sys.argv[1], Plan.load(sys.argv[2]))
sketch.save(sys.argv[3])
print(peak(), time.monotonic() - start, sketch.count)
"""

_FIT = """
import sys, time
import sketchlearn as sl
from benchmarks.constant_memory import peak
sketch = sl.load(sys.argv[1])
learner = sl.GenerativeNetwork(steps=int(sys.argv[2]))
start = time.monotonic()
learner.fit(sketch)
took = time.monotonic() - start
print(peak(), took, sketch.count)
"""


def peak() -> float:
    """Return the peak resident memory of this process in MiB (Linux).

    Not that of getrusage, which a child process inherits from its parent.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def write_parquet(path: Path, rows: int) -> None:
    """Write `rows` records of the mixture, a million at a time."""
    with pq.ParquetWriter(path, pa.schema([("x", pa.float32()), ("y", pa.float32())])) as writer:
        rng = np.random.default_rng(0)
        for top in range(0, rows, 1_000_000):
            part = mixture(min(1_000_000, rows - top), rng).astype(np.float32)
            writer.write_table(pa.table({"x": part[:, 0], "y": part[:, 1]}))


def measure(script: str, *arguments: object) -> dict[str, float]:
    """Run a script in a process of its own; return its peak memory, time and records."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    peak, seconds, records = map(float, printed.split())
    return {"records": int(records), "peak MiB": round(peak, 1), "seconds": round(seconds, 2)}


def main() -> None:
    """Run the passes and the fits and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=500)
    chosen = parser.parse_args()
    import sketchlearn as sl

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        plan = place / "plan"
        counts = (10_000, chosen.rows // 10, chosen.rows)
        for rows in counts:
            write_parquet(place / f"{rows}.parquet", rows)
        sl.plan(place / f"{counts[1]}.parquet", size=chosen.size).save(plan)
        passes = [
            measure(_PASS, place / f"{rows}.parquet", plan, place / f"{rows}.sketch")
            for rows in counts
        ]
        fits = [
            measure(_FIT, place / f"{rows}.sketch", chosen.steps)
            for rows in (counts[0], counts[2]) * 3
        ]
    small, large = fits[0::2], fits[1::2]

    def ratio(key: str) -> float:
        return round(
            float(np.median([f[key] for f in large]) / np.median([f[key] for f in small])), 3
        )

    figures = {
        "passes": passes,
        "pass, peak memory ratio": round(passes[2]["peak MiB"] / passes[1]["peak MiB"], 3),
        "fits": fits,
        "fit, time ratio": ratio("seconds"),
        "fit, peak memory ratio": ratio("peak MiB"),
    }
    print(json.dumps(figures["passes"]))
    results.write("constant_memory", "python -m benchmarks.constant_memory", figures)


if __name__ == "__main__":
    main()
