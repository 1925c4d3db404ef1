"""Class numbers, and disjoint halves of real records."""

from __future__ import annotations

import numpy as np

from sketchlearn.evaluation.real_records import LabelledRecords


def class_codes(*labels: np.ndarray) -> list[np.ndarray]:
    """Number the classes of several label arrays alike, from 0.

    Numbers compare as numbers (1 and 1.0 are one class); otherwise labels compare as text.
    """
    numeric = all(array.dtype.kind in "biuf" for array in labels)
    alike = labels if numeric else [array.astype(str) for array in labels]
    codes = np.unique(np.concatenate(alike), return_inverse=True)[1]
    return np.split(codes, np.cumsum([len(array) for array in labels])[:-1])


def halves(records: LabelledRecords, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw two disjoint halves of equal size, with as many records of each class.

    Returns:
        The rows of each half, shape (len(records) // 2,), in random order.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(records))
    if records.labels is not None:
        codes = class_codes(records.labels)[0]
        order = order[np.argsort(codes[order], kind="stable")]
    size = len(records) // 2
    return rng.permutation(order[0 : 2 * size : 2]), rng.permutation(order[1 : 2 * size : 2])
