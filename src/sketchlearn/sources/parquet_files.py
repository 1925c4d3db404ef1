"""Records held in Parquet files, larger than memory or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

from sketchlearn.sources.batch import Batch, Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.files import origin_of, reading, refuse_empty, spread
from sketchlearn.sources.hive import Partitions
from sketchlearn.sources.paths import Found
from sketchlearn.sources.pilot import draw_rows, pick
from sketchlearn.sources.records import batch_rows
from sketchlearn.sources.table_layout import TableLayout

if TYPE_CHECKING:
    import pyarrow.parquet as pq

# Bytes read ahead in each column of a row group, instead of the whole column.
PARQUET_BUFFER = 1 << 16


@dataclass(frozen=True)
class _RowGroup:
    # file: number of the file; index: of the group within it
    file: int
    index: int
    rows: int


@final
class ParquetSource(Source):
    """Parquet files of the same columns, read one row group at a time."""

    one_shot = False

    def __init__(self, files: Sequence[Found], choice: Choice) -> None:
        """Open files by their footers; no record is read.

        Raises:
            EmptySourceError: a file has no byte.
            SourceError: a file cannot be read.
            ColumnError: a column is absent, or the files differ.
        """
        self._paths = [file.path for file in files]
        refuse_empty(self._paths)
        with reading(self._paths[0]), _open_parquet(self._paths[0]) as first:
            arrow = first.schema_arrow
        self._partitions = Partitions.of(files, arrow.names)
        self._layout = TableLayout.of(self._partitions.declare(arrow), choice)
        self._groups = [group for i in range(len(files)) for group in self._groups_of(i)]
        self.schema = self._layout.schema
        self.origin = origin_of(self._paths)
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

    def _groups_of(self, file: int) -> list[_RowGroup]:
        path = self._paths[file]
        with reading(path), _open_parquet(path) as opened:
            self._layout.check(self._partitions.declare(opened.schema_arrow), str(path))
            sizes = [opened.metadata.row_group(i).num_rows for i in range(opened.num_row_groups)]
        return [_RowGroup(file, i, rows) for i, rows in enumerate(sizes) if rows]

    def _read(self, group: _RowGroup) -> Iterator[Batch]:
        used = self._layout.used
        inside = [name for name in used if name not in self._partitions.fields.names]
        step = batch_rows(len(used))
        path = self._paths[group.file]
        with reading(path), _open_parquet(path) as opened:
            for part in opened.iter_batches(step, row_groups=[group.index], columns=inside):
                whole = self._partitions.add(part, group.file, used)
                yield from self._layout.batches(whole)


def _open_parquet(path: Path) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    return pq.ParquetFile(path, buffer_size=PARQUET_BUFFER)
