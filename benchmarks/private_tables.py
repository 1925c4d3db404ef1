"""Synthetic rows of Adult from one private release of a plan that read no row.

    python -m benchmarks.private_tables --data DIR [--epsilons inf 1 0.2] [--seeds 0]

The schema stands in benchmarks/adult.toml, from the set's documentation. Rows are sketched once;
each ε is a release of that sketch on its own, δ = 10⁻⁵, replace-one, and each generator is learnt
with the defaults. As many rows as there are to learn from are judged by `evaluate_tables`.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import torch

import sketchlearn as sl
from benchmarks import results
from benchmarks.table_sets import TableSet, load
from sketchlearn.evaluation import evaluate_tables

_SCHEMA = Path(__file__).with_name("adult.toml")
_CLASSES, _DELTA = ("<=50K", ">50K"), 1e-5


def measure(data: TableSet, exact: sl.Sketch, epsilon: float, seed: int) -> dict[str, Any]:
    """Return the figures of rows drawn by a generator that was learnt from a release."""
    sketch = exact
    if math.isfinite(epsilon):
        sketch = sl.Sketch(exact.plan, exact.totals).release(epsilon=epsilon, delta=_DELTA)
    start = time.process_time()
    fit = sl.GenerativeNetwork(seed=seed).fit(sketch)
    seconds = round(time.process_time() - start, 1)
    made = fit.model.sample(len(data.train), seed=seed).to_arrow()
    judged = evaluate_tables(made, data.train, data.test, data.target, seed)
    values = {metric: round(entry["value"], 4) for metric, entry in judged.items()}
    return values | {"fit CPU seconds": seconds, "status": fit.status.name}


def main() -> None:
    """Sketch, release, learn, judge and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epsilons", type=float, nargs="+", default=[math.inf, 1.0, 0.2])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    data = load("adult", chosen.data)
    figures: dict[str, Any] = {}
    for seed in chosen.seeds:
        plan = sl.plan(
            data.train,
            origin="declared",
            schema=_SCHEMA,
            label=data.target,
            classes=_CLASSES,
            seed=seed,
        )
        exact = sl.sketch(data.train, plan)
        for epsilon in chosen.epsilons:
            row = measure(data, exact, epsilon, seed)
            print(epsilon, seed, row, flush=True)
            figures.setdefault(f"{epsilon:g}", {})[str(seed)] = row
            results.write(
                "private_tables", "python -m benchmarks.private_tables --data DIR", figures
            )


if __name__ == "__main__":
    main()
