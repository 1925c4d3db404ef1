"""Operators of other libraries, deepinv's physics above all, made into one of ours."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor

from sketchlearn.errors import OperatorError
from sketchlearn.inverse.checks import linear_shape, require_adjoint
from sketchlearn.inverse.operators import Dense, Operator, Planes

# Numbers of an explicit matrix up to which one is made: 200 MB.
_LARGEST_MATRIX = 50_000_000


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
        scale: of the numbers that were measured, where they are known.
    """

    def __init__(
        self,
        physics: Any,
        count: int,
        planes: Planes,
        parameters: dict[str, Any],
        scale: float | None = None,
    ) -> None:
        self.images: int | None = count
        self._physics, self._planes, self._parameters = physics, planes, parameters
        self._shape = linear_shape(self._forward, count, planes, scale)

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


def own_operator(
    operator: Any,
    count: int,
    planes: Planes,
    parameters: dict[str, Any] | None = None,
    scale: float | None = None,
) -> Operator:
    """Return an operator of ours that does the same on `count` images of a shape.

    `scale` is that of the numbers that were measured, where they are known.

    Raises:
        OperatorError: it has no `A`, is not linear, does not fit the images, or is too large for a
            matrix and has an `A_adjoint` that is not its adjoint.
    """
    if isinstance(operator, Operator):
        told = operator.measured(planes)
        if operator.images not in (None, count):
            raise OperatorError(
                f"The operator was made for {operator.images} images, and there are measurements "
                f"of {count}. Give as many, or an operator that is the same for all."
            )
        if type(operator).__module__.split(".")[0] != __name__.split(".")[0]:
            _require_told(operator, told, linear_shape(operator.A, count, planes, scale))
            require_adjoint(operator, count, planes)
        return operator
    if not callable(getattr(operator, "A", None)):
        raise OperatorError(
            f"A {type(operator).__name__} was given as operator, and it has no method A. Give one "
            "of sketchlearn.inverse (Identity, Mask, BoxDownsampling, Dense, Convolution), or an "
            "object with A and A_adjoint, such as a physics of deepinv."
        )
    foreign = Foreign(operator, count, planes, parameters or {}, scale)
    matrix = explicit(foreign, planes)
    if matrix is None:  # else the adjoint is that of the matrix
        require_adjoint(foreign, count, planes)
    return matrix or foreign


def _require_told(operator: Operator, told: tuple[int, ...], shape: tuple[int, ...]) -> None:
    if tuple(told) != shape:
        raise OperatorError(
            f"{type(operator).__name__}.measured says {tuple(told)}, and its A makes {shape} of an "
            "image. Make both the same."
        )


def explicit(operator: Operator, planes: Planes) -> Dense | None:
    """Return the matrix of an operator, one for all images if that holds; None if too large."""
    count, shape = operator.images or 1, operator.measured(planes)
    size, m = math.prod(planes), math.prod(shape)
    if m * size > _LARGEST_MATRIX:
        return None
    shared = count == 1 or _is_shared(operator, planes)
    if not shared and m * size * count > _LARGEST_MATRIX:
        return None
    basis = torch.eye(size).view(size, 1, *planes)
    with torch.no_grad():
        columns = [
            operator.A(some.expand(-1, count, *planes))[:, : 1 if shared else count]
            for some in basis.split(max(1, _LARGEST_MATRIX // (m * count)))
        ]
    matrix = torch.cat(columns).flatten(2).permute(1, 2, 0).contiguous()  # (n, m, d)
    return Dense(matrix[0] if shared else matrix, planes, shape)


def _is_shared(operator: Operator, planes: Planes) -> bool:
    """Tell whether an operator that was made for some images does the same to each."""
    image = torch.randn(1, *planes, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        seen = operator.A(image.expand(operator.images or 1, *planes))
    return bool((seen - seen[:1]).abs().max() <= 1e-6 * seen.abs().max())


def in_parts(operator: Operator, y: Tensor, each: int, most: int) -> list[tuple[Operator, Tensor]]:
    """Return an operator with measurements, cut where it differs between images.

    Args:
        operator: of ours, or of another library, which cannot be cut.
        y: measurements, (n, ...).
        each: numbers that are kept for each image.
        most: of them at once.
    """
    cuts = operator.images is not None and operator.of_images(slice(0, 1)).images == 1
    if not cuts or each * len(y) <= most:
        return [(operator, y)]
    size = max(1, most // each)
    return [
        (operator.of_images(slice(top, top + size)), y[top : top + size])
        for top in range(0, len(y), size)
    ]


def in_matrices(operator: Operator, y: Tensor, planes: Planes) -> list[tuple[Operator, Tensor]]:
    """Return an operator with measurements, cut so that the matrices of each part fit.

    So how an image is solved does not depend on how many others there are.
    """
    each = math.prod(planes) * math.prod(operator.measured(planes))
    return (
        [(operator, y)] if each > _LARGEST_MATRIX else in_parts(operator, y, each, _LARGEST_MATRIX)
    )
