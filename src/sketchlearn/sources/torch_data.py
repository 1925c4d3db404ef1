"""Records held in torch datasets and data loaders; torch is never imported here."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, final

import numpy as np

from sketchlearn.errors import ColumnError, EmptySourceError, SourceError
from sketchlearn.sources.array_layout import ArrayLayout
from sketchlearn.sources.arrays import ArraySource
from sketchlearn.sources.batch import Batch, Source, SourceSchema
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.pilot import draw_rows
from sketchlearn.sources.records import batch_rows, is_array, to_numpy
from sketchlearn.sources.streams import StreamSource

# Items gathered into one batch; each is a call into the dataset, so more gains nothing.
ITEM_ROWS = 1024


def is_torch_data(source: object) -> bool:
    """Tell whether `source` is a torch dataset or data loader."""
    data = sys.modules.get("torch.utils.data")
    return data is not None and isinstance(source, data.Dataset | data.DataLoader)


def open_torch(source: Any, choice: Choice) -> Source:
    """Open a torch dataset, of either style, or a data loader.

    Raises:
        SourceError: its items are no records, or pairs of a record and a label.
        ColumnError: the columns asked for do not fit.
        LabelError: labels are not one per record.
    """
    data = sys.modules["torch.utils.data"]
    if isinstance(source, data.DataLoader):
        items = _LoaderItems(source)
        return StreamSource(items.open, choice, one_shot=False, rows=items.rows())
    if isinstance(source, data.TensorDataset) and type(source).__getitem__ is (
        data.TensorDataset.__getitem__
    ):
        records, label = _pair(source.tensors)
        return ArraySource(records, label, choice)
    if isinstance(source, data.IterableDataset):
        return _open_iterable(source, choice)
    return MapSource(source, choice)


@final
class MapSource(Source):
    """A dataset whose items are reached by position."""

    one_shot = False

    def __init__(self, dataset: Any, choice: Choice) -> None:
        """Open a dataset by reading its first item.

        Raises:
            SourceError: the item is no record, or the dataset has no length.
            ColumnError: the columns asked for do not fit.
        """
        try:
            self.rows = len(dataset)
        except (TypeError, NotImplementedError) as error:
            raise SourceError(
                f"The dataset {type(dataset).__name__} has no length, which reading by position "
                f"needs. Give it __len__, or make it an IterableDataset."
            ) from error
        self._dataset = dataset
        self._layout: ArrayLayout | None = None
        self.schema = SourceSchema((), (), choice.image, choice.label)
        if self.rows:
            records, labels = _stack([dataset[0]])
            apart = labels is not None
            layout = ArrayLayout.of(records.shape, records.dtype, choice, label_apart=apart)
            self._layout, self.schema = layout, layout.schema

    def batches(self) -> Iterator[Batch]:
        """Yield the records in order, about a thousand at a time."""
        step = min(ITEM_ROWS, batch_rows(self._width()))
        for start in range(0, self.rows or 0, step):
            yield self._at(range(start, min(start + step, self.rows or 0)))

    def pilot(self, rows: int, seed: int) -> Batch:
        """Return `rows` records drawn without replacement, in the order of the dataset.

        Raises:
            EmptySourceError: the dataset holds no record.
        """
        return self._at(draw_rows(self.rows or 0, rows, seed).tolist())

    def _width(self) -> int:
        return 1 if self._layout is None else int(np.prod(self._layout.shape))

    def _at(self, positions: Iterable[int]) -> Batch:
        if self._layout is None:
            raise EmptySourceError("The dataset was empty when it was opened. Open it again.")
        return self._layout.batch(*_stack([self._dataset[i] for i in positions]))


class _LoaderItems:
    """The batches of a data loader, as the pairs a stream expects."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def open(self) -> Iterator[object]:
        for item in self._loader:
            if isinstance(item, tuple | list):
                records, labels = _pair(item)
                yield records if labels is None else (records, _label_array(labels))
            else:
                yield item

    def rows(self) -> int | None:
        # A batch sampler of the user's may leave out anything.
        if self._loader.batch_size is None:
            return None
        try:
            seen = len(self._loader.sampler)
        except (TypeError, NotImplementedError):
            return None
        size = self._loader.batch_size
        return seen // size * size if self._loader.drop_last else seen


def _open_iterable(dataset: Any, choice: Choice) -> StreamSource:
    items = iter(dataset)
    if items is dataset or items is iter(dataset):
        return StreamSource(lambda: _gathered(items), choice, one_shot=True)
    return StreamSource(lambda: _gathered(iter(dataset)), choice, one_shot=False)


def _gathered(items: Iterator[object]) -> Iterator[object]:
    step = 1
    while group := list(islice(items, step)):
        records, labels = _stack(group)
        yield records if labels is None else (records, labels)
        step = min(ITEM_ROWS, batch_rows(records[0].size))


def _stack(items: list[Any]) -> tuple[np.ndarray, np.ndarray | None]:
    pairs = [_pair(item) if isinstance(item, tuple | list) else (item, None) for item in items]
    records = [_record(record) for record, _ in pairs]
    shapes = {record.shape for record in records}
    if len(shapes) > 1:
        raise ColumnError(
            f"The dataset has records of shapes {sorted(shapes)}, and one shape was expected. "
            f"Resize or crop them to the same shape."
        )
    if pairs[0][1] is None:
        return np.stack(records), None
    return np.stack(records), _label_array([label for _, label in pairs])


def _record(record: Any) -> np.ndarray:
    if not is_array(record) or not len(record.shape):
        raise SourceError(
            f"The dataset has records of type {type(record).__name__}; expected tensors or arrays "
            f"of at least one dimension. Give it a transform that makes tensors, such as ToTensor."
        )
    return to_numpy(record)


def _pair(item: Any) -> tuple[Any, Any]:
    if len(item) in (1, 2):
        return item[0], item[1] if len(item) == 2 else None
    raise SourceError(
        f"The torch data has items of {len(item)} parts; expected a record, or a pair "
        f"(record, label). Keep the one or two parts the sketch is for."
    )


def _label_array(labels: Any) -> np.ndarray:
    if is_array(labels):
        return to_numpy(labels)
    return np.asarray([to_numpy(label) if is_array(label) else label for label in labels])
