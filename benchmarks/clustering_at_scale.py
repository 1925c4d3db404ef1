"""K-means of ever more records: a pass and a solve, beside algorithms that hold the records.

    python -m benchmarks.clustering_at_scale [--records 1000000 10000000] [--repeats 1]

Ten unit Gaussians in ten columns, float32, in memory; k = 10, m = 300 = 3 k d; one thread for each.
Seconds of the processor, alternating: the sketch's plan and pass, its solve; scikit-learn's KMeans
with five k-means++ starts; its MiniBatchKMeans, and faiss's k-means where it is installed, with
their defaults. Ratios of squared distances are to the centers that the records were drawn around.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from threadpoolctl import threadpool_limits

import sketchlearn as sl
from benchmarks import results

_CLUSTERS, _COLUMNS, _SIZE = 10, 10, 300


def main() -> None:
    """Measure for each number of records, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=1)
    chosen = parser.parse_args()
    figures = {}
    with threadpool_limits(1):
        for count in chosen.records:
            runs = [_measure(count, seed) for seed in range(chosen.repeats)]
            figures[str(count)] = {key: float(np.mean([r[key] for r in runs])) for key in runs[0]}
            print(count, figures[str(count)], flush=True)
    results.keep("clustering_at_scale", "python -m benchmarks.clustering_at_scale", figures)


def _drawn(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centers = rng.normal(0, 1.5 * _CLUSTERS ** (1 / _COLUMNS), (_CLUSTERS, _COLUMNS))
    records = rng.standard_normal((count, _COLUMNS), dtype=np.float32)
    for start in range(0, count, 1_000_000):
        part = records[start : start + 1_000_000]
        np.add(part, centers.astype(np.float32)[rng.integers(0, _CLUSTERS, len(part))], out=part)
    return records, centers


def _measure(count: int, seed: int) -> dict[str, float]:
    records, truth = _drawn(count, seed)
    least = _inertia(records, truth)
    sketch, passed = _timed(lambda: sl.sketch(records, size=_SIZE, seed=seed, threads=1))
    fit, solved = _timed(lambda: sl.KMeans(_CLUSTERS, seed=seed).fit(sketch))
    found = {
        "seconds of the pass": passed,
        "seconds of the solve": solved,
        "ratio": _inertia(records, fit.model.centers) / least,
    }
    for name, run in _peers(records, seed).items():
        centers, seconds = _timed(run)
        found |= {
            f"seconds of {name}": seconds,
            f"ratio of {name}": _inertia(records, centers) / least,
        }
    found["times faster than KMeans"] = found["seconds of KMeans"] / (passed + solved)
    return found


def _peers(records: np.ndarray, seed: int) -> dict[str, Callable[[], np.ndarray]]:
    options = {"random_state": seed}
    peers = {
        "KMeans": lambda: KMeans(_CLUSTERS, n_init=5, **options).fit(records).cluster_centers_,
        "MiniBatchKMeans": lambda: (
            MiniBatchKMeans(_CLUSTERS, **options).fit(records).cluster_centers_
        ),
    }
    try:
        import faiss
    except ImportError:
        return peers

    def by_faiss() -> np.ndarray:
        faiss.omp_set_num_threads(1)
        found = faiss.Kmeans(_COLUMNS, _CLUSTERS, seed=seed, max_points_per_centroid=len(records))
        found.train(records)
        return found.centroids

    return {**peers, "faiss": by_faiss}


def _timed(run: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    return run(), time.process_time() - start


def _inertia(records: np.ndarray, centers: np.ndarray) -> float:
    total = 0.0
    for part in np.array_split(records, max(1, len(records) // 100_000)):
        places = part.astype(np.float64)
        squares = (places**2).sum(axis=1)[:, None] - 2 * places @ centers.T
        total += float((squares + (centers**2).sum(axis=1)).min(axis=1).sum())
    return total


if __name__ == "__main__":
    main()
