"""The differentiable side: the torch reference map, and the matching loss of a generator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

# Features of one tile: batch rows × frequencies. 2²⁰ float32 are 4 MiB, about a core's cache.
_TILE = 2**20


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


def matching_loss(records: Tensor, frequencies: Tensor, target: Tensor) -> Tensor:
    """Return an unbiased estimate of ‖z - E Φ(G(u))‖²/m, summed over classes.

    The batch of each class comes in two independent halves; with ẑ₁ and ẑ₂ their mean
    features, `Re <z - ẑ₁, z - ẑ₂>` has the squared distance as its exact expectation, whatever
    the dependence inside a half. That is what allows low-discrepancy latents there.

    Frequencies are visited tile by tile, and a tile's residual depends on that tile alone, so
    value and gradient come from one visit and no batch × m array is ever kept.
    (Schellekens and Jacques, "Compressive Learning of Generative Networks", section 3.)

    Args:
        records: generated encoded records, shape (classes, 2, half, d).
        frequencies: shape (d, m).
        target: the sketch's mean features z, shape (classes, 2, m): cosines, sines.

    Returns:
        A scalar, differentiable in `records` only; it can be slightly negative.
    """
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
