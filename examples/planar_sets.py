"""Five laws in the plane: the paper's three, a ring of Gaussians and a checkerboard.

Mixture and spiral follow the authors' demonstration of "Compressive Learning of Generative
Networks" (Schellekens and Jacques, 2020), scaled into the unit ball. Their circles have random
radii and, as published, there is one; here are three of fixed radii, which is harder.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def mixture(count: int, rng: np.random.Generator) -> np.ndarray:
    """Five Gaussians with unequal weights and axis-aligned covariances."""
    fixed = np.random.default_rng(7)  # the law itself is the same for every draw
    weights = 1 + 3 * fixed.random(5)
    means = fixed.standard_normal((5, 2)) * 10 / np.sqrt(2)
    deviations = np.sqrt(0.1 * (1 + 8 * fixed.random((5, 1))) * (1 + 3 * fixed.random((5, 2))))
    which = rng.choice(5, count, p=weights / weights.sum())
    return (means[which] + deviations[which] * rng.standard_normal((count, 2))) / 20


def spiral(count: int, rng: np.random.Generator) -> np.ndarray:
    """One turn of a noisy spiral."""
    turn = rng.random(count)
    radius = 0.3 + 1.2 * turn + 0.01 * rng.standard_normal(count)
    angle = 2 * np.pi * turn
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1) / 1.55


def circles(count: int, rng: np.random.Generator) -> np.ndarray:
    """Three concentric noisy circles of equal weight."""
    radius = np.array([0.3, 0.65, 1.0])[rng.integers(0, 3, count)]
    radius = radius + 0.02 * rng.standard_normal(count)
    angle = 2 * np.pi * rng.random(count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def ring(count: int, rng: np.random.Generator) -> np.ndarray:
    """Eight Gaussians of deviation 0.05 on the unit circle."""
    angle = 2 * np.pi * rng.integers(0, 8, count) / 8
    centers = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return centers + 0.05 * rng.standard_normal((count, 2))


def checkerboard(count: int, rng: np.random.Generator) -> np.ndarray:
    """Uniform on the dark squares of a 4 × 4 board over [-1, 1]²."""
    column = rng.integers(0, 4, count)
    row = 2 * rng.integers(0, 2, count) + column % 2
    corner = np.stack([column, row], axis=1)
    return (corner + rng.random((count, 2))) / 2 - 1


SETS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "mixture": mixture,
    "spiral": spiral,
    "circles": circles,
    "ring": ring,
    "checkerboard": checkerboard,
}
