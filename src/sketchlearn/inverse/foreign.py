"""Operators of other libraries, deepinv's physics above all, made into one of ours."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor

from sketchlearn.errors import OperatorError
from sketchlearn.inverse.operators import Dense, Operator, Planes

# Numbers of an explicit matrix up to which one is made: 200 MB.
_LARGEST_MATRIX = 50_000_000

# Relative departure from linearity beyond which an operator is not taken for linear.
_ROUNDING = 1e-3


@final
class Foreign(Operator):
    """Any object with `A`, and perhaps `A_adjoint`, of images (n, planes, height, width).

    It is called on n images at a time, as many as there are measurements, so that what it keeps
    for each of them fits. Without an adjoint of its own, that of automatic differentiation serves.

    Args:
        physics: the object.
        count: number of images, n.
        planes: shape of an image.
        parameters: further arguments of its methods.
    """

    def __init__(
        self, physics: Any, count: int, planes: Planes, parameters: dict[str, Any]
    ) -> None:
        self.images: int | None = count
        self._physics, self._planes, self._parameters = physics, planes, parameters
        self._shape = self._linear_shape()

    def A(self, x: Tensor) -> Tensor:
        """Return measurements."""
        return self._each(self._forward, x, 3)

    def A_adjoint(self, y: Tensor) -> Tensor:
        """Return the adjoint's images."""
        if callable(getattr(self._physics, "A_adjoint", None)):
            return self._each(self._own_adjoint, y, len(self._shape))
        return self._each(self._derived_adjoint, y, len(self._shape))

    def measured(self, planes: Planes) -> tuple[int, ...]:
        """Return the shape of an image's measurements."""
        assert planes == self._planes
        return self._shape

    def _forward(self, x: Tensor) -> Tensor:
        return self._physics.A(x, **self._parameters)

    def _own_adjoint(self, y: Tensor) -> Tensor:
        return self._physics.A_adjoint(y, **self._parameters)

    def _derived_adjoint(self, y: Tensor) -> Tensor:
        origin = torch.zeros(len(y), *self._planes)
        with torch.enable_grad():
            origin.requires_grad_()
            (adjoint,) = torch.autograd.grad(self._forward(origin), origin, y)
        return adjoint

    def _each(self, apply: Any, x: Tensor, axes: int) -> Tensor:
        """Apply to (..., n, *axes), one (n, *axes) after the other."""
        count = self.images or 1
        rest = x.shape[-axes:]
        if x.shape[-axes - 1] == 1 != count:
            x = x.expand(*x.shape[: -axes - 1], count, *rest)
        before = x.shape[: -axes - 1]
        parts = [apply(part) for part in x.reshape(-1, count, *rest)]
        return torch.stack(parts).unflatten(0, before) if before else parts[0]

    def _linear_shape(self) -> tuple[int, ...]:
        """Return the shape of an image's measurements; refuse what does not add up."""
        random = torch.Generator().manual_seed(0)
        one, other = torch.randn(2, self.images or 1, *self._planes, generator=random)
        try:
            with torch.no_grad():
                sums = [self._forward(x) for x in (one, other, one - 2 * other)]
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise OperatorError(
                f"The operator's A failed on {self.images} images {self._planes} (planes, height, "
                f"width): {error}. Make it for images of the model."
            ) from error
        apart = (sums[0] - 2 * sums[1] - sums[2]).norm()
        size = sums[0].norm() + 2 * sums[1].norm()
        if not apart <= _ROUNDING * size:
            raise OperatorError(
                "The operator is not linear: A(a - 2 b) is not A(a) - 2 A(b), by "
                f"{float(apart / size):.1%}. Give a linear one, without noise or an offset."
            )
        return tuple(sums[0].shape[1:])


def own_operator(
    operator: Any, count: int, planes: Planes, parameters: dict[str, Any] | None = None
) -> Operator:
    """Return an operator of ours that does the same on `count` images of a shape.

    Raises:
        OperatorError: it has no `A`, is not linear, or does not fit the images.
    """
    if isinstance(operator, Operator):
        operator.measured(planes)
        if operator.images not in (None, count):
            raise OperatorError(
                f"The operator was made for {operator.images} images, and there are measurements "
                f"of {count}. Give as many, or an operator that is the same for all."
            )
        return operator
    if not callable(getattr(operator, "A", None)):
        raise OperatorError(
            f"A {type(operator).__name__} was given as operator, and it has no method A. Give one "
            "of sketchlearn.inverse (Identity, Mask, BoxDownsampling, Dense, Convolution), or an "
            "object with A and A_adjoint, such as a physics of deepinv."
        )
    foreign = Foreign(operator, count, planes, parameters or {})
    return explicit(foreign, planes) or foreign


def explicit(operator: Operator, planes: Planes) -> Dense | None:
    """Return the matrix of an operator, one for all images if that holds; None if too large."""
    size, m = math.prod(planes), math.prod(operator.measured(planes))
    if m * size * (operator.images or 1) > _LARGEST_MATRIX:
        return None
    with torch.no_grad():
        basis = torch.eye(size).view(size, 1, *planes)
        columns = operator.A(basis.expand(size, operator.images or 1, *planes))
    matrix = columns.flatten(2).permute(1, 2, 0).contiguous()  # (n, m, d)
    if len(matrix) == 1 or torch.allclose(matrix, matrix[:1].expand_as(matrix), atol=1e-6):
        matrix = matrix[0]
    return Dense(matrix, planes, operator.measured(planes))
