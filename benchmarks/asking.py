"""How far answers of a sketch are from the records, and how far they say that they may be.

    python -m benchmarks.asking [--seeds 0 1]

Histograms of twelve bins of each column, from the default sketch of 50,000 records of five laws:
the worst bin's distance from the records' share, the same in errors that the answer states, and the
seconds that `sl.ask` and the answers take.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import sketchlearn as sl
from benchmarks import results

_COUNT, _BINS = 50_000, 12


def _mixture(rng: np.random.Generator) -> np.ndarray:
    centers = rng.normal(0, 3, (5, 5))
    return centers[rng.integers(0, 5, _COUNT)] + rng.normal(size=(_COUNT, 5))


def _even(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(size=(_COUNT, 3))


def _exponential(rng: np.random.Generator) -> np.ndarray:
    return rng.exponential(size=(_COUNT, 3))


def _ring(rng: np.random.Generator) -> np.ndarray:
    turn = rng.uniform(0, 2 * np.pi, _COUNT)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1) + 0.05 * rng.normal(size=(_COUNT, 2))


def _heavy(rng: np.random.Generator) -> np.ndarray:
    mixed = rng.standard_t(3, (_COUNT, 10)) @ rng.normal(size=(10, 10))
    mixed[:, ::2] = rng.lognormal(size=(_COUNT, 5))
    return mixed


LAWS = {
    "mixture, 5 columns": _mixture,
    "uniform, 3 columns": _even,
    "exponential, 3 columns": _exponential,
    "ring, 2 columns": _ring,
    "heavy tails, 10 columns": _heavy,
}


def measure(law: str, seed: int) -> dict[str, float]:
    """Return the figures of one law and seed."""
    records = LAWS[law](np.random.default_rng(seed))
    sketch = sl.sketch(records, seed=seed)
    start = time.process_time()
    answers = sl.ask(sketch, seed=seed)
    off, stated = [], []
    for number, column in enumerate(records.T):
        found = answers.histogram(f"x{number}", bins=_BINS)
        inner = found.edges[1:-1]
        shares = np.bincount(np.searchsorted(inner, column), minlength=_BINS) / _COUNT
        worst = np.abs(found.shares - shares).argmax()
        off.append(float(np.abs(found.shares - shares)[worst]))
        stated.append(float(found.errors[worst]))
    worst = int(np.argmax(off))
    return {
        "worst bin": off[worst],
        "error stated there": stated[worst],
        "seconds": time.process_time() - start,
    }


def main() -> None:
    """Measure every law and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    chosen = parser.parse_args()
    figures = {}
    for law in LAWS:
        figures[law] = [measure(law, seed) for seed in chosen.seeds]
        print(law, figures[law], flush=True)
    results.keep("asking", "python -m benchmarks.asking", figures)


if __name__ == "__main__":
    main()
