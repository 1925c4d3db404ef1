"""Distances between two samples: sliced Wasserstein and the distance a sketch sees."""

from __future__ import annotations

import numpy as np

from sketchlearn.errors import ColumnError, OptionError
from sketchlearn.evaluation.neighbours import check_pair, distance_blocks, subsample

# Rows and directions handled at once: bounds the memory, does not change the result.
CHUNK_ROWS = 4_096
CHUNK_DIRECTIONS = 32


def sliced_wasserstein(a: np.ndarray, b: np.ndarray, directions: int = 200, seed: int = 0) -> float:
    """Measure how far two samples lie apart, averaged over one-dimensional projections.

    In the units of the records (standard deviations when they are standardised), from 0
    up; lower is better. It is never exactly 0 for two finite samples of one law, so read
    it beside the value for two real samples of the same sizes.

    Source: Bonneel, Rabin, Peyré, Pfister, "Sliced and Radon Wasserstein Barycenters of
    Measures", Journal of Mathematical Imaging and Vision, 2015.

    Args:
        a: records, shape (n, d).
        b: records, shape (m, d).
        directions: how many random unit directions to average over.
        seed: draws the directions.

    Returns:
        The mean over directions of the 1-Wasserstein distance of the projections.
    """
    check_pair(a, b)
    if directions < 1:
        raise OptionError(f"directions is {directions}; expected at least 1. Use 200.")
    axes = np.random.default_rng(seed).standard_normal((a.shape[1], directions))
    axes /= np.linalg.norm(axes, axis=0)
    total = 0.0
    for start in range(0, directions, CHUNK_DIRECTIONS):
        chunk = axes[:, start : start + CHUNK_DIRECTIONS]
        total += _wasserstein_columns(a @ chunk, b @ chunk).sum()
    return float(total / directions)


def _wasserstein_columns(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the 1-Wasserstein distance of each pair of columns."""
    points = max(len(a), len(b))
    # Doubled midpoints (2i + 1) of the common grid: integers, so no quantile is misplaced
    # by rounding.
    grid = 2 * np.arange(points) + 1
    quantiles_a = np.sort(a, axis=0)[grid * len(a) // (2 * points)]
    quantiles_b = np.sort(b, axis=0)[grid * len(b) // (2 * points)]
    return np.abs(quantiles_a - quantiles_b).mean(axis=0)


def sketch_distance(a: np.ndarray, b: np.ndarray, frequencies: np.ndarray) -> float:
    """Estimate without bias the squared distance of two laws' characteristic functions.

    This is the squared maximum mean discrepancy for the kernel whose spectral law the
    frequencies were drawn from. Between 0 and 4 in expectation, lower is better; because
    the sampling bias is removed, equal laws give values around 0, some of them negative.

    Source: Gretton, Borgwardt, Rasch, Schölkopf, Smola, "A Kernel Two-Sample Test",
    Journal of Machine Learning Research, 2012; in Fourier form, Rahimi and Recht,
    "Random Features for Large-Scale Kernel Machines", NIPS 2007.

    Args:
        a: records, shape (n, d), n at least 2.
        b: records, shape (m, d), m at least 2.
        frequencies: shape (d, count), in radians per unit of the records.

    Returns:
        The mean over frequencies of the unbiased estimate.
    """
    check_pair(a, b, least=2)
    if frequencies.ndim != 2 or frequencies.shape[0] != a.shape[1]:
        raise ColumnError(
            f"The frequencies have shape {frequencies.shape}; expected ({a.shape[1]}, count). "
            "Draw them for records with as many columns."
        )
    mean_a = _empirical_characteristic(a, frequencies)
    mean_b = _empirical_characteristic(b, frequencies)
    gap = np.abs(mean_a - mean_b) ** 2
    return float(np.mean(gap - _bias(mean_a, len(a)) - _bias(mean_b, len(b))))


def _empirical_characteristic(records: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Return the mean of exp(i <frequency, record>) over the records, shape (count,)."""
    total = np.zeros(frequencies.shape[1], dtype=np.complex128)
    for start in range(0, len(records), CHUNK_ROWS):
        phase = records[start : start + CHUNK_ROWS] @ frequencies
        total += np.cos(phase).sum(axis=0) + 1j * np.sin(phase).sum(axis=0)
    return total / len(records)


def _bias(mean: np.ndarray, rows: int) -> np.ndarray:
    """Estimate without bias the variance of an empirical mean of unit complex numbers."""
    return (1.0 - np.abs(mean) ** 2) / (rows - 1)


def fresh_frequencies(real: np.ndarray, count: int = 1_000, seed: int = 0) -> np.ndarray:
    """Draw frequencies that look at real records from fine detail to overall shape.

    Each frequency is Gaussian with deviation 1/s, where the scale s is log-uniform from
    0.1 to 1.2 times the median distance between two real records.

    Args:
        real: records that set the scale, shape (n, d), n at least 2.
        count: how many frequencies.
        seed: draws them; take one that the model was not fitted with.

    Returns:
        Frequencies, shape (d, count).
    """
    rng = np.random.default_rng(seed)
    scales = _median_distance(real, seed) * np.exp(
        rng.uniform(np.log(0.1), np.log(1.2), size=count)
    )
    return rng.standard_normal((real.shape[1], count)) / scales


def _median_distance(real: np.ndarray, seed: int) -> float:
    """Return the median distance between two records, from at most 1,000 of them."""
    check_pair(real, real, least=2)
    kept = subsample(real, 1_000, seed)
    distances = np.concatenate([block for _, block in distance_blocks(kept, kept)])
    pairs = distances[np.triu_indices(len(kept), k=1)]
    # More than half of the pairs may be duplicates, which would leave no scale at all.
    positive = pairs[pairs > 0]
    if not len(positive):
        return 1.0
    return float(np.median(pairs)) or float(np.median(positive))
