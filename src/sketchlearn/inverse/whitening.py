"""How far an image is from the measurements, once the generator's own error is integrated out.

The image is G(z) + v with v ~ N(0, τ² I), so measurements y = A x + n are normal about A G(z) with
covariance S = σ² I + τ² A Aᵀ, and given z the mean of v is τ² Aᵀ S⁻¹ (y - A G(z)). With τ = 0 this
is the squared error of Bora, Jalal, Price and Dimakis, "Compressed Sensing using Generative
Models", ICML 2017.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor

from sketchlearn.errors import OperatorError
from sketchlearn.inverse.convolution import Convolution
from sketchlearn.inverse.foreign import explicit, in_matrices
from sketchlearn.inverse.operators import Dense, Operator, Planes, squared_distances, times

# Of conjugate gradients: steps at most, and the relative residual that ends them.
_CG_STEPS, _CG_RESIDUAL = 1000, 1e-5


class Misfit(ABC):
    """½ (y - Ax)ᵀ S⁻¹ (y - Ax) of measurements y (n, ...).

    Args:
        operator: A.
        y: measurements.
        noise: σ.
        tau: τ, deviation of the generator's error in a pixel.
    """

    def __init__(self, operator: Operator, y: Tensor, noise: float, tau: float) -> None:
        self.operator, self.y, self.noise, self.tau = operator, y, noise, tau

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """Return the misfit of images (..., n or 1, planes, height, width), shape (..., n)."""

    def of_all(self, x: Tensor) -> Tensor:
        """Return the misfit of every image (k, planes, height, width) to every y, (k, n)."""
        return self(x.unsqueeze(1))

    @abstractmethod
    def solved(self, residual: Tensor) -> Tensor:
        """Return S⁻¹ times residuals (..., n, *measurements)."""

    def correction(self, residual: Tensor) -> Tensor:
        """Return τ² Aᵀ S⁻¹ times residuals: the mean error of the generator, as images."""
        return self.tau**2 * self.operator.A_adjoint(self.solved(residual))

    def corrected(self, x: Tensor) -> Tensor:
        """Return images with the generator's mean error added."""
        return x if self.tau == 0 else x + self.correction(self.y - self.operator.A(x))


def misfit_of(operator: Operator, y: Tensor, noise: float, tau: float, planes: Planes) -> Misfit:
    """Return the misfit in the form that is cheapest for an operator.

    Raises:
        OperatorError: σ is too small for its square, or beside τ A for S to be inverted.
    """
    diagonal = operator.diagonal(planes)
    y = _without_unseen(operator, y, diagonal)
    if tau == 0:
        diagonal = torch.zeros(())
    if diagonal is not None:
        return _Diagonal(operator, y, noise, tau, diagonal)
    if isinstance(operator, Convolution) and operator.padding == "circular":
        return _Spectral(operator, y, noise, tau)
    dense = explicit(operator, planes)
    if dense is not None:
        return _Factored(operator, _without_unseen(dense, y, None), noise, tau, dense.matrix)
    return _Iterative(operator, y, noise, tau)


def parts_of(
    operator: Operator, y: Tensor, tau: float, planes: Planes
) -> list[tuple[Operator, Tensor]]:
    """Return an operator with measurements, cut so that the misfit of each part fits memory."""
    circular = isinstance(operator, Convolution) and operator.padding == "circular"
    if tau == 0 or operator.diagonal(planes) is not None or circular:
        return [(operator, y)]
    return in_matrices(operator, y, planes)


def _without_unseen(operator: Operator, y: Tensor, diagonal: Tensor | None) -> Tensor:
    """Return measurements with 0 where no image has another: what is there says nothing."""
    if diagonal is not None:
        unseen = diagonal == 0
    elif isinstance(operator, Dense):
        unseen = (operator.matrix == 0).all(-1).unflatten(-1, operator.shape)
    else:
        return y
    return torch.where(unseen, 0.0, y)


class _White(Misfit):
    """A misfit that is half the squared norm of the difference of white coordinates."""

    target: Tensor  # of y, (n, p)

    @abstractmethod
    def coordinates(self, x: Tensor) -> Tensor:
        """Return white coordinates of A x, (..., n or 1, p)."""

    def __call__(self, x: Tensor) -> Tensor:
        return (self.target - self.coordinates(x)).square().sum(-1) / 2

    def of_all(self, x: Tensor) -> Tensor:
        white = self.coordinates(x.unsqueeze(1))
        if white.shape[1] > 1:
            return (self.target - white).square().sum(-1) / 2
        return squared_distances(white[:, 0], self.target) / 2


def _require_float(variances: Tensor, target: Tensor, noise: float) -> None:
    smallest = torch.finfo(torch.float32).tiny
    if not (variances >= smallest).all() or not target.square().sum().isfinite():
        raise OperatorError(
            f"noise={noise:g} is so small that its square, or that of the measurements over it, is "
            "beyond float32. Give a larger noise: what measurements are rounded to will do."
        )


@final
class _Diagonal(_White):
    def __init__(
        self, operator: Operator, y: Tensor, noise: float, tau: float, diagonal: Tensor
    ) -> None:
        super().__init__(operator, y, noise, tau)
        self._variances = noise**2 + tau**2 * diagonal
        self._axes = y.ndim - 1
        self.target = (y / self._variances.sqrt()).flatten(1)
        _require_float(self._variances, self.target, noise)

    def coordinates(self, x: Tensor) -> Tensor:
        return (self.operator.A(x) / self._variances.sqrt()).flatten(-self._axes)

    def solved(self, residual: Tensor) -> Tensor:
        return residual / self._variances


@final
class _Spectral(_White):
    """Circular convolutions, which the Fourier transform makes diagonal."""

    def __init__(self, operator: Convolution, y: Tensor, noise: float, tau: float) -> None:
        super().__init__(operator, y, noise, tau)
        self._sides = y.shape[-2], y.shape[-1]
        transfer = operator.transfer(self._sides)
        self._variances = noise**2 + tau**2 * transfer.abs().square()
        self._whitener = transfer / self._variances.sqrt()
        self.target = self._filtered(y, 1 / self._variances.sqrt()).flatten(1)
        _require_float(self._variances, self.target, noise)

    def coordinates(self, x: Tensor) -> Tensor:
        return self._filtered(x, self._whitener).flatten(-3)

    def solved(self, residual: Tensor) -> Tensor:
        return self._filtered(residual, 1 / self._variances)

    def _filtered(self, x: Tensor, factor: Tensor) -> Tensor:
        return torch.fft.irfft2(torch.fft.rfft2(x) * factor, s=self._sides)


@final
class _Factored(_White):
    """A matrix, whose S is factored once."""

    def __init__(
        self, operator: Operator, y: Tensor, noise: float, tau: float, matrix: Tensor
    ) -> None:
        super().__init__(operator, y, noise, tau)
        double = matrix.double()
        covariance = tau**2 * double @ double.mT
        covariance.diagonal(dim1=-2, dim2=-1).add_(noise**2)
        root, failed = torch.linalg.cholesky_ex(covariance)
        if failed.any():
            raise OperatorError(
                f"noise={noise:g} is so small beside tau={tau:g} times the operator that the "
                "covariance of the measurements cannot be inverted. Give a larger noise."
            )
        identity = torch.eye(root.shape[-1], dtype=torch.float64).expand_as(root)
        self._unroot = torch.linalg.solve_triangular(root, identity, upper=False).float()
        self._whitener = torch.linalg.solve_triangular(root, double, upper=False).float()
        self._shape = y.shape[1:]
        self.target = times(self._unroot, y.flatten(1))

    def coordinates(self, x: Tensor) -> Tensor:
        return times(self._whitener, x.flatten(-3))

    def solved(self, residual: Tensor) -> Tensor:
        white = times(self._unroot, residual.flatten(-len(self._shape)))
        return times(self._unroot.mT, white).unflatten(-1, self._shape)


@final
class _Iterative(Misfit):
    """Any operator, by conjugate gradients at every step."""

    def __call__(self, x: Tensor) -> Tensor:
        residual = self.y - self.operator.A(x)
        with torch.no_grad():
            weighted = self.solved(residual.detach())
            constant = (weighted * self._covariance(weighted)).flatten(-self._axes).sum(-1) / 2
        # its value is the misfit and its slope that of the misfit, S⁻¹ being held fixed
        return (weighted * residual).flatten(-self._axes).sum(-1) - constant

    def solved(self, residual: Tensor) -> Tensor:
        axes = tuple(range(-self._axes, 0))
        x, rest = torch.zeros_like(residual), residual.clone()
        direction, size = rest, rest.square().sum(axes, keepdim=True)
        enough = _CG_RESIDUAL**2 * size.clamp_min(1e-30)
        for _ in range(_CG_STEPS):
            # a start that ran off to infinity is not waited for: its loss is infinite
            if ((size <= enough) | ~size.isfinite()).all():
                return x
            moved = self._covariance(direction)
            step = size / (direction * moved).sum(axes, keepdim=True).clamp_min(1e-30)
            x, rest = x + step * direction, rest - step * moved
            newer = rest.square().sum(axes, keepdim=True)
            direction, size = rest + newer / size.clamp_min(1e-30) * direction, newer
        raise OperatorError(
            f"noise={self.noise:g} is so small beside tau={self.tau:g} times the operator that "
            f"{_CG_STEPS} steps of conjugate gradients did not invert the covariance of the "
            "measurements. Give a larger noise, tau=0, or fewer images at a time where the "
            "operator differs between them."
        )

    @property
    def _axes(self) -> int:
        return self.y.ndim - 1

    def _covariance(self, y: Tensor) -> Tensor:
        spread = self.operator.A(self.operator.A_adjoint(y))
        return self.noise**2 * y + self.tau**2 * spread
