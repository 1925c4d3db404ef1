"""The data pass: exact integer sums of truncated Fourier features."""

from __future__ import annotations

import numpy as np

# One feature unit. A feature is truncated toward zero to a multiple of 2⁻²⁰, so sums are
# integers, adding is exact in any order, and a record's norm is at most the real one's.
UNIT = 2.0**-20

# Rows and frequencies projected at a time. The projection of a record must not depend on its
# neighbours, so every matrix product has this one shape: short tiles are padded. 256 rows of
# truncated features sum to at most 2²⁸, within an int32.
_TILE_ROWS = 256
_TILE_FREQUENCIES = 2048


def integer_sums(
    records: np.ndarray, frequencies: np.ndarray, classes: np.ndarray, class_count: int
) -> np.ndarray:
    """Sum the truncated features of encoded records, class by class.

    The result is the same to the last bit however the records are split into calls.

    Args:
        records: encoded records, shape (n, d).
        frequencies: float32, shape (d, m).
        classes: class number of each record, shape (n,).
        class_count: number of classes.

    Returns:
        int64 sums in units of 2⁻²⁰, shape (classes, 2, m): cosines, then sines.
    """
    size = frequencies.shape[1]
    total = np.zeros((class_count, 2, size), dtype=np.int64)
    order = np.argsort(classes, kind="stable") if class_count > 1 else slice(None)
    records = np.asarray(records)[order].astype(np.float32, copy=False)  # (n, d)
    classes = np.asarray(classes)[order]
    for left in range(0, size, _TILE_FREQUENCIES):
        block = np.ascontiguousarray(frequencies[:, left : left + _TILE_FREQUENCIES])
        part = total[:, :, left : left + _TILE_FREQUENCIES]
        _add_block(records, block, classes, part)
    return total


def _add_block(
    records: np.ndarray, block: np.ndarray, classes: np.ndarray, total: np.ndarray
) -> None:
    tile = np.zeros((_TILE_ROWS, records.shape[1]), dtype=np.float32)
    phase = np.empty((_TILE_ROWS, block.shape[1]), dtype=np.float32)
    feature = np.empty_like(phase)
    units = np.empty(phase.shape, dtype=np.int32)
    for top in range(0, len(records), _TILE_ROWS):
        rows = min(_TILE_ROWS, len(records) - top)
        tile[:rows] = records[top : top + rows]
        np.matmul(tile, block, out=phase)  # (256, d) @ (d, m) -> (256, m)
        present, starts = np.unique(classes[top : top + rows], return_index=True)
        for part, wave in enumerate((np.cos, np.sin)):
            wave(phase[:rows], out=feature[:rows])
            np.multiply(feature[:rows], np.float32(1 / UNIT), out=feature[:rows])
            # the cast to integers truncates toward zero
            np.copyto(units[:rows], feature[:rows], casting="unsafe")
            if len(present) == 1:  # about twice as fast as a general reduction
                total[present[0], part] += np.add.reduce(units[:rows], axis=0, dtype=np.int32)
            else:
                total[present, part] += np.add.reduceat(units[:rows], starts, axis=0)
