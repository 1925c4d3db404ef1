"""1-bit features: signs of dithered waves, compared with smooth features."""

import numpy as np
import pytest
import torch

import sketchlearn as sl
from sketchlearn.features import (
    Gaussian,
    Projection,
    draw_dither,
    draw_frequencies,
    draw_hadamard,
    integer_sums,
)
from sketchlearn.features.laws import uniforms


def one_class(records, projection):
    return integer_sums(records, projection, np.zeros(len(records), dtype=np.int64), 1)[0]


def signs_of(records, projection):
    turns = records @ projection.turns + projection.dither
    return np.stack([np.sign(np.cos(2 * np.pi * turns)), np.sign(np.sin(2 * np.pi * turns))])


@pytest.mark.parametrize("dimension", [1, 20])
@pytest.mark.parametrize("far", [1.0, 1e5])
def test_sums_are_those_of_signs(dimension, far):
    records = far * np.random.default_rng(0).standard_normal((101, dimension))
    dither = draw_dither(90, seed=1)
    projections = [Projection(draw_frequencies(Gaussian((1.0,)), dimension, 90, 1), dither)]
    if dimension >= 16:
        projections.append(draw_hadamard(Gaussian((1.0,)), dimension, 90, 1))
        vars(projections[1])["dither"] = dither
    for projection in projections:
        expected = signs_of(records, projection).sum(axis=1)
        # a phase within rounding of a jump may fall on its other side
        assert np.abs(one_class(records, projection) - expected).max() <= 2


def test_dither_is_uniform_and_apart_from_the_frequencies():
    dither = draw_dither(10_000, seed=3)
    assert np.histogram(dither, 10, (0, 1))[0].std() < 60
    assert abs(np.corrcoef(dither, uniforms(3, 10_000))[0, 1]) < 0.05
    assert abs(np.corrcoef(dither, draw_dither(10_000, seed=4))[0, 1]) < 0.05


def test_the_mean_feature_is_that_of_smooth_features_up_to_harmonics():
    records = np.random.default_rng(4).standard_normal((200_000, 2))
    plans = [
        sl.plan(records, size=600, scales=[0.7, 1.5], features=name)
        for name in ("fourier", "one-bit")
    ]
    smooth, bits = (sl.sketch(records, plan).mean() for plan in plans)
    omega = plans[0].frequencies.astype(np.float64)
    square = (omega**2).sum(axis=0)
    harmonics = sum(np.exp(-(k**2) * square / 2) / k for k in range(3, 401, 2))  # of a normal law
    noise = 5 * np.sqrt(2 * np.pi**2 / 8 / len(records))
    assert (np.abs(bits - smooth) <= 1.1 * harmonics + noise).all()
    # the dither makes harmonics noise: their mean against the smooth features vanishes
    kept = np.abs(smooth) > 0.2
    slope = (np.conj(smooth[kept]) * bits[kept]).sum() / (np.abs(smooth[kept]) ** 2).sum()
    assert abs(slope - 1) < 0.03


def test_one_bit_sketches_are_sketches(tmp_path):
    records = np.random.default_rng(5).standard_normal((500, 3))
    plan = sl.plan(records, size=64, features="one-bit")
    whole = sl.sketch(records, plan)
    assert np.abs(whole.sums).max() <= 500
    a, b = sl.sketch(records[:200], plan), sl.sketch(records[200:], plan)
    assert a + b == whole
    assert whole - b == a
    whole.save(tmp_path / "a.sketch")
    again = sl.load(tmp_path / "a.sketch")
    assert again == whole
    assert np.array_equal(again.mean(), whole.mean())
    assert whole.error_bound() > sl.sketch(records, size=64).error_bound()


def test_a_generator_is_learnt_from_one_bit_features():
    records = np.random.default_rng(6).standard_normal((20_000, 2)) * [1.0, 0.2] + [3.0, -1.0]
    sketch = sl.sketch(records, size=500, features="one-bit")
    torch.manual_seed(0)
    samples = sl.GenerativeNetwork(steps=400).fit(sketch).model.sample(4000, seed=0).to_numpy()
    assert samples.mean(axis=0) == pytest.approx([3.0, -1.0], abs=0.1)
    assert samples.std(axis=0) == pytest.approx([1.0, 0.2], rel=0.15)
