"""Whether what is given as an operator is linear, and its adjoint one."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sketchlearn.errors import OperatorError
from sketchlearn.inverse.operators import Operator, Planes

# Relative departure from linearity, or of an adjoint, beyond which it is not put down to rounding.
_ROUNDING = 1e-3


def adjointness(operator: Operator, planes: Planes, *, count: int = 2, seed: int = 0) -> float:
    """Return |⟨Ax, y⟩ - ⟨x, Aᵀy⟩| over ‖Ax‖ ‖y‖ for random x and y; 0 of an adjoint.

    Args:
        operator: with `A` and `A_adjoint`.
        planes: of images, (planes, height, width).
        count: images, where the operator does not say how many.
        seed: of the random images.
    """
    random = torch.Generator().manual_seed(seed)
    count = getattr(operator, "images", None) or count
    x = torch.randn(count, *planes, generator=random)
    seen = operator.A(x)
    y = torch.randn(seen.shape, generator=random)
    apart = (seen * y).sum() - (x * operator.A_adjoint(y)).sum()
    return float(apart.abs() / (seen.norm() * y.norm()))


def linear_shape(
    apply: Callable[[Tensor], Tensor], count: int, planes: Planes, scale: float | None = None
) -> tuple[int, ...]:
    """Return the shape of an image's measurements by a linear map of `count` images.

    Args:
        apply: the map.
        count: images that it is called on.
        planes: shape of an image.
        scale: of the numbers that were measured. What is clipped or rounded is linear for small
            numbers, or for large ones; so it is also tried on images that give numbers as large.

    Raises:
        OperatorError: it fails, gives no tensor of so many measurements, or is not linear.
    """
    random = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, count, *planes, generator=random)
    seen = _measured(apply, one, planes)
    _require_linear(apply, (one, other), planes)
    larger = (scale or 0.0) / float(seen.abs().max().clamp_min(1e-30)) if seen.numel() else 0.0
    if 0 < larger < math.inf:
        _require_linear(apply, (larger * one, larger * other), planes)
    return tuple(seen.shape[1:])


def require_adjoint(operator: Operator, count: int, planes: Planes) -> None:
    """Raise OperatorError unless `A_adjoint` is the adjoint of `A`."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(operator.images or count, *planes, generator=random)
    try:
        with torch.no_grad():
            # of measurements of x itself, as what differs hides in the mean of many random ones
            seen = operator.A(x)
            apart = (seen.square().sum() - (x * operator.A_adjoint(seen)).sum()).abs()
            relative = max(
                float(apart / seen.square().sum().clamp_min(1e-30)),
                adjointness(operator, planes, count=count) if seen.any() else 0.0,
            )
    except Exception as error:
        raise OperatorError(
            f"The operator's A_adjoint failed on the measurements of {len(x)} images {planes} "
            f"(planes, height, width): {type(error).__name__}: {error}. Give one that turns "
            "measurements into images, or none, where A can be differentiated by torch."
        ) from error
    if not relative <= _ROUNDING:
        raise OperatorError(
            f"The operator's A_adjoint is not the adjoint of its A: ⟨Ax, y⟩ and ⟨x, A_adjoint y⟩ "
            f"differ by {relative:.1%}. Mend it, or give an operator without it: automatic "
            "differentiation serves then."
        )


def _require_linear(
    apply: Callable[[Tensor], Tensor], pair: tuple[Tensor, Tensor], planes: Planes
) -> None:
    one, other = pair
    sums = [_measured(apply, x, planes) for x in (one, other, one - 2 * other)]
    apart = (sums[0] - 2 * sums[1] - sums[2]).norm()
    size = sums[0].norm() + 2 * sums[1].norm()
    if not apart <= _ROUNDING * size:
        raise OperatorError(
            "The operator is not linear: A(a - 2 b) is not A(a) - 2 A(b), by "
            f"{float(apart / size):.1%}, of images with numbers up to {float(one.abs().max()):.3g}."
            " Give a linear one, without noise, an offset or clipping."
        )


def _measured(apply: Callable[[Tensor], Tensor], x: Tensor, planes: Planes) -> Tensor:
    """Return measurements of images; refuse what is none."""
    try:
        with torch.no_grad():
            seen: object = apply(x)
    except Exception as error:
        raise OperatorError(
            f"The operator's A failed on {len(x)} images {planes} (planes, height, width): "
            f"{type(error).__name__}: {error}. Make it for images of the model."
        ) from error
    if not isinstance(seen, Tensor) or not seen.is_floating_point() or not seen.ndim:
        told = seen.dtype if isinstance(seen, Tensor) else type(seen).__name__
        raise OperatorError(
            f"The operator's A gave {told} for a tensor of images. Give one that makes a tensor of "
            "real numbers of it, by operations of torch."
        )
    if len(seen) != len(x):
        raise OperatorError(
            f"The operator's A gave measurements {tuple(seen.shape)} of {len(x)} images. Its first "
            "axis must be that of images."
        )
    return seen
