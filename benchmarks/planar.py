"""Five laws in the plane, learnt with the defaults.

    python -m benchmarks.planar [--seeds 0 1 2 3 4] [--sets spiral ring]

Sliced W₁ of 20,000 samples to fresh data, over the same between two fresh samples of the law, both
averaged over ten draws because one draw is uncertain by a third; mean over repeats, each with its
own data, frequencies, weights and samples. Bar: at most 1.5.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from examples.planar_sets import SETS

import sketchlearn as sl
from benchmarks import results
from sketchlearn.evaluation import sliced_wasserstein
from sketchlearn.models import GenerativeModel

Law = Callable[[int, np.random.Generator], np.ndarray]

RECORDS, SAMPLES, SIZE, DRAWS = 100_000, 20_000, 2000, 10


def ratio(name: str, seed: int) -> float:
    """Return sliced W₁ over its floor for one set and one repeat."""
    law = SETS[name]
    sketch = sl.sketch(law(RECORDS, np.random.default_rng([seed, 0])), size=SIZE, seed=seed)
    return over_floor(sl.GenerativeNetwork(seed=seed).fit(sketch).model, law, seed)


def over_floor(model: GenerativeModel, law: Law, seed: int, draws: int = DRAWS) -> float:
    """Return sliced W₁ of a model's samples to a law, over that of two samples of the law."""
    value = floor = 0.0
    for draw in range(draws):
        fresh = law(SAMPLES, np.random.default_rng([seed, 1, draw]))
        other = law(SAMPLES, np.random.default_rng([seed, 2, draw]))
        generated = model.sample(SAMPLES, seed=1000 * seed + draw).to_numpy()
        value += sliced_wasserstein(generated, fresh, seed=draw)
        floor += sliced_wasserstein(other, fresh, seed=draw)
    return value / floor


def main() -> None:
    """Run the chosen sets and seeds and write the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--name", default="planar", help="name of the results file")
    chosen = parser.parse_args()
    figures = {}
    for name in chosen.sets:
        ratios = [round(ratio(name, seed), 3) for seed in chosen.seeds]
        figures[name] = {"mean": round(float(np.mean(ratios)), 3), "repeats": ratios}
        print(name, figures[name], flush=True)
    results.write(chosen.name, "python -m benchmarks.planar", figures)


if __name__ == "__main__":
    main()
