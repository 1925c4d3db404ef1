"""The data pass: exact integer sums of truncated Fourier features."""

from __future__ import annotations

import numpy as np

# One feature unit. A feature is truncated toward zero to a multiple of 2⁻²⁰, so sums are
# integers, adding is exact in any order, and a record's norm is at most the real one's.
UNIT = 2.0**-20

# A float32 cosine may exceed the real one by a unit in its last place. This much less than one
# unit's inverse keeps cos² + sin² of every record at most 1 all the same.
_PER_UNIT = np.float32((1 - 2.0**-23) / UNIT)

# Records farther than this are taken to lie there, so that phases stay finite.
_FARTHEST = 2.0**40

# Rows and frequencies projected at a time. 256 rows of truncated features sum to at most 2²⁸,
# within an int32.
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
    records = np.asarray(records)[order]  # (n, d)
    classes = np.asarray(classes)[order]
    lattice = _on_lattice(np.asarray(frequencies, dtype=np.float64), axis=0)
    for left in range(0, size, _TILE_FREQUENCIES):
        block = np.ascontiguousarray(lattice[:, left : left + _TILE_FREQUENCIES])
        part = total[:, :, left : left + _TILE_FREQUENCIES]
        _add_block(records, block, classes, part)
    return total


def _on_lattice(vectors: np.ndarray, axis: int) -> np.ndarray:
    """Round vectors along `axis` to so few bits that their products sum exactly in float64.

    Each vector is rounded to whole steps of a power of two of its own, at most 2ᵇ of them with
    2b + log2 d ≤ 53. Then no order of summation, no place in a tile, no number of threads and
    no matrix library changes a phase by a bit. With d = 784 columns b is still 21.
    """
    bits = (53 - (vectors.shape[axis] - 1).bit_length()) // 2
    _, exponent = np.frexp(np.abs(vectors).max(axis=axis, keepdims=True))
    step = np.ldexp(1.0, exponent - bits)
    return np.rint(vectors / step) * step


def _add_block(
    records: np.ndarray, block: np.ndarray, classes: np.ndarray, total: np.ndarray
) -> None:
    phase = np.empty((_TILE_ROWS, block.shape[1]), dtype=np.float32)
    feature = np.empty_like(phase)
    units = np.empty(phase.shape, dtype=np.int32)
    for top in range(0, len(records), _TILE_ROWS):
        rows = min(_TILE_ROWS, len(records) - top)
        near = np.clip(records[top : top + rows].astype(np.float64), -_FARTHEST, _FARTHEST)
        phase[:rows] = _on_lattice(near, axis=1) @ block  # (rows, d) @ (d, m) -> (rows, m)
        present, starts = np.unique(classes[top : top + rows], return_index=True)
        for part, wave in enumerate((np.cos, np.sin)):
            wave(phase[:rows], out=feature[:rows])
            np.multiply(feature[:rows], _PER_UNIT, out=feature[:rows])
            # the cast to integers truncates toward zero
            np.copyto(units[:rows], feature[:rows], casting="unsafe")
            if len(present) == 1:  # about twice as fast as a general reduction
                total[present[0], part] += np.add.reduce(units[:rows], axis=0, dtype=np.int32)
            else:
                total[present, part] += np.add.reduceat(units[:rows], starts, axis=0)
