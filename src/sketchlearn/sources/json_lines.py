"""Records held in files of JSON lines, larger than memory or not."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, final

from sketchlearn.errors import ColumnError, SourceError
from sketchlearn.sources.batch import Batch, Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.files import origin_of, reading, refuse_empty, spread_rows, widened
from sketchlearn.sources.json_moments import moments_of
from sketchlearn.sources.table_layout import TableLayout

if TYPE_CHECKING:
    import pyarrow as pa

# Bytes of JSON read at a time. The fields and their types are those of the first block.
JSON_BLOCK = 1 << 22


@final
class JsonSource(Source):
    """Files with one JSON object a line, of the same fields, streamed.

    A field that a record lacks is missing there. Numbers are read as float64, since whole
    numbers may be followed by 1.5 later on.
    """

    one_shot = False
    rows = None

    def __init__(self, paths: Sequence[Path], choice: Choice) -> None:
        """Open files by their first block.

        Raises:
            EmptySourceError: a file has no byte.
            SourceError: a file cannot be read.
            ColumnError: a field is absent, or a file has fields that the first block lacks.
        """
        import pyarrow as pa

        refuse_empty(paths)
        self._known = pa.schema([])
        found = next(self._tables(paths[0], checked=False), None)
        first = widened(self._known if found is None else found.schema, choice.label)
        # Of a field that was always null nothing is known, and so no type is asked of it.
        self._known = pa.schema([field for field in first if not pa.types.is_null(field.type)])
        self._layout = TableLayout.of(first, choice)
        self._only = choice.columns is not None
        self._paths = tuple(paths)
        for path in paths[1:]:
            next(self._tables(path), None)
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
        for table in self._tables(path):
            yield from self._layout.batches(table)

    def _tables(self, path: Path, *, checked: bool = True) -> Iterator[pa.Table]:
        line = 1
        with reading(path):
            for block in _blocks(path):
                table = _parsed(block, self._known, path, line)
                if table.num_rows:
                    yield self._whole(table, path, line) if checked else table
                line += block.count(b"\n")

    def _whole(self, table: pa.Table, path: Path, line: int) -> pa.Table:
        """Return a table with all fields of the source, and no other."""
        import pyarrow as pa

        where = f"{path} (from line {line} on)"
        added = sorted(set(table.column_names) - self._layout.names)
        if added and not self._only:
            raise ColumnError(
                f"{where} has fields that the first {JSON_BLOCK >> 20} megabytes lack: "
                f"{', '.join(map(repr, added))}. Choose fields with columns=[...], or write null "
                f"for them in the first record."
            )
        table = table.drop_columns(added)
        for name in sorted(self._layout.names - set(table.column_names)):
            table = table.append_column(name, pa.nulls(len(table)))
        self._layout.check(table.schema, where)
        return table


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield whole lines, about a block of them at a time."""
    import pyarrow as pa

    with pa.input_stream(str(path), compression="detect") as stream:
        rest: list[bytes] = []
        while data := stream.read(JSON_BLOCK):
            end = data.rfind(b"\n") + 1
            if end:
                yield b"".join((*rest, data[:end]))
                rest = []
            rest.append(data[end:])
        yield b"".join(rest)


def _parsed(block: bytes, known: pa.Schema, path: Path, line: int) -> pa.Table:
    import pyarrow as pa
    import pyarrow.json as pa_json

    if not block.strip():
        return pa.table({})
    # One block of pyarrow's, which else may see another type in each of several.
    read = pa_json.ReadOptions(block_size=len(block) + 1)

    def parsed(fields: dict[str, pa.DataType]) -> pa.Table:
        parse = pa_json.ParseOptions(
            explicit_schema=pa.schema(fields), unexpected_field_behavior="infer"
        )
        return pa_json.read_json(io.BytesIO(block), read_options=read, parse_options=parse)

    asked = {field.name: field.type for field in known}
    moments = {name: kind for name, kind in asked.items() if pa.types.is_timestamp(kind)}
    try:
        # moments are read as text, since pyarrow's reader drops their zones
        table = parsed(asked | dict.fromkeys(moments, pa.string()))
        found = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
        if found:
            order = table.column_names
            table = parsed(asked | dict.fromkeys([*moments, *found], pa.string())).select(order)
    except pa.ArrowInvalid as error:
        row = re.search(r" in row (\d+)$", str(error))
        where = f"line {line + int(row[1])}" if row else f"a line from {line} on"
        raise SourceError(
            f"{path} cannot be read: {where}: {str(error).removesuffix(row[0] if row else '')}. "
            f"Expected one JSON object a line, whose fields keep the type they had in the first "
            f"{JSON_BLOCK >> 20} megabytes of the first file. Correct the line."
        ) from error
    for name in (*moments, *found):
        where = table.column_names.index(name)
        column = moments_of(table[name], moments.get(name), name, path)
        table = table.set_column(where, name, column)
    return table
