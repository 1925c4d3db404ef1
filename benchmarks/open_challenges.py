"""Which sketch size, which batch, which kernel? One changed at a time, at fixed cost.

    python -m benchmarks.open_challenges --data DIR [--sets spiral digits mnist] [--seeds 0]

Each setting learns from its own sketch for the same seconds of the processor (as many steps as
fit in them, by the median time of a few steps), the others staying at their defaults: size m,
batch, all scales together, and frequency law. Planar laws are judged by sliced W₁ over its floor
(1 is perfect), images by classifiers trained on generated ones: logistic regression and a random
forest on digits, logistic regression and a small convolutional network on MNIST and Fashion-MNIST,
tested on a sixth of the training images. Test images are not touched.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import sketchlearn as sl
from benchmarks import results
from benchmarks.challenge_judges import Judge, judge_of
from benchmarks.step_times import steps_within

#: multiples of the default
SIZES = (0.125, 0.25, 0.5, 1, 2)
BATCHES = (0.25, 0.5, 1, 2, 4)
SCALES = (0.25, 0.5, 1, 2, 4)
LAWS = ("gaussian", "folded-gaussian", "adapted-radius", "student")


def settings() -> list[tuple[str, Any]]:
    """Return what is changed, and to what."""
    return [
        *(("size", value) for value in SIZES),
        *(("batch", value) for value in BATCHES if value != 1),
        *(("scale", value) for value in SCALES if value != 1),
        *(("law", value) for value in LAWS[1:]),
    ]


def learnt(source: Any, plan: sl.Plan, changed: tuple[str, Any], seed: int, seconds: float) -> Any:
    """Sketch and learn with one thing changed; return the model, the steps and the batch."""
    kind, value = changed
    if kind == "size":
        plan = replace(plan, size=max(20, round(plan.size * value)))
    elif kind == "scale":
        assert plan.law is not None
        plan = replace(
            plan, law=replace(plan.law, scales=tuple(value * s for s in plan.law.scales))
        )
    sketch = sl.sketch(source, plan)
    batch = sl.GenerativeNetwork().settings(sketch).batch
    batch = round(batch * value) if kind == "batch" else batch
    steps = steps_within(seconds, sketch, batch)
    fit = sl.GenerativeNetwork(steps=steps, batch=batch, patience=1000, seed=seed).fit(sketch)
    return fit.model, {"size": plan.size, "batch": batch, "steps": steps}


def sweep(name: str, judge: Judge, seeds: list[int]) -> list[dict[str, Any]]:
    """Return a row for each setting of one set of data, means over seeds."""
    rows = []
    for changed in settings():
        of_seeds = []
        for seed in seeds:
            source, options = judge.records(seed)
            law = {"law": changed[1]} if changed[0] == "law" else {}
            plan = sl.plan(source, seed=seed, **options, **law)
            model, what = learnt(source, plan, changed, seed, judge.seconds)
            of_seeds.append({**what, **judge.figures(model, seed)})
        mean = {key: float(np.mean([row[key] for row in of_seeds])) for key in of_seeds[0]}
        rows.append({"changed": changed[0], "to": changed[1], **mean})
        print(name, rows[-1], flush=True)
    return rows


def main() -> None:
    """Run the sweeps and write their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    known = ["spiral", "checkerboard", "digits", "mnist", "fashion_mnist"]
    parser.add_argument("--sets", nargs="+", default=known)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--results", default="open_challenges", help="name of the file of results")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        figures = {
            name: sweep(name, judge_of(name, chosen.data, Path(scratch)), chosen.seeds)
            for name in chosen.sets
        }
    seeds = " ".join(map(str, chosen.seeds))
    command = f"python -m benchmarks.open_challenges --data DIR --sets {' '.join(chosen.sets)}"
    command += f" --seeds {seeds}"
    results.write(chosen.results, command, figures)


if __name__ == "__main__":
    main()
