"""Frozen networks before the frequencies: sketched, merged, saved, learnt from, and refused."""

import numpy as np
import pytest
import torch
from torch import nn

import sketchlearn as sl
from sketchlearn.errors import OptionError, PlanError, PlanMismatchError

IMAGES = np.random.default_rng(0).integers(0, 256, (400, 8, 8)).astype(np.uint8)


class Squares(nn.Module):
    """Numbers that no linear map of pixels gives."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.inner = nn.Linear(64, 20)

    def forward(self, images):
        return self.inner(images.flatten(1) / 255).square()


def test_the_sketch_is_that_of_what_the_network_says():
    module = Squares()
    sketch = sl.sketch(IMAGES, network=module, size=60)
    with torch.no_grad():
        said = module(torch.from_numpy(IMAGES).float()).double().numpy()
    expected = np.exp(1j * said @ sketch.plan.frequencies).mean(axis=0)
    assert sketch.plan.frequencies.shape == (20, 60)
    assert sketch.mean() == pytest.approx(expected, abs=1e-4)
    assert "20 outputs of a frozen network" in sketch.plan.explain()


def test_parts_seen_through_wavelets_merge_to_the_whole():
    plan = sl.plan(IMAGES, network="scattering", size=50, structure="windows")
    whole = sl.sketch(IMAGES, plan)
    assert sl.sketch(IMAGES[:150], plan) + sl.sketch(IMAGES[150:], plan) == whole


def test_parts_seen_through_a_module_merge_to_the_whole_up_to_rounding():
    plan = sl.plan(IMAGES, network=Squares(), size=50)
    whole = sl.sketch(IMAGES, plan)
    parts = sl.sketch(IMAGES[:150], plan) + sl.sketch(IMAGES[150:], plan)
    assert parts.count == whole.count
    assert parts.mean() == pytest.approx(whole.mean(), abs=1e-6)


def test_the_copy_is_frozen():
    module = Squares()
    plan = sl.plan(IMAGES, network=module, size=30)
    before = sl.sketch(IMAGES, plan)
    with torch.no_grad():
        module.inner.weight.mul_(2)
    assert sl.sketch(IMAGES, plan) == before
    with pytest.raises(PlanMismatchError, match="network"):
        before + sl.sketch(IMAGES, network=module, size=30)


def test_a_built_in_network_is_made_again_from_a_file(tmp_path):
    sketch = sl.sketch(IMAGES, network="scattering", size=40)
    sketch.save(tmp_path / "images.sketch")
    again = sl.load(tmp_path / "images.sketch")
    assert again == sketch
    assert again.update(IMAGES).count == 800


def test_a_network_of_ones_own_is_given_again_or_asked_for(tmp_path):
    sketch = sl.sketch(IMAGES, network=Squares(), size=40)
    sketch.save(tmp_path / "images.sketch")
    sketch.plan.save(tmp_path / "images.plan")
    alone = sl.load(tmp_path / "images.sketch")
    assert alone == sketch
    for use in (alone.update, lambda _: sl.GenerativeNetwork(steps=2).fit(alone)):
        with pytest.raises(PlanError, match=r"network=module"):
            use(IMAGES)
    plan = sl.load(tmp_path / "images.plan", network=Squares())
    assert sl.sketch(IMAGES, plan) == sketch
    with pytest.raises(PlanError, match="weights changed"):
        sl.load(tmp_path / "images.sketch", network=Squares(seed=1))
    with pytest.raises(PlanError, match="has none"):
        sl.plan(IMAGES, size=20).with_network(Squares())


def test_a_generator_of_pixels_is_learnt_through_the_network():
    blobs = np.zeros((300, 8, 8), dtype=np.uint8)
    rng = np.random.default_rng(1)
    for image, (down, across) in zip(blobs, rng.integers(0, 6, (300, 2)), strict=True):
        image[down : down + 3, across : across + 3] = 255
    sketch = sl.sketch(blobs, network="scattering", size=200)
    fit = sl.GenerativeNetwork(steps=200, batch=128, seed=0).fit(sketch)
    distances = [row["held_out_distance"] for row in fit.history]
    assert min(distances) < 0.5 * distances[0]
    made = fit.model.sample(20, seed=0).to_numpy()
    assert made.shape == (20, 8, 8)
    assert made.dtype == np.uint8


class OfBatch(nn.Module):
    """Looks at the other records of a batch."""

    def forward(self, images):
        return images.flatten(1) - images.mean()


@pytest.mark.parametrize(
    ("network", "match"),
    [
        (OfBatch(), "depends on the other records"),
        (nn.Linear(5, 3), r"failed on records of shape \(3, 8, 8\)"),
        (nn.Flatten(0), "one row per record"),
        ("wavelets", "'scattering'"),
        (7, "torch module"),
    ],
)
def test_networks_that_cannot_stand_there_are_refused(network, match):
    with pytest.raises(OptionError, match=match):
        sl.plan(IMAGES, network=network)


def test_values_that_are_not_finite_are_refused():
    class Roots(nn.Module):
        def forward(self, images):
            return (images.flatten(1) - 200).sqrt()

    with pytest.raises(OptionError, match="not finite"):
        sl.plan(IMAGES + 0.0, network=Roots())


def test_tables_have_no_network():
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(OptionError, match="table"):
        sl.plan(pa.table({"a": ["u", "v"] * 20, "b": range(40)}), network=Squares())
