"""The pass in torch: within a stated bound of the compiled one, and never lost."""

import logging

import numpy as np
import pytest
import torch

import sketchlearn as sl
from sketchlearn.errors import OptionError
from sketchlearn.features import Gaussian, Projection, draw_dither, draw_frequencies, integer_sums
from sketchlearn.features import device as device_module
from sketchlearn.features.device import DeviceProjection, on_device

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def sums(records, projection):
    return integer_sums(records, projection, np.zeros(len(records), dtype=np.int64), 1)[0]


def projection_of(dimension, size, dither=None):
    return Projection(draw_frequencies(Gaussian((1.0, 3.0)), dimension, size, seed=1), dither)


@pytest.fixture(autouse=True)
def _skip_without_gpu(request):
    if request.node.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("no CUDA device")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", ["highest", "high"])
@pytest.mark.parametrize("dimension", [1, 10, 200])
def test_sums_are_those_of_the_processor(device, dimension, precision):
    here = projection_of(dimension, 130)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        there = on_device(here, device)
        records = np.random.default_rng(2).standard_normal((300, dimension))
        records[::11] *= 1e4
        apart = np.abs(sums(records, there) - sums(records, here))
    finally:
        torch.set_float32_matmul_precision(before)
    assert isinstance(there, DeviceProjection)
    assert apart.max() <= 300 * (3 + 2**20 * 1e-5)


@pytest.mark.parametrize("device", DEVICES)
def test_no_record_outweighs_the_unit_circle_there(device):
    phases = np.linspace(0, 7, 60_000).astype(np.float32)[None]
    found = sums(np.array([[1.0]]), on_device(Projection(phases), device))
    assert (found**2).sum(axis=0).max() <= 2**40


@pytest.mark.parametrize("device", DEVICES)
def test_signs_are_those_of_the_processor(device):
    here = projection_of(5, 90, draw_dither(90, seed=3))
    records = np.random.default_rng(4).standard_normal((200, 5))
    apart = np.abs(sums(records, on_device(here, device)) - sums(records, here))
    assert apart.max() <= 2  # a phase within rounding of a jump


def test_a_device_that_torch_does_not_know_is_refused():
    with pytest.raises(OptionError, match=r"'Graphics'.*cuda"):
        on_device(Projection(np.ones((1, 1), np.float32)), "Graphics")


def test_a_device_that_is_not_there_is_logged_and_done_without(caplog):
    here = projection_of(2, 20)
    with caplog.at_level(logging.WARNING):
        assert on_device(here, "cuda:77") is here
    assert "cuda:77" in caplog.text
    assert "on the CPU" in caplog.text


@pytest.mark.parametrize("room", [2**18, 0])
def test_a_device_short_of_memory_takes_less_at_a_time_or_hands_over(monkeypatch, caplog, room):
    here = projection_of(3, 1024)
    there = on_device(here, "cpu")
    plain = DeviceProjection._sums

    def short(self, records):
        if records.shape[0] * self.size > room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return plain(self, records)

    monkeypatch.setattr(DeviceProjection, "_sums", short)
    monkeypatch.setattr(device_module, "_MOST_FEATURES", 2**20)
    records = np.random.default_rng(5).standard_normal((1500, 3))
    with caplog.at_level(logging.INFO):
        found = sums(records, there)
    assert ("on the CPU" in caplog.text) == (room == 0)
    assert np.abs(found - sums(records, here)).max() <= 1500 * (3 + 2**20 * 1e-5)


def test_a_plan_on_a_device_sketches_there_and_merges_with_others():
    records = np.random.default_rng(6).standard_normal((500, 3))
    plan = sl.plan(records, size=40)
    there = plan.on("cpu:0")
    assert isinstance(there.projection, DeviceProjection)
    assert there == plan
    assert there.digest == plan.digest
    a, b = sl.sketch(records, there), sl.sketch(records, plan)
    assert np.abs(a.sums - b.sums).max() <= 500 * 13
    assert (a + b).count == 1000
    assert isinstance(plan.projection, Projection)
    assert not isinstance(plan.projection, DeviceProjection)
