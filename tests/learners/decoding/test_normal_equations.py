"""Steps of a descent: products with J, and both ways to solve for a step."""

from __future__ import annotations

import numpy as np
import pytest

from sketchlearn.features.elliptical import Atoms, Frequencies
from sketchlearn.features.scatters import DIAGONAL, FULL, SPHERICAL, Scatter
from sketchlearn.learners.decoding.jacobian import Jacobian
from sketchlearn.learners.decoding.normal_equations import Direct, Iterative, normal_equations

_DIMENSION, _SIZE, _COUNT = 3, 80, 4


def _jacobian(scatter: Scatter, stability: float, *, scatters: bool) -> Jacobian:
    rng = np.random.default_rng(0)
    frequencies = Frequencies(rng.normal(size=(_DIMENSION, _SIZE)))
    atoms = Atoms.round(
        rng.uniform(0.5, 1, _COUNT), rng.normal(size=(_COUNT, _DIMENSION)), np.full(_COUNT, 0.3)
    )
    atoms = atoms.as_scatter(scatter).as_stable(stability)
    return Jacobian.of(atoms, atoms.features(frequencies), frequencies, scatters=scatters)


CASES = [
    (SPHERICAL, 2.0, False),
    (SPHERICAL, 2.0, True),
    (DIAGONAL, 2.0, True),
    (FULL, 2.0, True),
    (FULL, 1.4, True),
]


@pytest.mark.parametrize(("scatter", "stability", "scatters"), CASES)
def test_products_are_those_of_the_rows(scatter: Scatter, stability: float, scatters: bool) -> None:
    jacobian = _jacobian(scatter, stability, scatters=scatters)
    rows, rng = jacobian.rows(), np.random.default_rng(1)
    assert rows.shape == (jacobian.numbers, 2 * _SIZE)
    step, rest = rng.normal(size=len(rows)), rng.normal(size=2 * _SIZE)
    np.testing.assert_allclose(jacobian.along(step), step @ rows, atol=1e-10)
    np.testing.assert_allclose(jacobian.against(rest), rows @ rest, atol=1e-10)
    np.testing.assert_allclose(jacobian.squares(), (rows**2).sum(axis=1), atol=1e-10)


@pytest.mark.parametrize(("scatter", "stability", "scatters"), CASES)
def test_both_ways_agree_on_a_step(scatter: Scatter, stability: float, scatters: bool) -> None:
    jacobian = _jacobian(scatter, stability, scatters=scatters)
    rest = np.random.default_rng(2).normal(size=2 * _SIZE)
    at_once = Direct(jacobian.rows(), rest).step(0.1)
    by_products = Iterative(jacobian, rest).step(0.1)
    assert at_once is not None
    assert by_products is not None
    error = np.linalg.norm(by_products - at_once) / np.linalg.norm(at_once)
    assert error < 0.15


def test_many_columns_are_not_solved_at_once() -> None:
    rng = np.random.default_rng(3)
    for dimension, way in ((2, Direct), (64, Iterative)):
        frequencies = Frequencies(rng.normal(size=(dimension, 100)))
        atoms = Atoms.round(np.ones(20), rng.normal(size=(20, dimension)), np.ones(20))
        jacobian = Jacobian.of(atoms, atoms.features(frequencies), frequencies, scatters=True)
        assert isinstance(normal_equations(jacobian, np.ones(200)), way)
