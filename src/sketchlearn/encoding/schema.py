"""The schema: how a source's columns become vectors, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from sketchlearn.encoding.records import Records, TableRecords
from sketchlearn.errors import LabelError, OptionError
from sketchlearn.sources import Batch

Missing = Literal["refuse", "drop"]


def check_missing(missing: str) -> None:
    """Refuse anything but the two things that can be done with missing values."""
    if missing not in ("refuse", "drop"):
        raise OptionError(f"missing={missing!r} was given; it must be refuse or drop.")


@dataclass(frozen=True)
class Label:
    """The label column.

    Attributes:
        name: its name.
        classes: every class a plan knows, in order.
        learnt: whether the classes come from rows; no part of what is compared.
    """

    name: str
    classes: tuple[Any, ...]
    learnt: bool = field(default=True, compare=False)


class Encoded(NamedTuple):
    """Encoded records, their class numbers, and how many records were dropped."""

    values: np.ndarray  # (n, d) float64
    classes: np.ndarray  # (n,) int64, all zero without a label
    dropped: int


class Schema(ABC):
    """Columns, how they are encoded, and the label; what two sites must share to merge.

    Attributes:
        columns: names of the columns that a source must have, in order.
        dimension: numbers of an encoded record, d.
        image: shape of one record when records are images, else None.
        label: the label column, or None.
    """

    columns: tuple[str, ...]
    dimension: int
    image: tuple[int, ...] | None
    label: Label | None

    @abstractmethod
    def encode(self, batch: Batch, missing: Missing = "refuse") -> Encoded:
        """Turn a batch into vectors and number its labels.

        Raises:
            ColumnError: the batch has other columns, or values that the schema has no place for.
            MissingValuesError: missing or infinite values where none are expected, and `missing`
                is "refuse".
            LabelError: no label where the schema has one, or a class it does not know.
        """

    @abstractmethod
    def decode(
        self, encoded: np.ndarray, classes: np.ndarray | None = None
    ) -> Records | TableRecords:
        """Turn vectors (n, d) back into records in the source's columns, units and types."""

    @abstractmethod
    def to_document(self) -> dict[str, Any]:
        """Return the schema as JSON values."""

    @property
    def encoded_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest encoded value of each number, infinite where none is fixed."""
        return np.full(self.dimension, -np.inf), np.full(self.dimension, np.inf)

    @property
    def class_count(self) -> int:
        """Number of rows of a sketch: one per class, or 1 without a label."""
        return len(self.label.classes) if self.label else 1

    def class_numbers(self, batch: Batch) -> np.ndarray:
        """Return the class number of each record, shape (n,); all zero without a label.

        Raises:
            LabelError: there are no labels, or one is unknown.
        """
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
            raise _stranger(self.label, as_class(seen[numbers.index(-1)]))
        return np.asarray(numbers, dtype=np.int64)[where]

    def class_names(self, classes: np.ndarray | None) -> np.ndarray | None:
        """Return the labels of class numbers (n,), or None without a label."""
        if self.label is None or classes is None:
            return None
        names = self.label.classes
        mixed = len({type(name) for name in names}) > 1
        return np.array(names, dtype=object if mixed else None)[classes]


def _stranger(label: Label, name: Any) -> LabelError:
    known = f"the plan knows {list(label.classes)[:20]}"
    if name in (None, "") or name != name:  # noqa: PLR0124 - NaN
        return LabelError(
            f"A record has no label in column {label.name!r}, and {known}. Fill it, or leave such "
            "records out of the source."
        )
    remedy = "Make the plan again with classes=[...] naming every class."
    if not label.learnt:
        remedy = (
            "Leave such records out of the source, or declare every class there can be; a class "
            "that is declared because records have it would be told of in a release."
        )
    return LabelError(f"Label {name!r} in column {label.name!r} is new, and {known}. {remedy}")


def label_to_document(label: Label | None) -> dict[str, Any] | None:
    """Return a label as JSON values."""
    return {"name": label.name, "classes": list(label.classes)} if label else None


def label_from_document(document: dict[str, Any] | None) -> Label | None:
    """Build the label that `label_to_document` described."""
    return Label(document["name"], tuple(document["classes"])) if document else None


def as_class(value: Any) -> Any:
    """Return a label as a plain Python value, so that 3, np.int64(3) and 3.0 are one class."""
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value
