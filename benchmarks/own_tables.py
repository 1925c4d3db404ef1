"""Sketch a Parquet table, fit the generative network and write synthetic rows.

    python -m benchmarks.own_tables --target income --rows 32561 --seed 0
        train.parquet synthetic.parquet figures.json

The counterpart of peers_tables.py: class defaults throughout, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.constant_memory import peak

Figures = dict[str, float]


def synthesise(train: pa.Table, target: str, rows: int, seed: int) -> tuple[pa.Table, Figures]:
    """Return synthetic rows, and what fitting cost."""
    import sketchlearn as sl

    start, busy = time.monotonic(), time.process_time()
    sketch = sl.sketch(train, label=target, seed=seed, threads=1)
    sketched = time.monotonic()
    model = sl.GenerativeNetwork(seed=seed).fit(sketch).model
    fitted = time.monotonic()
    figures = {
        "fit seconds": round(fitted - start, 1),
        "fit CPU seconds": round(time.process_time() - busy, 1),
        "sketch seconds": round(sketched - start, 1),
    }
    return model.sample(rows, seed=seed).to_arrow(), figures


def main() -> None:
    """Fit, sample, write rows and figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("synthetic", type=Path)
    parser.add_argument("figures", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    train = pq.read_table(chosen.train)
    drawn, figures = synthesise(train, chosen.target, chosen.rows, chosen.seed)
    pq.write_table(drawn, chosen.synthetic)
    figures["peak MiB"] = round(peak(), 1)
    chosen.figures.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
