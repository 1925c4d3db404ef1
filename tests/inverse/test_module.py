"""The module works with deepinv's physics, and with whatever looks like it."""

import numpy as np
import pytest
import torch
from known_ranges import generator_of, in_range

from sketchlearn.errors import MeasurementError, OperatorError, OptionError
from sketchlearn.inverse import GaussianLaw, Reconstructor, Search


class Noise:
    def __init__(self, sigma):
        self.sigma = torch.tensor(sigma)


class Inpainting(torch.nn.Module):
    """As deepinv's: called for noisy measurements, `A` for those without noise."""

    def __init__(self, mask, sigma=0.05):
        super().__init__()
        self.register_buffer("mask", mask)
        self.noise_model = Noise(sigma)

    def A(self, x, mask=None):
        return x * (self.mask if mask is None else mask)

    def A_adjoint(self, y, mask=None):
        return self.A(y, mask)

    def forward(self, x):
        random = torch.Generator().manual_seed(0)
        return self.A(x) + self.noise_model.sigma * torch.randn(x.shape, generator=random)


@pytest.fixture
def clean(model):
    return torch.tensor(in_range(model, 6)).float()[:, None]


def mean_error(one, other):
    return float((one - other).square().mean())


def test_measurements_of_a_physics_are_reconstructed(model, clean):
    random = torch.Generator().manual_seed(1)
    physics = Inpainting((torch.rand(6, 1, 8, 8, generator=random) < 0.6).float())
    y = physics(clean)
    module = Reconstructor(model, tau=0)
    with torch.no_grad():  # as evaluation loops do
        found = module(y, physics)
    assert found.shape == clean.shape
    assert mean_error(found, clean) < 0.05 * mean_error(y, clean)
    assert torch.equal(found, module(y, physics, sigma=0.05))


def test_parameters_are_passed_on_to_the_physics(model, clean):
    mask = torch.ones(6, 1, 8, 8)
    mask[..., 2:4] = 0
    physics = Inpainting(torch.ones(6, 1, 8, 8))
    y = clean * mask
    module = Reconstructor(model, tau=0, method=Search(steps=100))
    given, wrong = module(y, physics, mask=mask), module(y, physics)
    assert mean_error(given, clean) < 0.2 * mean_error(wrong, clean)


def test_planes_come_first_whatever_the_layout_of_the_records():
    model = generator_of((6, 5, 3))
    physics = Inpainting(torch.ones(1, 1, 6, 5))
    y = torch.tensor(in_range(model, 2)).float().movedim(-1, 1)
    assert Reconstructor(model, method=Search(steps=5))(y, physics).shape == (2, 3, 6, 5)
    law = GaussianLaw.of_moments(np.zeros(90), np.eye(90), (6, 5, 3))
    assert torch.allclose(Reconstructor(law)(y, physics, sigma=0.1), y / 1.01, atol=1e-4)


def test_noise_that_is_not_known_or_not_one_is_refused(model, clean):
    physics = Inpainting(torch.ones(1, 1, 8, 8))
    del physics.noise_model
    with pytest.raises(MeasurementError, match="sigma="):
        Reconstructor(model)(clean, physics)
    with pytest.raises(MeasurementError, match="2 deviations"):
        Reconstructor(model)(clean, physics, sigma=torch.tensor([0.1, 0.2]))


def test_a_physics_that_is_not_linear_is_refused(model, clean):
    physics = Inpainting(torch.ones(1, 1, 8, 8))
    physics.A = torch.square
    with pytest.raises(OperatorError, match="not linear"):
        Reconstructor(model)(clean, physics, sigma=0.1)


def test_a_model_that_is_none_is_refused():
    with pytest.raises(OptionError, match="A str was given as model"):
        Reconstructor("digits")


def test_clipping_is_seen_at_the_size_of_the_measurements(model, clean):
    physics = Inpainting(torch.ones(1, 1, 8, 8))
    physics.A = lambda x: x.clamp(max=200.0)
    Reconstructor(model, method=Search(steps=2))(clean, physics, sigma=0.1)
    with pytest.raises(OperatorError, match="not linear"):
        Reconstructor(model)(200 * clean, physics, sigma=0.1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="measurements elsewhere need a device")
def test_measurements_of_a_device_are_given_back_there(model, clean):
    physics = Inpainting(torch.ones(1, 1, 8, 8))
    found = Reconstructor(model, method=Search(steps=2))(clean.cuda(), physics)
    assert found.device.type == "cuda"


def test_deepinv_itself(model, clean):
    try:
        import deepinv
    except Exception as error:  # noqa: BLE001 - torchvision of another torch: RuntimeError
        pytest.skip(f"deepinv is not usable here: {error}")
    physics = deepinv.physics.Inpainting((1, 8, 8), mask=0.6)
    physics.noise_model = deepinv.physics.GaussianNoise(0.05)
    found = Reconstructor(model, tau=0)(physics(clean), physics)
    assert mean_error(found, clean) < 0.01
