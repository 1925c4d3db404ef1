"""How few frequencies k-means of digits needs, beside CLOMPR with bare points.

    python -m benchmarks.clustering_sizes [--sizes 500 1000 2000 4000 8000 16000] [--seeds 0 1 2]

scikit-learn's 8 × 8 digits, 64 columns, k = 10, divided by their common deviation. Both decoders
are given the same sketches; squared distances to the nearest centroid over those of scikit-learn's
KMeans, the best of five starts. A decoder is not asked for more sizes once its mean is within 1.05.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

import sketchlearn as sl
from benchmarks import results
from benchmarks.peer_clompr import clompr
from sketchlearn.models.centroids import Centroids
from sketchlearn.models.vectors import in_source_units

_ENOUGH = 1.05


def main() -> None:
    """Measure sizes upward, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[500 * 2**k for k in range(6)])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--decoders", nargs="+", default=["sketchlearn", "CLOMPR"])
    chosen = parser.parse_args()
    records = load_digits().data
    exact = KMeans(10, n_init=5, random_state=0).fit(records).inertia_
    command = "python -m benchmarks.clustering_sizes"
    figures = results.earlier("clustering_sizes", command)
    for name in chosen.decoders:
        found = figures.setdefault(name, {})
        for size in chosen.sizes:
            start = time.process_time()
            ratios = [_centroids(name, records, size, seed) / exact for seed in chosen.seeds]
            seconds = (time.process_time() - start) / len(ratios)
            found[str(size)] = {"mean": float(np.mean(ratios)), "all": ratios, "seconds": seconds}
            print(name, size, found[str(size)], flush=True)
            results.keep("clustering_sizes", command, figures)
            if np.mean(ratios) <= _ENOUGH:
                break


def _centroids(decoder: str, records: np.ndarray, size: int, seed: int) -> float:
    """Return the squared distances of records to the centroids of a decoder."""
    sketch = sl.sketch(records, size=size, standardise="common", seed=seed)
    if decoder == "sketchlearn":
        return sl.KMeans(10, seed=seed).fit(sketch).model.inertia(records)
    frequencies = sketch.plan.frequencies.astype(np.float64)
    rng = np.random.default_rng(seed)
    bounds = sketch.side.lower, sketch.side.upper
    points = clompr(sketch.mean(), frequencies, 10, *bounds, rng)
    schema = sketch.plan.schema
    model = Centroids(schema, in_source_units(points, schema), np.full(10, 0.1))
    return model.inertia(records)


if __name__ == "__main__":
    main()
