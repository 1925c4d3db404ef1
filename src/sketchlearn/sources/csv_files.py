"""Records held in CSV files, larger than memory or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, final

from sketchlearn.errors import SourceError
from sketchlearn.sources.batch import Batch, Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.files import origin_of, reading, refuse_empty, spread_rows, widened
from sketchlearn.sources.table_layout import TableLayout

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

# Bytes of CSV read at a time. The types of columns are guessed from the first block.
CSV_BLOCK = 1 << 22


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
            ColumnError: a column is absent, or the files differ.
        """
        refuse_empty(paths)
        first, *others = _declared(paths, choice.label)
        self._layout = TableLayout.of(first, choice)
        self._types = {name: first.field(name).type for name in self._layout.used}
        for path, other in zip(paths[1:], others, strict=True):
            self._layout.check(other, str(path))
        self._paths = tuple(paths)
        self.schema = self._layout.schema
        self.origin = origin_of(paths)

    def batches(self) -> Iterator[Batch]:
        """Yield the records in the order of the files."""
        for path in self._paths:
            yield from self._read(path)

    def pilot(self, rows: int, seed: int) -> Batch:
        """Return the first records of the files, or of files spread evenly over them.

        Raises:
            EmptySourceError: the files hold no record.
        """
        return spread_rows([partial(self._read, path) for path in self._paths], rows, seed)

    def _read(self, path: Path) -> Iterator[Batch]:
        import pyarrow.csv as pa_csv

        convert = pa_csv.ConvertOptions(column_types=self._types, include_columns=self._layout.used)
        with reading(path), _values_read(path), _open_csv(path, convert) as reader:
            for part in reader:
                yield from self._layout.batches(part)


def _open_csv(path: Path, convert: pa_csv.ConvertOptions | None) -> pa_csv.CSVStreamingReader:
    import pyarrow.csv as pa_csv

    options = pa_csv.ReadOptions(block_size=CSV_BLOCK)
    return pa_csv.open_csv(path, read_options=options, convert_options=convert)


def _csv_schema(path: Path) -> pa.Schema:
    with reading(path), _open_csv(path, None) as reader:
        return reader.schema


def _declared(paths: Sequence[Path], label: str | None) -> list[pa.Schema]:
    """Return the columns of each file; those blank in its first block have the others' type.

    A column that is blank in all is read as missing numbers.
    """
    import pyarrow as pa

    found = [widened(_csv_schema(path), label) for path in paths]
    told: dict[str, pa.DataType] = {} if label is None else {label: pa.null()}
    for field in (field for schema in reversed(found) for field in schema):
        if not pa.types.is_null(field.type):
            told[field.name] = field.type

    def filled(field: pa.Field) -> pa.Field:
        known = told.get(field.name, pa.float64())
        return field.with_type(known) if pa.types.is_null(field.type) else field

    return [pa.schema([filled(field) for field in schema]) for schema in found]


@contextmanager
def _values_read(path: Path) -> Iterator[None]:
    """Turn what pyarrow says of a value into `SourceError`, with the name of its column."""
    import pyarrow as pa

    try:
        yield
    except pa.ArrowInvalid as error:
        told = re.search(r"CSV column #(\d+): (?:Row #(\d+): )?(.*)", str(error), re.DOTALL)
        if told is None:
            raise
        name = _csv_schema(path).names[int(told[1])]
        row = f", line {told[2]}" if told[2] else ""
        raise SourceError(
            f"{path} cannot be read: column {name!r}{row}: {told[3]}. The type of "
            f"a column is that of the first file's first {CSV_BLOCK >> 20} megabytes. Correct the "
            f"value, leave the column out with columns=[...], or write the table as Parquet."
        ) from error
