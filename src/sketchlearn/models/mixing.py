"""A mixing of independent sources: the model of independent components."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import FileFormatError
from sketchlearn.models.model import Model
from sketchlearn.models.numbers import by_column, numbers_table
from sketchlearn.models.vectors import coordinates_of, encoded_batches, in_source_units, stacked


@final
class Mixing(Model[VectorSchema]):
    """Records as mixtures of independent sources of mean 0 and deviation 1.

    Attributes:
        schema: columns and standardisation of the records.
        mean: of encoded records, shape (d,).
        encoded_mixing: what a unit of each source adds to an encoded record, shape (d, k).
        encoded_unmixing: from centered encoded records to sources, shape (k, d).
    """

    family = "mixing"

    def __init__(
        self,
        schema: VectorSchema,
        mean: np.ndarray,
        encoded_mixing: np.ndarray,
        encoded_unmixing: np.ndarray,
    ) -> None:
        self.schema = schema
        self.mean = mean
        self.encoded_mixing = encoded_mixing
        self.encoded_unmixing = encoded_unmixing

    @property
    def mixing(self) -> np.ndarray:
        """What a unit of each source adds to a record, in the source's units, shape (d, k)."""
        return self.encoded_mixing * np.asarray(self.schema.spread)[:, None]

    @property
    def unmixing(self) -> np.ndarray:
        """From centered records, in the source's units, to sources, shape (k, d)."""
        return self.encoded_unmixing / np.asarray(self.schema.spread)

    def transform(self, records: Any) -> np.ndarray:
        """Return the sources of records, shape (n, k).

        Args:
            records: anything a source can be, with the columns of the sketch.

        Raises:
            ColumnError: a column is not there.
            MissingValuesError: a value is missing or not finite.
        """
        batches = encoded_batches(records, self.schema)
        parts = ((batch - self.mean) @ self.encoded_unmixing.T for batch in batches)
        return stacked(parts, len(self.encoded_unmixing))

    def inverse_transform(self, sources: np.ndarray) -> np.ndarray:
        """Return the records that sources (n, k) mix to, in the source's units, shape (n, d).

        Raises:
            OptionError: there are not as many sources as the model has.
        """
        sources = coordinates_of(sources, self.encoded_mixing.shape[1], "sources")
        return in_source_units(self.mean + sources @ self.encoded_mixing.T, self.schema)

    def card(self) -> str:
        """Return the model card, in Markdown."""
        return (
            "# Independent components learnt from a sketch\n\n"
            f"{self.encoded_mixing.shape[1]} sources of records of {self.schema.dimension} "
            "columns: what a unit of each adds to them.\n\n"
            + numbers_table(by_column(self.schema.columns, self.mixing.T))
            + "```python\nimport sketchlearn as sl\n\n"
            'sl.load("this folder").transform(records)\n```\n'
        )

    def document(self) -> dict[str, Any]:
        """Return the schema."""
        return {"schema": self.schema.to_document()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return the mean and both matrices."""
        return {
            "mean": self.mean,
            "mixing": self.encoded_mixing,
            "unmixing": self.encoded_unmixing,
        }

    @classmethod
    def of_parts(cls, schema: VectorSchema, tensors: dict[str, np.ndarray]) -> Mixing:
        """Build the model that a folder holds.

        Raises:
            FileFormatError: arrays are missing, or do not fit the schema or each other.
        """
        mean, mixing, unmixing = tensors["mean"], tensors["mixing"], tensors["unmixing"]
        fits = mixing.T.shape == unmixing.shape and mean.shape == (schema.dimension,)
        fits = fits and mixing.shape[0] == schema.dimension
        if not fits or not all(np.isfinite(array).all() for array in tensors.values()):
            raise FileFormatError("The matrices of the model do not fit its schema.")
        return cls(schema, mean, mixing, unmixing)
