"""How arrays become batches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sketchlearn.errors import ColumnError, LabelError, SourceError
from sketchlearn.sources.batch import Batch, SourceSchema
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.records import as_values, check_dtype, check_labels


@dataclass(frozen=True)
class ArrayLayout:
    """How arrays of records, shape (n, ...), become batches.

    Attributes:
        schema: what the source declares.
        shape: shape of one record as it comes.
        take: positions of the value columns in the flattened record.
        label_at: position of the label in the flattened record, or None.
        label_apart: True when labels come beside the records.
    """

    schema: SourceSchema
    shape: tuple[int, ...]
    take: slice | list[int]
    label_at: int | None
    label_apart: bool

    @classmethod
    def of(
        cls, shape: tuple[int, ...], dtype: np.dtype, choice: Choice, *, label_apart: bool
    ) -> ArrayLayout:
        """Build the layout of arrays of this shape and dtype.

        Args:
            shape: shape of the array, records first; the number of records is not used.
            dtype: dtype of the array.
            choice: what the caller asked for.
            label_apart: True when labels come beside the records.

        Raises:
            SourceError: the array has fewer than two dimensions.
            ColumnError: its dtype is not numeric, or the columns asked for do not fit.
        """
        _check_dimensions(shape)
        width = math.prod(shape[1:])
        available = [f"x{i}" for i in range(width)]
        names = choice.names(available, label_apart=label_apart)
        check_dtype(dtype, names[0])
        position = {name: i for i, name in enumerate(available)}
        found = shape[1:] if len(shape) > 2 else None
        image = choice.image_for(len(names), found)
        label = (choice.label or "label") if label_apart else choice.label
        return cls(
            schema=SourceSchema(names, (dtype.name,) * len(names), image, label),
            shape=shape[1:],
            take=_as_slice([position[name] for name in names]),
            label_at=None if label_apart or label is None else position[label],
            label_apart=label_apart,
        )

    def batch(self, records: np.ndarray, labels: np.ndarray | None) -> Batch:
        """Return one batch, as views of `records` where the columns allow it.

        Raises:
            SourceError: `records` has fewer than two dimensions.
            ColumnError: its records have another shape than the first ones, or no numbers.
            LabelError: labels are missing, or are not one per record.
        """
        _check_dimensions(records.shape)
        if records.shape[1:] != self.shape:
            raise ColumnError(
                f"A batch has records of {_width(records.shape[1:])}, where the first batch had "
                f"{_width(self.shape)}. Give every batch the same columns."
            )
        check_dtype(records.dtype, self.schema.columns[0])
        if (labels is not None) != self.label_apart:
            having = "with" if self.label_apart else "without"
            raise LabelError(
                f"The first batch came {having} labels and a later one did not. "
                f"Give labels with every batch, or with none."
            )
        flat = records.reshape(len(records), -1)
        if self.label_at is not None:
            labels = flat[:, self.label_at]
        checked = None if labels is None else check_labels(labels, len(flat))
        return Batch(as_values(flat[:, self.take]), checked)


def _check_dimensions(shape: tuple[int, ...]) -> None:
    if len(shape) < 2:
        raise SourceError(
            f"An array of shape {shape} is no table of records; expected (n, d). Use "
            f"reshape(-1, 1) for records of one value, or reshape(1, -1) for a single record."
        )


def _as_slice(positions: list[int]) -> slice | list[int]:
    # A slice gives views, where a list of positions copies every batch.
    first = positions[0]
    consecutive = positions == list(range(first, first + len(positions)))
    return slice(first, first + len(positions)) if consecutive else positions


def _width(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} columns" if len(shape) == 1 else f"shape {shape}"
