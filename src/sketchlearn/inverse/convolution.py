"""Blurs, by the Fourier transform."""

from __future__ import annotations

from typing import Literal, final

import torch
from torch import Tensor

from sketchlearn.errors import OperatorError
from sketchlearn.inverse.operators import Array, Operator, Planes, finite_tensor, unfit

Padding = Literal["circular", "zero"]


@final
class Convolution(Operator):
    """A blur: each plane convolved with a kernel whose middle is at (height // 2, width // 2).

    Args:
        kernels: (height, width), or (n, height, width) with one for each image.
        padding: what lies beyond the border: "circular", the opposite side, or "zero".
    """

    def __init__(self, kernels: Array, padding: Padding = "circular") -> None:
        self.kernels = finite_tensor(kernels, "The kernel")
        if self.kernels.ndim not in (2, 3) or padding not in ("circular", "zero"):
            raise OperatorError(
                f"Kernels of shape {tuple(self.kernels.shape)} and padding={padding!r} were given; "
                "kernels are (height, width) or (n, height, width), padding circular or zero."
            )
        self.images = len(self.kernels) if self.kernels.ndim == 3 else None
        self.padding: Padding = padding
        self._known: tuple[tuple[int, int], Tensor] | None = None

    def A(self, x: Tensor) -> Tensor:
        """Return blurred images of the same size."""
        return convolved(x, self.kernels, self.padding, self.transfer((x.shape[-2], x.shape[-1])))

    def A_adjoint(self, y: Tensor) -> Tensor:
        """Correlate with the kernels."""
        height, width = sides = y.shape[-2], y.shape[-1]
        tall, wide = grid = _grid(sides, self.kernels, self.padding)
        top, left = _corner(self.kernels, self.padding)
        around = (left, wide - width - left, top, tall - height - top)
        padded = torch.nn.functional.pad(y, around)
        spectrum = self.transfer(sides).conj()
        return _filtered(padded, spectrum, grid)[..., :height, :width]

    def measured(self, planes: Planes) -> tuple[int, ...]:
        """Return the shape of the image."""
        height, width = self.kernels.shape[-2:]
        if height > planes[1] or width > planes[2]:
            raise unfit(f"A kernel of {height} × {width} is larger than", planes)
        return planes

    def of_images(self, some: slice) -> Convolution:
        """Return the kernels of some images."""
        return self if self.images is None else Convolution(self.kernels[some], self.padding)

    def transfer(self, sides: tuple[int, int]) -> Tensor:
        """Return the kernels' half spectrum on the grid for images, (1, h, w) or (n, 1, h, w)."""
        if self._known is None or self._known[0] != sides:
            self._known = sides, transfer_of(self.kernels, sides, self.padding)
        return self._known[1]


def convolved(
    x: Tensor, kernels: Tensor, padding: Padding, transfer: Tensor | None = None
) -> Tensor:
    """Convolve images (..., planes, height, width) with kernels (..., h, w), both differentiable.

    `transfer` is `transfer_of` the kernels, where it is known.
    """
    height, width = sides = x.shape[-2], x.shape[-1]
    spectrum = transfer_of(kernels, sides, padding) if transfer is None else transfer
    blurred = _filtered(x, spectrum, _grid(sides, kernels, padding))
    top, left = _corner(kernels, padding)
    return blurred[..., top : top + height, left : left + width]


def transfer_of(kernels: Tensor, sides: tuple[int, int], padding: Padding) -> Tensor:
    """Return half spectra (..., 1, a, b) of kernels (..., h, w), on the grid for images of sides.

    Of circular ones the middle is at the origin, of others the corner.
    """
    height, width = kernels.shape[-2:]
    grid = _grid(sides, kernels, padding)
    padded = torch.nn.functional.pad(kernels, (0, grid[1] - width, 0, grid[0] - height))
    if padding == "circular":
        padded = padded.roll((-(height // 2), -(width // 2)), dims=(-2, -1))
    return torch.fft.rfft2(padded).unsqueeze(-3)


def _grid(sides: tuple[int, int], kernels: Tensor, padding: Padding) -> tuple[int, int]:
    if padding == "circular":
        return sides
    height, width = kernels.shape[-2:]
    return sides[0] + height - 1, sides[1] + width - 1


def _corner(kernels: Tensor, padding: Padding) -> tuple[int, int]:
    return (0, 0) if padding == "circular" else (kernels.shape[-2] // 2, kernels.shape[-1] // 2)


def _filtered(x: Tensor, spectrum: Tensor, grid: tuple[int, int]) -> Tensor:
    return torch.fft.irfft2(torch.fft.rfft2(x, s=grid) * spectrum, s=grid)
