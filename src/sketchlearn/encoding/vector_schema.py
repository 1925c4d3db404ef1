"""Numeric columns, standardised one by one or all together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np

from sketchlearn.encoding.pixel_units import check_pixels
from sketchlearn.encoding.records import Records
from sketchlearn.encoding.schema import (
    Encoded,
    Label,
    Missing,
    Schema,
    check_missing,
    label_from_document,
    label_to_document,
)
from sketchlearn.encoding.surprises import warn_of_moved
from sketchlearn.errors import ColumnError, MissingValuesError, PlanError
from sketchlearn.sources import Batch


@final
@dataclass(frozen=True)
class VectorSchema(Schema):
    """Columns and the standardisation `(x - center) / spread` of each.

    Attributes:
        columns: column names, length d.
        dtypes: numpy dtype name of each column, given back when records are decoded.
        center: subtracted, in the source's units, length d.
        spread: divided by, in the source's units, all positive, length d.
        image: shape of one record when records are images, else None.
        label: the label column, or None.
        bounds: least and greatest value of each column, in the source's units, to which others
            are moved; None for no bounds.
    """

    columns: tuple[str, ...]
    dtypes: tuple[str, ...]
    center: tuple[float, ...]
    spread: tuple[float, ...]
    image: tuple[int, ...] | None = None
    label: Label | None = None
    bounds: tuple[tuple[float, float], ...] | None = None

    def __post_init__(self) -> None:
        count = len(self.columns)
        if not count or not count == len(self.dtypes) == len(self.center) == len(self.spread):
            raise PlanError("A schema needs a dtype, a center and a spread for each column.")
        if not (np.isfinite(self.center).all() and np.isfinite(self.spread).all()):
            raise PlanError("A schema needs finite centers and spreads.")
        if min(self.spread) <= 0 or any(np.dtype(name).kind not in "biuf" for name in self.dtypes):
            raise PlanError("A schema needs positive spreads and numeric dtypes.")
        if self.bounds is not None and not (
            len(self.bounds) == count and all(low < high for low, high in self.bounds)
        ):
            raise PlanError("A schema needs a least value below the greatest for each column.")

    def unlabelled(self) -> VectorSchema:
        """Return the schema of the same columns without the label."""
        return replace(self, label=None)

    @property
    def dimension(self) -> int:  # type: ignore[override]
        """Number of numeric columns, d."""
        return len(self.columns)

    @cached_property
    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        return np.asarray(self.center), np.asarray(self.spread)

    @property
    def encoded_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest encoded value of each column, infinite without bounds, (d,) each."""
        if self.bounds is None:
            return np.full(self.dimension, -np.inf), np.full(self.dimension, np.inf)
        center, spread = self._arrays
        lower, upper = ((edge - center) / spread for edge in np.array(self.bounds).T)
        return lower, upper

    def encode(self, batch: Batch, missing: Missing = "refuse") -> Encoded:
        """Standardise a batch and number its labels; values out of bounds are moved to them.

        Raises:
            ColumnError: the batch has another number of columns, or pixels in other units.
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
        whole = standardise(values, *self._arrays, encoded)
        if self.image is not None and whole and max(self.spread) != 1:
            check_pixels(encoded)
        if whole:
            return Encoded(self._bounded(encoded), self.class_numbers(batch), 0)
        finite = np.asarray(np.isfinite(encoded).all(axis=1))
        dropped = int((~finite).sum())
        if dropped and missing == "refuse":
            raise self._missing_error(encoded, finite)
        if dropped:
            batch, encoded = batch.take(np.flatnonzero(finite)), encoded[finite]
        return Encoded(self._bounded(encoded), self.class_numbers(batch), dropped)

    def _bounded(self, encoded: np.ndarray) -> np.ndarray:
        if self.bounds is None:
            return encoded
        low, high = self.encoded_bounds
        warn_of_moved(self.columns, ((encoded < low) | (encoded > high)).mean(axis=0), len(encoded))
        return np.clip(encoded, low, high, out=encoded)

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
        labels = self.class_names(classes)
        label = self.label.name if self.label and labels is not None else None
        return Records(self.columns, self.dtypes, values, self.image, label, labels)

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
        document = {
            "columns": list(self.columns),
            "dtypes": list(self.dtypes),
            "center": list(self.center),
            "spread": list(self.spread),
            "image": list(self.image) if self.image else None,
            "label": label_to_document(self.label),
        }
        if self.bounds is not None:  # plans made before there were bounds keep their digest
            document["bounds"] = [list(pair) for pair in self.bounds]
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> VectorSchema:
        """Build the schema `to_document` described."""
        image, bounds = document["image"], document.get("bounds")
        return cls(
            columns=tuple(document["columns"]),
            dtypes=tuple(document["dtypes"]),
            center=tuple(float(x) for x in document["center"]),
            spread=tuple(float(x) for x in document["spread"]),
            image=tuple(image) if image else None,
            label=label_from_document(document["label"]),
            bounds=tuple((float(low), float(high)) for low, high in bounds) if bounds else None,
        )


def _float_range(dtype: str) -> tuple[float, float]:
    """Return the smallest and largest float64 within an integer dtype."""
    info = np.iinfo(dtype)
    largest = float(info.max)  # 2⁶³ for int64, one too large
    return float(info.min), largest if largest <= info.max else float(np.nextafter(largest, 0))
