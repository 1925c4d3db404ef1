"""A subspace: the model of principal components."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import FileFormatError
from sketchlearn.models.model import Model
from sketchlearn.models.numbers import by_column, numbers_table
from sketchlearn.models.vectors import coordinates_of, encoded_batches, in_source_units, stacked


@final
class Subspace(Model[VectorSchema]):
    """The directions along which encoded records vary most.

    Attributes:
        schema: columns and standardisation of the records.
        mean: of encoded records, shape (d,).
        components: orthonormal directions of encoded records, widest first, shape (k, d).
        explained_variance: of encoded records along each, shape (k,).
        total_variance: of encoded records along all directions.
    """

    family = "subspace"

    def __init__(
        self,
        schema: VectorSchema,
        mean: np.ndarray,
        components: np.ndarray,
        explained_variance: np.ndarray,
        total_variance: float,
    ) -> None:
        self.schema = schema
        self.mean = mean
        self.components = components
        self.explained_variance = explained_variance
        self.total_variance = total_variance

    @property
    def explained_variance_ratio(self) -> np.ndarray:
        """Share of the variance of encoded records along each component, shape (k,)."""
        return self.explained_variance / self.total_variance

    def transform(self, records: Any) -> np.ndarray:
        """Return the coordinates of records along the components, shape (n, k).

        Args:
            records: anything a source can be, with the columns of the sketch.

        Raises:
            ColumnError: a column is not there.
            MissingValuesError: a value is missing or not finite.
        """
        batches = encoded_batches(records, self.schema)
        parts = ((batch - self.mean) @ self.components.T for batch in batches)
        return stacked(parts, len(self.components))

    def inverse_transform(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the places of coordinates (n, k), in the source's units, shape (n, d).

        Raises:
            OptionError: there are not as many coordinates as components.
        """
        coordinates = coordinates_of(coordinates, len(self.components), "components")
        return in_source_units(self.mean + coordinates @ self.components, self.schema)

    def card(self) -> str:
        """Return the model card, in Markdown."""
        return (
            "# Principal components learnt from a sketch\n\n"
            f"{len(self.components)} components of records of {self.schema.dimension} columns, "
            f"{self.explained_variance_ratio.sum():.1%} of their variance once encoded: the share "
            "of each, and its direction.\n\n"
            + numbers_table(
                {
                    "share": self.explained_variance_ratio,
                    **by_column(self.schema.columns, self.components),
                }
            )
            + "```python\nimport sketchlearn as sl\n\n"
            'sl.load("this folder").transform(records)\n```\n'
        )

    def document(self) -> dict[str, Any]:
        """Return the schema."""
        return {"schema": self.schema.to_document()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return mean, components and variances."""
        return {
            "mean": self.mean,
            "components": self.components,
            "explained_variance": self.explained_variance,
            "total_variance": np.array([self.total_variance]),
        }

    @classmethod
    def of_parts(cls, schema: VectorSchema, tensors: dict[str, np.ndarray]) -> Subspace:
        """Build the model that a folder holds.

        Raises:
            FileFormatError: arrays are missing, or do not fit the schema or each other.
        """
        mean, components = tensors["mean"], tensors["components"]
        variance, (total,) = tensors["explained_variance"], tensors["total_variance"]
        shape = len(variance), schema.dimension
        fits = components.shape == shape and mean.shape == shape[1:]
        if not fits or not all(np.isfinite(array).all() for array in tensors.values()):
            raise FileFormatError("The components of the model do not fit its schema.")
        return cls(schema, mean, components, variance, float(total))
