"""How arrays become batches: their shape, dtype, names and labels."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from sketchlearn.errors import ColumnError, LabelError, SourceError
from sketchlearn.sources.batch import BATCH_ROWS, Batch, SourceSchema
from sketchlearn.sources.choice import Choice

# Values per batch: 32 megabytes once they are float64, so wide records come fewer at a time.
BATCH_VALUES = 1 << 22


def batch_rows(width: int) -> int:
    """Return how many records of `width` values make one batch."""
    return max(1, min(BATCH_ROWS, BATCH_VALUES // max(1, width)))


def is_tensor(value: object) -> bool:
    """Tell whether `value` is a torch tensor, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_array(value: object) -> bool:
    """Tell whether `value` is an array, a tensor, or slices into arrays as h5py does."""
    if isinstance(value, np.ndarray) or is_tensor(value):
        return True
    needed = ("__array__", "__getitem__", "shape", "dtype")
    is_scalar = isinstance(value, np.generic)
    return not is_scalar and all(hasattr(value, name) for name in needed)


def to_numpy(value: Any) -> np.ndarray:
    """Return an array or tensor as a native-endian numpy array, a view where possible.

    Raises:
        SourceError: a tensor has no dense numpy form.
    """
    if is_tensor(value):
        return _tensor_to_numpy(value)
    if isinstance(value, np.ma.MaskedArray):
        # asarray would hand out what lies under the mask as if it had been measured.
        return value.astype(np.float64).filled(np.nan)
    array = np.asarray(value)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _tensor_to_numpy(tensor: Any) -> np.ndarray:
    tensor = tensor.detach().cpu()
    try:
        return tensor.numpy()
    except TypeError:
        pass  # bfloat16 has no numpy dtype
    try:
        return tensor.float().numpy()
    except (TypeError, RuntimeError) as error:
        raise SourceError(
            f"A tensor of dtype {tensor.dtype} and layout {tensor.layout} has no numpy form, and "
            f"a dense one was expected. Convert it first, for instance with .to_dense().float()."
        ) from error


def check_dtype(dtype: np.dtype, name: str) -> None:
    """Refuse a dtype that holds no real numbers.

    Raises:
        ColumnError: the dtype is complex, text, dates or Python objects.
    """
    if dtype.kind in "biuf":
        return
    if dtype.kind == "c":
        raise ColumnError(
            f"Column {name!r} holds complex numbers ({dtype}), but a sketch needs real ones. "
            f"Give the real and imaginary parts as separate columns."
        )
    kinds = {"O": "Python objects", "U": "text", "S": "bytes", "T": "text", "V": "structs"}
    kind = kinds.get(dtype.kind, "dates or durations")
    raise ColumnError.not_numeric(name, f"{kind} (dtype {dtype})")


def check_labels(labels: np.ndarray, rows: int) -> np.ndarray:
    """Return labels of shape (rows,), from shape (rows,) or (rows, 1).

    Raises:
        LabelError: there is not one label per record, or a label is missing.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (rows,):
        raise LabelError(
            f"Labels of shape {labels.shape} came with {rows} records; expected shape ({rows},), "
            f"one label per record. To read several arrays as batches, give them as a list."
        )
    if labels.dtype.kind == "O":
        missing = sum(value is None or value != value for value in labels)
    else:
        missing = int(np.count_nonzero(labels != labels))  # NaN and NaT
    if missing:
        raise missing_labels(missing, rows)
    return labels


def missing_labels(missing: int, rows: int) -> LabelError:
    """Build the error for records without label."""
    return LabelError(
        f"{missing} of {rows} records read together have no label, and every record needs one. "
        f"Leave those records out, or give them a label of their own such as 'unknown'."
    )


def as_values(values: np.ndarray) -> np.ndarray:
    """Return booleans as uint8, since they do not subtract, and other numbers unchanged."""
    return values.view(np.uint8) if values.dtype == np.bool_ else values


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
