"""Movements: none is no change, shifts are shifts, turns keep lengths."""

import math

import pytest
import torch
from torch import nn

from sketchlearn.models.movements import MOVEMENTS, Moved

SHAPES = [(12, 16), (1, 12, 16), (3, 16, 10), (9, 12, 3)]


class Still(nn.Module):
    """The same image whatever the latents."""

    def __init__(self, image):
        super().__init__()
        self.register_buffer("image", image)

    def forward(self, latents):
        return self.image.expand(len(latents), *self.image.shape)


def moved(image, **latents):
    names = ["slant", "turn", "size", "across", "down"]
    drawn = torch.zeros(1, MOVEMENTS + 2)
    for name, value in latents.items():
        drawn[0, names.index(name)] = value
    generator = Moved(Still(image), image.shape)
    nn.init.ones_(generator.deviations)
    return generator, drawn


@pytest.mark.parametrize("shape", SHAPES)
def test_latents_of_zero_move_nothing(shape):
    image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    generator, latents = moved(image)
    assert torch.allclose(generator(latents)[0], image, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_image_is_shifted_by_whole_pixels_and_repeats_its_edge(shape):
    image = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    axis = 1 if len(shape) == 2 or shape[-1] == 3 else 2
    width = shape[axis]
    generator, latents = moved(image, across=2 * 3 / width)
    found = generator(latents)[0]
    assert torch.allclose(
        found.narrow(axis, 0, width - 3), image.narrow(axis, 3, width - 3), atol=1e-4
    )
    edge = image.narrow(axis, width - 1, 1).expand_as(found.narrow(axis, width - 3, 3))
    assert torch.allclose(found.narrow(axis, width - 3, 3), edge, atol=1e-4)


def test_a_turn_keeps_lengths_in_pixels_whatever_the_sides():
    generator, latents = moved(torch.rand(12, 30), turn=0.7)
    matrix = generator._maps(latents)[0, :, :2]
    sides = torch.tensor([30.0, 12.0])
    in_pixels = sides[:, None] * matrix / sides
    assert torch.allclose(in_pixels @ in_pixels.T, torch.eye(2), atol=1e-6)
    assert in_pixels[1, 0].item() == pytest.approx(math.sin(0.7))


def test_a_slant_moves_rows_apart_and_keeps_the_middle_one():
    image = torch.zeros(11, 31)
    image[:, 15] = 1
    generator, latents = moved(image, slant=1.0)
    peaks = generator(latents)[0].argmax(dim=1)
    assert (peaks.diff().abs() == 1).all()
    assert peaks[5] == 15


def test_bends_move_what_is_near_their_place_and_not_what_is_far():
    image = torch.rand(30, 30, generator=torch.Generator().manual_seed(0))
    generator, latents = moved(image)
    latents[0, 5] = 0.2  # across, at the upper left place
    change = (generator(latents)[0] - image).abs()
    assert change[:5, :5].mean() > 20 * change[-5:, -5:].mean()


def test_far_latents_leave_part_of_the_image_in_sight():
    generator = Moved(Still(torch.eye(20)), (20, 20))
    far = torch.full((4, MOVEMENTS), 1e6)
    near = torch.full((4, MOVEMENTS), 2.5)
    assert torch.equal(generator(far), generator(near))


def test_deviations_are_learnt():
    torch.manual_seed(0)
    generator = Moved(Still(torch.rand(12, 12)), (12, 12))
    generator(torch.randn(5, MOVEMENTS)).square().sum().backward()
    assert (generator.deviations.grad != 0).all()
