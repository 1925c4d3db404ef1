"""Principal and independent components from a sketch, beside algorithms that hold the records.

    python -m benchmarks.components [--seeds 0 1 2 3 4 5 6 7 8 9]

PCA: 100 columns, 20,000 records of four laws, m = 5 k d squares along directions and no second
moments; variance along the components found over that along as many exact ones.
ICA: 8 sources mixed, 100,000 records; Amari distance to the true mixing, and that of scikit-learn's
FastICA with its defaults, which reads the records again at each of its steps.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.decomposition import FastICA

import sketchlearn as sl
from benchmarks import results

_COLUMNS, _RANK = 100, 10
_SOURCES, _RECORDS = 8, 100_000


def main() -> None:
    """Measure for each seed, and write means, least and most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    seeds = parser.parse_args().seeds
    figures = {}
    for name, records in SUBSPACES.items():
        figures[f"pca, {name}"] = _over(seeds, lambda seed, make=records: _pca(make, seed))
    for name in LAWS:
        figures[f"ica, {name}"] = _over(seeds, lambda seed, kind=name: _ica(kind, seed))
    results.keep("components", "python -m benchmarks.components", figures)


def _over(seeds: list[int], measure: Callable[[int], dict[str, float]]) -> dict[str, object]:
    rows = [measure(seed) for seed in seeds]
    spread = {key: [row[key] for row in rows] for key in rows[0]}
    summary = {
        key: {"mean": float(np.mean(v)), "least": min(v), "most": max(v)}
        for key, v in spread.items()
    }
    print(summary, flush=True)
    return summary


def _even(rng: np.random.Generator) -> np.ndarray:
    wide = rng.standard_normal((20_000, _RANK)) @ rng.standard_normal((_RANK, _COLUMNS))
    return wide + rng.standard_normal((20_000, _COLUMNS))


def _uneven(rng: np.random.Generator) -> np.ndarray:
    wide = rng.standard_normal((20_000, _RANK)) @ rng.standard_normal((_RANK, _COLUMNS))
    return wide + rng.standard_normal((20_000, _COLUMNS)) * rng.uniform(0.2, 2, _COLUMNS)


def _falling(rng: np.random.Generator) -> np.ndarray:
    turn = np.linalg.qr(rng.standard_normal((_COLUMNS, _COLUMNS)))[0]
    return rng.standard_normal((20_000, _COLUMNS)) / np.arange(1, _COLUMNS + 1) @ turn


def _heavy(rng: np.random.Generator) -> np.ndarray:
    wide = rng.standard_t(5, (20_000, _RANK)) @ rng.standard_normal((_RANK, _COLUMNS))
    return wide + rng.standard_t(5, (20_000, _COLUMNS))


SUBSPACES = {
    "an even rest": _even,
    "a rest of uneven columns": _uneven,
    "deviations 1 / rank": _falling,
    "student tails of 5 degrees": _heavy,
}


def _pca(make: Callable[[np.random.Generator], np.ndarray], seed: int) -> dict[str, float]:
    records = make(np.random.default_rng(seed))
    size = 5 * _RANK * _COLUMNS
    options = {"features": "quadratic", "directions": size, "moments": "diagonal"}
    start = time.perf_counter()
    sketch = sl.sketch(records, seed=seed, **options)
    read = time.perf_counter()
    fit = sl.PCA(_RANK).fit(sketch)
    done = time.perf_counter()
    encoded = (records - records.mean(axis=0)) / np.asarray(fit.model.schema.spread)
    exact = np.linalg.eigvalsh(np.cov(encoded.T))[::-1][:_RANK].sum()
    along = (encoded @ fit.model.components.T).var(axis=0, ddof=1).sum()
    return {
        "explained over exact": float(along / exact),
        "seconds of the pass": read - start,
        "seconds of the fit": done - read,
    }


LAWS = {
    "mixed laws": ("laplace", "uniform", "exponential", "bimodal") * 2,
    "peaked laws": ("laplace",) * _SOURCES,
    "flat laws": ("uniform",) * _SOURCES,
}


def _source(law: str, rng: np.random.Generator) -> np.ndarray:
    drawn = {
        "laplace": lambda: rng.laplace(size=_RECORDS),
        "uniform": lambda: rng.uniform(-1, 1, _RECORDS),
        "exponential": lambda: rng.exponential(size=_RECORDS),
        "bimodal": lambda: rng.choice([-1.0, 1.0], _RECORDS) + rng.normal(0, 0.5, _RECORDS),
    }[law]()
    return (drawn - drawn.mean()) / drawn.std()


def _ica(name: str, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    sources = np.stack([_source(law, rng) for law in LAWS[name]], axis=1)
    mixing = rng.standard_normal((_SOURCES, _SOURCES))
    records = sources @ mixing.T
    start = time.perf_counter()
    sketch = sl.sketch(records, features="contrasts", seed=seed)
    read = time.perf_counter()
    fit = sl.ICA().fit(sketch)
    done = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact = FastICA(whiten="unit-variance", random_state=seed).fit(records)
    held = time.perf_counter()
    # numbers that the learner reads: contrasts, mean and second moments
    numbers = sum(sums.size for sums in sketch.totals.statistics.values())
    numbers += _SOURCES + _SOURCES * (_SOURCES + 1) // 2
    own, theirs = (_amari(found @ mixing) for found in (fit.model.unmixing, exact.components_))
    return {
        "Amari distance": own,
        "over FastICA's": own / theirs,
        "numbers over those of the tensor": numbers / _SOURCES**4,
        "seconds of the pass": read - start,
        "seconds of the fit": done - read,
        "seconds of FastICA": held - done,
    }


def _amari(product: np.ndarray) -> float:
    size = np.abs(product)
    rows = (size / size.max(axis=1, keepdims=True)).sum(axis=1) - 1
    columns = (size / size.max(axis=0, keepdims=True)).sum(axis=0) - 1
    return float((rows.sum() + columns.sum()) / (2 * len(size) * (len(size) - 1)))


if __name__ == "__main__":
    main()
