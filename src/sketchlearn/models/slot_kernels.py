"""The compiled loop that draws one slot of each column of soft rows."""

from __future__ import annotations

from sketchlearn.compilation import compiled


@compiled
def draw_slots(soft, starts, slots, levels, kept, rows, codes, shares):  # noqa: ANN001, ANN201, PLR0913, PLR0917
    """Draw one slot of each column, each by its probability.

    Args:
        soft: float64, shape (n, d).
        starts: where the block of each column starts.
        slots: how many slots it has, at least one.
        levels: from 0 to 1, which slot to take in order of probability, shape (columns, n).
        kept: the slot to take instead, -1 for none, shape (n, columns).
        rows: float64, shape (n, d), changed in place: 1 in the slots that are taken.
        codes: int64, shape (n, columns), changed in place: the slots that are taken.
        shares: float64, shape (n, columns), changed in place: how probable they were.
    """
    for row in range(soft.shape[0]):
        for column in range(starts.size):
            first = starts[column]
            total = 0.0
            for slot in range(slots[column]):
                total += soft[row, first + slot]
            code = kept[row, column]
            if code < 0:
                code, reached, edge = 0, 0.0, levels[column, row] * total
                for slot in range(slots[column]):
                    reached += soft[row, first + slot]
                    if edge > reached:
                        code += 1
            rows[row, first + code] = 1.0
            codes[row, column] = code
            shares[row, column] = soft[row, first + code] / total
