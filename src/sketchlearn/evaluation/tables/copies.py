"""Are generated rows copies of training rows, or nearer to them than unseen rows are?"""

from __future__ import annotations

import numpy as np

from sketchlearn.evaluation.tables.columns import Coded


def exact_copies(rows: Coded, train: Coded) -> float:
    """Return the share of rows that equal some training row in every column.

    Args:
        rows: rows to judge.
        train: training rows, all of them, coded alike.
    """
    known = set(_keys(train.values))
    return float(np.mean([key in known for key in _keys(rows.values)]))


def _keys(values: np.ndarray) -> list[bytes]:
    """Return one key per row: its bytes, with one and the same NaN for every missing number."""
    whole = np.where(np.isnan(values), np.nan, values)
    return [row.tobytes() for row in whole]


def nearest_ratio(
    generated: Coded, holdout: Coded, train: Coded, most: int = 2_000, points: int = 20_000
) -> float | None:
    """Return the median distance from generated to training rows, over that of unseen rows.

    About 1 when generated rows are like unseen ones; less suggests copying, more that they
    lie away from the data. The squared distance adds up squared differences of numbers'
    ranks among the training rows (0 to 1), and 1 for every category that differs, as it
    does for a number that is missing in one of two rows. None if half of the unseen rows
    are copies of training rows: their median is 0 then.

    Args:
        generated: rows to judge.
        holdout: real rows that were not trained on.
        train: training rows.
        most: at most this many first rows are judged.
        points: at most this many first training rows are looked at.
    """
    train = train.first(points)
    usual = float(np.median(_nearest(holdout.first(most), train)))
    return float(np.median(_nearest(generated.first(most), train))) / usual if usual else None


def _nearest(rows: Coded, train: Coded) -> np.ndarray:
    """Return the distance of each row to its nearest training row."""
    from scipy.spatial.distance import cdist

    ranks, codes = _parts(rows, train)
    known_ranks, known_codes = _parts(train, train)
    nearest = np.empty(len(rows))
    for start in range(0, len(rows), 200):
        part = slice(start, start + 200)
        squared = np.zeros((len(nearest[part]), len(train)))
        if ranks.shape[1]:
            squared += cdist(ranks[part], known_ranks, "sqeuclidean")
        if codes.shape[1]:
            squared += codes.shape[1] * cdist(codes[part], known_codes, "hamming")
        nearest[part] = np.sqrt(squared.min(axis=1))
    return nearest


def _parts(rows: Coded, train: Coded) -> tuple[np.ndarray, np.ndarray]:
    """Return ranks among the training rows, and codes of what can only be equal or not."""
    ranks, codes = [np.empty((len(rows), 0))], [np.empty((len(rows), 0))]
    for j, column in enumerate(rows.columns):
        values = rows.values[:, j]
        if not column.numeric:
            codes.append(values[:, None])
            continue
        missing = np.isnan(values)
        rank = _ranks(values, train.values[:, j])
        ranks.append(np.where(missing, 0.5, rank)[:, None])
        codes.append(missing[:, None].astype(np.float64))
    return np.hstack(ranks), np.hstack(codes)


def _ranks(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the share of known values under each value, ties counted by half."""
    known = np.sort(known[~np.isnan(known)])
    below, upto = (np.searchsorted(known, values, side=side) for side in ("left", "right"))
    return (below + upto) / (2 * max(len(known), 1))
