"""Structured frequencies beside independent ones: kernel estimate, learnt generator, time.

    python -m benchmarks.structured [--seeds 0 1 2]

Kernel: root mean square error of the kernel estimate between pairs of digits (d = 64) and of random
vectors (d = 784), over twenty draws, relative to dense frequencies. Generator: the digits of the
demonstration with 2,000 frequencies per class, defaults but 4,000 steps; logistic regression and
forest trained on 3,000 generated images, tested on 360 real ones. Time: a pass over (784, 5000),
one thread, medians of alternating rounds. The frequencies are a Gaussian law of five scales.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from benchmarks import results
from benchmarks.speed import alternate

STRUCTURES = ("dense", "hadamard", "rays")


def kernel_error(records: np.ndarray, size: int) -> dict[str, float]:
    """Return the error of each structure's kernel estimate over that of dense frequencies."""
    import sketchlearn as sl

    rng = np.random.default_rng(0)
    errors = {}
    for structure in STRUCTURES:
        found = []
        for seed in range(20):
            plan = sl.plan(records, size=size, structure=structure, seed=seed)
            flat = records.reshape(len(records), -1)
            encoded = (flat - plan.schema.center) / plan.schema.spread
            if not found:
                pairs = rng.integers(0, len(encoded), (500, 2))
                pairs = pairs[pairs[:, 0] != pairs[:, 1]]
            steps = encoded[pairs[:, 0]] - encoded[pairs[:, 1]]
            exact = plan.law.kernel(np.linalg.norm(steps, axis=1), steps.shape[1])
            found.append(np.cos(steps @ plan.frequencies).mean(axis=1) - exact)
        errors[structure] = float(np.sqrt(np.mean(np.square(found))))
    return {name: round(value / errors["dense"], 3) for name, value in errors.items()}


def generator(seed: int, steps: int) -> dict[str, dict[str, float]]:
    """Return the utility of generated digits for each structure."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    import sketchlearn as sl
    from sketchlearn.cli.demo import split_digits

    images, digits, held, held_digits = split_digits(seed)
    rows = {}
    for structure in STRUCTURES:
        sketch = sl.sketch(
            (images, digits), label="digit", seed=seed, size=2000, structure=structure
        )
        fit = sl.GenerativeNetwork(seed=seed, steps=steps).fit(sketch)
        drawn = fit.model.sample(3000, seed=seed)
        flat, names = drawn.to_numpy().reshape(3000, -1), drawn.labels
        rows[structure] = {
            name: float(model.fit(flat, names).score(held.reshape(len(held), -1), held_digits))
            for name, model in (
                ("logistic", LogisticRegression(max_iter=3000)),
                ("forest", RandomForestClassifier(random_state=0)),
            )
        }
        print(seed, structure, rows[structure], flush=True)
    return rows


def times(rounds: int) -> dict[str, float]:
    """Return nanoseconds per feature of a pass over (784, 5000), by structure."""
    import sketchlearn as sl

    records = np.random.default_rng(0).standard_normal((10_698, 784)).astype(np.float32)
    plans = {name: sl.plan(records, size=5000, structure=name) for name in STRUCTURES}
    calls = {
        name: lambda plan=plan: sl.sketch(records, plan, threads=1) for name, plan in plans.items()
    }
    seconds = alternate(calls, rounds)
    return {name: round(1e9 * t / len(records) / 5000, 3) for name, t in seconds.items()}


def main() -> None:
    """Measure and write the figures."""
    from sklearn.datasets import load_digits

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=4000)
    chosen = parser.parse_args()
    bundle: Any = load_digits()
    wide = np.random.default_rng(1).standard_normal((600, 784)) * np.geomspace(1, 0.05, 784)
    by_seed = [generator(seed, chosen.steps) for seed in chosen.seeds]
    figures = {
        "kernel error over dense": {
            "digits, m = 2000": kernel_error(bundle.images.astype(np.uint8), 2000),
            "784 columns, m = 5000": kernel_error(wide, 5000),
        },
        "generator": {
            name: {
                key: round(float(np.mean([row[name][key] for row in by_seed])), 4)
                for key in ("logistic", "forest")
            }
            for name in STRUCTURES
        },
        "generator by seed": by_seed,
        "pass, ns per feature": times(5),
    }
    results.write("structured", "python -m benchmarks.structured", figures)


if __name__ == "__main__":
    main()
