"""Contrasts: what tells independent components from others that are merely uncorrelated.

Moments of the fourth order tell components apart, but loosely: of peaked laws they leave twice the
error of a bounded contrast, however many are kept. Contrasts need axes, and these come from the
pilot: what a few thousand records find roughly, one Newton step with the contrasts of all records
makes as exact as the records allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np

from sketchlearn.errors import OptionError
from sketchlearn.features.statistic import REACH, STATISTIC_UNIT, Statistic

# Least eigenvalue of the pilot's covariance over its largest one, for axes to have a meaning.
_LEAST_EIGENVALUE = 1e-8

# Farther records lie there, so that products stay finite.
_FARTHEST = 2.0**40

# Axes that so many steps leave unsettled are told apart by the pilot's noise alone.
_STEPS, _SETTLED = 200, 1e-9


@final
@dataclass(frozen=True)
class Contrasts(Statistic):
    """Products g(y_r) y_q and slopes g'(y_r) of the pilot's own components y.

    g(y) = y / √(1 + y²), a sigmoid of square roots and quotients alone, so that all machines find
    the same bits. (Hyvärinen, "Fast and robust fixed-point algorithms for independent component
    analysis", IEEE TNN 1999.)

    Attributes:
        center: of encoded records, length d.
        unmixing: rows whose products with centered records are the components, d of length d.
    """

    name: ClassVar[str] = "contrasts"
    center: tuple[float, ...]
    unmixing: tuple[tuple[float, ...], ...]

    @classmethod
    def of_pilot(cls, encoded: np.ndarray, seed: int) -> Contrasts:
        """Find the axes of encoded pilot records (n, d).

        Raises:
            OptionError: columns are linear combinations of others, or records too few.
        """
        center, unmixing = independent_axes(encoded, seed)
        return cls(tuple(center.tolist()), tuple(map(tuple, unmixing.tolist())))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the sums of one class: d rows of products; slopes; means of g and of y."""
        return (len(self.center) + 3, len(self.center))

    @cached_property
    def matrix(self) -> np.ndarray:
        """The unmixing matrix, shape (d, d)."""
        return np.array(self.unmixing)

    def add(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the contrasts of encoded records (n, d) to int64 sums (d + 3, d)."""
        from sketchlearn.features.statistic_kernels import add_contrasts  # compiles on first use

        near = np.clip(records, -_FARTHEST, _FARTHEST).astype(np.float64, order="C")
        add_contrasts(
            near, np.array(self.center), self.matrix.T.copy(), REACH, 1 / STATISTIC_UNIT, total
        )

    def moments(self, sums: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return E g(y_r)(y_q - E y_q), shape (d, d), E g'(y_r) and E y_r, each of shape (d,)."""
        mean = self.mean(sums, count)
        products, (slopes, sigmoids, places) = mean[:-3] * REACH, mean[-3:]
        places = places * REACH
        return products - np.outer(sigmoids, places), slopes, places

    def explain(self) -> str:
        """Say in words what is kept."""
        return f"contrasts along {len(self.center)} axes of the pilot, for independent components"

    def to_document(self) -> dict[str, Any]:
        """Return the statistic as JSON values."""
        return {
            "name": self.name,
            "center": list(self.center),
            "unmixing": [list(row) for row in self.unmixing],
        }

    @classmethod
    def of_fields(cls, fields: dict[str, Any]) -> Contrasts:
        """Build the statistic from the fields of its document."""
        center = tuple(map(float, fields["center"]))
        unmixing = tuple(tuple(map(float, row)) for row in fields["unmixing"])
        matrix = np.array(unmixing)  # a ragged one raises ValueError
        if (
            matrix.shape != (len(center), len(center))
            or not np.isfinite([*center, *matrix.flat]).all()
        ):
            raise ValueError("axes and center do not fit")
        return cls(center, unmixing)


def independent_axes(encoded: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return center and unmixing matrix (d, d) of records (n, d), by symmetric fixed points.

    Raises:
        OptionError: columns are linear combinations of others, or records too few.
    """
    count, dimension = encoded.shape
    center = encoded.mean(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        covariance = (encoded - center).T @ (encoded - center) / count
    if not np.isfinite(covariance).all():
        raise OptionError(
            "features='contrasts' was asked for, but encoded values are too large to square. Scale "
            "the columns, or leave out standardise='none'."
        )
    values, vectors = np.linalg.eigh(covariance)
    if count <= dimension or values[0] <= _LEAST_EIGENVALUE * values[-1]:
        raise OptionError(
            f"features='contrasts' was asked for, but among {count} pilot records some of the "
            f"{dimension} columns are linear combinations of others. Leave those out with "
            "columns=[...]."
        )
    whitening = (vectors / np.sqrt(values)).T
    white = (encoded - center) @ whitening.T
    start = np.random.default_rng(seed).standard_normal((dimension, dimension))
    rotation = orthogonal(start)
    for _ in range(_STEPS):
        projected = white @ rotation.T
        root = np.sqrt(1 + projected**2)
        products = (projected / root).T @ white / count
        moved = orthogonal(products - (root**-3).mean(axis=0)[:, None] * rotation)
        turned = 1 - np.abs((moved * rotation).sum(axis=1)).min()
        rotation = moved
        if turned < _SETTLED:
            break
    return center, rotation @ whitening


def orthogonal(matrix: np.ndarray) -> np.ndarray:
    """Return the orthogonal matrix nearest to a square one."""
    left, _, right = np.linalg.svd(matrix)
    return left @ right
