"""The differentiable side: the torch reference map, and the matching loss of a generator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sketchlearn.features.parts import PARTS, add_parts

# Features of one tile: batch rows × frequencies. 2²⁰ float32 are 4 MiB, about a core's cache.
_TILE = 2**20


# A thread pays from this much work on, in multiply-adds.
_WORK_PER_THREAD = 2**27


@dataclass(frozen=True)
class PackedFrequencies:
    """Frequencies laid out for the compiled loss; made once and used by every step.

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
    packed: PackedFrequencies | None = None,
) -> Tensor:
    """Return an unbiased estimate of ‖z - E Φ(G(u))‖²/m, summed over classes.

    The batch of each class comes in two independent halves; with ẑ₁ and ẑ₂ their mean
    features, `Re <z - ẑ₁, z - ẑ₂>` has the squared distance as its exact expectation, whatever
    the dependence inside a half. That is what allows low-discrepancy latents there.

    Frequencies are visited tile by tile, and a tile's residual depends on that tile alone, so
    value and gradient come from one visit and no batch × m array is ever kept. float32 on a
    processor runs compiled; other precisions and devices run the same tiles in torch.
    (Schellekens and Jacques, "Compressive Learning of Generative Networks", section 3.)

    Args:
        records: generated encoded records, shape (classes, 2, half, d).
        frequencies: shape (d, m).
        target: the sketch's mean features z, shape (classes, 2, m): cosines, sines.
        packed: `PackedFrequencies.of(frequencies)`, to lay them out once for many calls.

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
            residual = torch.stack([cosine.mean(2), sine.mean(2)], dim=2) - z
            loss += (residual[:, 0] * residual[:, 1]).sum()
            if gradient is not None:
                # each half is pulled by the residual of the other
                other = residual.flip(1)  # (classes, halves, 2, w)
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
    def forward(ctx: Any, records: Tensor, packed: PackedFrequencies, target: Tensor) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        value, gradient = _value_and_gradient(records.detach().numpy(), packed, target, wanted)
        if gradient is not None:
            ctx.save_for_backward(torch.from_numpy(gradient))
        return records.new_tensor(value)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0], None, None


def _value_and_gradient(
    records: np.ndarray, packed: PackedFrequencies, target: Tensor, wanted: bool
) -> tuple[float, np.ndarray | None]:
    from sketchlearn.features import matching_kernels as kernels

    classes, halves, half, dimension = records.shape
    size = target.shape[2]
    panels = kernels.pack_records(records)
    shape = (
        classes if wanted else 0,
        halves,
        panels.shape[2],
        packed.backward.shape[1],
        kernels.TILE_ROWS,
        panels.shape[4],
    )
    mean = np.ascontiguousarray(target.numpy())

    def visit(first: int, last: int, gradient: np.ndarray) -> float:
        arrays = (panels, half, packed.forward, packed.backward, mean)
        return kernels.match_chunks(*arrays, first, last, gradient)

    work = classes * halves * half * size * (dimension + 20)  # a wave is about twenty
    threads = min(torch.get_num_threads(), PARTS, 1 + work // _WORK_PER_THREAD)
    value, total = add_parts(visit, 0, len(packed.forward), shape, threads)
    value /= size
    if not wanted:
        return value, None
    total *= np.float32(1 / (size * half))
    return value, kernels.unpack_gradient(total, half, dimension)
