"""Mixtures from a sketch, against the true laws and against EM, which holds the records.

    python -m benchmarks.mixtures [--data DIR] [--works demo diagonal full stable semg]
        [--seeds 0 1 2 3 4 5 6 7 8 9]

demo: d = 2, k = 4, N = 20,000, m = 160: symmetric Kullback-Leibler divergence from the true law, by
200,000 draws of each, of the sketch's mixture and of EM's. diagonal: d = k = 10, N = 20,000, m =
1,000. full: d = k = 5, m = 1,000. Of both the log-likelihood per record below that of EM, the best
of five starts; laws of full covariance are flat now and then, and figures say how flat. stable:
three elliptical laws of index 1.2 to 1.9 in the plane, N = 100,000, m = 500: the worst errors of
the index, of the location over the scale, and of the scale. semg: eight
channels of electromyograms of one subject's first days, mixtures of three stable and of three
Gaussian laws from the same sketch of one half: the squared distance of their characteristic
functions from that of the other half, on frequencies never used, over what sampling alone leaves.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from sklearn import mixture

import sketchlearn as sl
from benchmarks import results
from sketchlearn.models.stable_mixture import positive_stable

_DRAWS = 200_000


def demo(seed: int, folder: Path | None) -> dict[str, float]:  # noqa: ARG001
    """Return divergences from a true law of four Gaussians in the plane."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.full(4, 5.0))
    means = rng.normal(0, 3, (4, 2))
    deviations = rng.uniform(0.5, 1.2, (4, 2))

    def draw(count: int) -> np.ndarray:
        of = rng.choice(4, count, p=weights)
        return means[of] + rng.standard_normal((count, 2)) * deviations[of]

    records = draw(20_000)
    em, _ = _em(records, 4, "diag", seed)
    fit, seconds = _fitted(sl.GaussianMixture(4, "diagonal", seed), records, 160, seed)
    truth = mixture.GaussianMixture(4, covariance_type="diag")
    truth.weights_, truth.means_, truth.covariances_ = weights, means, deviations**2
    truth.precisions_cholesky_ = 1 / deviations
    fresh = draw(_DRAWS)

    def divergence(score: Callable[[np.ndarray], np.ndarray], drawn: np.ndarray) -> float:
        ahead = truth.score_samples(fresh) - score(fresh)
        behind = score(drawn) - truth.score_samples(drawn)
        return float(ahead.mean() + behind.mean())

    return {
        "symmetric KL": divergence(
            fit.model.score_samples, fit.model.sample(_DRAWS, seed).to_numpy()
        ),
        "symmetric KL of EM": divergence(em.score_samples, em.sample(_DRAWS)[0]),
        "seconds": seconds,
    }


def diagonal(seed: int, folder: Path | None) -> dict[str, float]:  # noqa: ARG001
    """Return the likelihood beside EM's, of ten unit Gaussians in ten dimensions."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(0, 1.5 * 10**0.1, (10, 10))
    records = centers[rng.integers(0, 10, 20_000)] + rng.normal(size=(20_000, 10))
    return _beside_em(records, 10, "diagonal", "diag", seed)


def full(seed: int, folder: Path | None) -> dict[str, float]:  # noqa: ARG001
    """Return the likelihood beside EM's, of five slanted Gaussians in five dimensions."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(0, 1.5 * 5**0.2, (5, 5))
    roots = rng.normal(size=(5, 5, 5)) / np.sqrt(5) + 0.3 * np.eye(5)
    of = rng.integers(0, 5, 20_000)
    records = centers[of] + np.einsum("nij,nj->ni", roots[of], rng.normal(size=(20_000, 5)))
    figures = _beside_em(records, 5, "full", "full", seed)
    return {**figures, "deviation of the flattest": float(np.linalg.svd(roots)[1].min())}


def stable(seed: int, folder: Path | None) -> dict[str, float]:  # noqa: ARG001
    """Return the worst errors of three stable laws in the plane."""
    rng = np.random.default_rng(seed)
    indices, centers = rng.uniform(1.2, 1.9, 3), rng.normal(0, 6, (3, 2))
    roots = 0.3 * rng.normal(size=(3, 2, 2)) + 0.7 * np.eye(2)
    of = rng.choice(3, 100_000, p=[0.5, 0.3, 0.2])
    records = np.empty((100_000, 2))
    for number in range(3):
        mine = of == number
        factor = positive_stable(rng.random((mine.sum(), 2)), indices[number] / 2)
        normal = rng.normal(size=(mine.sum(), 2)) @ roots[number].T
        records[mine] = centers[number] + np.sqrt(factor)[:, None] * normal
    fit, seconds = _fitted(sl.StableMixture(3, seed), records, 500, seed)
    distances = np.linalg.norm(fit.model.locations[:, None] - centers, axis=2)
    nearest = distances.argmin(axis=0)
    size = np.sqrt(np.trace(roots @ roots.transpose(0, 2, 1), axis1=1, axis2=2))
    found = np.sqrt(np.trace(fit.model.scatters[nearest], axis1=1, axis2=2))
    scale = size / np.sqrt(2)
    return {
        "error of the index": float(np.abs(fit.model.stabilities[nearest] - indices).max()),
        "error of the location over the scale": float((distances.min(axis=0) / scale).max()),
        "error of the scale over it": float(np.abs(found / size - 1).max()),
        "seconds": seconds,
    }


def semg(seed: int, folder: Path | None) -> dict[str, float]:
    """Return distances of mixtures from held-out electromyograms, over that of sampling."""
    assert folder is not None
    table = pq.read_table(folder / "semg_longterm" / "semg_days1-8.parquet")
    channels = [name for name in table.column_names if table[name].type == "float"]
    chosen = table.filter((np.asarray(table["subject"]) == 1) & (np.asarray(table["day"]) <= 2))
    records = np.stack([np.asarray(chosen[name]) for name in channels], axis=1).astype(np.float64)
    rng = np.random.default_rng(seed)
    records = records[rng.permutation(len(records))]
    half = len(records) // 2
    sketch = sl.sketch(records[:half], size=2_000, seed=seed)
    other = sl.plan(records[:half], size=2_000, seed=seed + 1_000, scales=sketch.plan.law.scales)
    held_out = sl.sketch(records[half:], other).mean()
    gaps = {}
    for name, learner in (
        ("stable", sl.StableMixture(3, seed)),
        ("Gaussian", sl.GaussianMixture(3, "full", seed)),
    ):
        drawn = learner.fit(sketch).model.sample(_DRAWS, seed).to_numpy()
        gaps[name] = float((np.abs(sl.sketch(drawn, other).mean() - held_out) ** 2).mean())
    sampling = float((1 - np.abs(held_out) ** 2).mean() * (1 / half + 1 / _DRAWS))
    return {
        "stable over sampling": gaps["stable"] / sampling,
        "Gaussian over sampling": gaps["Gaussian"] / sampling,
        "stable over Gaussian": gaps["stable"] / gaps["Gaussian"],
    }


WORKS: dict[str, Callable[[int, Path | None], dict[str, float]]] = {
    work.__name__: work for work in (demo, diagonal, full, stable, semg)
}


def _fitted(learner: Any, records: np.ndarray, size: int, seed: int) -> tuple[Any, float]:
    sketch = sl.sketch(records, size=size, seed=seed)
    start = time.process_time()
    return learner.fit(sketch), time.process_time() - start


def _em(
    records: np.ndarray, components: int, kind: Any, seed: int
) -> tuple[mixture.GaussianMixture, float]:
    start = time.process_time()
    em = mixture.GaussianMixture(components, covariance_type=kind, n_init=5, random_state=seed).fit(
        records
    )
    return em, time.process_time() - start


def _beside_em(
    records: np.ndarray, components: int, ours: Any, theirs: str, seed: int
) -> dict[str, float]:
    em, of_em = _em(records, components, theirs, seed)
    fit, seconds = _fitted(sl.GaussianMixture(components, ours, seed), records, 1_000, seed)
    return {
        "log-likelihood below EM's": float(em.score(records) - fit.model.score(records)),
        "seconds": seconds,
        "seconds of EM": of_em,
    }


def main() -> None:
    """Measure the chosen works and write the figures after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--works", nargs="+", default=list(WORKS), choices=list(WORKS))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    chosen = parser.parse_args()
    command = "python -m benchmarks.mixtures --data DIR"
    figures: dict[str, Any] = results.earlier("mixtures", command)
    for name in chosen.works:
        if name == "semg" and chosen.data is None:
            continue
        seeds = [WORKS[name](seed, chosen.data) for seed in chosen.seeds]
        spread = {key: [one[key] for one in seeds] for key in seeds[0]}
        figures[name] = {
            key: {"mean": float(np.mean(v)), "least": min(v), "most": max(v), "seeds": v}
            for key, v in spread.items()
        }
        print(name, figures[name], flush=True)
        results.keep("mixtures", command, figures)


if __name__ == "__main__":
    main()
