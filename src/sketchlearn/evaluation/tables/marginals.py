"""Do columns, and pairs of columns, follow the laws of the real ones?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from sketchlearn.evaluation.tables.columns import Coded, Column

# Histograms of more cells than this are counted by sorting, so that memory stays bounded.
DENSE_CELLS = 1_000_000
RARE = (0.001, 0.02)


def one_way(a: Coded, b: Coded) -> float:
    """Return the mean over columns of the total variation between their laws.

    From 0 (equal) to 1 (nothing in common), on the cells of the columns.

    Args:
        a: rows of one table.
        b: rows of another, coded alike.
    """
    cells_a, cells_b = a.cells(), b.cells()
    sizes = [column.size for column in a.columns]
    return float(
        np.mean(
            [total_variation(cells_a[:, j], cells_b[:, j], size) for j, size in enumerate(sizes)]
        )
    )


def two_way(a: Coded, b: Coded) -> float:
    """Return the mean over pairs of columns of the total variation between their joint laws.

    From 0 (equal) to 1 (nothing in common), on the products of cells; two finite samples of
    one law are not at 0, so read it beside the value of two real samples of the same sizes.
    With a single column, that of its law.

    Args:
        a: rows of one table.
        b: rows of another, coded alike.
    """
    if len(a.columns) == 1:
        return one_way(a, b)
    pairs = zip(_pairs(a), _pairs(b), strict=True)
    return float(np.mean([total_variation(x, y, size) for (x, size), (y, _) in pairs]))


def total_variation(a: np.ndarray, b: np.ndarray, size: int) -> float:
    """Return half the sum of absolute differences of two laws on `size` cells."""
    if size > DENSE_CELLS:
        known, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
        a, b, size = codes[: len(a)], codes[len(a) :], len(known)
    law_a = np.bincount(a, minlength=size) / len(a)
    law_b = np.bincount(b, minlength=size) / len(b)
    return float(np.abs(law_a - law_b).sum() / 2)


def _pairs(table: Coded) -> Iterator[tuple[np.ndarray, int]]:
    """Yield, for every pair of columns, the cell of each row in their product, and its size."""
    cells = np.ascontiguousarray(table.cells().T)
    for i, j in combinations(range(len(table.columns)), 2):
        size = table.columns[j].size
        yield cells[i] * size + cells[j], table.columns[i].size * size


def associations(table: Coded) -> np.ndarray:
    """Measure how strongly each pair of columns is associated.

    Two numbers: Pearson's correlation of their ranks, -1 to 1, missing values at the mean
    rank. Any other pair: Cramér's V on the cells, 0 to 1, corrected for the bias that few
    rows in many cells cause.

    Source: Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", Journal of the
    Korean Statistical Society, 2013.

    Args:
        table: n rows of d columns.

    Returns:
        One value per pair of columns, shape (d (d - 1) / 2,), pairs in order of columns.
    """
    ranks = _standard_ranks(table)
    correlations = ranks.T @ ranks / len(table)
    cells = table.cells()
    found = []
    for i, j in combinations(range(len(table.columns)), 2):
        if table.columns[i].numeric and table.columns[j].numeric:
            found.append(correlations[i, j])
        else:
            found.append(cramer(cells[:, i], cells[:, j]))
    return np.array(found)


def _standard_ranks(table: Coded) -> np.ndarray:
    """Return ranks of mean 0 and deviation 1; 0 for categories, missing and constant values."""
    from scipy.stats import rankdata

    ranks = np.zeros(table.values.shape)
    for j, column in enumerate(table.columns):
        present = ~np.isnan(table.values[:, j])
        if not column.numeric or not present.any():
            continue
        found = rankdata(table.values[present, j])
        ranks[present, j] = found - found.mean()
        deviation = ranks[:, j].std()
        ranks[:, j] /= deviation or 1.0
    return ranks


def cramer(a: np.ndarray, b: np.ndarray) -> float:
    """Return the bias-corrected Cramér's V of two columns of cells, 0 when one is constant."""
    codes_a, codes_b = (np.unique(x, return_inverse=True)[1] for x in (a, b))
    rows, columns, n = codes_a.max() + 1, codes_b.max() + 1, len(a)
    pairs, counts = np.unique(codes_a * columns + codes_b, return_counts=True)
    expected = np.bincount(codes_a)[pairs // columns] * np.bincount(codes_b)[pairs % columns] / n
    # The sum of squares over expected is n more than chi-squared, empty cells included.
    phi = float(np.sum(counts**2 / expected) / n - 1)
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(phi / least)) if least > 0 else 0.0


def rare_categories(drawn: Coded, real: Coded) -> float | None:
    """Return the share of rare real categories that were drawn at least once, or None.

    Rare is a frequency from 0.1 % to 2 % among the real rows; categories are those of text
    and booleans, and the values of numbers that have at most 20. None if no category is rare.

    Args:
        drawn: rows to find them in; as many as in what it is compared with.
        real: rows that tell which are rare.
    """
    found = [
        share
        for j, column in enumerate(drawn.columns)
        if column.discrete
        for share in _drawn(column, drawn.values[:, j], real.values[:, j])
    ]
    return float(np.mean(found)) if found else None


def _drawn(column: Column, drawn: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Tell of each rare category of a column whether it was drawn."""
    frequency = np.bincount(column.cells(real), minlength=column.size) / len(real)
    reached = np.bincount(column.cells(drawn), minlength=column.size) > 0
    return reached[(frequency >= RARE[0]) & (frequency <= RARE[1])]
