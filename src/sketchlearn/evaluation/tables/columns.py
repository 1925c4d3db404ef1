"""A table of mixed columns as numbers, and the cells in which laws are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sketchlearn.errors import ColumnError


@dataclass(frozen=True)
class Column:
    """How one column is coded.

    Attributes:
        name: its name.
        numeric: whether its values are numbers (dates count as numbers).
        size: how many cells it has, that of missing values included.
        edges: upper ends of the cells of a number, empty for a category.
        discrete: whether every cell is one value.
    """

    name: str
    numeric: bool
    size: int
    edges: np.ndarray
    discrete: bool

    def cells(self, values: np.ndarray) -> np.ndarray:
        """Return the cell of each coded value, shape (n,); missing is the last."""
        if not self.numeric:
            return values.astype(np.int64)
        cells = np.searchsorted(self.edges, values, side="left")
        cells[np.isnan(values)] = self.size - 1
        return cells


@dataclass(frozen=True)
class Coded:
    """A table as numbers.

    Attributes:
        columns: how each column is coded, d of them.
        values: shape (n, d): numbers as they are, NaN where missing; categories by code,
            the last one where missing.
    """

    columns: tuple[Column, ...]
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def cells(self) -> np.ndarray:
        """Return the cell of every value, shape (n, d)."""
        found = [c.cells(self.values[:, j]) for j, c in enumerate(self.columns)]
        return np.stack(found, axis=1)

    def first(self, rows: int) -> Coded:
        """Return the first `rows` rows."""
        return Coded(self.columns, self.values[:rows])

    def index(self, name: str) -> int:
        """Return the position of a column.

        Raises:
            ColumnError: if there is none of that name.
        """
        names = [column.name for column in self.columns]
        if name not in names:
            raise ColumnError.absent(name, names)
        return names.index(name)
