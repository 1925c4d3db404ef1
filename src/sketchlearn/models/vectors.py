"""Records of numeric columns given to a model, encoded as its plan's were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import OptionError
from sketchlearn.sources import open_source


def encoded_batches(records: Any, schema: VectorSchema) -> Iterator[np.ndarray]:
    """Yield encoded records (n, d) of anything a source can be, whatever their labels.

    Arrays have no names of columns: theirs are taken in order.

    Raises:
        ColumnError: a column of the schema is not there.
        MissingValuesError: a value is missing or not finite.
    """
    unlabelled = schema.unlabelled()
    columns = None if isinstance(records, np.ndarray) else schema.columns
    source = open_source(records, columns=columns, label=None, image=schema.image)
    for batch in source.batches():
        yield unlabelled.encode(batch).values


def in_source_units(encoded: np.ndarray, schema: VectorSchema) -> np.ndarray:
    """Return encoded places (n, d) in the source's units, as floats whatever its dtypes."""
    return encoded * np.asarray(schema.spread) + np.asarray(schema.center)


def stacked(parts: Iterable[np.ndarray], *columns: int) -> np.ndarray:
    """Return parts one after the other; of none, an array of no rows and so many columns."""
    return np.concatenate([np.empty((0, *columns)), *parts])


def coordinates_of(values: Any, count: int, what: str) -> np.ndarray:
    """Return coordinates as floats, shape (n, count).

    Raises:
        OptionError: they have another shape.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError(f"Coordinates must be numbers, shape (n, {count}): {error}.") from error
    if found.ndim != 2 or found.shape[1] != count:
        raise OptionError(
            f"Coordinates of shape {found.shape} were given; (n, {count}) was expected, since the "
            f"model has {count} {what}."
        )
    return found
