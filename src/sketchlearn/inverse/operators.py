"""Linear operators from images to measurements, each with its adjoint.

Methods are called as deepinv calls them, so that its physics can stand in their place. Images are
(..., planes, height, width); what differs between images, such as a kernel of each, is given for
the images of the axis before the planes, and holds for any axes before that.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor

from sketchlearn.errors import OperatorError

Array = Tensor | np.ndarray
Planes = tuple[int, int, int]


class Operator(ABC):
    """A linear map of images."""

    # Images it was made for, one after the other; None when it is the same for all.
    images: int | None = None

    @abstractmethod
    def A(self, x: Tensor) -> Tensor:
        """Return the measurements of images (..., planes, height, width)."""

    @abstractmethod
    def A_adjoint(self, y: Tensor) -> Tensor:
        """Return the adjoint's images of measurements."""

    @abstractmethod
    def measured(self, planes: Planes) -> tuple[int, ...]:
        """Return the shape of an image's measurements.

        Raises:
            OperatorError: the operator is for images of another shape.
        """

    def of_images(self, some: slice) -> Operator:  # noqa: ARG002
        """Return the operator for some of the images."""
        return self

    def diagonal(self, planes: Planes) -> Tensor | None:  # noqa: ARG002
        """Return the diagonal of A Aᵀ, to be broadcast to measurements; None if it has others."""
        return None


@final
class Identity(Operator):
    """The image itself: what is left to do is to remove noise."""

    def A(self, x: Tensor) -> Tensor:
        """Return the images."""
        return x

    def A_adjoint(self, y: Tensor) -> Tensor:
        """Return the measurements."""
        return y

    def measured(self, planes: Planes) -> tuple[int, ...]:
        """Return the shape of the image."""
        return planes

    def diagonal(self, planes: Planes) -> Tensor:  # noqa: ARG002
        """Return 1."""
        return torch.ones(())


@final
class Mask(Operator):
    """Pixels that are seen; the others are measured as 0.

    Args:
        seen: whether, or with what weight, a pixel is seen: (height, width), (planes, height,
            width), or one of these for each image with an axis before.
        per_image: whether the first axis is that of images.
    """

    def __init__(self, seen: Array, *, per_image: bool = False) -> None:
        seen = finite_tensor(seen, "The mask")
        if seen.ndim not in ((3, 4) if per_image else (2, 3)):
            raise OperatorError(
                f"A mask of shape {tuple(seen.shape)} was given; it is (height, width) or (planes, "
                "height, width), after an axis of images with per_image=True."
            )
        if seen.ndim == 2 + per_image:
            seen = seen.unsqueeze(-3)
        self.images = len(seen) if per_image else None
        self.seen = seen

    def A(self, x: Tensor) -> Tensor:
        """Return the images, black where they are not seen."""
        return x * self.seen

    def A_adjoint(self, y: Tensor) -> Tensor:
        """Return the same of measurements."""
        return y * self.seen

    def measured(self, planes: Planes) -> tuple[int, ...]:
        """Return the shape of the image."""
        count, *sides = self.seen.shape[-3:]
        if count not in (1, planes[0]) or tuple(sides) != planes[1:]:
            raise unfit(f"The mask is for images of {tuple(self.seen.shape[-3:])}", planes)
        return planes

    def of_images(self, some: slice) -> Mask:
        """Return the masks of some images."""
        return self if self.images is None else Mask(self.seen[some], per_image=True)

    def diagonal(self, planes: Planes) -> Tensor:  # noqa: ARG002
        """Return the squared weights."""
        return self.seen.square()


@final
class BoxDownsampling(Operator):
    """Means of square blocks of pixels.

    Args:
        factor: side of a block; it divides both sides of the image.
    """

    def __init__(self, factor: int) -> None:
        if not isinstance(factor, int | np.integer) or factor < 1:
            raise OperatorError(f"factor={factor!r} was given; it is a whole number from 1 on.")
        self.factor = int(factor)

    def A(self, x: Tensor) -> Tensor:
        """Return block means."""
        f = self.factor
        return x.unflatten(-2, (-1, f)).unflatten(-1, (-1, f)).mean(dim=(-3, -1))

    def A_adjoint(self, y: Tensor) -> Tensor:
        """Spread each number evenly over its block."""
        f = self.factor
        return y.repeat_interleave(f, -1).repeat_interleave(f, -2) / f**2

    def measured(self, planes: Planes) -> tuple[int, ...]:
        """Return (planes, height / factor, width / factor)."""
        count, height, width = planes
        if height % self.factor or width % self.factor:
            raise unfit(f"Blocks of {self.factor} × {self.factor} pixels do not fill", planes)
        return count, height // self.factor, width // self.factor

    def diagonal(self, planes: Planes) -> Tensor:  # noqa: ARG002
        """Return one over the pixels of a block."""
        return torch.tensor(1.0 / self.factor**2)


@final
class Dense(Operator):
    """A matrix that multiplies flat images, planes first.

    Args:
        matrix: (m, d), or (n, m, d) with one for each image.
        planes: of images, (planes, height, width), or (height, width) of one plane.
        shape: of an image's measurements, whose product is m; (m,) by default.
    """

    def __init__(
        self, matrix: Array, planes: Sequence[int], shape: Sequence[int] | None = None
    ) -> None:
        self.matrix = finite_tensor(matrix, "The matrix")
        self.planes = (1, *planes) if len(planes) == 2 else tuple(planes)
        if self.matrix.ndim not in (2, 3) or self.matrix.shape[-1] != math.prod(self.planes):
            raise OperatorError(
                f"A matrix of shape {tuple(self.matrix.shape)} was given for images {self.planes} "
                "(planes, height, width); it is (m, d), or (n, m, d) with one for each image, d "
                "being their product."
            )
        self.images = len(self.matrix) if self.matrix.ndim == 3 else None
        self.shape = tuple(shape or self.matrix.shape[-2:-1])
        if math.prod(self.shape) != self.matrix.shape[-2]:
            raise OperatorError(
                f"A matrix of {self.matrix.shape[-2]} rows was given for measurements of shape "
                f"{self.shape}. Give a shape whose product is the number of rows, or none."
            )

    def A(self, x: Tensor) -> Tensor:
        """Return measurements (..., *shape) of images."""
        return times(self.matrix, x.flatten(-3)).unflatten(-1, self.shape)

    def A_adjoint(self, y: Tensor) -> Tensor:
        """Return images of measurements (..., *shape)."""
        return times(self.matrix.mT, y.flatten(-len(self.shape))).unflatten(-1, self.planes)

    def measured(self, planes: Planes) -> tuple[int, ...]:
        """Return the shape of the measurements."""
        if self.planes != planes:
            raise unfit(f"The matrix is for images of {self.planes}", planes)
        return self.shape

    def of_images(self, some: slice) -> Dense:
        """Return the matrices of some images."""
        return self if self.images is None else Dense(self.matrix[some], self.planes, self.shape)


def times(matrix: Tensor, x: Tensor) -> Tensor:
    """Multiply vectors (..., n, d) by one matrix (m, d), or each of the n by its own."""
    if matrix.ndim == 2:
        return x @ matrix.mT
    if x.shape[-2] == 1 and len(matrix) > 1:
        return torch.einsum("...d,nmd->...nm", x.squeeze(-2), matrix)
    return torch.einsum("...nd,nmd->...nm", x, matrix)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Return those of all rows (k, p) to all rows (n, p), shape (k, n)."""
    # about one of them: far from 0, squares are too large for float32 to keep what they differ by
    x, y = x - x[:1], y - x[:1]
    squares = x.square().sum(1, keepdim=True) + y.square().sum(1)
    return (squares - 2 * x @ y.mT).clamp_min(0)


def finite_tensor(given: Array, what: str) -> Tensor:
    """Return float32 numbers.

    Raises:
        OperatorError: there are none, or some are not finite.
    """
    tensor = torch.as_tensor(np.array(given) if isinstance(given, np.ndarray) else given)
    tensor = tensor.detach().to(torch.float32)
    if not torch.isfinite(tensor).all() or not tensor.numel():
        raise OperatorError(f"{what} is empty or holds NaN or infinite values. Give finite ones.")
    return tensor


def unfit(what: str, planes: Planes) -> OperatorError:
    """Return the error of an operator that is for other images."""
    return OperatorError(
        f"{what}, but images are {planes} (planes, height, width). Make the operator for these."
    )
