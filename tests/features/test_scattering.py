"""Wavelets of images: blind to shade, patient with shifts, the same however planes are laid out."""

from functools import partial

import pytest
import torch

from sketchlearn.errors import OptionError
from sketchlearn.features.scattering import Scattering, moduli_averages


def stroke(left):
    """An image of 28 × 28 with an upright stroke."""
    image = torch.zeros(1, 28, 28)
    image[0, 6:22, left : left + 3] = 1
    return image


def test_a_shift_by_a_pixel_matters_less_to_moduli_than_to_pixels():
    near, far = (Scattering((28, 28))(stroke(left)) for left in (13, 14))
    moved = (near - far)[:, 4:12].norm() / near[:, 4:12].norm()
    assert moved < 0.5 * (stroke(13) - stroke(14)).norm() / stroke(13).norm()


def test_wavelets_see_no_shade_and_the_halved_image_does():
    shade = torch.full((1, 40, 40), 0.7)
    said = Scattering((40, 40))(shade)[0]
    assert said.shape == (4 + 2 * 4 + 12, 10, 10)
    assert said[:4] == pytest.approx(torch.full((4, 10, 10), 0.7))
    assert said[4:, 3:7, 3:7] == pytest.approx(torch.zeros(20, 4, 4), abs=2e-3)


def test_a_wavelet_answers_most_to_edges_across_its_wave():
    upright = Scattering((28, 28))(stroke(13))[0, 4:8].sum(dim=(1, 2))
    lying = Scattering((28, 28))(stroke(13).mT)[0, 4:8].sum(dim=(1, 2))
    assert int(upright.argmax()) == 0
    assert int(lying.argmax()) == 2


def test_a_pattern_of_single_pixels_is_seen_with_its_sign():
    down, across = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    network, shade = Scattering((16, 16)), torch.full((1, 16, 16), 0.5)
    for pattern, plane in ((across, 0), (down, 1), (down + across, 2)):
        for sign in (1, -1):
            said = network(shade + sign * 0.25 * (-1.0) ** pattern)[0, 12:]
            mine = said[4 * plane : 4 * plane + 4]
            assert mine == pytest.approx(torch.full((4, 4, 4), sign * 0.5))
            assert said.abs().sum() == pytest.approx(mine.abs().sum())


def test_halves_and_details_hold_the_whole_image():
    image = torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(0))
    said = Scattering((16, 16))(image)[0]
    energy = 4 * said[:4].square().sum() + said[12:].square().sum()
    assert energy == pytest.approx(image.square().sum())


def test_planes_may_come_first_or_last():
    images = torch.rand(3, 3, 16, 20, generator=torch.Generator().manual_seed(0))
    first = Scattering((3, 16, 20))(images)
    last = Scattering((16, 20, 3))(images.movedim(1, -1))
    assert first.shape == (3, 3 * 24, 4, 5)
    assert torch.equal(first, last)


def test_a_black_image_has_finite_slopes():
    black = torch.zeros(1, 8, 8, requires_grad=True)
    Scattering((8, 8))(black).sum().backward()
    assert torch.isfinite(black.grad).all()


@pytest.mark.parametrize("image", [(30, 28), (784,), (4, 4)])
def test_records_that_are_no_such_images_are_refused(image):
    with pytest.raises(OptionError, match="multiples of 4"):
        Scattering(image)


@pytest.mark.parametrize(("image", "square"), [((8, 12), 4), ((16, 8), 2)])
def test_compiled_averages_and_gradients_are_those_of_the_reference(image, square):
    network = Scattering((28, 28), orientations=5)
    pixels = torch.rand(3, 1, *image, generator=torch.Generator().manual_seed(0))
    found = []
    for averages in (network._averages, partial(moduli_averages, filters=network.filters)):
        own = pixels.clone().requires_grad_()
        said = averages(own, square=square)
        (slope,) = torch.autograd.grad((said * said.detach().cos()).sum(), own)
        found.append((said.detach(), slope))
    (compiled, slope), (plain, expected) = found
    assert compiled.shape == (3, 5, image[0] // square, image[1] // square)
    assert torch.allclose(compiled, plain, atol=1e-6)
    assert torch.allclose(slope, expected, atol=1e-5)


def test_a_scattering_in_double_precision_says_the_same():
    network = Scattering((8, 8))
    images = torch.rand(2, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(
        network.double()(images.double()).float(), Scattering((8, 8))(images), atol=1e-5
    )
