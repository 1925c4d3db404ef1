"""The torch reference and the matching loss against closed forms and autograd."""

import numpy as np
import pytest
import torch

from sketchlearn.features import matching
from sketchlearn.features.matching import fourier_features, matching_loss


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def plain_loss(records, frequencies, target):
    """Re<z - z1, z - z2>/m in complex numbers, summed over classes, tile-free.

    Of one side the mean of that product over all pairs of records.
    """
    every = torch.exp(1j * (records @ frequencies))  # (classes, sides, n, m)
    z = torch.complex(target[:, 0], target[:, 1])[:, None]
    if records.shape[1] == 1:
        apart = z[:, :, None] - every
        pairs = apart.sum(2).abs().square() - apart.abs().square().sum(2)
        count = records.shape[2]
        return pairs.sum() / (count * (count - 1) * frequencies.shape[1])
    residual = z - every.mean(dim=2)
    return (residual[:, 0] * residual[:, 1].conj()).real.sum() / frequencies.shape[1]


def test_the_gradient_of_a_feature_is_i_omega_times_the_feature():
    x, omega = normal(1, 3).requires_grad_(), normal(3, 1, seed=1)
    cosine, sine = fourier_features(x, omega)[0, :, 0]
    gradient = [torch.autograd.grad(part, x, retain_graph=True)[0] for part in (cosine, sine)]
    expected = 1j * omega[:, 0] * torch.exp(1j * (x @ omega)).detach()
    assert torch.allclose(torch.complex(*gradient), expected, atol=1e-14)


def test_features_of_the_origin_are_one():
    features = fourier_features(torch.zeros(2, 3), torch.ones(3, 4))
    assert features.tolist() == [[[1.0] * 4, [0.0] * 4]] * 2


def test_the_loss_is_the_product_of_the_residuals_of_the_halves():
    # one frequency, one record a half: z = 0.5 + 0.25i, exp(i pi/2) = i, exp(i pi) = -1
    records = torch.tensor([[[[np.pi / 2]], [[np.pi]]]])
    target = torch.tensor([[[0.5], [0.25]]], dtype=torch.float64)
    loss = matching_loss(records.double(), torch.ones(1, 1, dtype=torch.float64), target)
    # Re((0.5 - 0.75i) conj(1.5 + 0.25i)) = 0.75 - 0.1875
    assert float(loss) == pytest.approx(0.5625, abs=1e-12)


@pytest.mark.parametrize("tile", [1, 600, 2**20])
@pytest.mark.parametrize("shape", [(1, 2, 5, 2), (3, 2, 4, 3), (1, 2, 1, 1), (3, 1, 4, 3)])
def test_value_and_gradient_are_those_of_autograd(monkeypatch, tile, shape):
    monkeypatch.setattr(matching, "_TILE", tile)
    records = normal(*shape).requires_grad_()
    frequencies, target = normal(shape[-1], 77, seed=1), normal(shape[0], 2, 77, seed=2)
    loss = matching_loss(records, frequencies, target)
    plain = plain_loss(records, frequencies, target)
    assert loss.item() == pytest.approx(plain.item(), rel=1e-12)
    (gradient,) = torch.autograd.grad(3 * loss, records)
    (expected,) = torch.autograd.grad(3 * plain, records)
    assert torch.allclose(gradient, expected, atol=1e-14)


def test_float32_agrees_with_float64():
    arguments = normal(2, 2, 50, 3), normal(3, 200, seed=1), normal(2, 2, 200, seed=2)
    single = matching_loss(*(part.float() for part in arguments))
    assert float(single) == pytest.approx(float(plain_loss(*arguments)), rel=1e-5)


@pytest.mark.parametrize("size", [1, 63, 64, 65, 300])
@pytest.mark.parametrize(
    "shape", [(1, 2, 5, 2), (3, 2, 49, 10), (2, 2, 48, 8), (1, 2, 100, 70), (2, 1, 49, 8)]
)
def test_the_compiled_loss_is_the_plain_one(shape, size):
    records, frequencies = normal(*shape), normal(shape[-1], size, seed=1)
    target = normal(shape[0], 2, size, seed=2)
    wide = records.clone().requires_grad_()
    plain = plain_loss(wide, frequencies, target)
    (expected,) = torch.autograd.grad(3 * plain, wide)
    single = records.float().requires_grad_()
    loss = matching_loss(single, frequencies.float(), target.float())
    assert float(loss.detach()) == pytest.approx(float(plain.detach()), rel=1e-4, abs=1e-6)
    (gradient,) = torch.autograd.grad(3 * loss, single)
    assert gradient.dtype == torch.float32
    assert torch.allclose(gradient.double(), expected, atol=2e-5 * float(expected.abs().max()))


def test_no_number_of_threads_changes_a_bit_of_the_compiled_loss():
    arguments = normal(1, 2, 600, 3), normal(3, 2000, seed=1), normal(1, 2, 2000, seed=2)
    arguments = [part.float() for part in arguments]
    before, seen = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            records = arguments[0].clone().requires_grad_()
            loss = matching_loss(records, *arguments[1:])
            (gradient,) = torch.autograd.grad(loss, records)
            seen.append((float(loss.detach()), gradient))
    finally:
        torch.set_num_threads(before)
    assert all(value == seen[0][0] for value, _ in seen)
    assert all(torch.equal(gradient, seen[0][1]) for _, gradient in seen)


@pytest.mark.parametrize(("sides", "antithetic"), [(2, False), (2, True), (1, False)])
def test_the_loss_is_an_unbiased_squared_distance(sides, antithetic):
    mean, factor = torch.tensor([0.3, -0.2]).double(), torch.tensor([[1.0, 0.0], [0.5, 0.7]])
    factor = factor.double()
    frequencies, target = normal(2, 40, seed=3), 0.3 * normal(1, 2, 40, seed=4)
    spread = ((factor.T @ frequencies) ** 2).sum(0) / 2
    characteristic = torch.exp(1j * (mean @ frequencies) - spread)
    distance = (torch.complex(*target[0]) - characteristic).abs().square().mean()

    generator, losses = torch.Generator().manual_seed(5), []
    for _ in range(1500):
        noise = torch.randn(1, sides, 8 // sides, 2, generator=generator, dtype=torch.float64)
        if antithetic:  # dependence inside a half is allowed
            noise[:, :, 2:] = -noise[:, :, :2]
        losses.append(float(matching_loss(mean + noise @ factor.T, frequencies, target)))
    error = np.std(losses) / np.sqrt(len(losses))
    assert np.mean(losses) == pytest.approx(float(distance), abs=4 * error)
    # the plain squared distance is off by (1 - |phi|^2)/8; this test can see that
    assert 4 * error < float((1 - characteristic.abs() ** 2).mean() / 8) / 2


def test_the_loss_of_a_perfect_generator_averages_to_zero_and_may_be_negative():
    frequencies = normal(2, 30, seed=6)
    target = torch.stack([torch.exp(-(frequencies**2).sum(0) / 2), torch.zeros(30)])[None]
    batches = [normal(1, 2, 8, 2, seed=number) for number in range(400)]
    losses = [float(matching_loss(batch, frequencies, target)) for batch in batches]
    assert np.mean(losses) == pytest.approx(0, abs=4 * np.std(losses) / 20)
    assert min(losses) < 0 < max(losses)


def test_nothing_larger_than_the_records_is_kept_for_the_gradient():
    kept = []

    def keep(tensor):
        kept.append(tensor.numel())
        return tensor

    records = normal(1, 2, 16, 3).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        matching_loss(records, normal(3, 500), normal(1, 2, 500)).backward()
    assert kept == [records.numel()]


def test_neither_target_nor_frequencies_nor_records_are_changed():
    arguments = normal(2, 2, 5, 3).requires_grad_(), normal(3, 20), normal(2, 2, 20)
    before = [part.detach().clone() for part in arguments]
    matching_loss(*arguments).backward()
    assert all(torch.equal(a, b) for a, b in zip(arguments, before, strict=True))


def test_without_a_gradient_the_value_is_the_same():
    arguments = normal(1, 2, 5, 3), normal(3, 20), normal(1, 2, 20)
    with_gradient = matching_loss(arguments[0].clone().requires_grad_(), *arguments[1:])
    assert not matching_loss(*arguments).requires_grad
    assert float(matching_loss(*arguments)) == float(with_gradient.detach())
