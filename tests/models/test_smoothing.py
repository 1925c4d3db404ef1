"""Smoothing: stripes of single pixels vanish, slopes stay, planes do not mix."""

import pytest
import torch
from torch import nn

from sketchlearn.models.smoothing import Smoothed


class Still(nn.Module):
    """The same image whatever the latents."""

    def __init__(self, image):
        super().__init__()
        self.register_buffer("image", image)

    def forward(self, latents):
        return self.image.expand(len(latents), *self.image.shape)


def smoothed(image):
    return Smoothed(Still(image), image.shape)(torch.zeros(2, 3))[1]


def test_stripes_of_single_pixels_become_grey_and_slopes_stay():
    stripes = torch.arange(9).remainder(2).float().expand(7, 9)
    assert torch.allclose(smoothed(stripes)[:, 1:-1], torch.full((7, 7), 0.5))
    slope = torch.arange(9).float() * torch.ones(7, 1)
    assert torch.allclose(smoothed(slope)[:, 1:-1], slope[:, 1:-1])


@pytest.mark.parametrize("shape", [(1, 6, 8), (3, 6, 8), (6, 8, 3), (6, 8)])
def test_planes_are_smoothed_each_alone_and_nothing_is_lost_within(shape):
    image = torch.zeros(shape)
    place = {(6, 8, 3): (2, 4, 1), (6, 8): (2, 4)}.get(shape, (0, 2, 4))
    image[place] = 16
    found = smoothed(image)
    assert found.shape == image.shape
    assert found[place] == 4
    assert found.sum() == 16
    assert (found > 0).sum() == 9
