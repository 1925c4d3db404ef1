"""The data pass: exact integer sums of truncated Fourier features."""

from __future__ import annotations

import numpy as np

from sketchlearn.features.projection import Projection

# Records whose length times that of the longest frequency is at most this many turns have phases
# in float32, off by 3·10⁻⁴ radians at the most distant and by some 10⁻⁶ for most. Phases of more
# distant records are float64.
_NEAR_TURNS = 256.0


def integer_sums(
    records: np.ndarray, projection: Projection, classes: np.ndarray, class_count: int
) -> np.ndarray:
    """Sum the truncated features of encoded records, class by class.

    A record's features depend on that record alone, so the result is the same to the last bit
    however the records are split into calls, in whatever order, by however many threads.

    Args:
        records: encoded records, shape (n, d).
        projection: the frequencies.
        classes: class number of each record, shape (n,).
        class_count: number of classes.

    Returns:
        int64 sums, shape (classes, 2, m): cosines, then sines, in units of 2⁻²⁰; or of their signs.
    """
    from sketchlearn.features.sum_kernels import add_far, prepare  # compiles on first use

    total = np.zeros((class_count, 2, projection.size), dtype=np.int64)
    records = np.ascontiguousarray(records, dtype=np.float64)
    single = np.empty(records.shape, dtype=np.float32)
    longest = _NEAR_TURNS / projection.reach if projection.reach else np.inf
    near = prepare(records, longest, single)
    for number in range(class_count):
        mine = None if class_count == 1 else np.asarray(classes) == number
        inside, outside = _split(near, mine)
        projection.add_near(single[inside], total[number])
        if outside is not None:
            far = records[outside].clip(-projection.farthest, projection.farthest)
            laid = projection.turns, projection.multiples, projection.shifts
            add_far(far, *laid, total[number])
    return total


def _split(
    near: np.ndarray, mine: np.ndarray | None
) -> tuple[slice | np.ndarray, np.ndarray | None]:
    """Return the near and the far records of a class; None where there is no far one."""
    everywhere = bool(near.all())
    inside = slice(None) if everywhere else near
    outside = None if everywhere else ~near
    if mine is None:
        return inside, outside
    return mine & near, None if outside is None else mine & outside
