"""Records held in Parquet and CSV files, one or many, larger than memory or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from sketchlearn.errors import EmptySourceError, SourceError
from sketchlearn.sources.batch import Batch, Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.pilot import draw_rows, first_rows, join
from sketchlearn.sources.records import batch_rows
from sketchlearn.sources.tables import TableLayout, arrow_errors

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

# Row groups, or CSV files, a pilot reads at most: enough to see the whole of a sorted
# source, few enough to cost little beside the pass itself.
PILOT_PARTS = 16
# Bytes of CSV read at a time. The type of a label is guessed from the first block.
CSV_BLOCK = 1 << 22
# Bytes read ahead in each column of a row group, instead of the whole column.
PARQUET_BUFFER = 1 << 16


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        with arrow_errors(str(path)):
            yield
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read ({error}). Check that it is whole and may be read."
        ) from error


def _refuse_empty(paths: Sequence[Path]) -> None:
    for path in paths:
        with _reading(path):
            size = path.stat().st_size
        if size == 0:
            raise EmptySourceError(
                f"{path} is empty (0 bytes), and records were expected. Write it again, or "
                f"leave it out."
            )


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
            ColumnError: a column is absent or not numeric, or the files differ.
        """
        _refuse_empty(paths)
        with _reading(paths[0]), _open_parquet(paths[0]) as first:
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
        generator = np.random.default_rng(seed)
        groups = [self._groups[i] for i in _spread(len(self._groups), generator)]
        drawn = draw_rows(sum(group.rows for group in groups), rows, seed)
        kept: list[Batch] = []
        start = 0
        for group in groups:
            inside = drawn[(drawn >= start) & (drawn < start + group.rows)] - start
            kept += self._pick(group, inside)
            start += group.rows
        return join(kept)

    def _groups_of(self, path: Path) -> list[_RowGroup]:
        with _reading(path), _open_parquet(path) as file:
            self._layout.check(file.schema_arrow, str(path))
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        return [_RowGroup(path, i, rows) for i, rows in enumerate(sizes) if rows]

    def _pick(self, group: _RowGroup, positions: np.ndarray) -> Iterator[Batch]:
        start = 0
        for batch in self._read(group) if len(positions) else ():
            inside = (positions >= start) & (positions < start + len(batch))
            at = positions[inside] - start
            labels = None if batch.labels is None else batch.labels[at]
            if len(at):
                yield Batch(batch.values[at], labels)
            start += len(batch)
            if start > positions[-1]:
                break

    def _read(self, group: _RowGroup) -> Iterator[Batch]:
        used = self._layout.used
        step = batch_rows(len(used))
        with _reading(group.path), _open_parquet(group.path) as file:
            for part in file.iter_batches(step, row_groups=[group.index], columns=used):
                yield from self._layout.batches(part)


@final
class CsvSource(Source):
    """CSV files with a header line and the same columns, streamed.

    Numbers are read as float64, since an integer column may turn out to hold 1.5 later on.
    """

    one_shot = False
    rows = None

    def __init__(self, paths: Sequence[Path], choice: Choice) -> None:
        """Open files by their first block.

        Raises:
            EmptySourceError: a file has no byte.
            SourceError: a file cannot be read.
            ColumnError: a column is absent or not numeric, or the files differ.
        """
        _refuse_empty(paths)
        arrow = _with_floats(_csv_schema(paths[0]), choice.label)
        self._layout = TableLayout.of(arrow, choice)
        self._types = {name: arrow.field(name).type for name in self._layout.used}
        for path in paths[1:]:
            self._layout.check(_with_floats(_csv_schema(path), choice.label), str(path))
        self._paths = tuple(paths)
        self.schema = self._layout.schema

    def batches(self) -> Iterator[Batch]:
        """Yield the records in the order of the files."""
        for path in self._paths:
            yield from self._read(path)

    def pilot(self, rows: int, seed: int) -> Batch:
        """Return the first records of the files, or of files spread evenly over them.

        Raises:
            EmptySourceError: the files hold no record.
        """
        kept: list[Batch] = []
        wanted = rows
        parts = _spread(len(self._paths), np.random.default_rng(seed))
        for done, i in enumerate(parts):
            quota = -(-wanted // (len(parts) - done))
            # One batch more than none tells an empty file, which a pilot passes over.
            some = next(self._read(self._paths[i]), None) if quota else None
            if some is not None:
                kept.append(first_rows(self._read(self._paths[i]), quota))
                wanted -= len(kept[-1])
        return join(kept)

    def _read(self, path: Path) -> Iterator[Batch]:
        import pyarrow.csv as pa_csv

        convert = pa_csv.ConvertOptions(
            column_types=self._types, include_columns=self._layout.used
        )
        with _reading(path), _open_csv(path, convert) as reader:
            for part in reader:
                yield from self._layout.batches(part)


def _spread(parts: int, generator: np.random.Generator) -> list[int]:
    # Every part when they are few; otherwise one at random out of each of 16 equal stretches.
    if parts <= PILOT_PARTS:
        return list(range(parts))
    edges = np.linspace(0, parts, PILOT_PARTS + 1).astype(int)
    return [int(generator.integers(a, b)) for a, b in zip(edges, edges[1:], strict=False)]


def _open_parquet(path: Path) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    return pq.ParquetFile(path, buffer_size=PARQUET_BUFFER)


def _open_csv(path: Path, convert: pa_csv.ConvertOptions | None) -> pa_csv.CSVStreamingReader:
    import pyarrow.csv as pa_csv

    options = pa_csv.ReadOptions(block_size=CSV_BLOCK)
    return pa_csv.open_csv(path, read_options=options, convert_options=convert)


def _csv_schema(path: Path) -> pa.Schema:
    with _reading(path), _open_csv(path, None) as reader:
        return reader.schema


def _with_floats(arrow: pa.Schema, label: str | None) -> pa.Schema:
    import pyarrow as pa

    def wider(field: pa.Field) -> pa.Field:
        # A column whose first block is blank is read as missing numbers.
        loose = pa.types.is_integer(field.type) or pa.types.is_null(field.type)
        return field.with_type(pa.float64()) if loose and field.name != label else field

    return pa.schema([wider(field) for field in arrow])
