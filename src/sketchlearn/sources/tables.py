"""Records held in tables that speak the Arrow stream protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, final

from sketchlearn.errors import UnsupportedSourceError
from sketchlearn.sources.batch import Batch, Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.pilot import Replay, draw_rows, first_rows, pick
from sketchlearn.sources.table_layout import TableLayout, arrow_errors

if TYPE_CHECKING:
    import pyarrow as pa


def is_table(value: object) -> bool:
    """Tell whether `value` speaks the Arrow protocol."""
    return hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")


@final
class TableSource(Source):
    """A table, data frame, relation or reader that exports an Arrow stream."""

    def __init__(self, source: Any, choice: Choice) -> None:
        """Open a table.

        Raises:
            SourceError: it cannot be exported to Arrow.
            ColumnError: a column is absent or named twice.
        """
        reader = _open_reader(source)
        self._source = source
        self._where = f"The {type(source).__name__}"
        self._layout = TableLayout.of(reader.schema, choice)
        # Readers and streams of other Arrow libraries hand themselves out once as well.
        self.one_shot = type(source).__name__.endswith(("Reader", "Stream"))
        self._replay = Replay(self._read(reader)) if self.one_shot else None
        self.schema = self._layout.schema
        self.rows = _known_rows(source)

    def batches(self) -> Iterator[Batch]:
        """Yield the records in order."""
        if self._replay is not None:
            return self._replay.batches()
        return self._read(_open_reader(self._source))

    def pilot(self, rows: int, seed: int) -> Batch:
        """Return rows drawn at random from a table in memory, or the first ones of a stream.

        Raises:
            EmptySourceError: the table holds no record.
        """
        if self._replay is not None:
            return self._replay.pilot(rows)
        if self.rows is None:
            return first_rows(self.batches(), rows)
        return Batch.join(list(pick(self.batches(), draw_rows(self.rows, rows, seed))))

    def _read(self, reader: pa.RecordBatchReader) -> Iterator[Batch]:
        with arrow_errors(self._where):
            for part in reader:
                yield from self._layout.batches(part)


def as_table(value: Any) -> pa.Table:
    """Return anything that speaks the Arrow protocol as one Arrow table.

    Raises:
        SourceError: it cannot be exported to Arrow.
    """
    return _open_reader(value).read_all()


def _open_reader(source: Any) -> pa.RecordBatchReader:
    import pyarrow as pa

    if isinstance(source, pa.RecordBatchReader):
        return source
    if isinstance(source, pa.Array | pa.ChunkedArray) or "Series" in type(source).__name__:
        raise UnsupportedSourceError(
            f"A single column ({type(source).__name__}) is no table of records. "
            f"Give a table, for instance with .to_frame()."
        )
    with arrow_errors(f"The {type(source).__name__}"):
        if not hasattr(source, "__arrow_c_stream__"):
            return pa.Table.from_batches([pa.record_batch(source)]).to_reader()
        return pa.RecordBatchReader.from_stream(source)


def _known_rows(source: Any) -> int | None:
    rows = getattr(source, "num_rows", None)
    if isinstance(rows, int):
        return rows
    # The length of a relation would run its query, so only data frames are asked.
    return len(source) if type(source).__name__ == "DataFrame" else None
