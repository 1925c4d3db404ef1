"""Steps of a descent: (J Jᵀ + damping) s = J r, solved at once or by conjugate gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, final

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, get_blas_funcs
from scipy.sparse.linalg import LinearOperator, cg

from sketchlearn.learners.decoding.jacobian import Jacobian

# Conjugate gradients end at this share of the side, or after so many products.
_ACCURACY, _PRODUCTS = 0.03, 60
# What a product costs beyond its matrix products, in multiplications for each entry of (K, m).
_ENTRIES = 40


class NormalEquations(Protocol):
    """A system that a step solves."""

    def step(self, damping: float) -> np.ndarray | None:
        """Return the step (p,), or None where the system cannot be solved."""
        ...


def normal_equations(jacobian: Jacobian, rest: np.ndarray) -> NormalEquations:
    """Return the system of a rest (2m,), solved in the way that takes less work."""
    count, size = jacobian.real.shape
    width = jacobian.numbers // count
    at_once = 2 * size * jacobian.numbers**2 / 2 + jacobian.numbers**3 / 6
    by_products = _PRODUCTS * count * size * (2 * width + _ENTRIES)
    if by_products < at_once:
        return Iterative(jacobian, rest)
    return Direct(jacobian.rows(), rest)


@final
class Direct:
    """The system as a matrix."""

    def __init__(self, rows: np.ndarray, rest: np.ndarray) -> None:
        square: Any = get_blas_funcs("syrk", (rows,))
        self._matrix = square(1.0, rows.T, trans=1)  # (p, p), of which the upper half is set
        self._side = rows @ rest

    def step(self, damping: float) -> np.ndarray | None:
        """Return the step (p,) by Cholesky's factors, or None where there are none."""
        diagonal = np.diagonal(self._matrix)
        damped = self._matrix.copy(order="F")
        np.fill_diagonal(damped, _damped(diagonal, damping))
        try:
            factor = cho_factor(damped, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return None
        return _finite(cho_solve(factor, self._side, check_finite=False))


@final
class Iterative:
    """The system as a product: of many columns, its matrix costs more than it is worth."""

    def __init__(self, jacobian: Jacobian, rest: np.ndarray) -> None:
        self._jacobian = jacobian
        self._diagonal = jacobian.squares()
        self._side = jacobian.against(rest)

    def step(self, damping: float) -> np.ndarray | None:
        """Return the step (p,) by conjugate gradients, to a few hundredths."""
        diagonal = _damped(self._diagonal, damping)
        added = diagonal - self._diagonal
        jacobian = self._jacobian

        def product(step: np.ndarray) -> np.ndarray:
            return jacobian.against(jacobian.along(step)) + added * step

        step = cg(
            _operator(len(diagonal), product),
            self._side,
            rtol=_ACCURACY,
            maxiter=_PRODUCTS,
            M=_operator(len(diagonal), lambda step: step / diagonal),
        )[0]
        return _finite(step)


def _operator(size: int, product: Callable[[np.ndarray], np.ndarray]) -> LinearOperator:
    make: Any = LinearOperator  # whose arguments are those of another class
    return make((size, size), matvec=product, dtype=np.float64)


def _damped(diagonal: np.ndarray, damping: float) -> np.ndarray:
    floor = 1e-9 * diagonal.mean() + 1e-300
    return diagonal + damping * (diagonal + floor)


def _finite(step: np.ndarray) -> np.ndarray | None:
    return step if np.isfinite(step).all() else None
