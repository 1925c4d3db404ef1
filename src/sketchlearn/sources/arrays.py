"""Records held in arrays: numpy, memory-mapped files, torch tensors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

import numpy as np

from sketchlearn.errors import LabelError, SourceError, UnsupportedSourceError
from sketchlearn.sources.array_layout import ArrayLayout
from sketchlearn.sources.batch import Batch, Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.pilot import draw_rows
from sketchlearn.sources.records import batch_rows, is_array, refuse_sparse, to_numpy


@final
class ArraySource(Source):
    """An array of shape (n, d), or (n, ...) for images, with labels beside it or none."""

    one_shot = False

    def __init__(self, records: Any, labels: Any, choice: Choice) -> None:
        """Open an array.

        Args:
            records: array or tensor, shape (n, d) or (n, ...).
            labels: one label per record, shape (n,), or None.
            choice: what the caller asked for.

        Raises:
            SourceError: the array has fewer than two dimensions.
            ColumnError: it holds no real numbers, or the columns asked for do not fit.
            LabelError: there is not one label per record.
        """
        refuse_sparse(records)
        shape = tuple(int(side) for side in records.shape)
        # The dtype is asked of no record at all, so that a tensor on a device stays there.
        dtype = to_numpy(records[:0]).dtype if shape else to_numpy(records).dtype
        self._layout = ArrayLayout.of(shape, dtype, choice, label_apart=labels is not None)
        if labels is not None and len(labels) != shape[0]:
            raise LabelError(
                f"{len(labels)} labels came with {shape[0]} records; expected one per record. "
                f"To read two arrays as batches, give them as a list."
            )
        self._records = records
        self._labels = labels
        self.schema = self._layout.schema
        self.rows = shape[0]

    def batches(self) -> Iterator[Batch]:
        """Yield the records in order, as views of the array."""
        step = batch_rows(int(np.prod(self._layout.shape)))
        for start in range(0, self.rows or 0, step):
            yield self._at(slice(start, start + step))

    def pilot(self, rows: int, seed: int) -> Batch:
        """Return `rows` records drawn without replacement, in the order of the array.

        Raises:
            EmptySourceError: the array holds no record.
        """
        return self._at(draw_rows(self.rows or 0, rows, seed))

    def _at(self, where: slice | np.ndarray) -> Batch:
        labels = None if self._labels is None else to_numpy(self._labels[where])
        return self._layout.batch(to_numpy(self._records[where]), labels)


def open_pair(pair: tuple[object, ...], choice: Choice) -> ArraySource:
    """Open a tuple (records, labels).

    Raises:
        UnsupportedSourceError: the tuple is no such pair.
        SourceError: as for a single array.
        LabelError: there is not one label per record.
    """
    if len(pair) != 2 or not is_array(pair[0]):
        kinds = ", ".join(type(part).__name__ for part in pair)
        raise UnsupportedSourceError(
            f"A tuple of ({kinds}) is no source; expected (records, labels), two arrays. "
            f"Give batches as a list, and a table with its label column named by label=."
        )
    labels: Any = pair[1] if is_array(pair[1]) else np.asarray(pair[1])
    if not len(labels.shape):
        raise LabelError(f"Labels are the single value {pair[1]!r}; expected one per record.")
    # A series of pandas slices by its index; its array slices by position.
    positional = labels.to_numpy() if hasattr(labels, "to_numpy") else labels
    return ArraySource(pair[0], positional, choice)


def open_npy(path: Path, choice: Choice) -> ArraySource:
    """Open a .npy file, mapped rather than read into memory.

    Raises:
        SourceError: the file cannot be read as an array of numbers.
        ColumnError: the columns asked for do not fit.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise SourceError(
            f"{path} cannot be read as a .npy array of numbers ({error}). Write it with "
            f"numpy.save from an array of numbers; pickled objects are never loaded."
        ) from error
    if not isinstance(array, np.ndarray):
        raise SourceError(
            f"{path} is an archive of several arrays, and one array was expected. "
            f"Load it with numpy.load and give one of them."
        )
    return ArraySource(array, None, choice)
