"""What every source yields, and what every source can be asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, final

import numpy as np

from sketchlearn.errors import EmptySourceError
from sketchlearn.sources.arrow_columns import joined, numbers, without_rows

if TYPE_CHECKING:
    import pyarrow as pa

# Rows per batch: large enough that the cost per batch vanishes, small enough that a
# batch of a few hundred columns stays within tens of megabytes.
BATCH_ROWS = 16_384


@final
@dataclass(frozen=True, eq=False)
class Batch:
    """Some records of a source: `Batch(values, labels)` of an array, `Batch.of_table` of a table.

    Attributes:
        labels: one label per record, shape (n,), or None when the source has none.
        table: the value columns, in the order of the source's schema, where the source is a
            table; None where it is an array.
    """

    _values: np.ndarray | None
    labels: np.ndarray | None = None
    table: pa.RecordBatch | None = None

    @classmethod
    def of_table(cls, table: pa.RecordBatch, labels: np.ndarray | None = None) -> Batch:
        """Build a batch of the columns of a table, which need not be numbers."""
        return cls(None, labels, table)

    @classmethod
    def empty(cls, types: pa.Schema | None, labels: np.ndarray | None = None) -> Batch:
        """Build a batch without rows, of a table's columns or of none."""
        return cls.of_table(without_rows(types), labels)

    @classmethod
    def join(cls, batches: Sequence[Batch]) -> Batch:
        """Return the records of several batches of one source as one batch.

        Raises:
            EmptySourceError: there is no batch.
        """
        if not batches:
            raise no_record()
        if len(batches) == 1:
            return batches[0]
        labels = [batch.labels for batch in batches if batch.labels is not None]
        every = np.concatenate(labels) if labels else None
        tables = [batch.table for batch in batches if batch.table is not None]
        if tables:
            return cls.of_table(joined(tables), every)
        return cls(np.concatenate([batch.values for batch in batches]), every)

    def __len__(self) -> int:
        return len(self.values) if self.table is None else len(self.table)

    @cached_property
    def values(self) -> np.ndarray:
        """The records as numbers of any numeric dtype, shape (n, d).

        Those of a table are made when they are first asked for.

        Raises:
            ColumnError: a column holds no numbers.
        """
        if self._values is None:
            assert self.table is not None
            return numbers(self.table)
        return self._values

    def rows(self, start: int, stop: int | None = None) -> Batch:
        """Return the records from `start` to before `stop`, without copying them."""
        start, stop, _ = slice(start, stop).indices(len(self))
        values = self._known
        return Batch(
            None if values is None else values[start:stop],
            None if self.labels is None else self.labels[start:stop],
            None if self.table is None else self.table.slice(start, max(0, stop - start)),
        )

    def take(self, positions: np.ndarray) -> Batch:
        """Return the records at these positions, in that order."""
        values = self._known
        return Batch(
            None if values is None else values[positions],
            None if self.labels is None else self.labels[positions],
            None if self.table is None else self.table.take(positions),
        )

    @property
    def _known(self) -> np.ndarray | None:
        """The values, if they exist already."""
        return self.__dict__.get("values", self._values)


@dataclass(frozen=True)
class SourceSchema:
    """What a source says of its records before they are read.

    Attributes:
        columns: names of the value columns, in order.
        dtypes: numpy dtype names of those columns, such as "float64" or "uint8"; "object" for
            columns that hold no numbers.
        image: shape of one record when the source holds arrays of more than two
            dimensions, such as (8, 8) or (1, 28, 28); None for vectors.
        label: name of the label column, or None.
        arrow: names and types of the value columns of a table, in order; None for arrays. The
            metadata of a field has b"whole" where a text file showed whole numbers only, and
            b"stored" where the column came in another way of storage than its type, as categories
            do, which are codes into a dictionary.
    """

    columns: tuple[str, ...]
    dtypes: tuple[str, ...]
    image: tuple[int, ...] | None = None
    label: str | None = None
    arrow: pa.Schema | None = None


class Source(ABC):
    """Records that can be read in batches, in one pass."""

    schema: SourceSchema
    #: number of records when it is known without reading them, for progress; else None
    rows: int | None
    #: True when the records can be read only once, such as those of an iterator
    one_shot: bool

    #: what tells this source from others of the same columns: files with sizes and times
    origin: tuple[str, ...] = ()

    @abstractmethod
    def batches(self) -> Iterator[Batch]:
        """Yield the records in order, at most a few tens of thousands at a time."""

    @abstractmethod
    def pilot(self, rows: int, seed: int) -> Batch:
        """Return about `rows` records to plan with, spread over the source where it can seek.

        A one-shot source keeps what it read and yields it again in `batches`.
        """


def no_record() -> EmptySourceError:
    """Build the error for a source of zero records."""
    return EmptySourceError(
        "The source holds no record, and at least one was expected. "
        "Check the path or the filter it comes from."
    )
