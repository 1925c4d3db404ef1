"""The pass over a Spark DataFrame: `mapInArrow` in its partitions, classic or Spark Connect."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, final

from sketchlearn.engines.frame import Frame, require
from sketchlearn.engines.partials import Order, outcome, sketches_in

if TYPE_CHECKING:
    import pyarrow as pa

# Tasks that merge the partial sketches of all partitions: so many reach the driver, however
# many partitions there are.
MERGERS = 8

_ROW = "sketch binary, refusal string"


@final
class SparkFrame(Frame):
    """A Spark DataFrame; Spark says nothing of a job before it ends, so neither does this."""

    engine = "Spark"

    def __init__(self, frame: Any) -> None:
        """Take a Spark DataFrame; no job runs."""
        require(self.engine, "pyspark", "pandas")  # Spark itself needs pandas to hand out Arrow
        self._frame = frame

    def columns(self) -> list[str]:
        """Return the names of the columns."""
        return list(self._frame.columns)

    def select(self, names: Sequence[str]) -> SparkFrame:
        """Return the frame with these columns only."""
        quoted = ("`" + name.replace("`", "``") + "`" for name in names)
        return SparkFrame(self._frame.select(*quoted))

    def pilot(self, rows: int, seed: int) -> pa.Table:
        """Return the first records: drawing at random would read them all; `seed` is not used."""
        del seed
        return self._frame.limit(rows).toArrow()

    def partials(self, order: Order) -> Generator[bytes, None, None]:
        """Yield at most `MERGERS` partial sketches, once the job has ended."""
        names = self.columns()
        # mapInArrow cannot take names with dots, so columns travel under their numbers.
        numbered = self._frame.toDF(*map(str, range(len(names))))
        parts = numbered.mapInArrow(partial(_sketch, order, names), _ROW)
        merged = parts.repartition(MERGERS).mapInArrow(partial(_merge, order), _ROW)
        return sketches_in([merged.toArrow()])


def _sketch(
    order: Order, names: Sequence[str], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    yield outcome(lambda: order.sketch(batch.rename_columns(names) for batch in batches))


def _merge(order: Order, outcomes: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield outcome(lambda: order.merge(sketches_in(outcomes)))
