"""Frequencies on columns: what they touch, their kernel, and the compiled pass."""

from itertools import pairwise

import numpy as np
import pytest

from sketchlearn.features import UNIT, ColumnBlock, draw_columns, integer_sums
from sketchlearn.features.column_groups import GROUP, WINDOWS, block_starts

BLOCKS = (
    ColumnBlock(5, number=False),
    ColumnBlock(0, number=True),
    ColumnBlock(3, number=True),
    ColumnBlock(2, number=False),
    ColumnBlock(40, number=False),
)


def encoded_rows(count, blocks=BLOCKS, seed=0):
    rng = np.random.default_rng(seed)
    parts = []
    for block in blocks:
        slots = np.eye(max(block.slots, 1))[rng.integers(0, max(block.slots, 1), count)]
        number = rng.standard_normal((count, 1))
        if block.slots:
            parts.append(slots)
            number *= slots[:, -1:]
        if block.number:
            parts.append(number)
    return np.concatenate(parts, axis=1)


def touched(projection):
    starts = block_starts(projection.blocks)
    blocks = pairwise(starts)
    return np.array([(projection.frequencies[a:b] != 0).any(axis=0) for a, b in blocks])


@pytest.mark.parametrize("size", [1, 7, 8, 503])
@pytest.mark.parametrize("count", [1, 300])
def test_sums_are_those_of_the_matrix(size, count):
    projection = draw_columns(BLOCKS, size, seed=1)
    assert projection.frequencies.shape == (52, size)
    rows = encoded_rows(count)
    found = integer_sums(rows, projection, np.zeros(count, dtype=np.int64), 1)[0] * UNIT
    exact = np.exp(1j * rows @ projection.frequencies.astype(np.float64)).sum(axis=0)
    assert np.abs(found[0] + 1j * found[1] - exact).max() < count * 1e-5


def test_each_frequency_touches_the_columns_of_its_group_and_no_other():
    projection = draw_columns(BLOCKS, 1000, seed=2)
    found = touched(projection)
    for group, columns in enumerate(projection.groups):
        run = found[:, group * GROUP : (group + 1) * GROUP]
        assert (run.any(axis=1).nonzero()[0] == columns[columns >= 0]).all()
    assert set(found.sum(axis=0)) == {1, 2, 3, 4}


def test_every_column_and_every_pair_is_seen():
    found = touched(draw_columns(BLOCKS, 2000, seed=3)).astype(int)
    alone, pairs = found[:, found.sum(axis=0) == 1], found[:, found.sum(axis=0) == 2]
    assert alone.any(axis=1).all()
    assert (pairs @ pairs.T > 0).all()


def test_one_column_alone_can_be_sketched():
    projection = draw_columns([ColumnBlock(3, number=False)], 50, seed=4)
    assert (touched(projection).sum(axis=0) == 1).all()


def test_the_kernel_tells_categories_apart_and_nothing_more():
    # random phases: E exp(i(ω_k - ω_l)) is 1 for k = l and else 0
    frequencies = draw_columns([ColumnBlock(4, number=False)], 8000, seed=5).frequencies
    gram = np.exp(1j * (frequencies[:, None] - frequencies[None])).mean(axis=2)
    assert np.abs(gram - np.eye(4)).max() < 4.5 / np.sqrt(8000)


def test_frequencies_depend_on_the_seed_alone():
    first, again = (draw_columns(BLOCKS, 100, seed).frequencies for seed in (6, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, draw_columns(BLOCKS, 100, 7).frequencies)


@pytest.mark.parametrize("blocks", [BLOCKS, BLOCKS[:2], BLOCKS[:1]])
def test_no_two_frequencies_of_one_or_two_columns_take_the_same_waves(blocks):
    projection = draw_columns(blocks, 2000, seed=8)
    taken = []
    for columns, waves in zip(projection.groups, projection.choices, strict=True):
        used = columns[columns >= 0]
        if len(used) <= 2:
            taken += [(tuple(used), tuple(waves[: len(used), j])) for j in range(GROUP)]
    assert len(taken) >= 400
    assert len(set(taken)) == len(taken)


def test_the_waves_of_a_frequency_are_of_one_window_and_windows_are_fair():
    projection = draw_columns(BLOCKS, 4000, seed=9)
    used = projection.groups >= 0
    window = projection.choices // (projection.waves.shape[1] // WINDOWS)  # (groups, 4, GROUP)
    assert (window[:, :1] == window)[used].all()
    shares = np.bincount(window[:, 0].ravel(), minlength=WINDOWS) / window[:, 0].size
    assert np.abs(shares - 1 / WINDOWS).max() < 0.05


def test_lengths_of_numbers_are_spread_evenly_in_every_window():
    waves = draw_columns([ColumnBlock(0, number=True)], 4000, seed=10).waves
    lengths = np.log(np.abs(waves[0])).reshape(WINDOWS, -1)
    assert np.abs(waves[0] > 0).mean() == pytest.approx(0.5, abs=0.05)
    for window in lengths:
        expected = np.linspace(np.log(0.3), np.log(6), len(window))
        assert np.abs(np.sort(window) - expected).max() < 0.02
