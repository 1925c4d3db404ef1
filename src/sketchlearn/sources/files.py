"""What Parquet and CSV files have in common."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sketchlearn.errors import EmptySourceError, SourceError
from sketchlearn.sources.table_layout import arrow_errors

# Row groups, or CSV files, a pilot reads at most: enough to see the whole of a sorted
# source, few enough to cost little beside the pass itself.
PILOT_PARTS = 16


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the errors of reading a file into `SourceError`, naming the file."""
    try:
        with arrow_errors(str(path)):
            yield
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read ({error}). Check that it is whole and may be read."
        ) from error


def refuse_empty(paths: Sequence[Path]) -> None:
    """Refuse files of zero bytes.

    Raises:
        EmptySourceError: a file is empty.
    """
    for path in paths:
        with reading(path):
            size = path.stat().st_size
        if size == 0:
            raise EmptySourceError(
                f"{path} is empty (0 bytes), and records were expected. Write it again, or "
                f"leave it out."
            )


def origin_of(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return what tells these files from others, and from themselves once edited."""
    found = []
    for path in paths:
        with reading(path):
            told = path.stat()
        found.append(f"{path.resolve()} {told.st_size} {told.st_mtime_ns}")
    return tuple(found)


def spread(parts: int, seed: int) -> list[int]:
    """Choose parts of a source evenly: all when few, else one at random in each stretch."""
    if parts <= PILOT_PARTS:
        return list(range(parts))
    generator = np.random.default_rng(seed)
    edges = np.linspace(0, parts, PILOT_PARTS + 1).astype(int)
    return [int(generator.integers(a, b)) for a, b in itertools.pairwise(edges)]
