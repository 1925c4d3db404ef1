"""Kernels, their generator, alignment, and images under unknown blur."""

import numpy as np
import pytest
import torch
from known_ranges import generator_of, in_range, noisy

import sketchlearn as sl
from sketchlearn.errors import MeasurementError, OptionError
from sketchlearn.inverse import (
    BlindSearch,
    Convolution,
    Outcome,
    Search,
    aligned,
    kernel_generator,
    motion_kernels,
    reconstruct_blind,
)
from sketchlearn.models.generators import Simplex


def test_kernels_are_shares_of_time_and_the_same_for_a_seed():
    kernels = motion_kernels(300, 15, seed=3)
    assert kernels.shape == (300, 15, 15)
    assert (kernels >= 0).all()
    assert np.allclose(kernels.sum(axis=(1, 2)), 1)
    assert (kernels == motion_kernels(300, 15, seed=3)).all()
    assert (kernels[:, :] != motion_kernels(300, 15, seed=4)).any()
    rows = kernels.sum(axis=2) @ np.arange(15)
    assert np.abs(rows - 7).max() < 1  # about the middle
    assert 5 < (kernels > 0).sum(axis=(1, 2)).mean() < 60


@pytest.mark.parametrize(("count", "side"), [(0, 5), (3, 4), (3, 1)])
def test_kernels_that_are_none_are_refused(count, side):
    with pytest.raises(OptionError):
        motion_kernels(count, side)


@pytest.fixture(scope="module")
def kernels():
    """A generator of 5 × 5 kernels learnt from a sketch of simulated ones."""
    sketch = sl.sketch(motion_kernels(2000, 5), size=400)
    generator = kernel_generator(sketch, latent=4, width=64)
    return (
        sl.GenerativeNetwork(generator=generator, latent=4, steps=300, batch=128).fit(sketch).model
    )


def test_learnt_kernels_are_kernels(kernels, tmp_path):
    drawn = in_range(kernels, 50).reshape(50, -1)
    assert (drawn >= -1e-6).all()
    assert np.allclose(drawn.sum(axis=1), 1, atol=1e-4)
    kernels.save(tmp_path / "kernels")
    again = sl.load(tmp_path / "kernels")
    assert isinstance(again.generator, Simplex)
    assert (in_range(again, 50).reshape(50, -1) == drawn).all()


def test_images_are_aligned_by_their_shift():
    reference = np.random.default_rng(0).random((3, 9, 9))
    reference[:, [0, 1, -2, -1]] = reference[:, :, [0, 1, -2, -1]] = 0
    moved = np.stack([np.roll(image, (1, -2), (0, 1)) for image in reference])
    back, shifts = aligned(moved, reference, reach=2)
    assert (shifts == (-1, 2)).all()
    assert np.allclose(back, reference)
    same, none = aligned(reference, reference, reach=2)
    assert (none == 0).all()
    # of bytes, differences would wrap: 0 - 255 would be 1
    dim, bright = (
        (level * (some > 0.5)).astype(np.uint8) for level, some in ((200, moved), (255, reference))
    )
    assert (aligned(dim, bright, reach=2)[1] == (-1, 2)).all()
    assert (same == reference).all()
    with pytest.raises(MeasurementError):
        aligned(moved, reference[:2])


SEARCH = Search(steps=150, restarts=8, draws=64, learning_rate=0.05)


@pytest.fixture(scope="module")
def images():
    return generator_of((10, 10), latent=4)


def blurred(kernels, clean, padding="circular"):
    blur = kernels.sample(len(clean), seed=5).values.reshape(-1, 5, 5)
    y = Convolution(blur, padding).A(torch.tensor(clean).float()[:, None])[:, 0]
    return noisy(y.numpy(), 0.02)


@pytest.mark.parametrize("solver", ["joint", "alternating"])
@pytest.mark.parametrize("padding", ["circular", "zero"])
def test_image_and_kernel_are_found(kernels, images, solver, padding):
    clean = in_range(images, 12)
    y = blurred(kernels, clean, padding)
    found = reconstruct_blind(
        y, images, kernels, noise=0.02, tau=0, padding=padding, method=BlindSearch(SEARCH, solver)
    )
    errors = [np.square(one - clean).mean() for one in (y, found.images)]
    assert errors[1] < 0.3 * errors[0]
    assert np.allclose(found.kernels.sum(axis=(1, 2)), 1, atol=1e-4)
    assert (found.images == found.in_range).all()


def test_slack_makes_good_what_the_generator_cannot_make(kernels, images):
    clean = noisy(in_range(images, 12), 0.1)
    y = blurred(kernels, clean)
    found = reconstruct_blind(y, images, kernels, noise=0.02, tau=0.1, method=BlindSearch(SEARCH))
    errors = [np.square(one - clean).mean() for one in (found.in_range, found.images)]
    assert errors[1] < errors[0]


def test_blind_solutions_are_the_same_for_a_seed(kernels, images):
    y, few = blurred(kernels, in_range(images, 2)), BlindSearch(Search(steps=10, restarts=2))
    one, two = (reconstruct_blind(y, images, kernels, noise=0.02, method=few) for _ in range(2))
    assert (one.images == two.images).all()
    assert (one.kernels == two.kernels).all()
    assert one.outcome is Outcome.STEPS_SPENT
    assert not one.converged.all()


def test_kernels_of_several_classes_are_learnt():
    sketch = sl.sketch((motion_kernels(60, 5), np.arange(60) % 2), label="camera", size=40)
    generator = kernel_generator(sketch, latent=4, width=16)
    learner = sl.GenerativeNetwork(generator=generator, latent=4, steps=2, batch=8)
    drawn = in_range(learner.fit(sketch).model, 4).reshape(4, -1)
    assert np.allclose(drawn.sum(axis=1), 1, atol=1e-4)


def test_many_images_are_deblurred_as_each_alone(kernels, images, monkeypatch):
    y, few = blurred(kernels, in_range(images, 3)), BlindSearch(Search(steps=10, restarts=2))
    options = {"noise": 0.02, "padding": "zero", "method": few}
    whole = reconstruct_blind(y, images, kernels, **options)
    monkeypatch.setattr("sketchlearn.inverse.foreign._LARGEST_MATRIX", 100**2 * 2)
    monkeypatch.setattr("sketchlearn.inverse.whitening._CG_STEPS", 0)  # not one of them
    cut = reconstruct_blind(y, images, kernels, **options)
    assert (cut.in_range == whole.in_range).all()
    assert np.allclose(cut.images, whole.images, atol=1e-5)


def test_offsets_of_images_leave_the_starts_alone(kernels):
    few = BlindSearch(Search(steps=1, restarts=2, draws=64, learning_rate=1e-9))
    near, far = generator_of((10, 10), latent=4), generator_of((10, 10), latent=4, center=300.5)
    y = blurred(kernels, in_range(near, 12))
    one = reconstruct_blind(y, near, kernels, noise=0.02, tau=0, method=few)
    two = reconstruct_blind(y + 300, far, kernels, noise=0.02, tau=0, method=few)
    # losses, since the best of two starts that are nearly equal is a matter of rounding
    assert np.allclose(two.losses, one.losses, rtol=0.02)


def test_what_cannot_be_deconvolved_is_refused(kernels, images):
    y = np.zeros((2, 10, 10))
    with pytest.raises(MeasurementError, match="positive"):
        reconstruct_blind(y, images, kernels, noise=0)
    with pytest.raises(MeasurementError, match="shape"):
        reconstruct_blind(np.zeros((2, 9, 9)), images, kernels, noise=0.1)
    with pytest.raises(OptionError, match="fit within"):
        reconstruct_blind(y, images, generator_of((11, 11), latent=2), noise=0.1)
    with pytest.raises(OptionError, match="padding='mirror'"):
        reconstruct_blind(y, images, kernels, noise=0.1, padding="mirror")
    with pytest.raises(OptionError, match="it is a BlindSearch"):
        reconstruct_blind(y, images, kernels, noise=0.1, method=SEARCH)
    with pytest.raises(OptionError, match="A str was given as model"):
        reconstruct_blind(y, images, "kernels", noise=0.1)
    with pytest.raises(OptionError, match="solver='both'"):
        BlindSearch(solver="both")
