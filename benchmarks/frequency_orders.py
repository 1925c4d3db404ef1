"""How many columns the frequencies of a table should touch: mixes of orders at equal cost.

    python -m benchmarks.frequency_orders --data DIR [--sets adult ...] [--steps 1500] [--seeds 0 1]

The same size, network and steps, with other shares of frequencies on one, two, three and four
columns. This is where a default is chosen, so test rows are not touched: two of three training rows
(at most 20,000) are fitted, and the others (at most 8,000) judge.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import results
from benchmarks.table_sets import TableSet, load
from sketchlearn.features import column_groups

MIXES = {
    "as drawn": column_groups.SHARES,
    "mostly pairs": (0.12, 0.48, 0.2, 0.2),
    "between": (0.08, 0.24, 0.34, 0.34),
}
METRICS = ("one_way_tv", "two_way_tv", "two_sample_auc", "downstream_auc")
_MOST_FITTED, _MOST_JUDGING = 20_000, 8_000


def main() -> None:
    """Fit with every mix and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["adult", "census", "intrusion", "cervical"])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    figures: dict[str, Any] = {}
    for name in chosen.sets:
        data = _within_training_rows(load(name, chosen.data))
        figures[name] = {}
        for mix, shares in MIXES.items():
            column_groups.SHARES = shares
            rows = [_figures(data, chosen.steps, seed) for seed in chosen.seeds]
            mean = dict(zip(METRICS, np.mean(rows, axis=0).round(4).tolist(), strict=True))
            figures[name][mix] = {"shares": shares} | mean
            print(name, mix, figures[name][mix], flush=True)
    command = f"python -m benchmarks.frequency_orders --data DIR --steps {chosen.steps}"
    results.write("frequency_orders", command, figures)


def _within_training_rows(data: TableSet) -> TableSet:
    rows = data.train.take(np.random.default_rng(7).permutation(len(data.train)))
    fitted = min(2 * len(rows) // 3, _MOST_FITTED)
    return TableSet(rows.slice(0, fitted), rows.slice(fitted, _MOST_JUDGING), data.target)


def _figures(data: TableSet, steps: int, seed: int) -> list[float]:
    import sketchlearn as sl
    from sketchlearn.evaluation import evaluate_tables

    sketch = sl.sketch(data.train, label=data.target, seed=seed)
    model = sl.GenerativeNetwork(seed=seed, steps=steps).fit(sketch).model
    made = model.sample(len(data.train), seed=seed).to_arrow()
    judged = evaluate_tables(made, data.train, data.test, data.target, seed)
    return [judged[metric]["value"] for metric in METRICS]


if __name__ == "__main__":
    main()
