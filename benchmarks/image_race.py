"""The time that a sketch takes to the final quality of a generator trained with the data.

    python -m benchmarks.image_race --data DIR [--sets mnist fashion_mnist] [--seconds 600]

A GMMN (full-data mixture-kernel MMD on minibatches, the same network) trains for --seconds of the
processor. sketchlearn, pass included, is given a 24th, a 12th, a 6th and a third of that, each a
fit of its own, until a small convolutional network and the mean of eight classifiers, trained on
its images and tested on the real test images, are at least as good as on the GMMN's.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

import sketchlearn as sl
from benchmarks import image_sets, results
from benchmarks.image_classifiers import FAST
from benchmarks.image_cnn import train_cnn
from benchmarks.image_judge import ImageJudge
from benchmarks.image_methods import Task, write_images
from benchmarks.step_times import steps_within

SHARES = (1 / 24, 1 / 12, 1 / 6, 1 / 3)
_FIGURES = ("mean of classifiers", "cnn")


def race(name: str, folder: Path, seconds: float, rows: int, seed: int) -> dict[str, Any]:
    """Return what both reach on a set, and when."""
    data = image_sets.load(name, folder)
    network = train_cnn(data.unit(data.train_images), data.train_labels, 0)
    judge = ImageJudge(data, network, rows, FAST)
    with tempfile.TemporaryDirectory() as kept:
        file = Path(kept) / "images.parquet"
        write_images(data, file)
        image = data.train_images.shape[1:]
        task = Task(name, folder, False, file, image, data.top, "GMMN", seed, seconds, {})
        found = {"GMMN": _judged(task, judge)}
        start = time.process_time()
        sketch = sl.sketch(file, label="label", image=image, seed=seed)
        passed = time.process_time() - start
        batch = sl.GenerativeNetwork().settings(sketch).batch
        for share in SHARES:
            # a tenth is left to evaluations
            steps = steps_within(0.9 * share * seconds - passed, sketch, batch)
            ours = replace(task, method="sketchlearn", fit={"steps": steps})
            found[f"sketchlearn, {share:.3f} of its time"] = judged = _judged(ours, judge)
            print(name, found, flush=True)
            if all(judged[key] >= found["GMMN"][key] for key in _FIGURES):
                break
    return found


def _judged(task: Task, judge: ImageJudge) -> dict[str, float]:
    made = task.run()
    figures = judge.judge(made.images, made.labels, task.seed)
    return made.costs | {key: figures[key] for key in _FIGURES}


def main() -> None:
    """Run the races and write their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["mnist", "fashion_mnist"])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    command = f"python -m benchmarks.image_race --data DIR --seconds {chosen.seconds:g}"
    for name in chosen.sets:
        found = race(name, chosen.data, chosen.seconds, chosen.rows, chosen.seed)
        results.keep(f"image_race_{name}", f"{command} --sets {name}", found)


if __name__ == "__main__":
    main()
