"""Frequencies on windows in the matching loss, against the same ones taken as dense."""

import numpy as np
import pytest
import torch

from sketchlearn.features.laws import Gaussian
from sketchlearn.features.matching import PackedFrequencies, matching_loss
from sketchlearn.features.window_matching import PackedWindows
from sketchlearn.features.windows import GROUP, Windows, draw_windows


def drawn(image, size):
    deviations = tuple(np.linspace(0.5, 2, int(np.prod(image))))
    law = Gaussian(scales=(0.5, 2.0))
    return draw_windows(law, Windows(deviations), image, size, seed=3).frequencies


@pytest.mark.parametrize(("sides", "half"), [(2, 1), (2, 8), (2, 21), (1, 16)])
@pytest.mark.parametrize("image", [(6, 6), (2, 5, 7)])
def test_value_and_gradient_are_those_of_dense_frequencies(image, sides, half):
    frequencies = drawn(image, 5 * GROUP + 7)
    # some are held out, so that windows share fewer than GROUP
    which = np.flatnonzero(np.arange(frequencies.shape[1]) % 10 != 3)
    frequencies = np.ascontiguousarray(frequencies[:, which])
    random = torch.Generator().manual_seed(0)
    records = torch.randn(3, sides, half, len(frequencies), generator=random).requires_grad_()
    mean = torch.randn(3, 2, len(which), generator=random) / 10
    tensor = torch.from_numpy(frequencies)
    found = []
    for packed in (PackedFrequencies.of(tensor), PackedWindows.of(frequencies, which // GROUP)):
        loss = matching_loss(records, tensor, mean, packed)
        value = matching_loss(records.detach(), tensor, mean, packed)
        assert float(value) == float(loss.detach())
        found.append((float(value), torch.autograd.grad(loss, records)[0]))
    (dense, slope), (windowed, other) = found
    assert windowed == pytest.approx(dense, rel=1e-5)
    assert torch.allclose(other, slope, atol=1e-5 * float(slope.abs().max()))


def test_a_gradient_is_the_same_to_the_bit_with_more_threads(monkeypatch):
    frequencies = drawn((6, 6), 6 * GROUP)
    packed = PackedWindows.of(frequencies, np.arange(6 * GROUP) // GROUP)
    random = np.random.default_rng(0)
    records = random.standard_normal((2, 2, 9, 36)).astype(np.float32)
    target = random.standard_normal((2, 2, 6 * GROUP)).astype(np.float32)
    one = packed.value_and_gradient(records, target, wanted=True)
    monkeypatch.setattr("sketchlearn.features.window_matching.threads_for", lambda work: 3)
    more = packed.value_and_gradient(records, target, wanted=True)
    assert more[0] == one[0]
    assert np.array_equal(more[1], one[1])


def test_steps_visit_every_window_once_and_say_together_what_all_say():
    size = 75 * GROUP - 11
    frequencies = drawn((6, 6), size)
    packed = PackedWindows.of(frequencies, np.arange(size) // GROUP)
    random = np.random.default_rng(0)
    records = random.standard_normal((2, 2, 5, 36)).astype(np.float32)
    target = random.standard_normal((2, 2, size)).astype(np.float32)
    value, gradient = packed.value_and_gradient(records, target, True)
    blocks = [packed.block(step) for step in (4, 5)]
    assert packed.block(6).visited == blocks[0].visited
    shares = [np.diff(packed.members[list(block.visited)])[0] / size for block in blocks]
    assert sum(shares) == 1
    parts = [block.value_and_gradient(records, target, True) for block in blocks]
    together = [sum(s * p[k] for s, p in zip(shares, parts, strict=True)) for k in (0, 1)]
    assert together[0] == pytest.approx(value, rel=1e-5)
    assert np.allclose(together[1], gradient, atol=1e-5 * np.abs(gradient).max())
