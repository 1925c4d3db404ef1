"""The matching loss of distributions over rows: categories by probabilities, in closed form.

A soft row holds a probability for each slot of a column and a value for each number. Given the
latents, columns are independent, so the expected feature of a frequency is a product over the
columns it touches,

    E exp(iω·x) = Π_c (Σ_k p_ck exp(iω_ck) + p_c,number exp(i(ω_c,number + ω_cx x_c))),

exact and smooth in probabilities and values: no category is ever drawn, no noise added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from sketchlearn.features.column_groups import WINDOWS, ColumnBlock, block_starts
from sketchlearn.features.shared_waves import SharedWaves, Window

# Rows whose factors are held at a time when no gradient needs them all.
_ROWS_AT_ONCE = 1024


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
    frequencies: SharedWaves,
    target: Tensor,
    windows: Sequence[int] | None = None,
    weights: np.ndarray | None = None,
) -> Tensor:
    """Return the unbiased matching loss of soft rows, summed over classes; see `matching_loss`.

    Args:
        rows: probabilities and values, float32, shape (classes, 2, half, d).
        frequencies: laid out.
        target: mean features of the sketch, shape (classes, 2, m).
        windows: numbers of those to compare, by default all. Each is a fair sample.
        weights: of frequencies, float32, shape (m,); by default 1.
    """
    weights = np.ones(frequencies.size, np.float32) if weights is None else weights
    loss = _ExpectedLoss.apply(rows, frequencies, target, windows or range(WINDOWS), weights)
    assert isinstance(loss, Tensor)
    return loss


def expected_distances(rows: Tensor, frequencies: SharedWaves, target: Tensor) -> np.ndarray:
    """Return the loss frequency by frequency, float64, shape (m,); its mean is the loss.

    Each is an unbiased estimate of a squared distance, and may be negative. Arguments as of
    `expected_matching_loss`.
    """
    windows = list(frequencies.windows)
    with _spread(rows) as spread:
        found, _ = _Matching(frequencies, spread).compare(rows, windows, target.numpy(), None)
    return found


@contextmanager
def _spread(rows: Tensor) -> Iterator[Callable[..., Iterable[Any]]]:
    """Lend something like `map`, on as many threads as torch may use."""
    threads = min(torch.get_num_threads(), 2 * len(rows))
    if threads == 1:
        yield map
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map


class _ExpectedLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        frequencies: SharedWaves,
        target: Tensor,
        windows: Sequence[int],
        weights: np.ndarray,
    ) -> Tensor:
        chosen = [frequencies.windows[number] for number in windows]
        members = np.concatenate([window.members for window in chosen])
        wanted = weights / np.float32(len(members)) if ctx.needs_input_grad[0] else None
        with _spread(rows) as spread:
            found, gradient = _Matching(frequencies, spread).compare(
                rows.detach(), chosen, target.numpy(), wanted
            )
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return rows.new_tensor((found * weights)[members].mean())

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = ctx.saved_tensors
        return gradient * upstream[0], None, None, None, None


class _Factors(NamedTuple):
    """Expected waves of some rows, and what their gradient needs.

    Attributes:
        rows: soft rows as columns, shape (d, sides · run), padded with zeros.
        present: 1 for rows, 0 for padding, shape (sides · run,).
        values: factors, shape (columns · waves, 2, sides · run).
        moved: waves of numbers, by column.
    """

    rows: Tensor
    present: Tensor
    values: np.ndarray
    moved: dict[int, np.ndarray]


@dataclass(frozen=True)
class _Matching:
    """One comparison. A side is one half of the rows of a class; each is visited by itself."""

    frequencies: SharedWaves
    spread: Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]

    def compare(
        self, rows: Tensor, windows: list[Window], target: np.ndarray, wanted: np.ndarray | None
    ) -> tuple[np.ndarray, Tensor | None]:
        """Return the loss of each frequency, 0 in other windows, and a gradient if wanted.

        Args:
            rows: shape (classes, 2, half, d).
            windows: to visit.
            target: shape (classes, 2, m).
            wanted: weights of frequencies in the sum that the gradient is of, shape (m,).
        """
        classes, _, half, _ = rows.shape
        at_once = max(1, _ROWS_AT_ONCE // (2 * classes)) if wanted is None else half
        parts = [_as_columns(part) for part in rows.split(at_once, dim=2)]
        total = torch.zeros_like(parts[0][0])
        found = np.zeros(self.frequencies.size)
        for window in windows:
            sums = np.zeros((2 * classes, 2, len(window.members)), dtype=np.float32)
            factors: list[_Factors] = []
            for part in parts:
                factors = [self._factors(window, *part)]  # only a gradient needs them again
                self._add_features(factors[0], window, sums)
            residual = sums.reshape(classes, 2, 2, -1) / np.float32(half)
            residual -= target[:, None, :, window.members]
            products = residual[:, 0] * residual[:, 1]  # (classes, 2, m')
            found[window.members] = products.sum(axis=(0, 1), dtype=np.float64)
            if wanted is not None:
                # each half is pulled by the residual of the other
                pull = residual[:, ::-1] * wanted[window.members]
                self._pull(factors[0], window, pull.reshape(sums.shape), total)
        if wanted is None:
            return found, None
        gradient = total.view(len(total), classes, 2, -1)[..., :half].permute(1, 2, 3, 0)
        return found, gradient / half

    def _factors(self, window: Window, rows: Tensor, present: Tensor) -> _Factors:
        from sketchlearn.features.expected_kernels import turn_numbers

        waves, count = window.waves.shape[1], rows.shape[1]
        columns = self.frequencies.columns
        values = torch.zeros(len(columns), 2 * waves, count)
        moved: dict[int, np.ndarray] = {}
        for column, block, start in columns:
            if window.panels[column].shape[1]:
                chance = rows[start : start + window.panels[column].shape[1]]
                torch.mm(window.panels[column], chance, out=values[column])
            if block.number:
                number, chance, lengths, shifts = self._numbers(window, rows, present, column)
                moved[column] = np.empty((waves, 2, count), dtype=np.float32)
                own = values[column].numpy().reshape(waves, 2, count)
                turn_numbers(number, chance, lengths, shifts, moved[column], own)
        return _Factors(rows, present, values.numpy().reshape(-1, 2, count), moved)

    def _numbers(
        self, window: Window, rows: Tensor, present: Tensor, column: int
    ) -> tuple[np.ndarray, ...]:
        """Return values and chances of a column's numbers, lengths and shifts in turns."""
        _, block, start = self.frequencies.columns[column]
        last = start + block.slots
        lengths = window.waves[last] / np.float32(2 * np.pi)
        if block.slots:
            shifts = window.waves[last - 1] / np.float32(2 * np.pi)
            return rows[last].numpy(), rows[last - 1].numpy(), lengths, shifts
        return rows[last].numpy(), present.numpy(), lengths, np.zeros_like(lengths)

    def _add_features(self, factors: _Factors, window: Window, sums: np.ndarray) -> None:
        from sketchlearn.features.expected_kernels import add_features

        run = len(factors.present) // len(sums)

        def visit(side: int) -> None:
            first = side * run
            add_features(factors.values, window.places, first, first + run, sums[side])

        list(self.spread(visit, range(len(sums))))

    def _pull(self, factors: _Factors, window: Window, residual: np.ndarray, total: Tensor) -> None:
        """Add the gradient in the rows, given the residual that pulls each side."""
        from sketchlearn.features.expected_kernels import pull_factors, pull_numbers

        slopes = np.zeros_like(factors.values)
        run = len(factors.present) // len(residual)

        def visit(side: int) -> None:
            ends = side * run, (side + 1) * run
            pull_factors(factors.values, window.places, residual[side], slopes, *ends)

        list(self.spread(visit, range(len(residual))))
        waves = window.waves.shape[1]
        by_column = slopes.reshape(-1, waves, 2, slopes.shape[2])
        for column, block, start in self.frequencies.columns:
            panel, own = window.panels[column], by_column[column]
            if panel.shape[1]:
                flat = torch.from_numpy(own.reshape(2 * waves, -1))
                total[start : start + panel.shape[1]].addmm_(panel.T, flat)
            if block.number:
                last = start + block.slots
                chance = self._numbers(window, factors.rows, factors.present, column)[1]
                set_slope = total[last - 1].numpy() if block.slots else np.zeros_like(chance)
                known = window.waves[last], factors.moved[column], own
                pull_numbers(chance, *known, total[last].numpy(), set_slope)


def _as_columns(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows (classes, 2, half, d) as columns (d, sides · run), and which are no padding."""
    from sketchlearn.features.expected_kernels import LANES

    classes, _, half, dimension = rows.shape
    run = -(-half // LANES) * LANES
    columns = torch.zeros(dimension, 2 * classes, run)
    columns[:, :, :half] = rows.reshape(2 * classes, half, dimension).permute(2, 0, 1)
    present = torch.zeros(2 * classes, run)
    present[:, :half] = 1
    return columns.view(dimension, -1), present.view(-1)
