"""Centroids: the model of k-means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import FileFormatError
from sketchlearn.models.model import Model
from sketchlearn.models.numbers import by_column, numbers_table
from sketchlearn.models.vectors import encoded_batches, in_source_units, stacked


@final
class Centroids(Model[VectorSchema]):
    """Centers of clusters; a record belongs to the nearest one.

    Distances are Euclidean, in the source's units.

    Attributes:
        schema: columns and standardisation of the records.
        centers: in the source's units, heaviest first, shape (k, d).
        weights: share of the records in each cluster, shape (k,).
    """

    family = "centroids"

    def __init__(self, schema: VectorSchema, centers: np.ndarray, weights: np.ndarray) -> None:
        self.schema = schema
        self.centers = centers
        self.weights = weights

    def transform(self, records: Any) -> np.ndarray:
        """Return the distance of each record to each center, shape (n, k).

        Args:
            records: anything a source can be, with the columns of the sketch.

        Raises:
            ColumnError: a column is not there.
            MissingValuesError: a value is missing or not finite.
        """
        return stacked(map(np.sqrt, self._squares(records)), len(self.centers))

    def predict(self, records: Any) -> np.ndarray:
        """Return the number of the nearest center of each record, shape (n,)."""
        return stacked(squares.argmin(axis=1) for squares in self._squares(records)).astype(int)

    def inertia(self, records: Any) -> float:
        """Return the sum of squared distances of records to their nearest centers."""
        return float(sum(squares.min(axis=1).sum() for squares in self._squares(records)))

    def _squares(self, records: Any) -> Iterator[np.ndarray]:
        for encoded in encoded_batches(records, self.schema):
            places = in_source_units(encoded, self.schema)
            squares = np.empty((len(places), len(self.centers)))
            for number, center in enumerate(self.centers):
                squares[:, number] = ((places - center) ** 2).sum(axis=1)
            yield squares

    def card(self) -> str:
        """Return the model card, in Markdown."""
        return (
            "# Centroids learnt from a sketch\n\n"
            f"{len(self.centers)} clusters of records of {self.schema.dimension} columns: shares "
            "of the records, and centers.\n\n"
            + numbers_table({"share": self.weights, **by_column(self.schema.columns, self.centers)})
            + "```python\nimport sketchlearn as sl\n\n"
            'sl.load("this folder").predict(records)\n```\n'
        )

    def document(self) -> dict[str, Any]:
        """Return the schema."""
        return {"schema": self.schema.to_document()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return centers and weights."""
        return {"centers": self.centers, "weights": self.weights}

    @classmethod
    def of_parts(cls, schema: VectorSchema, tensors: dict[str, np.ndarray]) -> Centroids:
        """Build the model that a folder holds.

        Raises:
            FileFormatError: arrays are missing, or do not fit the schema or each other.
        """
        centers, weights = tensors["centers"], tensors["weights"]
        if centers.shape != (len(weights), schema.dimension) or not np.isfinite(centers).all():
            raise FileFormatError("The centers of the model do not fit its schema.")
        return cls(schema, centers, weights)
