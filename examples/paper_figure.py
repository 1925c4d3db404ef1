"""The figure of the paper: data, the sketch's view of the density, generated samples.

Run from the root of the project: python -m examples.paper_figure --out figure.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
from examples.planar_sets import SETS

import sketchlearn as sl

mpl.use("Agg")
import matplotlib.pyplot as plt

SHOWN = 4000


def main() -> None:
    """Sketch, learn and draw each of the five sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("paper_figure.png"))
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=8000)
    options = parser.parse_args()
    figure, axes = plt.subplots(3, len(SETS), figsize=(3 * len(SETS), 9), layout="constrained")
    for column, (name, draw) in enumerate(SETS.items()):
        data = draw(options.records, np.random.default_rng(0))
        sketch = sl.sketch(data, seed=0)
        fit = sl.GenerativeNetwork(steps=options.steps).fit(sketch)
        print(f"{name}: {fit.status}")
        generated = fit.model.sample(SHOWN, seed=1).to_numpy()
        reach = 1.15 * np.abs(data).max()
        window = (-reach, reach)
        schema = sketch.plan.schema
        axis = np.linspace(-reach, reach, 160)
        encoded = [(axis - c) / s for c, s in zip(schema.center, schema.spread, strict=True)]
        grid = np.stack(np.meshgrid(*encoded), axis=-1).reshape(-1, 2)
        view = _view(sketch, grid).reshape(len(axis), len(axis))
        top, middle, bottom = axes[:, column]
        top.scatter(*data[:SHOWN].T, s=1, linewidths=0)
        top.set_title(name)
        middle.imshow(view, origin="lower", extent=(*window, *window), cmap="magma")
        bottom.scatter(*generated.T, s=1, linewidths=0, color="tab:orange")
        for panel in (top, middle, bottom):
            panel.set(xlim=window, ylim=window, xticks=[], yticks=[], aspect="equal")
    for panel, text in zip(axes[:, 0], ("data", "the sketch's view", "generated"), strict=True):
        panel.set_ylabel(text)
    figure.savefig(options.out, dpi=110)
    print(f"Wrote {options.out}")


def _view(sketch: sl.Sketch, grid: np.ndarray) -> np.ndarray:
    """Return Re <z, Φ(x)>/m at encoded points: the density, smoothed by the kernel.

    Over the frequencies of the two finest scales (scales alternate); the coarser ones, which
    help the fit along, would hide the detail.
    """
    fine = np.arange(sketch.plan.size) % len(sketch.plan.law.scales) < 2
    frequencies, mean = sketch.plan.frequencies[:, fine], sketch.mean()[fine]
    view = []
    for cells in np.array_split(grid.astype(np.float32), 100):
        phase = cells @ frequencies  # (cells, 2) @ (2, m)
        view.append(np.cos(phase) @ mean.real + np.sin(phase) @ mean.imag)
    return np.maximum(np.concatenate(view) / fine.sum(), 0)


if __name__ == "__main__":
    main()
