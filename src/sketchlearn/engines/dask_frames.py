"""The pass over a Dask DataFrame: one task a partition, and a tree of merges."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, final

from sketchlearn.engines.frame import Frame, require
from sketchlearn.engines.partials import Order
from sketchlearn.sources.files import spread
from sketchlearn.sources.pilot import draw_rows
from sketchlearn.sources.tables import as_table

if TYPE_CHECKING:
    import pyarrow as pa

# Partial sketches merged by one task: the tree stays flat, and a task holds few of them.
SPLIT_EVERY = 8


@final
class DaskFrame(Frame):
    """A Dask DataFrame, sketched by whatever scheduler Dask is set to."""

    engine = "Dask"

    def __init__(self, frame: Any) -> None:
        """Take a Dask DataFrame; nothing of it is computed."""
        require(self.engine, "dask", "dask.dataframe")
        self._frame = frame

    def columns(self) -> list[str]:
        """Return the names of the columns, and that of the index if it has one."""
        return [*map(str, self._frame.columns), *self.hidden()]

    def hidden(self) -> list[str]:
        """Return the name of the index, which is read only when named."""
        index = self._frame.index.name
        return [] if index is None else [str(index)]

    def select(self, names: Sequence[str]) -> DaskFrame:
        """Return the frame with these columns only."""
        named_index = set(self.hidden()) & set(names)
        frame = self._frame.reset_index() if named_index else self._frame
        own = {str(name): name for name in frame.columns}
        return DaskFrame(frame[[own[name] for name in names]])

    def pilot(self, rows: int, seed: int) -> pa.Table:
        """Return records drawn from partitions spread evenly over the frame."""
        import pyarrow as pa

        parts = self._frame.to_delayed()
        some = [parts[i] for i in spread(len(parts), seed)]
        tables = _drawn(some, rows, seed)
        if not any(map(len, tables)):
            tables = _drawn(parts, rows, seed)
        return pa.concat_tables(tables, promote_options="permissive")

    def partials(self, order: Order) -> Generator[bytes, None, None]:
        """Yield at most `SPLIT_EVERY` partial sketches, the roots of the tree of merges."""
        from dask.base import compute
        from dask.delayed import delayed

        told = delayed(order, traverse=False)  # one node of the graph, sent once a worker
        sketch, merge = delayed(_sketch), delayed(Order.merge)
        level = [sketch(told, part) for part in self._frame.to_delayed()]
        while len(level) > SPLIT_EVERY:
            groups = [level[i : i + SPLIT_EVERY] for i in range(0, len(level), SPLIT_EVERY)]
            level = [merge(told, group) for group in groups]
        client = _client()
        yield from compute(*level) if client is None else _as_completed(client, level)


def _sketch(order: Order, part: Any) -> bytes:
    return order.sketch([part])


def _client() -> Any:
    """Return the client of the distributed scheduler, or None when another one is in use."""
    from dask.base import get_scheduler

    client = getattr(get_scheduler(), "__self__", None)
    return client if hasattr(client, "scheduler_info") else None


def _as_completed(client: Any, level: list[Any]) -> Iterator[bytes]:
    from distributed import as_completed

    futures = client.compute(level)
    try:
        for _, part in as_completed(futures, with_results=True):
            yield part
    finally:
        client.cancel(futures)


def _drawn(parts: Sequence[Any], rows: int, seed: int) -> tuple[pa.Table, ...]:
    from dask.base import compute
    from dask.delayed import delayed

    share = -(-rows // len(parts))
    draw = delayed(_draw)
    return compute(*(draw(part, share, seed) for part in parts))


def _draw(part: Any, rows: int, seed: int) -> pa.Table:
    table = as_table(part.reset_index(drop=True))
    return table.take(draw_rows(len(table), rows, seed)) if len(table) else table
