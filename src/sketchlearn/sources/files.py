"""What files of all kinds have in common."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sketchlearn.errors import EmptySourceError, SourceError
from sketchlearn.sources.batch import Batch
from sketchlearn.sources.pilot import take
from sketchlearn.sources.table_layout import arrow_errors

if TYPE_CHECKING:
    import pyarrow as pa

# Row groups, or text files, a pilot reads at most: enough to see the whole of a sorted
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


def spread_rows(readings: Sequence[Callable[[], Iterator[Batch]]], rows: int, seed: int) -> Batch:
    """Return the first records of files, or of files spread evenly over them, as one batch.

    Args:
        readings: each starts reading a file from its beginning.
        rows: how many records to return, if there are as many.
        seed: which of many files are read.

    Raises:
        EmptySourceError: the files hold no record.
    """
    kept: list[Batch] = []
    missing = rows
    parts = spread(len(readings), seed)
    for done, i in enumerate(parts):
        # What a short file lacks is asked of those after it.
        some = take(readings[i](), -(-missing // (len(parts) - done)))
        missing -= sum(map(len, some))
        kept += some
    return Batch.join(kept)


def widened(arrow: pa.Schema, label: str | None) -> pa.Schema:
    """Return types for a text file that hold what may follow: fractions after whole numbers.

    Args:
        arrow: the types of the first block.
        label: name of the label column, whose type stays, or None.
    """
    import pyarrow as pa

    def wider(field: pa.Field) -> pa.Field:
        if field.name == label:
            return field
        if pa.types.is_integer(field.type):
            return field.with_type(pa.float64()).with_metadata({b"whole": b"1"})
        if pa.types.is_timestamp(field.type) and field.type.unit == "s":
            return field.with_type(pa.timestamp("us", field.type.tz))
        return field

    return pa.schema([wider(field) for field in arrow])
