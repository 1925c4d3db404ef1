"""Rows of a rare condition from a model of Adult: how long they take, and how right they are.

    python -m benchmarks.conditional --data DIR [--model FOLDER] [--where CONDITION]

Without --model one is fitted first, with the defaults. Seconds are for 10,000 rows on one thread of
torch's, beside those of rejection alone, by which the same model draws rows until enough satisfy
the condition. Total variations are means over 20 halvings of the real rows that satisfy it: of as
many synthetic rows as one half has against the other, and as floor of the one half. The same, with
halves as small, is told of rows without a condition, and of rows drawn either way against each
other.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

import sketchlearn as sl
from benchmarks import results
from benchmarks.table_sets import load
from sketchlearn.encoding import TableRecords
from sketchlearn.evaluation.tables.coding import code_tables
from sketchlearn.evaluation.tables.marginals import one_way, two_way

WHERE = "age > 60 and sex = 'Female' and education in ('HS-grad', 'Some-college')"
ROWS, AT_ONCE, HALVINGS = 10_000, 200_000, 20
METRICS = {"one-way TV": one_way, "two-way TV": two_way}
Figures = dict[str, float]


def timed(work: Callable[[], pa.Table]) -> tuple[pa.Table, Figures]:
    """Return what work makes, with its seconds on the clock and of the processor."""
    start, busy = time.monotonic(), time.process_time()
    made = work()
    spent = time.monotonic() - start, time.process_time() - busy
    return made, dict(zip(("seconds", "CPU seconds"), (round(s, 2) for s in spent), strict=True))


def rejected(model: sl.GenerativeModel, where: str, rows: int) -> pa.Table:
    """Draw rows until enough satisfy a condition."""
    parts, found = [], 0
    while found < rows:
        drawn: Any = model.sample(AT_ONCE, seed=1000 + len(parts))
        parts.append(drawn.where(where).to_arrow())
        found += len(parts[-1])
    return pa.concat_tables(parts).slice(0, rows)


def beside_floor(synthetic: pa.Table, real: pa.Table, rows: int, rng: Any) -> dict[str, Figures]:
    """Return total variations against real rows, of synthetic and of real ones, in small halves."""
    coded = code_tables({"real": real, "synthetic": synthetic}, "real")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in METRICS}
    for _ in range(HALVINGS):
        order = rng.permutation(len(real))
        halves = [coded["real"].values[order[at : at + rows]] for at in (0, rows)]
        drawn = coded["synthetic"].values[rng.choice(len(synthetic), rows, replace=False)]
        one, other, made = (type(coded["real"])(coded["real"].columns, v) for v in (*halves, drawn))
        for name, metric in METRICS.items():
            found[name].append((metric(made, other), metric(one, other)))
    return {name: _ratio(*np.mean(pairs, axis=0)) for name, pairs in found.items()}


def _ratio(value: float, floor: float) -> Figures:
    figures = {"value": value, "floor": floor, "value over floor": value / floor}
    return {name: round(float(number), 4) for name, number in figures.items()}


def main() -> None:
    """Measure, write the figures and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--where", default=WHERE)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    data, rng = load("adult", chosen.data), np.random.default_rng(0)
    if chosen.model:
        model = sl.load(chosen.model)
    else:
        sketch = sl.sketch(data.train, label=data.target, seed=0)
        model = sl.GenerativeNetwork(seed=0).fit(sketch).model
    free = model.sample(ROWS, seed=1).to_arrow()
    columns = free.column_names
    real = pa.concat_tables([part.select(columns) for part in (data.train, data.test)])
    some = TableRecords(real).where(chosen.where).to_arrow()
    fast, cost = timed(lambda: model.sample(ROWS, seed=0, where=chosen.where).to_arrow())
    slow, cost_of_rejection = timed(lambda: rejected(model, chosen.where, ROWS))
    rows, drawn_once = len(some) // 2, fast.group_by(columns).aggregate([])
    figures = {
        "condition": chosen.where,
        "share of real rows": round(len(some) / len(real), 4),
        "share of drawn rows": round(
            len(model.sample(AT_ONCE, seed=2).where(chosen.where)) / AT_ONCE, 4
        ),
        "rows drawn": ROWS,
        "with where": cost,
        "by rejection alone": cost_of_rejection,
        "duplicates": round(1 - len(drawn_once) / ROWS, 4),
        "rows with where against rows by rejection": beside_floor(fast, slow, ROWS // 2, rng),
        "rows of a half": rows,
        "under the condition": beside_floor(fast, some, rows, rng),
        "without a condition": beside_floor(free, real, rows, rng),
    }
    model_given = " --model FOLDER" if chosen.model else ""
    asked = "" if chosen.where == WHERE else f' --where "{chosen.where}"'
    command = f"python -m benchmarks.conditional --data DIR{model_given}{asked}"
    results.write("conditional", command, figures)


if __name__ == "__main__":
    main()
