"""How many columns the frequencies of a table should touch: mixes of orders at equal cost.

    python -m benchmarks.frequency_orders --data DIR [--steps 1500] [--seeds 0 1]

Adult, the same size, network and steps, with other shares of frequencies on one, two, three and
four columns.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import results
from benchmarks.table_sets import load
from sketchlearn.features import column_groups

MIXES = {
    "as drawn": column_groups.SHARES,
    "pairs alone": (0.12, 0.88, 0.0, 0.0),
    "pairs and triples": (0.12, 0.48, 0.4, 0.0),
    "mostly three and four": (0.08, 0.24, 0.34, 0.34),
}
METRICS = ("one_way_tv", "two_way_tv", "two_sample_auc", "downstream_auc")


def main() -> None:
    """Fit with every mix and write the figures."""
    import sketchlearn as sl
    from sketchlearn.evaluation import evaluate_tables

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    data = load("adult", chosen.data)
    figures: dict[str, Any] = {}
    for name, shares in MIXES.items():
        column_groups.SHARES = shares
        rows = []
        for seed in chosen.seeds:
            sketch = sl.sketch(data.train, label=data.target, seed=seed)
            model = sl.GenerativeNetwork(seed=seed, steps=chosen.steps).fit(sketch).model
            made = model.sample(len(data.train), seed=seed).to_arrow()
            judged = evaluate_tables(made, data.train, data.test, data.target, seed)
            rows.append([judged[metric]["value"] for metric in METRICS])
        means = np.mean(rows, axis=0)
        figures[name] = {"shares": shares} | {
            metric: round(float(mean), 4) for metric, mean in zip(METRICS, means, strict=True)
        }
        print(name, figures[name], flush=True)
    command = f"python -m benchmarks.frequency_orders --data DIR --steps {chosen.steps}"
    results.write("frequency_orders", command, figures)


if __name__ == "__main__":
    main()
