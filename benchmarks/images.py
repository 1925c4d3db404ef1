"""Images from a sketch, beside generators trained with the data: one table.

    python -m benchmarks.images --data DIR [--sets mnist fashion_mnist] [--methods ...]
        [--seconds 600] [--seeds 0] [--rows 10000] [--pictures DIR]

Every method makes as many images as there are to learn from. Twelve classifiers (on at most --rows
images, or only the fast ones) and a small convolutional network are trained on them, and tested on
the real test images; coverage and nearest training images are measured too. Each method runs in a
process of its own. Peers train for --seconds of the processor, DP-MERF for its own five epochs;
sketchlearn makes its one pass over a file and learns with its defaults. "real" are the training
images themselves.

Figures are written after each seed of each method, a file for each set. The same settings go on
where the file ends; others begin it anew.
"""

from __future__ import annotations

import argparse
import itertools
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
from benchmarks.image_sets import ImageSet


def main() -> None:
    """Run the methods and write the figures."""
    chosen = _options()
    torch.set_num_threads(1)
    for name in chosen.sets:
        _measure(name, chosen)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["mnist", "fashion_mnist"])
    usual = ["real", *(name for name in METHODS if "epsilon" not in name)]
    parser.add_argument("--methods", nargs="+", default=usual)
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
    parser.add_argument("--results", default="images", help="start of the names of files")
    return parser.parse_args()


def _measure(name: str, chosen: argparse.Namespace) -> None:
    """Write the figures of one set, leaving alone what its file has."""
    file, command = f"{chosen.results}_{name}", _command(name, chosen)
    figures: dict[str, Any] = results.earlier(file, command)
    data = image_sets.load(name, chosen.data, validation=chosen.validation)
    network = train_cnn(data.unit(data.train_images), data.train_labels, 0)
    judge = ImageJudge(data, network, chosen.rows, FAST if chosen.fast else CLASSIFIERS)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "images.parquet"
        write_images(data, source)
        where = _where(name, source, data, chosen)
        for method, seed in itertools.product(chosen.methods, chosen.seeds):
            seeds = figures.get(method, {}).get("seeds", {})
            if str(seed) in seeds:
                continue
            made = _made(Task(**where, method=method, seed=seed), data)
            judged = made.costs | judge.judge(made.images, made.labels, seed)
            print(name, method, seed, judged, flush=True)
            seeds = {**seeds, str(seed): judged}
            figures[method] = {"mean": _mean(list(seeds.values())), "seeds": seeds}
            results.keep(file, command, figures)
            if chosen.pictures:
                kind = method.lower().replace(" ", "-")
                _draw(made, data, chosen.pictures / f"{name}-{kind}-{seed}")


def _command(name: str, chosen: argparse.Namespace) -> str:
    """Return the command of these figures, but for methods and seeds."""
    command = f"python -m benchmarks.images --data DIR --sets {name} --rows {chosen.rows}"
    command += " --fast" * chosen.fast + " --validation" * chosen.validation
    for option in ("steps", "batch"):
        if getattr(chosen, option) is not None:
            command += f" --{option} {getattr(chosen, option)}"
    return command + f" --seconds {chosen.seconds:g}"


def _where(name: str, file: Path, data: ImageSet, chosen: argparse.Namespace) -> dict[str, Any]:
    """Return what the tasks of one set share."""
    asked = {"steps": chosen.steps, "batch": chosen.batch}
    return {
        "name": name,
        "folder": chosen.data,
        "validation": chosen.validation,
        "file": file,
        "image": data.train_images.shape[1:],
        "top": data.top,
        "seconds": chosen.seconds,
        "fit": {key: value for key, value in asked.items() if value is not None},
    }


def _made(task: Task, data: ImageSet) -> Made:
    """Return the images of a method, which runs in a process that has done nothing before."""
    if task.method == "real":
        return Made(data.unit(data.train_images), data.train_labels, {})
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(task.run)


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def _draw(made: Made, data: ImageSet, start: Path) -> None:
    draw_grid(made.images, made.labels, Path(f"{start}.png"))
    draw_neighbours(made.images, data, Path(f"{start}-nearest.png"))


if __name__ == "__main__":
    main()
