"""Clusters and mixtures from one private release, beside those of the exact sketch and of the data.

    python -m benchmarks.private_clusters [--seeds 0 1 2 3 4 5 6 7] [--epsilons 1 0.2]

Eight columns, four Gaussian clusters of random places, widths and shares, 200,000 records, bounds
declared as -10 and 10 where records lie within about -6 and 6. Squared distances are those of
k-means of the records (scikit-learn, three starts); log-likelihoods, of records that nobody learnt
from, less those of EM on the records. δ is 10⁻⁶, replace-one.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

import sketchlearn as sl
from benchmarks import results

COUNT, DIMENSION, CLUSTERS, SIZE, DELTA = 200_000, 8, 4, 320, 1e-6


def law(seed: int, count: int) -> np.ndarray:
    """Draw records of a law, shape (count, d)."""
    rng = np.random.default_rng(seed)
    centers = rng.uniform(-4, 4, (CLUSTERS, DIMENSION))
    deviations = rng.uniform(0.3, 1.0, (CLUSTERS, DIMENSION))
    shares = rng.dirichlet(np.full(CLUSTERS, 5.0))
    which = rng.choice(CLUSTERS, count, p=shares)
    return centers[which] + deviations[which] * rng.standard_normal((count, DIMENSION))


def measure(seed: int, epsilons: list[float]) -> dict[str, Any]:
    """Return figures of one law, by what was learnt from."""
    drawn = law(seed, COUNT + 50_000)
    records, others = drawn[:COUNT], drawn[COUNT:]
    exact = KMeans(CLUSTERS, n_init=3, random_state=0).fit(records)
    em = GaussianMixture(CLUSTERS, covariance_type="diag", n_init=2, random_state=0).fit(records)
    plan = sl.plan(records, origin="declared", bounds=(-10, 10), size=SIZE, seed=seed)
    made = {"exact sketch": sl.sketch(records, plan)}
    for epsilon in epsilons:
        once = sl.Sketch(plan, made["exact sketch"].totals)
        made[f"epsilon {epsilon:g}"] = once.release(epsilon=epsilon, delta=DELTA)
    found = {}
    for name, sketch in made.items():
        start = time.process_time()
        centers = sl.KMeans(CLUSTERS).fit(sketch).model.centers
        mixture = sl.GaussianMixture(CLUSTERS).fit(sketch).model
        squares = sum(
            ((part[:, None] - centers) ** 2).sum(axis=2).min(axis=1).sum()
            for part in np.array_split(records, 20)
        )
        found[name] = {
            "squared distances over k-means": squares / exact.inertia_,
            "log-likelihood less EM's": float(np.mean(mixture.score_samples(others)))
            - em.score(others),
            "CPU seconds": time.process_time() - start,
        }
    return found


def release_seconds(sums: int = 100_000) -> float:
    """Return the processor seconds that it takes to release so many sums."""
    records = law(0, 1_000)
    plan = sl.plan(records, origin="declared", bounds=(-10, 10), size=sums // 2)
    sketch = sl.sketch(records, plan)
    sketch.release(epsilon=1.0, delta=DELTA, budget=(10.0, DELTA))  # loads the libraries
    start = time.process_time()
    sketch.release(epsilon=1.0, delta=DELTA, moments="drop")
    return time.process_time() - start


def main() -> None:
    """Measure the laws and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(8)))
    parser.add_argument("--epsilons", type=float, nargs="+", default=[1.0, 0.2])
    chosen = parser.parse_args()
    rows: dict[str, list[dict[str, float]]] = {}
    for seed in chosen.seeds:
        for name, figures in measure(seed, chosen.epsilons).items():
            rows.setdefault(name, []).append(figures)
            print(seed, name, figures, flush=True)
    summary = {
        name: {
            key: {
                "mean": float(np.mean([row[key] for row in of])),
                "least": float(min(row[key] for row in of)),
                "greatest": float(max(row[key] for row in of)),
            }
            for key in of[0]
        }
        for name, of in rows.items()
    }
    summary["release of 100,000 sums"] = {"CPU seconds": release_seconds()}
    command = "python -m benchmarks.private_clusters --seeds " + " ".join(map(str, chosen.seeds))
    results.write("private_clusters", command, summary)


if __name__ == "__main__":
    main()
