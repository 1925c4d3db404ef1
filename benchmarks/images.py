"""Images from a sketch, beside generators trained with the data: one table.

    python -m benchmarks.images --data DIR [--sets mnist fashion_mnist] [--methods ...]
        [--seconds 600] [--seeds 0] [--rows 10000] [--pictures DIR]

Every method makes as many images as there are to learn from. Twelve classifiers (on at most --rows
images, or only the fast ones) and a small convolutional network are trained on them, and tested on
the real test images; coverage and nearest training images are measured too. Each method runs in a
process of its own. Peers train for --seconds of the processor, DP-MERF for its own five epochs;
sketchlearn makes its one pass over a file and learns with its defaults. "real" are the training
images themselves.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import image_sets, results
from benchmarks.image_classifiers import CLASSIFIERS, FAST
from benchmarks.image_cnn import train_cnn
from benchmarks.image_judge import ImageJudge, draw_grid, draw_neighbours
from benchmarks.image_methods import METHODS, Made, Task, write_images


def main() -> None:
    """Run the methods and write the figures."""
    chosen = _options()
    torch.set_num_threads(1)
    figures: dict[str, Any] = {}
    for name in chosen.sets:
        figures[name] = {}
        for method, rows in _figures(name, chosen):
            mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
            figures[name][method] = {"mean": mean, "seeds": rows}
            print(name, method, {key: round(value, 4) for key, value in mean.items()}, flush=True)
    command = f"python -m benchmarks.images --data DIR --rows {chosen.rows}"
    if chosen.fast:
        command += " --fast"
    if chosen.validation:
        command += " --validation"
    for option in ("steps", "batch"):
        if getattr(chosen, option) is not None:
            command += f" --{option} {getattr(chosen, option)}"
    command += f" --seconds {chosen.seconds:g} --seeds {' '.join(map(str, chosen.seeds))}"
    results.write(chosen.results, command, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["mnist", "fashion_mnist"])
    parser.add_argument("--methods", nargs="+", default=["real", *METHODS])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--steps", type=int, help="of sketchlearn, instead of its default")
    parser.add_argument("--batch", type=int, help="of sketchlearn, instead of its default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--fast", action="store_true", help="leave out the slow classifiers")
    parser.add_argument(
        "--validation", action="store_true", help="judge by a sixth of the training images"
    )
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--results", default="images", help="name of the file of results")
    return parser.parse_args()


def _figures(name: str, chosen: argparse.Namespace) -> Any:
    """Yield each method with its figures by seed."""
    data = image_sets.load(name, chosen.data, validation=chosen.validation)
    network = train_cnn(data.unit(data.train_images), data.train_labels, 0)
    judge = ImageJudge(data, network, chosen.rows, FAST if chosen.fast else CLASSIFIERS)
    with tempfile.TemporaryDirectory() as kept:
        file = Path(kept) / "images.parquet"
        write_images(data, file)
        image, top = data.train_images.shape[1:], data.top
        asked = {"steps": chosen.steps, "batch": chosen.batch}
        fit = {key: value for key, value in asked.items() if value is not None}
        for method in chosen.methods:
            rows = []
            for seed in chosen.seeds:
                if method == "real":
                    made = Made(data.unit(data.train_images), data.train_labels, {})
                else:
                    where = (name, chosen.data, chosen.validation, file, image, top)
                    made = _apart(Task(*where, method, seed, chosen.seconds, fit))
                rows.append(made.costs | judge.judge(made.images, made.labels, seed))
                if chosen.pictures and seed == chosen.seeds[0]:
                    start = chosen.pictures / f"{name}-{method.lower().replace(' ', '-')}"
                    draw_grid(made.images, made.labels, start.with_suffix(".png"))
                    draw_neighbours(made.images, data, Path(f"{start}-nearest.png"))
            yield method, rows


def _apart(task: Task) -> Made:
    """Run a task in a process that has done nothing before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(task.run)


if __name__ == "__main__":
    main()
