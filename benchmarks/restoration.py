"""Generators learnt from a sketch as priors of inverse problems, beside everything simpler.

    python -m benchmarks.restoration --data DIR [--sets digits mnist] [--seeds 0 1 2]
        [--images 100] [--models DIR]

A generator of each set is learnt from its sketch alone: 12 latents for 8 × 8 digits, the default of
MNIST, and a class. Test images are degraded, and restored by classical methods that were tuned on
training images, by the linear estimate from the sketch's mean and covariance (LMMSE), by the
generator with and without its own error integrated out (τ = 0 is the textbook's), by its posterior
mean, and by a decoder of the same architecture that was trained with the data (VAE; of MNIST two
are, with and without latents that move images, and the one that comes closer to training images is
taken). Options are the same for all tasks, and τ is "auto". Figures are the mean over images of the
peak signal-to-noise ratio, and milliseconds per image. All 360 test images of digits are restored,
the first --images of MNIST.

Figures are written after each task; the same command goes on where the file ends. Models are kept
in --models, and learnt where they are not there.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import image_sets, restoration_blind, restoration_gates, results
from benchmarks.restoration_classical import degraded, measured, psnr
from benchmarks.restoration_models import Priors
from benchmarks.restoration_tasks import Task, digits_tasks, mnist_tasks
from sketchlearn import inverse

# Draws of a posterior mean, by the side of images: of MNIST hardly one has weight, however many.
_DRAWS = {8: 100_000, 28: 20_000}

# Training images that classical methods are tuned on.
_TUNED_ON = 40


def main() -> None:
    """Run what is not in the files yet, and write it."""
    chosen = _options()
    torch.set_num_threads(1)
    for name in chosen.sets:
        _measure(name, chosen)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path())
    parser.add_argument("--sets", nargs="+", default=["digits", "mnist"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--images", type=int, default=100, help="test images of MNIST")
    parser.add_argument("--blind-images", type=int, default=40)
    parser.add_argument("--models", type=Path, default=Path("restoration-models"))
    return parser.parse_args()


def _measure(name: str, chosen: argparse.Namespace) -> None:
    file = f"restoration_{name}"
    command = f"python -m benchmarks.restoration --data DIR --sets {name} --images {chosen.images}"
    figures: dict[str, Any] = results.earlier(file, command)
    data = image_sets.load(name, chosen.data)
    test = data.unit(data.test_images)
    test = test if name == "digits" else test[: chosen.images]
    chance = np.random.default_rng(0).permutation(len(data.train_images))
    tune = data.unit(data.train_images[chance[:_TUNED_ON]])
    priors = Priors.of(name, data, chosen.models)

    def keep() -> None:
        figures["gates"] = restoration_gates.gates(name, figures)
        results.keep(file, command, figures)

    if "range" not in figures:
        figures["range"] = _range(priors, test)
        figures |= priors.told
        keep()
    if name == "mnist" and "blind" not in figures:
        figures["blind"] = restoration_blind.measure(
            priors, data, chosen.blind_images, chosen.models
        )
        keep()
    for task in digits_tasks() if name == "digits" else mnist_tasks():
        for seed in map(str, chosen.seeds):
            rows = figures.setdefault("tasks", {}).setdefault(task.name, {})
            if seed not in rows:
                rows[seed] = _row(task, priors, tune, test, int(seed))
                print(name, task.name, seed, _brief(rows[seed]), flush=True)
                keep()
    for gate in restoration_gates.gates(name, figures):
        print(gate)


def _range(priors: Priors, test: np.ndarray) -> dict[str, Any]:
    """Return how close clean test images come to the ranges of the generators."""
    top = priors.top
    near = {
        "ours": inverse.project(test * top, priors.ours).images / top,
        "VAE": inverse.project(test * top, priors.vae).images / top,
    }
    return {who: {"dB": psnr(images, test)} for who, images in near.items()}


def _row(
    task: Task, priors: Priors, tune: np.ndarray, test: np.ndarray, seed: int
) -> dict[str, Any]:
    """Return the figures of every method on one task with one seed."""
    y, operator = task.measure(test, seed)
    row: dict[str, Any] = {"degraded": {"dB": psnr(degraded(y, operator), test)}}
    row |= measured(task, tune, test, seed)
    mean = inverse.PosteriorMean(draws=_DRAWS[len(test[0])])
    ways: dict[str, tuple[Any, dict[str, Any]]] = {
        "LMMSE": (priors.sketch, {}),
        "ours, τ = 0": (priors.ours, {"tau": 0}),
        "ours": (priors.ours, {}),
        "ours, posterior mean": (priors.ours, {"method": mean}),
        "VAE": (priors.vae, {}),
        "VAE, posterior mean": (priors.vae, {"method": mean}),
    }
    if task.kind in ("denoise", "inpaint") and len(test[0]) > 8:
        # where no draw has weight, chains find the posterior mean
        chains = inverse.Langevin(steps=200, warm_up=100)
        ways["ours, Langevin"] = priors.ours, {"method": chains}
    for who, (model, options) in ways.items():
        start = time.perf_counter()
        found = inverse.reconstruct(
            y * priors.top, operator, model, noise=task.noise * priors.top, **options
        )
        spent = 1e3 * (time.perf_counter() - start) / len(test)
        row[who] = {"dB": psnr(found.images / priors.top, test), "ms": spent}
        if found.outcome is not inverse.Outcome.EXACT:
            row[who]["converged"] = float(found.converged.mean())
    return row


def _brief(row: dict[str, Any]) -> str:
    return ", ".join(f"{who} {entry['dB']:.2f}" for who, entry in row.items())


if __name__ == "__main__":
    main()
