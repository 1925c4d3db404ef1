"""What every source yields, and what every source can be asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

# Rows per batch: large enough that the cost per batch vanishes, small enough that a
# batch of a few hundred columns stays within tens of megabytes.
BATCH_ROWS = 16_384


@dataclass(frozen=True)
class Batch:
    """Some records of a source.

    Attributes:
        values: numbers as the source has them, any numeric dtype, shape (n, d).
        labels: one label per record, shape (n,), or None when the source has none.
    """

    values: np.ndarray
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class SourceSchema:
    """What a source says of its records before they are read.

    Attributes:
        columns: names of the numeric columns, in order.
        dtypes: numpy dtype names of those columns, such as "float64" or "uint8".
        image: shape of one record when the source holds arrays of more than two
            dimensions, such as (8, 8) or (1, 28, 28); None for vectors.
        label: name of the label column, or None.
    """

    columns: tuple[str, ...]
    dtypes: tuple[str, ...]
    image: tuple[int, ...] | None = None
    label: str | None = None


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
