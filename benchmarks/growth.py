"""How time and memory of a pass grow with records, columns, frequencies and threads.

    python -m benchmarks.growth [--most 100000000]

Records come from a generator that hands out one million again and again, so nothing but the pass
takes time or memory; each point is a process of its own, the median of three. Writes
results/growth.json and the curves to docs/images/growth.png. The time of each further record
should be the same from 10⁶ to 10⁸ within 5 %, and peak memory flat.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import results

_PASS = """
import sys, time
import numpy as np
import sketchlearn as sl
from benchmarks.constant_memory import peak
rows, dimension, size, threads = map(int, sys.argv[1:])
part = min(rows, 1_000_000)
records = np.random.default_rng(0).standard_normal((part, dimension), dtype=np.float32)
plan = sl.plan(records, size=size)
sl.sketch(records[:1000], plan)
batches = (records for _ in range(rows // part))
start = time.perf_counter()
sl.sketch(batches, plan, threads=threads)
print(time.perf_counter() - start, peak())
"""


def measure(rows: int, dimension: int = 2, size: int = 1000, threads: int = 1) -> dict[str, float]:
    """Return the median time and the peak memory of three passes."""
    command = [sys.executable, "-c", _PASS, *map(str, (rows, dimension, size, threads))]
    found = []
    for _ in range(3 if rows <= 10_000_000 else 1):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append([float(word) for word in done.stdout.split()])
    seconds, memory = np.median(found, axis=0)
    point = {"seconds": round(float(seconds), 3), "peak MiB": round(float(memory), 1)}
    print(rows, dimension, size, threads, point, flush=True)
    return point


def draw(curves: dict[str, dict[str, Any]]) -> None:
    """Draw one panel per curve, on logarithmic axes, beside the line of proportional growth."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, curve) in zip(figure.subplots(1, len(curves)), curves.items(), strict=True):
        x = np.array([float(key) for key in curve])
        seconds = np.array([point["seconds"] for point in curve.values()])
        axes.loglog(x, seconds, "o-", label="pass")
        power = -1 if name == "threads" else 1
        line = seconds[-1] * (x / x[-1]) ** power
        axes.loglog(x, line, ":", color="grey", label="proportional")
        axes.set(xlabel=name, ylabel="seconds")
        axes.set_xticks(x, [f"{value:.0e}" if value > 9999 else f"{value:.0f}" for value in x])
        axes.minorticks_off()
        axes.legend(frameon=False)
    figure.savefig(Path(__file__).parents[1] / "docs" / "images" / "growth.png", dpi=110)


def main() -> None:
    """Measure the curves, write and draw them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=100_000_000)
    most = parser.parse_args().most
    counts = [n for n in (10**6, 10**7, 10**8) if n <= most]
    some = 1_000_000
    curves: dict[str, dict[str, Any]] = {
        "records": {str(n): measure(n) for n in counts},
        "columns": {str(d): measure(some // 5, dimension=d) for d in (2, 8, 32, 128, 512)},
        "frequencies": {str(m): measure(some, size=m) for m in (250, 500, 1000, 2000, 4000)},
        "threads": {str(t): measure(4 * some, threads=t) for t in (1, 2)},
    }
    points = [curves["records"][str(n)] for n in counts]
    seconds = np.diff([point["seconds"] for point in points]) / np.diff(counts)
    figures = {
        **curves,
        # a pass starts in some twenty milliseconds, which tell on the shortest
        "time per further record, last step over first": round(float(seconds[-1] / seconds[0]), 3),
        "peak memory, most over fewest": round(points[-1]["peak MiB"] / points[0]["peak MiB"], 3),
    }
    results.write("growth", "python -m benchmarks.growth", figures)
    draw(curves)


if __name__ == "__main__":
    main()
