"""K-means from a sketch of 10 k d frequencies, against k-means of the records.

    python -m benchmarks.clustering --data DIR [--sets s1 birch2 gaussians] [--seeds 0 1 2 3 4]

The sum of squared distances to the nearest centroid, over that of scikit-learn's KMeans, the best
of five k-means++ starts. "gaussians" are 100,000 records of ten unit Gaussians in ten dimensions,
drawn anew for each seed and sketched with 3 k d frequencies; there the centers found are counted
too. Defaults only; seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans

import sketchlearn as sl
from benchmarks import results

CLUSTERS = {
    "s1": 15,
    "s2": 15,
    "s3": 15,
    "s4": 15,
    "a1": 20,
    "a2": 35,
    "a3": 50,
    "unbalance": 8,
    "d31": 31,
    "r15": 15,
    "birch1": 100,
    "birch2": 100,
}
GAUSSIANS = "gaussians"


def gaussians(seed: int, count: int = 100_000) -> tuple[np.ndarray, np.ndarray]:
    """Return records of ten unit Gaussians in ten dimensions, and their centers."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(0, 1.5 * 10**0.1, (10, 10))
    return centers[rng.integers(0, 10, count)] + rng.standard_normal((count, 10)), centers


def measure(name: str, folder: Path, seed: int) -> dict[str, float]:
    """Return the figures of one set and seed."""
    if name == GAUSSIANS:
        records, centers = gaussians(seed)
        count, size = 10, 300
    else:
        records = np.load(folder / "clustering_sipu" / f"{name}.npz")["X"].astype(np.float64)
        centers, count = None, CLUSTERS[name]
        size = 10 * count * records.shape[1]
    start = time.process_time()
    reference = KMeans(count, n_init=5, random_state=seed).fit(records).inertia_
    of_records = time.process_time() - start
    sketch = sl.sketch(records, size=size, seed=seed)
    passed = time.process_time() - start - of_records
    fit = sl.KMeans(count, seed=seed).fit(sketch)
    solved = time.process_time() - start - of_records - passed
    found = {
        "ratio": fit.model.inertia(records) / reference,
        "excess": fit.history[-1]["excess"],
        "seconds of KMeans": of_records,
        "seconds of the pass": passed,
        "seconds of the fit": solved,
    }
    if centers is not None:
        distances = np.linalg.norm(fit.model.centers - centers[:, None], axis=2)
        found["centers found"] = int((distances.min(axis=1) < 1).sum())
    return found


def main() -> None:
    """Measure the chosen sets and write the figures after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=[*CLUSTERS, GAUSSIANS])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    chosen = parser.parse_args()
    command = "python -m benchmarks.clustering --data DIR"
    figures: dict[str, Any] = results.earlier("clustering", command)
    for name in chosen.sets:
        seeds = [measure(name, chosen.data, seed) for seed in chosen.seeds]
        mean = {key: float(np.mean([one[key] for one in seeds])) for key in seeds[0]}
        figures[name] = {"mean": mean, "seeds": seeds}
        print(name, mean, flush=True)
        results.keep("clustering", command, figures)


if __name__ == "__main__":
    main()
