"""Synthetic tables beside real ones, and beside those of CTGAN and TVAE.

    python -m benchmarks.tables --data DIR [--sets adult census ...] [--seeds 0 1 2]
        [--models sketchlearn CTGAN ...] [--peers PYTHON] [--peer-seeds 0] [--cache DIR]
        [--train-rows N]

For each set, as many synthetic rows as training rows (at most 50,000), judged by `evaluate_tables`;
means over seeds, with fitting time on one thread and peak memory. --peers is a Python that has
`ctgan`; what it makes is kept in the cache and not made again. Two models tell what figures mean:
each column shuffled by itself, and training rows drawn again. Results of other sets, and of other
models on as many training rows, are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import results
from benchmarks.table_sets import SETS, TableSet, load

MOST_ROWS = 50_000
PEERS = ("CTGAN", "TVAE")
BASELINES = ("independent columns", "real rows")
COSTS = ("fit seconds", "fit CPU seconds", "peak MiB")
Figures = dict[str, float]


def baseline(model: str, train: pa.Table, rows: int, seed: int) -> pa.Table:
    """Return rows of the training table drawn again, whole or column by column."""
    rng = np.random.default_rng(seed)
    if model == "real rows":
        return train.take(rng.integers(0, len(train), rows))
    columns = [column.take(rng.permutation(len(train))[:rows]) for column in train.columns]
    return pa.table(columns, names=train.column_names)


def by_command(
    command: list[str], train: pa.Table, folder: Path, name: str
) -> tuple[pa.Table, Figures]:
    """Run a command that reads a table and writes synthetic rows and figures, unless it did."""
    made, figures = folder / f"{name}.parquet", folder / f"{name}.json"
    if not (made.exists() and figures.exists()):
        source, unfinished = folder / f"{name}.train.parquet", folder / f"{name}.unfinished"
        pq.write_table(train, source)
        paths = [str(source), str(unfinished), str(figures)]
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([*command, *paths], check=True, env=one_thread)
        source.unlink()
        unfinished.rename(made)
    return pq.read_table(made), json.loads(figures.read_text())


def synthetic(
    model: str, data: TableSet, seed: int, name: str, chosen: argparse.Namespace
) -> tuple[pa.Table, Figures]:
    """Return the synthetic rows of a model, and what they cost."""
    rows = min(len(data.train), MOST_ROWS)
    if model in BASELINES:
        return baseline(model, data.train, rows, seed), {}
    size = ["--rows", str(rows), "--seed", str(seed)]
    if model in PEERS:
        script = str(Path(__file__).with_name("peers_tables.py"))
        command = [str(chosen.peers), script, model, *size]
        chosen.cache.mkdir(parents=True, exist_ok=True)
        return by_command(command, data.train, chosen.cache, f"{name}-{model}-{seed}")
    # Ours is made anew every time: the library may have changed.
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.own_tables", "--target", data.target, *size]
        return by_command(command, data.train, Path(folder), model)


def measure(name: str, chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the mean figures of every model on one set, beside the floors."""
    from sketchlearn.evaluation import evaluate_tables

    data = load(name, chosen.data, chosen.train_rows)
    found: dict[str, list[Figures]] = {model: [] for model in ("floor", *chosen.models)}
    for model in chosen.models:
        for seed in chosen.peer_seeds if model in PEERS else chosen.seeds:
            key = f"{name}-{len(data.train)}"
            made, costs = synthetic(model, data, seed, key, chosen)
            judged = evaluate_tables(made, data.train, data.test, data.target, seed)
            values = {metric: entry["value"] for metric, entry in judged.items()}
            found[model].append(values | {cost: costs[cost] for cost in COSTS if cost in costs})
            found["floor"].append({metric: entry["floor"] for metric, entry in judged.items()})
            print(name, model, seed, found[model][-1], flush=True)
    return {
        "training rows": len(data.train),
        "models": {model: {**_mean(rows), "seeds": len(rows)} for model, rows in found.items()},
    }


def together(earlier: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of one set, with earlier ones of other models on as many rows."""
    if earlier.get("training rows") != found["training rows"]:
        return found
    return {**found, "models": earlier["models"] | found["models"]}


def keep(name: str, found: dict[str, Any]) -> None:
    """Write the figures of one set to the results, beside those of others."""
    earlier: Any = {}
    if (results.FOLDER / "tables.json").exists():
        earlier = json.loads((results.FOLDER / "tables.json").read_text())["figures"]
    command = "python -m benchmarks.tables --data DIR --peers PYTHON [--train-rows N]"
    merged = together(earlier.get(name, {}), found)
    results.write("tables", command, {**earlier, name: merged})


def _mean(rows: list[Figures]) -> Figures:
    """Return the mean of every figure, over the seeds that have it."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: round(float(np.mean([row[key] for row in rows if key in row])), 4) for key in keys}


def layout(figures: dict[str, dict[str, Any]]) -> str:
    """Lay out the figures as one Markdown table per set."""
    tables = []
    for name, entry in figures.items():
        models: dict[str, Figures] = entry["models"]
        columns = list(dict.fromkeys(key for row in models.values() for key in row))
        lines = [(name, *columns), ("---",) * (len(columns) + 1)]
        for model, row in models.items():
            cells = (f"{row[key]:g}" if key in row else "" for key in columns)
            lines.append((model, *cells))
        tables.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(tables)


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--models", nargs="+", choices=["sketchlearn", *PEERS, *BASELINES])
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--peer-seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--cache", type=Path, default=Path("out/tables"))
    parser.add_argument("--train-rows", type=int)
    chosen = parser.parse_args()
    if chosen.models is None:
        chosen.models = ["sketchlearn", *(PEERS if chosen.peers else ()), *BASELINES]
    return chosen


def main() -> None:
    """Measure, write the figures and print them."""
    chosen = options()
    figures: dict[str, Any] = {}
    for name in chosen.sets:
        figures[name] = measure(name, chosen)
        keep(name, figures[name])
    print(layout(figures))


if __name__ == "__main__":
    main()
