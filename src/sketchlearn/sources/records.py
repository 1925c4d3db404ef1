"""What any array must be to hold records or labels."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from sketchlearn.errors import ColumnError, LabelError, SourceError
from sketchlearn.sources.batch import BATCH_ROWS

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
        SourceError: a tensor is sparse.
    """
    if is_tensor(value):
        return _tensor_to_numpy(value)
    if isinstance(value, np.ma.MaskedArray):
        # asarray would hand out what lies under the mask as if it had been measured.
        return np.asarray(np.ma.filled(value.astype(np.float64), np.nan))
    array = np.asarray(value)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _tensor_to_numpy(tensor: Any) -> np.ndarray:
    refuse_sparse(tensor)
    tensor = tensor.detach().cpu()
    try:
        return tensor.numpy()
    except TypeError:
        return tensor.float().numpy()  # bfloat16 has no numpy dtype


def refuse_sparse(value: Any) -> None:
    """Refuse a tensor that is not dense, before anything slices it.

    Raises:
        SourceError: the tensor is sparse.
    """
    if is_tensor(value) and str(value.layout) != "torch.strided":
        raise SourceError(
            f"A tensor of layout {value.layout} has no numpy form, and a dense one was expected. "
            f"Convert it first with .to_dense()."
        )


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
        # text alone, as ever so often, is told in a tenth of the time
        missing = 0 if set(map(type, labels)) == {str} else sum(map(_is_missing, labels))
    else:
        missing = int(np.count_nonzero(labels != labels))  # noqa: PLR0124 - NaN and NaT
    if missing:
        raise missing_labels(missing, rows)
    return labels


def _is_missing(value: object) -> bool:
    # NA and NaT of pandas refuse to be compared, so they are told by their type.
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def missing_labels(missing: int, rows: int) -> LabelError:
    """Build the error for records without label."""
    return LabelError(
        f"{missing} of {rows} records read together have no label, and every record needs one. "
        f"Leave those records out, or give them a label of their own such as 'unknown'."
    )


def as_values(values: np.ndarray) -> np.ndarray:
    """Return booleans as uint8, since they do not subtract, and other numbers unchanged."""
    return values.view(np.uint8) if values.dtype == np.bool_ else values
