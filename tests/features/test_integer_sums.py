"""The data pass: exact, order-free, truncated toward zero, equal to the torch reference."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sketchlearn.features import UNIT, Gaussian, Projection, draw_frequencies, integer_sums
from sketchlearn.features.matching import fourier_features

SHAPES = [(1, 5), (2, 16), (7, 100), (16, 16), (64, 300), (300, 64), (3, 2049), (20, 4097)]


def frequencies_of(dimension, size):
    return draw_frequencies(Gaussian((1.0, 3.0)), dimension, size, seed=1)


def one_class(records, frequencies):
    classes = np.zeros(len(records), dtype=np.int64)
    return integer_sums(records, Projection(frequencies), classes, 1)[0]


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
    # half a unit less than the real one, then truncated, and the rounding of float32
    assert lost.min() > -0.3
    assert lost.max() < 2.2
    assert 0.7 < lost.mean() < 1.0


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
    frequencies = Projection(frequencies_of(dimension, size))
    whole = integer_sums(records, frequencies, labels, classes)

    order = rng.permutation(count)
    assert np.array_equal(integer_sums(records[order], frequencies, labels[order], classes), whole)

    cuts = np.sort(rng.integers(0, count + 1, data.draw(st.integers(0, 3))))
    parts = zip(np.split(records, cuts), np.split(labels, cuts), strict=True)
    split = sum(integer_sums(part, frequencies, label, classes) for part, label in parts)
    assert np.array_equal(split, whole)

    for number in range(classes):
        alone = one_class(records[labels == number], frequencies.frequencies)
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
    frequencies = Projection(frequencies_of(3, 2100))
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
    integer_sums(records, Projection(frequencies_of(2, 5)), np.arange(10) % 2, 2)
    assert np.array_equal(records, before)


@pytest.mark.parametrize("classes", [1, 3])
def test_no_record_sums_to_zero(classes):
    sums = integer_sums(
        np.empty((0, 4)), Projection(frequencies_of(4, 9)), np.empty(0, np.int64), classes
    )
    assert np.array_equal(sums, np.zeros((classes, 2, 9), dtype=np.int64))


def test_the_origin_sums_to_ones_and_zeros():
    sums = one_class(np.zeros((1000, 2)), frequencies_of(2, 7))
    assert sums[0] == pytest.approx(1000 * 2**20, abs=1000)
    assert np.array_equal(sums[1], np.zeros(7))


def test_a_class_without_records_has_zero_sums():
    sums = integer_sums(np.ones((5, 2)), Projection(frequencies_of(2, 7)), np.full(5, 2), 4)
    assert not sums[[0, 1, 3]].any()
    assert sums[2].any()


# --- far records ------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [10, 1e3, 1e6])
@pytest.mark.parametrize("dimension", [1, 5, 70])
def test_phases_of_many_turns_are_accurate(turns, dimension):
    frequencies = frequencies_of(dimension, 60)
    records = np.random.default_rng(8).standard_normal((200, dimension))
    reach = np.abs(records @ frequencies).max() / (2 * np.pi)
    records *= turns / reach
    exact = np.exp(1j * (records @ frequencies.astype(np.float64)))
    for record, expected in zip(records, exact, strict=True):
        cosine, sine = one_class(record[None], frequencies) * UNIT
        # near phases are float32 chains of d roundings, far ones float64
        assert np.abs(cosine + 1j * sine - expected).max() < 3e-4


def test_far_and_near_records_mix_in_one_call():
    records = np.random.default_rng(9).standard_normal((300, 4))
    records[::7] *= 1e5
    labels = np.arange(300) % 3
    projection = Projection(frequencies_of(4, 65))
    whole = integer_sums(records, projection, labels, 3)
    one_by_one = [
        integer_sums(records[i : i + 1], projection, labels[i : i + 1], 3) for i in range(300)
    ]
    assert np.array_equal(sum(one_by_one), whole)


def test_denormal_records_and_frequencies_count_as_the_origin():
    tiny = np.full((9, 3), 5e-324)
    frequencies = np.full((3, 8), 1e-42, dtype=np.float32)
    origin = one_class(np.zeros((9, 3)), frequencies_of(3, 8))
    assert np.array_equal(one_class(tiny, frequencies_of(3, 8)), origin)
    assert np.array_equal(one_class(np.ones((9, 3)), frequencies), origin)


def test_no_processor_changes_a_bit(tmp_path):
    """A machine without wide vectors or fused multiply-adds gives the same sums."""
    code = (
        "import sys, numpy as np\n"
        "from sketchlearn.features import Projection, Gaussian, draw_frequencies, integer_sums\n"
        "x = np.random.default_rng(0).standard_normal((70, 5)); x[::9] *= 1e4\n"
        "p = Projection(draw_frequencies(Gaussian((1.0,)), 5, 130, 1))\n"
        "print(integer_sums(x, p, np.zeros(70, int), 1).tobytes().hex())"
    )
    printed = set()
    for features in ({}, {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}):
        setting = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), **features}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=setting, capture_output=True, text=True, check=True)
        printed.add(done.stdout)
    assert len(printed) == 1


@pytest.mark.parametrize("reach", [1.0, 1e6])
def test_harmonics_are_summed_as_their_frequencies_are(reach):
    frequencies = draw_frequencies(Gaussian((1.0,)), 4, 70, 1, harmonics=6)
    records = reach * np.random.default_rng(0).standard_normal((300, 4))
    classes = np.zeros(300, dtype=np.int64)
    runs, each = (
        integer_sums(records, Projection(frequencies, None, harmonics), classes, 1)[0]
        for harmonics in (6, 1)
    )
    # phases differ by the rounding of frequencies to float32, times how far records are
    assert np.abs(runs - each).max() <= 300 * 2**20 * min(2.0, reach * 4e-6)
