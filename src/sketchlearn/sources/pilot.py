"""Drawing the records a plan is made from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import final

import numpy as np

from sketchlearn.errors import SourceError
from sketchlearn.sources.batch import Batch, no_record


def draw_rows(total: int, rows: int, seed: int) -> np.ndarray:
    """Draw `rows` of `total` positions without replacement, in increasing order.

    Raises:
        EmptySourceError: `total` is zero.
    """
    if total == 0:
        raise no_record()
    generator = np.random.default_rng(seed)
    return np.sort(generator.choice(total, size=min(rows, total), replace=False))


def take(batches: Iterable[Batch], rows: int) -> list[Batch]:
    """Return the first `rows` records as batches, reading no further than they need."""
    kept: list[Batch] = []
    missing = rows
    for batch in batches:
        kept.append(batch.rows(0, missing))
        missing -= len(kept[-1])
        if missing <= 0:
            break
    return kept


def first_rows(batches: Iterable[Batch], rows: int) -> Batch:
    """Return the first `rows` records as one batch.

    Raises:
        EmptySourceError: there is no record.
    """
    return Batch.join(take(batches, rows))


def pick(batches: Iterable[Batch], positions: np.ndarray) -> Iterator[Batch]:
    """Yield the records at increasing positions, reading no further than the last."""
    if not len(positions):
        return
    start = 0
    for batch in batches:
        at = positions[(positions >= start) & (positions < start + len(batch))] - start
        if len(at):
            yield batch.take(at)
        start += len(batch)
        if start > positions[-1]:
            return


def skip(batches: Iterator[Batch], rows: int) -> Iterator[Batch]:
    """Yield the records after the first `rows`, wherever batches end."""
    for batch in batches:
        passed = min(rows, len(batch))
        rows -= passed
        if passed < len(batch):
            yield batch.rows(passed) if passed else batch


@final
class Replay:
    """Batches that can be read once, with what the pilot read kept for that one reading."""

    def __init__(self, batches: Iterator[Batch]) -> None:
        """Hold batches that nobody else reads."""
        self._batches = batches
        self._kept: deque[Batch] = deque()
        self._read = False

    def pilot(self, rows: int) -> Batch:
        """Return the first `rows` records and keep them.

        Raises:
            EmptySourceError: there is no record.
            SourceError: the records have already been read.
        """
        self._check_unread()
        count = sum(map(len, self._kept))
        while count < rows and (batch := next(self._batches, None)) is not None:
            self._kept.append(batch)
            count += len(batch)
        return first_rows(self._kept, rows)

    def batches(self) -> Iterator[Batch]:
        """Yield what was kept, then the rest.

        Raises:
            SourceError: the records have already been read.
        """
        self._check_unread()
        self._read = True
        while self._kept:
            yield self._kept.popleft()
        yield from self._batches

    def _check_unread(self) -> None:
        if self._read:
            raise SourceError(
                "The source is an iterator that has already been read, and it yields its records "
                "once. Open a new one, or give something that can be read again: an array, a "
                "list of batches, or files."
            )
