"""Structured frequencies: signs and Hadamard transforms, for records of many columns.

A block of 2ᵖ ≥ d frequencies is `H D₃ H D₂ H D₁`, D random signs and H the Hadamard matrix, cut to
the record's columns, each row brought to the radius that the law draws. Directions within a block
are nearly orthogonal, which makes the kernel estimate no worse than that of independent ones, and a
record's projections cost 3p additions each instead of d multiplications.
(Yu, Suresh, Choromanski, Holtmann-Rice, Kumar, "Orthogonal random features", 2016.)
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sketchlearn.errors import OptionError
from sketchlearn.features.laws import FrequencyLaw, drawn_radii, uniforms
from sketchlearn.features.projection import Projection

# Fewer columns leave too few sign patterns for directions to look random.
FEWEST_COLUMNS = 16


@dataclass(frozen=True, eq=False)
class HadamardProjection(Projection):
    """Structured frequencies: `frequencies` as a matrix, for learning, and what makes them.

    Attributes:
        signs: ±1, float32, shape (blocks, 3, 2ᵖ).
        factors: turns per unit of a transformed record, float32, shape (blocks · 2ᵖ,).
    """

    signs: np.ndarray = field(kw_only=True)
    factors: np.ndarray = field(kw_only=True)

    def add_near(self, records: np.ndarray, total: np.ndarray) -> None:
        """Add the features of float32 records (n, d) to int64 sums (2, m)."""
        from sketchlearn.features.hadamard_kernels import add_structured

        add_structured(records, self.signs, self.factors, self.shifts, total)


def draw_hadamard(law: FrequencyLaw, dimension: int, size: int, seed: int) -> HadamardProjection:
    """Draw `size` structured frequencies for records of `dimension` columns, 16 at least."""
    blocks, length = block_shape(dimension, size)
    drawn = uniforms(seed, size + blocks * 3 * length)
    radius = drawn_radii(law, drawn[:size], dimension)
    signs = drawn_signs(drawn[size:], length)
    rows = block_rows(signs, dimension)[:size]  # (m, d)
    factors = np.zeros(blocks * length)
    factors[:size] = radius / np.maximum(np.linalg.norm(rows, axis=1), 1.0)  # whole numbers
    frequencies = (rows * factors[:size, None]).T.astype(np.float32)
    return HadamardProjection(
        np.ascontiguousarray(frequencies),
        signs=signs.astype(np.float32),
        factors=(factors / (2 * np.pi)).astype(np.float32),
    )


def require_columns(structure: str, dimension: int) -> None:
    """Raise OptionError unless records have columns enough for structured frequencies."""
    if dimension < FEWEST_COLUMNS:
        raise OptionError(
            f"structure={structure!r} was asked for records of {dimension} columns; it needs at "
            f"least {FEWEST_COLUMNS}, and pays from about a hundred. Use structure='dense'."
        )


def block_shape(dimension: int, count: int) -> tuple[int, int]:
    """Return how many blocks `count` directions take, and the length 2ᵖ of each."""
    length = 1 << (dimension - 1).bit_length()
    return -(-count // length), length


def drawn_signs(drawn: np.ndarray, length: int) -> np.ndarray:
    """Return ±1 from uniforms, shape (blocks, 3, 2ᵖ)."""
    return np.where(drawn < 0.5, -1.0, 1.0).reshape(-1, 3, length)


def block_rows(signs: np.ndarray, dimension: int) -> np.ndarray:
    """Return the rows of all blocks: whole numbers, nearly orthogonal, (blocks · 2ᵖ, d)."""
    return np.concatenate([_rows(block, dimension) for block in signs])


def _rows(signs: np.ndarray, dimension: int) -> np.ndarray:
    """Return H D₃ H D₂ H D₁ cut to `dimension` columns: whole numbers, shape (2ᵖ, d)."""
    matrix = np.eye(signs.shape[1])[:, :dimension]
    for diagonal in signs:
        matrix = _transformed(diagonal[:, None] * matrix)
    return matrix


def _transformed(matrix: np.ndarray) -> np.ndarray:
    step, length = 1, len(matrix)
    while step < length:
        pairs = matrix.reshape(length // (2 * step), 2, step, -1)
        matrix = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1)
        matrix = matrix.reshape(length, -1)
        step *= 2
    return matrix
