"""The schema: how a source's columns become standardised vectors, and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np

from sketchlearn.encoding.records import Records
from sketchlearn.errors import ColumnError, LabelError, MissingValuesError, OptionError, PlanError
from sketchlearn.sources import Batch

Missing = Literal["refuse", "drop"]


def check_missing(missing: str) -> None:
    """Refuse anything but the two things that can be done with missing values."""
    if missing not in ("refuse", "drop"):
        raise OptionError(f"missing={missing!r} was given; it must be refuse or drop.")


@dataclass(frozen=True)
class Label:
    """The label column: its name and every class a plan knows, in order."""

    name: str
    classes: tuple[Any, ...]


class Encoded(NamedTuple):
    """Standardised records, their class numbers, and how many records were dropped."""

    values: np.ndarray  # (n, d) float64
    classes: np.ndarray  # (n,) int64, all zero without a label
    dropped: int


@dataclass(frozen=True)
class Schema:
    """Columns and the standardisation `(x - center) / spread` of each.

    Attributes:
        columns: column names, length d.
        dtypes: numpy dtype name of each column, given back when records are decoded.
        center: subtracted, in the source's units, length d.
        spread: divided by, in the source's units, all positive, length d.
        image: shape of one record when records are images, else None.
        label: the label column, or None.
    """

    columns: tuple[str, ...]
    dtypes: tuple[str, ...]
    center: tuple[float, ...]
    spread: tuple[float, ...]
    image: tuple[int, ...] | None = None
    label: Label | None = None

    def __post_init__(self) -> None:
        count = len(self.columns)
        if not count or not count == len(self.dtypes) == len(self.center) == len(self.spread):
            raise PlanError("A schema needs a dtype, a center and a spread for each column.")
        if not (np.isfinite(self.center).all() and np.isfinite(self.spread).all()):
            raise PlanError("A schema needs finite centers and spreads.")
        if min(self.spread) <= 0 or any(np.dtype(name).kind not in "biuf" for name in self.dtypes):
            raise PlanError("A schema needs positive spreads and numeric dtypes.")

    @property
    def dimension(self) -> int:
        """Number of numeric columns, d."""
        return len(self.columns)

    @property
    def class_count(self) -> int:
        """Number of rows of a sketch: one per class, or 1 without a label."""
        return len(self.label.classes) if self.label else 1

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        return np.asarray(self.center), np.asarray(self.spread)

    def encode(self, batch: Batch, missing: Missing = "refuse") -> Encoded:
        """Standardise a batch and number its labels.

        Raises:
            ColumnError: the batch has another number of columns.
            MissingValuesError: NaN or infinite values, and `missing` is "refuse".
            LabelError: no label where the schema has one, or a class it does not know.
        """
        check_missing(missing)
        values = np.asarray(batch.values)
        if values.ndim != 2 or values.shape[1] != self.dimension:
            raise ColumnError(
                f"A batch of shape {values.shape} was given, but the plan has {self.dimension} "
                f"columns ({', '.join(self.columns[:6])}{', ...' * (self.dimension > 6)}). "
                "Give the same columns as when the plan was made."
            )
        from sketchlearn.encoding.standardise import standardise  # compiles on first use

        if values.dtype not in (np.float32, np.float64):
            values = values.astype(np.float64)
        encoded = np.empty(values.shape)
        if standardise(values, *self._arrays, encoded):
            return Encoded(encoded, self._class_numbers(batch), 0)
        finite = np.asarray(np.isfinite(encoded).all(axis=1))
        dropped = int((~finite).sum())
        if dropped and missing == "refuse":
            raise self._missing_error(encoded, finite)
        if dropped:
            labels = None if batch.labels is None else np.asarray(batch.labels)[finite]
            batch, encoded = Batch(values[finite], labels), encoded[finite]
        return Encoded(encoded, self._class_numbers(batch), dropped)

    def decode(self, encoded: np.ndarray, classes: np.ndarray | None = None) -> Records:
        """Turn standardised vectors (n, d) back into records in the source's units and dtypes."""
        center, spread = self._arrays
        values = encoded * spread + center
        for j, dtype in enumerate(self.dtypes):
            if np.issubdtype(np.dtype(dtype), np.integer):
                values[:, j] = np.clip(np.rint(values[:, j]), *_float_range(dtype))
            elif dtype == "bool":
                values[:, j] = values[:, j] > 0.5
        if len(set(self.dtypes)) == 1:
            values = values.astype(self.dtypes[0])
        label, labels = None, None
        if self.label is not None and classes is not None:
            names = self.label.classes
            mixed = len({type(name) for name in names}) > 1
            names = np.array(names, dtype=object if mixed else None)
            label, labels = self.label.name, names[classes]
        return Records(self.columns, self.dtypes, values, self.image, label, labels)

    def _class_numbers(self, batch: Batch) -> np.ndarray:
        if self.label is None:
            return np.zeros(len(batch), dtype=np.int64)
        if batch.labels is None:
            raise LabelError(
                f"The plan has the label {self.label.name!r}, but the records come without one. "
                f"Give a source with that column, or (records, labels) pairs."
            )
        known = {name: number for number, name in enumerate(self.label.classes)}
        try:
            seen, where = np.unique(np.asarray(batch.labels), return_inverse=True)
        except TypeError as error:
            raise LabelError(
                f"Label {self.label.name!r} mixes numbers and text. Make it one or the other."
            ) from error
        numbers = [known.get(as_class(name), -1) for name in seen]
        if -1 in numbers:
            stranger = as_class(seen[numbers.index(-1)])
            raise LabelError(
                f"Label {stranger!r} in column {self.label.name!r} was never seen by the plan, "
                f"which knows {list(self.label.classes)[:20]}. Make the plan again with "
                f"classes=[...] naming every class."
            )
        return np.asarray(numbers, dtype=np.int64)[where]

    def _missing_error(self, encoded: np.ndarray, finite: np.ndarray) -> MissingValuesError:
        row = int(np.argmin(finite))
        column = self.columns[int(np.argmin(np.isfinite(encoded[row])))]
        return MissingValuesError(
            f"{int((~finite).sum())} of {len(finite)} records in a batch have missing or "
            f"non-finite values, the first in column {column!r}. Clean them, or drop and count "
            "them with missing='drop' (on the command line: --missing drop)."
        )

    def to_document(self) -> dict[str, Any]:
        """Return the schema as JSON values."""
        return {
            "columns": list(self.columns),
            "dtypes": list(self.dtypes),
            "center": list(self.center),
            "spread": list(self.spread),
            "image": list(self.image) if self.image else None,
            "label": {"name": self.label.name, "classes": list(self.label.classes)}
            if self.label
            else None,
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Schema:
        """Build the schema `to_document` described."""
        label, image = document["label"], document["image"]
        return cls(
            columns=tuple(document["columns"]),
            dtypes=tuple(document["dtypes"]),
            center=tuple(float(x) for x in document["center"]),
            spread=tuple(float(x) for x in document["spread"]),
            image=tuple(image) if image else None,
            label=Label(label["name"], tuple(label["classes"])) if label else None,
        )


def _float_range(dtype: str) -> tuple[float, float]:
    """Return the smallest and largest float64 within an integer dtype."""
    info = np.iinfo(dtype)
    largest = float(info.max)  # 2⁶³ for int64, one too large
    return float(info.min), largest if largest <= info.max else float(np.nextafter(largest, 0))


def as_class(value: Any) -> Any:
    """Return a label as a plain Python value, so that 3, np.int64(3) and 3.0 are one class."""
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value
