"""Statistics: bounded numbers of a record that a pass sums beside the waves.

Waves tell a whole law, a little of everything. A statistic tells one task what it needs: second
moments along directions for principal components, contrasts for independent ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

# Values lie from -1 to 1 and are truncated toward zero to multiples of this, so that sums are
# exact integers; 2³⁷ records fit.
STATISTIC_UNIT = 2.0**-26

# Projections are cut off at so many deviations of the pilot: a Gaussian one never is.
REACH = 16.0


class Statistic(ABC):
    """A map of encoded records to numbers from -1 to 1, fixed before the pass.

    A record's values depend on that record alone, so that sums have the same bits however the
    records are split.

    Attributes:
        name: as in plans, files and options.
    """

    name: ClassVar[str]

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of the sums of one class."""

    @abstractmethod
    def add(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the values of encoded records (n, d) to int64 sums, in units of 2⁻²⁶."""

    @abstractmethod
    def explain(self) -> str:
        """Say in words what is kept."""

    @abstractmethod
    def to_document(self) -> dict[str, Any]:
        """Return the statistic as JSON values."""

    @classmethod
    @abstractmethod
    def of_fields(cls, fields: dict[str, Any]) -> Statistic:
        """Build the statistic from the fields of its document, without the name.

        Raises:
            KeyError, TypeError or ValueError: the fields describe none.
        """

    def mean(self, sums: np.ndarray, count: int) -> np.ndarray:
        """Return mean values, from -1 to 1, of the sums of so many records."""
        return sums * (STATISTIC_UNIT / count)
