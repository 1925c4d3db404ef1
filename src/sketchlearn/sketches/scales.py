"""The scales of a kernel, from distances between pilot records."""

from __future__ import annotations

import numpy as np

from sketchlearn.errors import OptionError, PlanError
from sketchlearn.features import LAWS
from sketchlearn.sketches.options import PlanOptions
from sketchlearn.sketches.plan_document import Structure

# The kernel means (see `scales_of`) between which the scales of a mixture are spread. Below 0.01
# a frequency sees almost nothing of the data; above 0.7 it sees little but their mean.
_FINEST, _COARSEST = 0.01, 0.7
_SCALE_COUNT = 5

# Who asks for m frequencies may look for k = m / 10 d clusters, and two records share one of them
# with a probability of 1/k: the finest scale sees some way into that, if not below the least.
_OF_A_CLUSTER, _LEAST = 0.2, 0.001

# Records may lie in a small part of what was declared: how much finer a declared plan's scales go
# on, and how many it has.
_NARROWER, _DECLARED_COUNT = 16.0, 9

# Projections on windows vary by about 1 whatever the data, and so have scales of their own.
_WINDOW_SCALES = (0.27, 0.42, 0.66, 1.03, 1.6)


def scales_of(
    encoded: np.ndarray, structure: Structure, options: PlanOptions
) -> tuple[tuple[float, ...], str]:
    """Return the scales, and why.

    The kernel mean E k_s(x, x') over pairs of records equals E|z(ω)|² over frequencies of
    scale s: the share of the features' energy that the sketch keeps. It falls from 1 (coarse:
    only the mean is seen) to 0 (fine: only sampling noise is seen), in every dimension and
    unit, so the useful scales are those where it is neither.
    """
    if options.scales is not None:
        try:
            return tuple(float(value) for value in options.scales), "Scales: declared."
        except (TypeError, ValueError) as error:
            raise OptionError(
                f"scales={options.scales!r} was given; it must be a list of positive numbers."
            ) from error
    harmonics = options.harmonics_of(structure)
    if structure == "windows":
        scales = _WINDOW_SCALES if harmonics == 1 else _WINDOW_SCALES[-1:]
        return scales, (
            f"Scales: {len(scales)}, from {scales[0]} to {scales[-1]} in units of the deviation of "
            f"a window's projections{_finer(harmonics)}."
        )
    distance = _pair_distances(encoded, options.seed)
    # equal records tell nothing of scale, and in tables of few values most pairs are equal
    distance = distance[distance > 0] if distance.any() else distance
    median = float(np.median(distance))
    curve = _KernelMean(distance, options.law, encoded.shape[1])
    target = _finest(options, encoded.shape[1])
    finest, coarsest = curve.scale_at(target), curve.scale_at(_COARSEST)
    count = _SCALE_COUNT
    why = (
        f"there the mean kernel between two records goes from {target:.2g} (finer would see noise) "
        f"to {_COARSEST} (coarser would see the mean only)."
    )
    if options.origin == "declared":
        finest, count = finest / _NARROWER, _DECLARED_COUNT
        why = "records may lie in a small part of the bounds."
    if harmonics > 1:
        count = max(1, round((count - 1) * (1 - np.log(harmonics) / np.log(coarsest / finest)))) + 1
        finest = min(coarsest, finest * harmonics)
    # four digits: data in other units then give the very same frequencies
    scales = tuple(float(f"{s:.4g}") for s in np.geomspace(finest, coarsest, count))
    return scales, (
        f"Scales: {count}, from {finest / median:.2g} to {coarsest / median:.2g} times the "
        f"median distance {median:.3g} between pilot records{_finer(harmonics)}; {why}"
    )


def _finer(harmonics: int) -> str:
    return f", and of multiples to a {harmonics}th of it" if harmonics > 1 else ""


def _finest(options: PlanOptions, dimension: int) -> float:
    """Return the mean kernel at the finest scale."""
    if options.size == "auto":
        return _FINEST
    return max(_LEAST, min(_FINEST, _OF_A_CLUSTER * 10 * dimension / max(1, options.size)))


def _pair_distances(encoded: np.ndarray, seed: int) -> np.ndarray:
    """Return distances of up to 100,000 random pairs of distinct positions."""
    rng = np.random.default_rng(seed)
    count = len(encoded)
    pairs = min(100_000, count * (count - 1) // 2, max(10_000, 2**25 // encoded.shape[1]))
    first = rng.integers(0, count, pairs)
    second = (first + rng.integers(1, count, pairs)) % count
    # in parts, so that wide records never make a large array of differences
    parts = np.array_split(np.arange(pairs), max(1, pairs * encoded.shape[1] // 2**22))
    distance = [np.linalg.norm(encoded[first[p]] - encoded[second[p]], axis=1) for p in parts]
    return np.concatenate(distance)


class _KernelMean:
    """The mean kernel over pairs, as a function of the scale."""

    def __init__(self, distance: np.ndarray, law: str, dimension: int) -> None:
        self._distance = distance
        self._grid = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 300)])
        self._kernel = LAWS[law]().kernel(self._grid, dimension)

    def __call__(self, scale: float) -> float:
        return float(np.interp(self._distance / scale, self._grid, self._kernel).mean())

    def scale_at(self, target: float) -> float:
        """Return the scale where the mean kernel is `target`, by bisection on a log axis."""
        median = float(np.median(self._distance)) or float(self._distance.max())
        if median == 0:
            raise PlanError("All pilot records are equal: there is nothing to learn from them.")
        low, high = 1e-4 * median, 1e4 * median
        for _ in range(40):
            middle = float(np.sqrt(low * high))
            low, high = (middle, high) if self(middle) < target else (low, middle)
        return low
