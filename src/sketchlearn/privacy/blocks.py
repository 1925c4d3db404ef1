"""What one record can change, block by block, and the noise that hides it.

The integers that a record adds are one vector: blocks in the row of its class (waves, statistics),
blocks that all classes share (moments), and a 1 in the count of the class. Let N_b bound the norm
of block b, w_b be its share of the budget, Σ w_b = 1, and divide each block by N_b / √w_b and the
count by 1 / c: the record's vector has a squared norm of at most 1 + c². Noise of one scale on that
vector is noise of scale N_b / √w_b times it on block b.

- To add or remove a record changes the sums by its vector: Δ² = 1 + c², whatever the class.
- To replace one by another of its class leaves the counts alone, and changes block b by at most
  √k_b N_b, k_b being 4 in general, 2 where two vectors never have a negative product, and 1 where
  entries lie between 0 and a bound and N_b is the norm of the bounds: Δ² = Σ k_b w_b.
- To replace it by one of another class changes two rows and two counts, and what classes share as
  above: Δ² = Σ l_b w_b + 2c², l_b being 2 for blocks with rows and k_b for others. With c = 1 and
  waves alone, k_b = 4, that is the 4 of the line above: counts of classes cost nothing.
- To replace it by one that the pass drops changes one row and two counts, that of dropped records
  being one more: 1 + 2c².

Laplace noise goes the same way with absolute values in place of squares. docs/privacy.md has the
proofs in full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sketchlearn.privacy.charges import Mechanism, Relation

# Squared weight of counts, where they are not free: they then take a 64th of the budget.
_LEAST_COUNT = 1 / 64

COUNTS = "counts"


@final
@dataclass(frozen=True)
class Block:
    """Some of the integers that a record adds.

    Attributes:
        name: of the sums.
        square: greatest Σ v² of the integers v of one record, exact.
        total: greatest Σ |v|, exact.
        difference: k in ‖v - v'‖² ≤ k · square for two records.
        share: of the budget; shares of all blocks sum to 1.
        rows: whether each class has its own, or all share one.
    """

    name: str
    square: int
    total: int
    difference: float
    share: float
    rows: bool = True

    def change(self, power: int, *, of_class: bool = False) -> float:
        """Return what another record in the place of one changes, in powers of the record's norm.

        Args:
            power: 2 for squares, 1 for absolute values.
            of_class: whether its class changes too: integers of two rows have no cosine.
        """
        return 2.0 if of_class and self.rows else min(self.difference, 2.0**power)


def noise_scales(
    blocks: Sequence[Block],
    multiplier: float,
    mechanism: Mechanism,
    relation: Relation,
    *,
    classes: int,
) -> dict[str, float]:
    """Return the scale of the noise of each block by name, and of the counts.

    Args:
        blocks: what is released beside the counts.
        multiplier: scale of the noise over the sensitivity.
        mechanism: "gaussian" bounds squares, "laplace" absolute values.
        relation: what is hard to tell apart.
        classes: rows, beside that of dropped records, which has a count alone.
    """
    power = 2 if mechanism == "gaussian" else 1
    norms = {b.name: math.sqrt(b.square) if power == 2 else b.total for b in blocks}
    same = sum(b.share * b.change(power) for b in blocks)
    other = sum(b.share * b.change(power, of_class=True) for b in blocks)
    if relation == "add-remove":
        count = _LEAST_COUNT
        change = 1 + count
    else:
        # as much as is free: the largest that the changes without a count hide
        free = same - 1 if classes == 1 else min(same - 1, same - other)
        count = max(_LEAST_COUNT, free / 2)
        change = max(same, 1 + 2 * count, 0 if classes == 1 else other + 2 * count)
    sensitivity = change ** (1 / power)
    scales = {
        b.name: multiplier * sensitivity * norms[b.name] / b.share ** (1 / power) for b in blocks
    }
    scales[COUNTS] = multiplier * sensitivity / count ** (1 / power)
    return scales
