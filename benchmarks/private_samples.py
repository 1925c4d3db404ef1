"""Samples of generators learnt from one declared plan, without noise and at falling ε: a picture.

    python -m benchmarks.private_samples --data DIR [--set mnist] [--steps 500]

The images are sketched once; each ε is a release of that sketch on its own, δ = 10⁻⁵, and each
generator is learnt with the same options and seed. Rows are ε, columns classes in turn. The
picture is docs/images/private_samples.png, the distances to the sketch without noise are written
beside other results.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

import sketchlearn as sl
from benchmarks import image_sets, results

EPSILONS = (math.inf, 9.6, 2.9, 1.3)
_DELTA = 1e-5
_EACH = 2
_PICTURE = Path(__file__).parents[1] / "docs" / "images" / "private_samples.png"


def main() -> None:
    """Sketch, release, learn and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", default="mnist")
    parser.add_argument("--steps", type=int, default=500)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    data = image_sets.load(chosen.set, chosen.data)
    source = data.train_images, data.train_labels
    classes = tuple(range(10))
    plan = sl.plan(source, label="label", origin="declared", bounds=(0, data.top), classes=classes)
    exact = sl.sketch(source, plan)
    rows, found = [], {}
    for epsilon in EPSILONS:
        model, row = learnt(exact, epsilon, chosen.steps)
        found[f"{epsilon:g}"] = row
        print(epsilon, row, flush=True)
        drawn = [model.sample(_EACH, 1, label=number).values for number in classes]
        rows.append(np.stack(drawn, axis=1).reshape(-1, *data.train_images.shape[1:]) / data.top)
    _draw(rows)
    command = f"python -m benchmarks.private_samples --data DIR --set {chosen.set}"
    results.write("private_samples", f"{command} --steps {chosen.steps}", found)


def learnt(exact: sl.Sketch, epsilon: float, steps: int) -> tuple[Any, dict[str, Any]]:
    """Return a model learnt from a release, and its distance to it on held-out frequencies."""
    sketch = exact
    if math.isfinite(epsilon):
        sketch = sl.Sketch(exact.plan, exact.totals).release(epsilon=epsilon, delta=_DELTA)
    fit = sl.GenerativeNetwork(steps=steps).fit(sketch)
    best = min(fit.history, key=lambda row: row["held_out_distance"])
    return fit.model, {"held-out distance": best["held_out_distance"], "status": fit.status.name}


def _draw(rows: list[np.ndarray]) -> None:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(rows), figsize=(8, 0.55 * len(rows)), layout="constrained")
    for epsilon, images, axis in zip(EPSILONS, rows, axes, strict=True):
        label = "∞" if math.isinf(epsilon) else f"{epsilon:g}"
        axis.imshow(1 - np.hstack(list(images)), cmap="gray", vmin=0, vmax=1)
        axis.set_ylabel(f"ε = {label}", rotation=0, ha="right", va="center")
        axis.set(xticks=[], yticks=[])
    figure.savefig(_PICTURE, dpi=100)


if __name__ == "__main__":
    main()
