"""The differentiable side: the torch reference map, and the matching loss of a generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from sketchlearn.features.parts import PARTS, add_parts

# Features of one tile: batch rows × frequencies. 2²⁰ float32 are 4 MiB, about a core's cache.
_TILE = 2**20


# A thread pays from this much work on, in multiply-adds.
_WORK_PER_THREAD = 2**27


class Packed(Protocol):
    """Frequencies laid out for the compiled loss; made once and used by every step."""

    def value_and_gradient(
        self, records: np.ndarray, target: np.ndarray, wanted: bool
    ) -> tuple[float, np.ndarray | None]:
        """Return the sum of the loss over frequencies and, if wanted, its gradient.

        Args:
            records: float32, shape (classes, sides, half, d).
            target: float32, shape (classes, 2, m).
            wanted: whether the gradient is.
        """
        ...


@dataclass(frozen=True)
class PackedFrequencies:
    """Frequencies that see whole records, laid out for the compiled loss.

    Attributes:
        forward: for phases, in turns.
        backward: for gradients, in radians.
    """

    forward: np.ndarray
    backward: np.ndarray

    @classmethod
    def of(cls, frequencies: Tensor) -> PackedFrequencies:
        """Lay out frequencies of shape (d, m)."""
        from sketchlearn.features.matching_kernels import pack_backward, pack_forward

        array = frequencies.detach().cpu().numpy()
        return cls(pack_forward(array.astype(np.float64) / (2 * np.pi)), pack_backward(array))

    def value_and_gradient(
        self, records: np.ndarray, target: np.ndarray, wanted: bool
    ) -> tuple[float, np.ndarray | None]:
        """Return the sum of the loss over frequencies and, if wanted, its gradient."""
        from sketchlearn.features import matching_kernels as kernels

        classes, _, half, dimension = records.shape
        panels = kernels.pack_records(records)
        tiles = self.backward.shape[1], kernels.TILE_ROWS
        shape = (classes if wanted else 0, *panels.shape[1:3], *tiles, panels.shape[4])

        def visit(first: int, last: int, gradient: np.ndarray) -> float:
            arrays = (panels, half, self.forward, self.backward, target)
            return kernels.match_chunks(*arrays, first, last, gradient)

        threads = threads_for(records.size * target.shape[2])
        value, total = add_parts(visit, 0, len(self.forward), shape, threads)
        return value, kernels.unpack_gradient(total, half, dimension) if wanted else None


def threads_for(products: int) -> int:
    """Return the threads that so many products of a number and a frequency are worth."""
    return min(torch.get_num_threads(), PARTS, 1 + products // _WORK_PER_THREAD)


def fourier_features(records: Tensor, frequencies: Tensor) -> Tensor:
    """Return cosines and sines of the phases; the plain reference every kernel is tested against.

    Args:
        records: encoded records, shape (n, d).
        frequencies: shape (d, m).

    Returns:
        Real features of shape (n, 2, m); differentiable in the records, where
        ∂exp(iω·x)/∂x = iω exp(iω·x).
    """
    phase = records @ frequencies  # (n, d) @ (d, m) -> (n, m)
    return torch.stack([phase.cos(), phase.sin()], dim=1)


def matching_loss(
    records: Tensor,
    frequencies: Tensor,
    target: Tensor,
    packed: Packed | None = None,
) -> Tensor:
    """Return an unbiased estimate of ‖z - E Φ(G(u))‖²/m, summed over classes.

    The batch of each class comes in two independent halves; with ẑ₁ and ẑ₂ their mean
    features, `Re <z - ẑ₁, z - ẑ₂>` has the squared distance as its exact expectation, whatever
    the dependence inside a half. That is what allows low-discrepancy latents there. Or it comes
    in one side of n independent records, of which all pairs count: `|z - ẑ|² - (1 - |ẑ|²)/(n - 1)`.

    Frequencies are visited tile by tile, and a tile's residual depends on that tile alone, so
    value and gradient come from one visit and no batch × m array is ever kept. float32 on a
    processor runs compiled; other precisions and devices run the same tiles in torch.
    (Schellekens and Jacques, "Compressive Learning of Generative Networks", section 3.)

    Args:
        records: generated encoded records, shape (classes, 2, half, d) or (classes, 1, n, d).
        frequencies: shape (d, m).
        target: the sketch's mean features z, shape (classes, 2, m): cosines, sines.
        packed: the same frequencies laid out, once for many calls.

    Returns:
        A scalar, differentiable in `records` only; it can be slightly negative.
    """
    parts = (records, frequencies, target)
    if all(part.device.type == "cpu" and part.dtype == torch.float32 for part in parts):
        packed = packed or PackedFrequencies.of(frequencies)
        loss = _CompiledLoss.apply(records, packed, target)
    else:
        loss = _MatchingLoss.apply(records, frequencies, target)
    assert isinstance(loss, Tensor)
    return loss


class _MatchingLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, records: Tensor, frequencies: Tensor, target: Tensor) -> Tensor:
        classes, halves, half, dimension = records.shape
        rows = classes * halves * half
        size = frequencies.shape[1]
        flat = records.detach().reshape(rows, dimension)
        gradient = torch.zeros_like(flat) if ctx.needs_input_grad[0] else None
        loss = records.new_zeros(())
        width = max(32, _TILE // rows)
        for left in range(0, size, width):
            block = frequencies[:, left : left + width]  # (d, w)
            sine = flat @ block  # (rows, d) @ (d, w) -> (rows, w)
            cosine = sine.cos()
            sine.sin_()
            shape = (classes, halves, half, block.shape[1])
            cosine, sine = cosine.view(shape), sine.view(shape)
            z = target[:, None, :, left : left + width]  # (classes, 1, 2, w)
            mean = torch.stack([cosine.mean(2), sine.mean(2)], dim=2)  # (classes, halves, 2, w)
            residual = mean - z
            loss += (residual[:, 0] * residual[:, -1]).sum()
            if halves == 1:
                loss += (mean.square().sum() - classes * block.shape[1]) / (half - 1)
            if gradient is not None:
                # each half is pulled by the residual of the other, each record by all others'
                other = residual.flip(1) if halves == 2 else 2 * (residual + mean / (half - 1))
                slope = cosine.mul_(other[:, :, None, 1]).sub_(sine.mul_(other[:, :, None, 0]))
                gradient.addmm_(slope.view(rows, -1), block.T)  # (rows, w) @ (w, d) -> (rows, d)
        if gradient is not None:
            ctx.save_for_backward(gradient.mul_(1 / (size * half)).view(records.shape))
        return loss / size

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0], None, None


class _CompiledLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, records: Tensor, packed: Packed, target: Tensor) -> Tensor:
        wanted, size = ctx.needs_input_grad[0], target.shape[2]
        mean = np.ascontiguousarray(target.numpy())
        value, gradient = packed.value_and_gradient(records.detach().numpy(), mean, wanted)
        if gradient is not None:
            scale = 1 / (size * records.shape[2])
            ctx.save_for_backward(torch.from_numpy(gradient).mul_(scale))
        return records.new_tensor(value / size)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0], None, None
