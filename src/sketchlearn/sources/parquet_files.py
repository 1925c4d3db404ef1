"""Records held in Parquet files, larger than memory or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

from sketchlearn.sources.batch import Batch, Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.files import reading, refuse_empty, spread
from sketchlearn.sources.pilot import draw_rows, pick
from sketchlearn.sources.records import batch_rows
from sketchlearn.sources.table_layout import TableLayout

if TYPE_CHECKING:
    import pyarrow.parquet as pq

# Bytes read ahead in each column of a row group, instead of the whole column.
PARQUET_BUFFER = 1 << 16


@dataclass(frozen=True)
class _RowGroup:
    path: Path
    index: int
    rows: int


@final
class ParquetSource(Source):
    """Parquet files of the same columns, read one row group at a time."""

    one_shot = False

    def __init__(self, paths: Sequence[Path], choice: Choice) -> None:
        """Open files by their footers; no record is read.

        Raises:
            EmptySourceError: a file has no byte.
            SourceError: a file cannot be read.
            ColumnError: a column is absent, or the files differ.
        """
        refuse_empty(paths)
        with reading(paths[0]), _open_parquet(paths[0]) as first:
            self._layout = TableLayout.of(first.schema_arrow, choice)
        self._groups = [group for path in paths for group in self._groups_of(path)]
        self.schema = self._layout.schema
        self.rows = sum(group.rows for group in self._groups)

    def batches(self) -> Iterator[Batch]:
        """Yield the records in the order of the files."""
        for group in self._groups:
            yield from self._read(group)

    def pilot(self, rows: int, seed: int) -> Batch:
        """Return records drawn from row groups spread evenly over all the files.

        Raises:
            EmptySourceError: the files hold no record.
        """
        groups = [self._groups[i] for i in spread(len(self._groups), seed)]
        drawn = draw_rows(sum(group.rows for group in groups), rows, seed)
        kept: list[Batch] = []
        start = 0
        for group in groups:
            inside = drawn[(drawn >= start) & (drawn < start + group.rows)] - start
            kept += pick(self._read(group), inside)
            start += group.rows
        return Batch.join(kept)

    def _groups_of(self, path: Path) -> list[_RowGroup]:
        with reading(path), _open_parquet(path) as file:
            self._layout.check(file.schema_arrow, str(path))
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        return [_RowGroup(path, i, rows) for i, rows in enumerate(sizes) if rows]

    def _read(self, group: _RowGroup) -> Iterator[Batch]:
        used = self._layout.used
        step = batch_rows(len(used))
        with reading(group.path), _open_parquet(group.path) as file:
            for part in file.iter_batches(step, row_groups=[group.index], columns=used):
                yield from self._layout.batches(part)


def _open_parquet(path: Path) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    return pq.ParquetFile(path, buffer_size=PARQUET_BUFFER)
