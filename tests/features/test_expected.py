"""Expected features of soft rows: exact expectations, and the compiled loss against autograd."""

import numpy as np
import pytest
import torch

from sketchlearn.features import ColumnBlock, draw_columns
from sketchlearn.features.expected import (
    expected_distances,
    expected_features,
    expected_matching_loss,
)
from sketchlearn.features.shared_waves import SharedWaves

BLOCKS = (
    ColumnBlock(5, number=False),
    ColumnBlock(0, number=True),
    ColumnBlock(3, number=True),
    ColumnBlock(2, number=False),
    ColumnBlock(33, number=False),
    ColumnBlock(9, number=True),
)


def soft_rows(*shape, blocks=BLOCKS, seed=0):
    random = torch.Generator().manual_seed(seed)
    parts = []
    for block in blocks:
        parts.append(torch.randn(*shape, block.slots, generator=random).softmax(-1))
        parts.append(torch.randn(*shape, int(block.number), generator=random))
    return torch.cat(parts, dim=-1)


def test_the_expectation_is_that_of_drawn_rows():
    blocks = (ColumnBlock(3, number=False), ColumnBlock(2, number=True))
    omega = torch.from_numpy(draw_columns(blocks, 40, seed=1).frequencies).double()
    soft = soft_rows(1, blocks=blocks).double()
    found = expected_features(soft, omega, blocks)[0]
    # every pair of slots, with its probability
    exact = torch.zeros_like(found)
    for first in range(3):
        for second in range(2):
            row = torch.zeros(6, dtype=torch.float64)
            row[first], row[3 + second] = 1, 1
            row[5] = soft[0, 5] if second == 1 else 0
            exact += soft[0, first] * soft[0, 3 + second] * torch.exp(1j * (row @ omega))
    assert torch.allclose(found, exact, atol=1e-12)


@pytest.mark.parametrize("size", [3, 8, 203])
@pytest.mark.parametrize("shape", [(1, 2, 1), (2, 2, 37), (1, 2, 96)])
def test_value_and_gradient_are_those_of_autograd(size, shape):
    projection = draw_columns(BLOCKS, size, seed=2)
    packed = SharedWaves.of(projection, np.arange(size))
    rows = soft_rows(*shape, seed=3)
    target = 0.1 * torch.randn(shape[0], 2, size, generator=torch.Generator().manual_seed(4))
    single = rows.clone().requires_grad_()
    loss = expected_matching_loss(single, packed, target)
    (gradient,) = torch.autograd.grad(3 * loss, single)
    exact = rows.double().requires_grad_()
    omega = torch.from_numpy(projection.frequencies).double()
    features = expected_features(exact.flatten(0, 2), omega, BLOCKS).view(*shape, size).mean(2)
    residual = features - torch.complex(target[:, 0], target[:, 1])[:, None]
    plain = (residual[:, 0] * residual[:, 1].conj()).real.sum() / size
    (expected,) = torch.autograd.grad(3 * plain, exact)
    assert loss.item() == pytest.approx(plain.item(), rel=1e-4, abs=1e-7)
    assert torch.allclose(gradient.double(), expected, rtol=1e-3, atol=1e-6)


def test_some_of_the_frequencies_may_be_left_out():
    projection = draw_columns(BLOCKS, 160, seed=5)
    kept = np.flatnonzero(np.arange(160) % 3 > 0)
    omega = projection.frequencies[:, kept]
    packed = SharedWaves.of(projection, kept)
    rows = soft_rows(1, 2, 20, seed=6)
    loss = expected_matching_loss(rows, packed, torch.zeros(1, 2, len(kept)))
    features = expected_features(
        rows.double().flatten(0, 2), torch.from_numpy(omega).double(), BLOCKS
    )
    first, second = features.view(2, 20, -1).mean(1)
    assert loss.item() == pytest.approx((first * second.conj()).real.mean().item(), abs=1e-6)


def test_threads_change_no_bit():
    projection = draw_columns(BLOCKS, 400, seed=7)
    packed = SharedWaves.of(projection, np.arange(400))
    before, found = torch.get_num_threads(), []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        rows = soft_rows(1, 2, 30, seed=8).requires_grad_()
        loss = expected_matching_loss(rows, packed, torch.zeros(1, 2, 400))
        found.append((loss.item(), torch.autograd.grad(loss, rows)[0]))
    torch.set_num_threads(before)
    assert found[0][0] == found[1][0]
    assert torch.equal(found[0][1], found[1][1])


def test_distances_are_those_of_each_frequency_and_weights_multiply_them():
    projection = draw_columns(BLOCKS, 203, seed=9)
    packed = SharedWaves.of(projection, np.arange(203))
    rows = soft_rows(2, 2, 30, seed=10)
    target = 0.1 * torch.randn(2, 2, 203, generator=torch.Generator().manual_seed(11))
    omega = torch.from_numpy(projection.frequencies).double()
    weights = np.random.default_rng(12).random(203).astype(np.float32)
    exact = rows.double().requires_grad_()
    features = expected_features(exact.flatten(0, 2), omega, BLOCKS).view(2, 2, 30, 203).mean(2)
    residual = features - torch.complex(target[:, 0], target[:, 1])[:, None]
    each = (residual[:, 0] * residual[:, 1].conj()).real.sum(0)
    found = expected_distances(rows, packed, target)
    assert np.allclose(found, each.detach().numpy(), rtol=1e-3, atol=1e-6)
    (wanted,) = torch.autograd.grad((each * torch.from_numpy(weights)).mean(), exact)
    single = rows.clone().requires_grad_()
    loss = expected_matching_loss(single, packed, target, weights=weights)
    assert loss.item() == pytest.approx((found * weights).mean(), rel=1e-5)
    (gradient,) = torch.autograd.grad(loss, single)
    assert torch.allclose(gradient.double(), wanted, rtol=1e-3, atol=1e-6)
