"""A mixture of Gaussian laws."""

from __future__ import annotations

from typing import Any, final

import numpy as np
from scipy.linalg import solve_triangular

from sketchlearn.encoding import Records, VectorSchema
from sketchlearn.errors import FileFormatError
from sketchlearn.models.counts import require_count
from sketchlearn.models.mixture import Mixture
from sketchlearn.models.numbers import by_column, numbers_table
from sketchlearn.models.vectors import in_source_units


@final
class GaussianMixtureModel(Mixture):
    """A mixture of Gaussian laws of the records.

    Attributes:
        schema: columns and standardisation of the records.
        weights: of the components, heaviest first; they sum to 1, shape (k,).
        encoded_means: means of encoded records, shape (k, d).
        encoded_covariances: covariances of encoded records, shape (k, d, d).
    """

    family = "gaussian mixture"

    def __init__(
        self,
        schema: VectorSchema,
        weights: np.ndarray,
        encoded_means: np.ndarray,
        encoded_covariances: np.ndarray,
    ) -> None:
        self.schema = schema
        self.weights = weights
        self.encoded_means = encoded_means
        self.encoded_covariances = encoded_covariances
        self._roots = np.linalg.cholesky(encoded_covariances)

    @property
    def means(self) -> np.ndarray:
        """Means in the source's units, shape (k, d)."""
        return in_source_units(self.encoded_means, self.schema)

    @property
    def covariances(self) -> np.ndarray:
        """Covariances in the source's units, shape (k, d, d)."""
        spread = np.asarray(self.schema.spread)
        return self.encoded_covariances * np.outer(spread, spread)

    def sample(self, count: int, seed: int = 0) -> Records:
        """Draw records in the source's own columns and units.

        Args:
            count: number of records.
            seed: same seed, same records.

        Raises:
            OptionError: `count` is negative or no whole number.
        """
        require_count(count)
        return self.schema.unlabelled().decode(self.encoded_sample(count, seed))

    def encoded_sample(self, count: int, seed: int = 0) -> np.ndarray:
        """Draw encoded records, whatever the source's own types can hold, shape (count, d)."""
        rng = np.random.default_rng(seed)
        of = rng.choice(len(self.weights), size=count, p=self.weights)
        normal = rng.standard_normal((count, self.schema.dimension))
        encoded = np.empty_like(normal)
        for number, root in enumerate(self._roots):
            mine = of == number
            encoded[mine] = self.encoded_means[number] + normal[mine] @ root.T
        return encoded

    def encoded_joint(self, encoded: np.ndarray) -> np.ndarray:
        """Return log-densities of encoded records (n, d) with their components, shape (n, k)."""
        joint = np.empty((len(encoded), len(self.weights)))
        constant = 0.5 * encoded.shape[1] * np.log(2 * np.pi)
        for number, (weight, mean, root) in enumerate(
            zip(self.weights, self.encoded_means, self._roots, strict=True)
        ):
            white = solve_triangular(root, (encoded - mean).T, lower=True)
            height = np.log(weight) - np.log(np.diag(root)).sum() - constant
            joint[:, number] = height - 0.5 * (white**2).sum(axis=0)
        return joint

    def card(self) -> str:
        """Return the model card, in Markdown."""
        return (
            "# A mixture of Gaussian laws learnt from a sketch\n\n"
            f"{len(self.weights)} components over records of {self.schema.dimension} columns: "
            "weights and means.\n\n"
            + numbers_table({"weight": self.weights, **by_column(self.schema.columns, self.means)})
            + "```python\nimport sketchlearn as sl\n\n"
            'sl.load("this folder").sample(1000, seed=0).to_numpy()\n```\n'
        )

    def document(self) -> dict[str, Any]:
        """Return the schema."""
        return {"schema": self.schema.to_document()}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return weights, means and covariances."""
        return {
            "weights": self.weights,
            "means": self.encoded_means,
            "covariances": self.encoded_covariances,
        }

    @classmethod
    def of_parts(cls, schema: VectorSchema, tensors: dict[str, np.ndarray]) -> GaussianMixtureModel:
        """Build the model that a folder holds.

        Raises:
            FileFormatError: arrays are missing, do not fit, or are no mixture.
        """
        weights, means, covariances = (tensors[k] for k in ("weights", "means", "covariances"))
        shape = len(weights), schema.dimension
        if means.shape != shape or covariances.shape != (*shape, schema.dimension):
            raise FileFormatError("The components of the model do not fit its schema.")
        try:
            return cls(schema, weights, means, covariances)
        except np.linalg.LinAlgError as error:
            raise FileFormatError("A covariance of the model is none.") from error
