"""Distances to nearest records, in chunks so that no full distance matrix is ever held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sketchlearn.errors import ColumnError, EmptySourceError, MissingExtraError

# Entries of one block of the distance matrix: 4 million float64 are 32 MB.
BLOCK_ENTRIES = 4_000_000


def check_pair(a: np.ndarray, b: np.ndarray, least: int = 1) -> None:
    """Refuse two samples that cannot be compared.

    Args:
        a: records, shape (n, d).
        b: records, shape (m, d).
        least: records that each sample must hold.

    Raises:
        ColumnError: if the samples are not two matrices with as many columns.
        EmptySourceError: if a sample holds fewer than `least` records.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ColumnError(
            f"The two samples have shapes {a.shape} and {b.shape}; expected (n, d) and (m, d) "
            "with the same d. Flatten images and keep the same columns on both sides."
        )
    if min(len(a), len(b)) < least:
        raise EmptySourceError(
            f"The two samples hold {len(a)} and {len(b)} records; at least {least} are needed "
            "in each. Give more records."
        )


def subsample(records: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return `records` when they are at most `most`, else that many of them at random."""
    if len(records) <= most:
        return records
    kept = np.random.default_rng(seed).choice(len(records), most, replace=False)
    return records[np.sort(kept)]


def distance_blocks(queries: np.ndarray, points: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield Euclidean distances by blocks of rows.

    Args:
        queries: shape (n, d).
        points: shape (m, d).

    Yields:
        The rows of `queries` and their distances to all `points`, shape (rows, m).
    """
    try:
        from scipy.spatial.distance import cdist
    except ImportError as error:
        raise MissingExtraError.needs("scipy", "eval", "Measuring nearest records") from error
    rows = max(1, BLOCK_ENTRIES // max(1, len(points)))
    for start in range(0, len(queries), rows):
        block = slice(start, min(start + rows, len(queries)))
        yield block, cdist(queries[block], points)


def nearest_distances(queries: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the distance from each query to its nearest point, shape (n,)."""
    nearest = np.empty(len(queries))
    for rows, distances in distance_blocks(queries, points):
        nearest[rows] = distances.min(axis=1)
    return nearest


def neighbour_radii(points: np.ndarray, k: int) -> np.ndarray:
    """Return the distance from each point to its k-th nearest other point, shape (n,)."""
    radii = np.empty(len(points))
    for rows, distances in distance_blocks(points, points):
        # The nearest of all is the point itself, at distance 0, hence rank k and not k - 1.
        radii[rows] = np.partition(distances, k, axis=1)[:, k]
    return radii
