"""What mixtures of laws have in common: densities, and components of records."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from scipy.special import logsumexp

from sketchlearn.encoding import Records, VectorSchema
from sketchlearn.models.model import Model
from sketchlearn.models.vectors import encoded_batches, stacked


class Mixture(Model[VectorSchema]):
    """A weighted mixture of laws of the records.

    Attributes:
        schema: columns and standardisation of the records.
        weights: of the components, heaviest first; they sum to 1, shape (k,).
    """

    weights: np.ndarray

    @abstractmethod
    def encoded_joint(self, encoded: np.ndarray) -> np.ndarray:
        """Return log-densities of encoded records (n, d) with their components, shape (n, k)."""

    @abstractmethod
    def sample(self, count: int, seed: int = 0) -> Records:
        """Draw records in the source's own columns and units.

        Args:
            count: number of records.
            seed: same seed, same records.

        Raises:
            OptionError: `count` is negative or no whole number.
        """

    def score_samples(self, records: Any) -> np.ndarray:
        """Return the log-density of each record, in the source's units, shape (n,).

        Args:
            records: anything a source can be, with the columns of the sketch.

        Raises:
            ColumnError: a column is not there.
            MissingValuesError: a value is missing or not finite.
        """
        return np.asarray(logsumexp(self._joint(records), axis=1))

    def score(self, records: Any) -> float:
        """Return the mean log-density of records."""
        return float(self.score_samples(records).mean())

    def predict_proba(self, records: Any) -> np.ndarray:
        """Return the probability of each component for each record, shape (n, k)."""
        joint = self._joint(records)
        return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))

    def predict(self, records: Any) -> np.ndarray:
        """Return the number of the most probable component of each record, shape (n,)."""
        return self._joint(records).argmax(axis=1)

    def _joint(self, records: Any) -> np.ndarray:
        """Return log-densities of records with their components, in the source's units, (n, k)."""
        parts = (self.encoded_joint(some) for some in encoded_batches(records, self.schema))
        return stacked(parts, len(self.weights)) - np.log(self.schema.spread).sum()
