"""Records that come as an iterable of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, final

import numpy as np

from sketchlearn.errors import SourceError, UnsupportedSourceError
from sketchlearn.sources.array_layout import ArrayLayout
from sketchlearn.sources.batch import Batch, Source, SourceSchema
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.pilot import Replay, first_rows
from sketchlearn.sources.records import batch_rows, is_array, to_numpy
from sketchlearn.sources.table_layout import TableLayout, arrow_errors
from sketchlearn.sources.tables import as_table, is_table

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class _Arrays:
    records: np.ndarray
    labels: np.ndarray | None

    def __len__(self) -> int:
        return len(self.records)


@final
class StreamSource(Source):
    """Batches of any kind, one after the other, of the same columns."""

    def __init__(
        self,
        open_items: Callable[[], Iterator[object]],
        choice: Choice,
        *,
        one_shot: bool,
        rows: int | None = None,
    ) -> None:
        """Open a stream by reading its first batch that holds a record.

        Args:
            open_items: starts a reading of the batches.
            choice: what the caller asked for.
            one_shot: True when `open_items` can be called once only.
            rows: number of records where it is known.

        Raises:
            UnsupportedSourceError: an item is no batch of records.
            SourceError: the first batch cannot be read.
            ColumnError: a column is absent, or an array holds no numbers.
        """
        self._open = open_items
        self.one_shot = one_shot
        self.rows = rows
        items = _filled(open_items())
        first = next(items, None)
        self._layout = None if first is None else _layout_of(first, choice)
        # Of a stream without records nothing is known, not even how many columns.
        empty = SourceSchema((), (), choice.image, choice.label)
        self.schema = empty if self._layout is None else self._layout.schema
        ahead = () if first is None else (first,)
        self._replay = Replay(self._read(chain(ahead, items))) if one_shot else None

    def batches(self) -> Iterator[Batch]:
        """Yield the records in order."""
        if self._replay is not None:
            return self._replay.batches()
        return self._read(_filled(self._open()))

    def pilot(self, rows: int, seed: int) -> Batch:
        """Return the first records, since a stream cannot seek; `seed` is not used.

        Raises:
            EmptySourceError: the stream holds no record.
        """
        del seed
        if self._replay is not None:
            return self._replay.pilot(rows)
        return first_rows(self.batches(), rows)

    def _read(self, items: Iterable[_Arrays | pa.Table]) -> Iterator[Batch]:
        for item in items:
            layout = self._layout
            if isinstance(layout, ArrayLayout) and isinstance(item, _Arrays):
                yield from _array_batches(layout, item)
            elif isinstance(layout, TableLayout) and not isinstance(item, _Arrays):
                layout.check(item.schema, "A later table of the stream")
                with arrow_errors("A table of the stream"):
                    yield from layout.batches(item)
            else:
                raise SourceError(
                    "The stream yields both arrays and tables, and one kind was expected. "
                    "Give all its batches as tables, or all as arrays."
                )


def open_stream(source: Iterable[object], choice: Choice) -> StreamSource:
    """Open an iterable of batches, seeing whether it can be read more than once.

    Raises:
        UnsupportedSourceError: an item is no batch of records.
        SourceError: the first batch cannot be read.
        ColumnError: a column is absent, or an array holds no numbers.
    """
    items = iter(source)
    # Some objects hand out the one iterator they hold each time they are asked.
    if items is source or items is iter(source):
        return StreamSource(lambda: items, choice, one_shot=True)
    return StreamSource(lambda: iter(source), choice, one_shot=False)


def _layout_of(item: _Arrays | pa.Table, choice: Choice) -> ArrayLayout | TableLayout:
    if not isinstance(item, _Arrays):
        return TableLayout.of(item.schema, choice)
    shape, dtype = item.records.shape, item.records.dtype
    return ArrayLayout.of(shape, dtype, choice, label_apart=item.labels is not None)


def _filled(items: Iterator[object]) -> Iterator[_Arrays | pa.Table]:
    for raw in items:
        item = _item(raw)
        if len(item):
            yield item


def _item(raw: object) -> _Arrays | pa.Table:
    if is_array(raw) and not is_table(raw):
        return _Arrays(_records(raw), None)
    if is_table(raw):
        return as_table(raw)
    if isinstance(raw, tuple) and len(raw) == 2 and is_array(raw[0]):
        return _Arrays(_records(raw[0]), to_numpy(raw[1]))
    raise UnsupportedSourceError(
        f"The source yields items of type {_type(raw)}, which are no batches of records. Expected "
        f"arrays of shape (n, d), pairs (array, labels), or tables. Convert them first, for "
        f"instance with numpy.asarray(...)."
    )


def _records(raw: object) -> np.ndarray:
    records = to_numpy(raw)
    if records.ndim == 0:
        raise SourceError("The source yields single numbers; expected arrays of shape (n, d).")
    return records


def _type(raw: object) -> str:
    if isinstance(raw, tuple):
        return f"tuple of ({', '.join(type(part).__name__ for part in raw)})"
    return type(raw).__name__


def _array_batches(layout: ArrayLayout, item: _Arrays) -> Iterator[Batch]:
    # The whole item is checked at once, so that its labels match its records.
    batch = layout.batch(item.records, item.labels)
    step = batch_rows(batch.values.shape[1])
    for start in range(0, len(batch), step):
        yield batch.rows(start, start + step)
