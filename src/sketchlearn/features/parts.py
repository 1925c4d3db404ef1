"""A loss and its gradient added up from parts, to the same bits whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np

# Parts that are visited apart; more threads than that find nothing to do.
PARTS = 4


def add_parts(
    visit: Callable[[int, int, np.ndarray], float],
    first: int,
    last: int,
    shape: tuple[int, ...],
    threads: int,
) -> tuple[float, np.ndarray]:
    """Visit a range in PARTS parts; return the sum of their losses and of their gradients.

    Args:
        visit: called with the ends of a part and zeros to add its gradient to; returns its loss.
        first: where the range starts.
        last: where it ends.
        shape: of the gradient, float32.
        threads: parts to visit at a time.
    """
    cuts = [first + (last - first) * part // PARTS for part in range(PARTS + 1)]

    def part(start: int, stop: int) -> tuple[float, np.ndarray]:
        gradient = np.zeros(shape, dtype=np.float32)
        return visit(start, stop, gradient), gradient

    value, total = 0.0, np.zeros(shape, dtype=np.float32)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(threads)) if threads > 1 else None
        spread = pool.map if pool else map
        for loss, gradient in spread(part, cuts[:-1], cuts[1:]):
            value += loss
            total += gradient
    return value, total
