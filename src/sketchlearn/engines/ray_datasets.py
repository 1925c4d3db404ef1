"""The pass over a Ray Dataset: a partial sketch a block, merged as they stream in."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, final

from sketchlearn.engines.frame import Frame, require
from sketchlearn.engines.partials import Order, outcome, sketches_in
from sketchlearn.sources.batch import no_record

if TYPE_CHECKING:
    import pyarrow as pa


@final
class RayDataset(Frame):
    """A Ray Dataset, sketched block by block in its own streaming execution."""

    engine = "Ray"

    def __init__(self, dataset: Any) -> None:
        """Take a Ray Dataset; nothing of it is executed."""
        require(self.engine, "ray", "ray.data")
        self._dataset = dataset

    def columns(self) -> list[str]:
        """Return the names of the columns, for which Ray may have to read the first block."""
        names = self._dataset.columns()
        if names is None:
            raise no_record()
        return list(names)

    def select(self, names: Sequence[str]) -> RayDataset:
        """Return the dataset with these columns only."""
        return RayDataset(self._dataset.select_columns(list(names)))

    def pilot(self, rows: int, seed: int) -> pa.Table:
        """Return the first records: drawing at random would read them all; `seed` is not used."""
        import pyarrow as pa

        del seed
        batches = self._dataset.limit(rows).iter_batches(batch_size=None, batch_format="pyarrow")
        tables = [table for table in batches if len(table)]
        if not tables:
            raise no_record()
        return pa.concat_tables(tables, promote_options="permissive")

    def partials(self, order: Order) -> Generator[bytes, None, None]:
        """Yield one partial sketch a block, as blocks are finished."""
        parts = self._dataset.map_batches(
            _sketch, fn_args=(order,), batch_size=None, batch_format="pyarrow"
        )
        return sketches_in(parts.iter_batches(batch_size=None, batch_format="pyarrow"))


def _sketch(block: pa.Table, order: Order) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([outcome(lambda: order.sketch([block]))])
