"""Error against the number of random measurements: Lasso, mean and covariance, and a generator.

Run from the root of the project: python -m examples.compressed_sensing --out sensing.png

Source: Bora, Jalal, Price and Dimakis, "Compressed Sensing using Generative Models", ICML 2017.
"""

from __future__ import annotations

import warnings

import matplotlib as mpl
import numpy as np
import torch
from examples.restoration import decibels, learnt, parser_of
from sklearn.linear_model import Lasso

from sketchlearn import inverse

mpl.use("Agg")
from matplotlib import pyplot as plt

NOISE = 0.05


def main() -> None:
    """Learn, measure, reconstruct, and draw the curves."""
    parser = parser_of(__doc__, "sensing.png")
    parser.add_argument("--images", type=int, default=60)
    options = parser.parse_args()
    known = learnt(options)
    clean = known.test[: options.images]
    size = clean[0].size
    counts = sorted({max(2, round(size * share)) for share in (0.05, 0.1, 0.2, 0.35, 0.5, 0.75)})
    curves: dict[str, list[float]] = {}
    for m in counts:
        matrix = np.random.default_rng(m).normal(size=(m, size)) / np.sqrt(m)
        operator = inverse.Dense(matrix, clean.shape[1:])
        y = operator.A(torch.as_tensor(clean, dtype=torch.float32)[:, None]).numpy()
        y = y + NOISE * np.random.default_rng(0).normal(size=y.shape)

        def found(model, measured=y, seen=operator, **how):
            return inverse.reconstruct(measured, seen, model, noise=NOISE, **how).images

        made = {
            "Lasso, non-negative": _lasso(matrix, y).reshape(clean.shape),
            "mean and covariance": found(known.sketch),
            "generator, τ = 0": found(known.model, tau=0),
            "generator": found(known.model),
        }
        for name, images in made.items():
            curves.setdefault(name, []).append(decibels(images, clean))
        print(f"m = {m}: " + ", ".join(f"{name} {row[-1]:.2f}" for name, row in curves.items()))
    _draw(counts, curves, options.out)
    print(f"Wrote {options.out}.")


def _lasso(matrix: np.ndarray, y: np.ndarray) -> np.ndarray:
    solver = Lasso(alpha=1e-3, positive=True, fit_intercept=False, max_iter=2000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what has not converged is near enough
        return np.stack([solver.fit(matrix, one).coef_ for one in y])


def _draw(counts: list[int], curves: dict[str, list[float]], path: object) -> None:
    figure, axis = plt.subplots(figsize=(5, 3.2))
    for name, row in curves.items():
        axis.plot(counts, row, marker="o", markersize=3, label=name)
    axis.set_xlabel("measurements")
    axis.set_ylabel("PSNR, dB")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)


if __name__ == "__main__":
    main()
