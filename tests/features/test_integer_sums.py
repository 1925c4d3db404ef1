"""The data pass: exact, order-free, truncated toward zero, equal to the torch reference."""

import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchlearn.features import UNIT, Gaussian, draw_frequencies, integer_sums
from sketchlearn.features.matching import fourier_features

SHAPES = [(1, 5), (2, 16), (7, 100), (16, 16), (64, 300), (300, 64), (3, 2049), (20, 4097)]


def frequencies_of(dimension, size):
    return draw_frequencies(Gaussian((1.0, 3.0)), dimension, size, seed=1)


def one_class(records, frequencies):
    return integer_sums(records, frequencies, np.zeros(len(records), dtype=np.int64), 1)[0]


@pytest.mark.parametrize(("dimension", "size"), SHAPES)
def test_sums_equal_the_torch_reference(dimension, size):
    records = np.random.default_rng(2).standard_normal((300, dimension))
    frequencies = frequencies_of(dimension, size)
    reference = fourier_features(torch.tensor(records), torch.tensor(frequencies).double()).sum(0)
    sums = one_class(records, frequencies)
    assert sums.dtype == np.int64
    # per record: one unit of truncation, and the rounding of a float32 phase
    assert sums * UNIT == pytest.approx(reference.numpy(), abs=300 * (UNIT + 1e-5))


def test_features_are_truncated_toward_zero():
    frequencies = np.linspace(-1, 1, 2000, dtype=np.float32)[None]  # small phases: little rounding
    units = one_class(np.array([[1.0]]), frequencies)
    phase = frequencies[0].astype(np.float64)
    lost = np.abs(np.stack([np.cos(phase), np.sin(phase)])) / UNIT - np.abs(units)
    assert lost.min() > -0.2
    assert lost.max() < 1.3
    assert 0.4 < lost.mean() < 0.7


def test_no_record_outweighs_the_unit_circle():
    # the sensitivity of a private release rests on this, so no rounding may exceed it
    phases = np.concatenate([np.geomspace(1e-9, 1e3, 40_000), np.linspace(0, 7, 40_000)])
    sums = one_class(np.array([[1.0]]), phases.astype(np.float32)[None])
    assert (sums**2).sum(axis=0).max() <= 2**40


@pytest.mark.parametrize("far", [1e6, 1e20, 1e30, 1e38, 1e300])
def test_a_record_however_far_weighs_one(far):
    sums = one_class(np.array([[far, -far]]), frequencies_of(2, 50))
    assert np.abs(sums).max() <= 2**20


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_neither_splits_nor_order_nor_classes_change_a_bit(data):
    dimension, size = data.draw(st.sampled_from(SHAPES))
    count, classes = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    records = rng.standard_normal((count, dimension))
    labels = rng.integers(0, classes, count)
    frequencies = frequencies_of(dimension, size)
    whole = integer_sums(records, frequencies, labels, classes)

    order = rng.permutation(count)
    assert np.array_equal(integer_sums(records[order], frequencies, labels[order], classes), whole)

    cuts = np.sort(rng.integers(0, count + 1, data.draw(st.integers(0, 3))))
    parts = zip(np.split(records, cuts), np.split(labels, cuts), strict=True)
    split = sum(integer_sums(part, frequencies, label, classes) for part, label in parts)
    assert np.array_equal(split, whole)

    for number in range(classes):
        alone = one_class(records[labels == number], frequencies)
        assert np.array_equal(whole[number], alone)


@pytest.mark.parametrize("dimension", [2, 16, 64, 300])
def test_a_record_gives_the_same_features_in_every_row_of_a_tile(dimension):
    frequencies = frequencies_of(dimension, 64)
    record = np.random.default_rng(3).standard_normal((1, dimension))
    alone = one_class(record, frequencies)
    assert np.array_equal(one_class(np.repeat(record, 513, axis=0), frequencies), 513 * alone)


def test_records_that_cross_a_tile_equal_their_parts():
    records = np.random.default_rng(4).standard_normal((700, 3))
    labels = np.arange(700) % 3
    frequencies = frequencies_of(3, 2100)
    whole = integer_sums(records, frequencies, labels, 3)
    parts = [integer_sums(records[s::7], frequencies, labels[s::7], 3) for s in range(7)]
    assert np.array_equal(sum(parts), whole)


def test_layout_and_precision_of_the_input_do_not_matter():
    single = np.random.default_rng(5).standard_normal((50, 6)).astype(np.float32)
    frequencies = frequencies_of(6, 30)
    expected = one_class(single, frequencies)
    wide = np.zeros((100, 12), dtype=np.float32)
    wide[::2, ::2] = single
    strided = wide[::2, ::2]
    assert not strided.flags.c_contiguous
    assert np.array_equal(one_class(single.astype(np.float64), frequencies), expected)
    assert np.array_equal(one_class(np.asfortranarray(single), frequencies), expected)
    assert np.array_equal(one_class(strided, frequencies), expected)
    assert np.array_equal(one_class(single, np.asfortranarray(frequencies)), expected)


def test_the_input_is_left_as_it_was():
    records = np.random.default_rng(6).standard_normal((10, 2)).astype(np.float32)
    before = records.copy()
    integer_sums(records, frequencies_of(2, 5), np.arange(10) % 2, 2)
    assert np.array_equal(records, before)


@pytest.mark.parametrize("classes", [1, 3])
def test_no_record_sums_to_zero(classes):
    sums = integer_sums(np.empty((0, 4)), frequencies_of(4, 9), np.empty(0, np.int64), classes)
    assert np.array_equal(sums, np.zeros((classes, 2, 9), dtype=np.int64))


def test_the_origin_sums_to_ones_and_zeros():
    sums = one_class(np.zeros((1000, 2)), frequencies_of(2, 7))
    assert sums[0] == pytest.approx(1000 * 2**20, abs=1000)
    assert np.array_equal(sums[1], np.zeros(7))


def test_a_class_without_records_has_zero_sums():
    sums = integer_sums(np.ones((5, 2)), frequencies_of(2, 7), np.full(5, 2), 4)
    assert not sums[[0, 1, 3]].any()
    assert sums[2].any()


_on_lattice = sys.modules["sketchlearn.features.integer_sums"]._on_lattice


@pytest.mark.parametrize("dimension", [1, 2, 3, 64, 300, 784])
def test_phases_are_exact_dot_products_of_rounded_vectors(dimension):
    rng = np.random.default_rng(8)
    records = _on_lattice(rng.standard_cauchy((40, dimension)), axis=1)
    frequencies = _on_lattice(rng.standard_cauchy((dimension, 30)), axis=0)
    exact = [[math.fsum(row * column) for column in frequencies.T] for row in records]
    assert np.array_equal(records @ frequencies, exact)


def test_rounding_to_the_lattice_costs_less_than_a_millionth_of_the_largest_entry():
    vectors = np.random.default_rng(9).standard_normal((100, 784))
    error = np.abs(_on_lattice(vectors, axis=1) - vectors).max(axis=1)
    assert (error <= 1e-6 * np.abs(vectors).max(axis=1)).all()
