"""The matching loss of distributions over rows: categories by probabilities, in closed form.

A soft row holds a probability for each slot of a column and a value for each number. Given the
latents, columns are independent, so the expected feature of a frequency is a product over the
columns it touches,

    E exp(iω·x) = Π_c (Σ_k p_ck exp(iω_ck) + p_c,number exp(i(ω_c,number + ω_cx x_c))),

exact and smooth in probabilities and values: no category is ever drawn, no noise added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sketchlearn.features.column_groups import ColumnBlock, block_starts
from sketchlearn.features.parts import PARTS, add_parts


@dataclass(frozen=True)
class GroupedFrequencies:
    """Frequencies that share columns in runs, laid out for the compiled loss.

    Attributes:
        tables: phases, lengths and places, as `expected_kernels.Tables`.
        counts: frequencies of each run, int64, shape (groups,).
        dimension: d.
    """

    tables: Any
    counts: np.ndarray
    dimension: int

    @classmethod
    def of(
        cls,
        frequencies: np.ndarray,
        blocks: Sequence[ColumnBlock],
        groups: np.ndarray,
        counts: np.ndarray,
    ) -> GroupedFrequencies:
        """Lay out frequencies (d, m).

        Args:
            frequencies: radians per encoded unit.
            blocks: the columns of an encoded record.
            groups: columns that each run touches, -1 for none, shape (groups, 4).
            counts: frequencies of each run, at most GROUP, summing to m.
        """
        from sketchlearn.features.expected_kernels import lay_out

        tables = lay_out(frequencies, blocks, groups, counts)
        return cls(tables, counts.astype(np.int64), frequencies.shape[0])


def expected_features(rows: Tensor, frequencies: Tensor, blocks: Sequence[ColumnBlock]) -> Tensor:
    """Return the expected features of soft rows; the plain reference the kernel is tested against.

    Args:
        rows: probabilities and values, shape (n, d).
        frequencies: shape (d, m).
        blocks: the columns of an encoded record.

    Returns:
        Complex features, shape (n, m); differentiable in the rows.
    """
    starts = block_starts(blocks)
    product = torch.ones(len(rows), frequencies.shape[1], dtype=torch.complex128)
    for block, start in zip(blocks, starts[:-1].tolist(), strict=True):
        omega = frequencies[start : start + block.width]
        wave = torch.exp(1j * omega[: block.slots])  # (slots, m)
        chance = rows[:, start : start + block.slots].to(wave.dtype)
        if block.number:
            moved = torch.exp(1j * rows[:, start + block.slots, None] * omega[-1])  # (n, m)
            if block.slots:
                known = chance[:, :-1] @ wave[:-1]
                factor = known + chance[:, -1:] * wave[-1] * moved
            else:
                factor = moved
        else:
            factor = chance @ wave
        touched = (omega != 0).any(dim=0)
        product = product * torch.where(touched, factor, torch.ones_like(factor))
    return product


def expected_matching_loss(
    rows: Tensor,
    packed: GroupedFrequencies,
    target: Tensor,
    window: tuple[int, int] | None = None,
) -> Tensor:
    """Return the unbiased matching loss of soft rows, summed over classes; see `matching_loss`.

    Args:
        rows: probabilities and values, float32, shape (classes, 2, half, d).
        packed: the frequencies.
        target: mean features of the sketch, shape (classes, 2, m).
        window: numbers of the first group to compare and of the one after the last; by default
            all. Groups stand in random order, so any window is a fair sample.
    """
    window = window or (0, len(packed.counts))
    loss = _ExpectedLoss.apply(rows, packed, target, window)
    assert isinstance(loss, Tensor)
    return loss


class _ExpectedLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        packed: GroupedFrequencies,
        target: Tensor,
        window: tuple[int, int],
    ) -> Tensor:
        wanted = ctx.needs_input_grad[0]
        value, gradient = _value_and_gradient(rows.detach().numpy(), packed, target, window, wanted)
        if gradient is not None:
            ctx.save_for_backward(torch.from_numpy(gradient))
        return rows.new_tensor(value)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0], None, None, None


def _value_and_gradient(
    rows: np.ndarray,
    packed: GroupedFrequencies,
    target: Tensor,
    window: tuple[int, int],
    wanted: bool,
) -> tuple[float, np.ndarray | None]:
    from sketchlearn.features import expected_kernels as kernels
    from sketchlearn.features.matching_kernels import pack_records

    half, size = rows.shape[2], int(packed.counts[slice(*window)].sum())
    panels = pack_records(rows)  # (classes, 2, panels, d, columns)
    shape = (*panels.shape[:3], packed.tables.padded, panels.shape[4])
    mean = np.ascontiguousarray(target.numpy())
    ends = np.concatenate([[0], np.cumsum(packed.counts)])

    def visit(first: int, last: int, gradient: np.ndarray) -> float:
        arrays = (panels, half, *packed.tables.arrays, ends, mean)
        return kernels.match_groups(*arrays, first, last, gradient)

    threads = min(torch.get_num_threads(), PARTS)
    value, total = add_parts(visit, *window, shape if wanted else (0, *shape[1:]), threads)
    value /= size
    if not wanted:
        return value, None
    total *= np.float32(1 / (size * half))
    rows_of = total[:, :, :, packed.tables.rows]  # (classes, 2, panels, d, columns)
    flat = rows_of.transpose(0, 1, 2, 4, 3).reshape(*rows.shape[:2], -1, packed.dimension)
    return value, np.ascontiguousarray(flat[:, :, :half])
