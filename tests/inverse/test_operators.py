"""Operators: adjoint, linear, the same for a batch and alone."""

import numpy as np
import pytest
import torch

from sketchlearn.errors import OperatorError
from sketchlearn.inverse import BoxDownsampling, Convolution, Dense, Identity, Mask, adjointness
from sketchlearn.inverse.foreign import explicit, own_operator
from sketchlearn.inverse.operators import Operator

RNG = np.random.default_rng(0)
KERNEL = RNG.random((3, 5))
OPERATORS = {
    "identity": (Identity(), (2, 8, 6)),
    "mask": (Mask(RNG.random((8, 6)) < 0.5), (2, 8, 6)),
    "mask of planes": (Mask(RNG.random((2, 8, 6)) < 0.5), (2, 8, 6)),
    "mask of each": (Mask(RNG.random((3, 8, 6)) < 0.5, per_image=True), (2, 8, 6)),
    "box": (BoxDownsampling(2), (2, 8, 6)),
    "matrix": (Dense(RNG.normal(size=(5, 96)), (2, 8, 6)), (2, 8, 6)),
    "matrix of each": (Dense(RNG.normal(size=(3, 5, 48)), (8, 6)), (1, 8, 6)),
    "circular": (Convolution(KERNEL), (2, 8, 6)),
    "circular of each": (Convolution(RNG.random((3, 4, 4))), (2, 8, 6)),
    "zero": (Convolution(KERNEL, "zero"), (2, 8, 6)),
    "zero of each": (Convolution(RNG.random((3, 4, 4)), "zero"), (2, 8, 6)),
}


@pytest.fixture(params=OPERATORS)
def case(request):
    return OPERATORS[request.param]


def test_the_adjoint_is_one(case):
    assert adjointness(*case, count=3) < 1e-5


def test_measurements_have_the_shape_that_was_told(case):
    operator, planes = case
    assert operator.A(torch.zeros(3, *planes)).shape == (3, *operator.measured(planes))


def test_starts_before_the_images_are_measured_alike(case):
    operator, planes = case
    x = torch.randn(4, 3, *planes, generator=torch.Generator().manual_seed(1))
    whole = operator.A(x)
    assert torch.allclose(whole[2], operator.A(x[2]), atol=1e-5)
    assert torch.allclose(operator.A_adjoint(whole)[2], operator.A_adjoint(whole[2]), atol=1e-4)


def test_some_images_keep_what_is_theirs(case):
    operator, planes = case
    x = torch.randn(3, *planes, generator=torch.Generator().manual_seed(1))
    some = operator.of_images(slice(1, 3)).A(x[1:3])
    assert torch.allclose(operator.A(x)[1:3], some, atol=1e-6)


def test_the_explicit_matrix_measures_the_same(case):
    operator, planes = case
    x = torch.randn(3, *planes, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(explicit(operator, planes).A(x), operator.A(x), atol=1e-4)


def test_the_diagonal_is_that_of_the_product_with_the_adjoint(case):
    operator, planes = case
    diagonal = operator.diagonal(planes)
    if diagonal is None:
        return
    y = torch.randn(3, *operator.measured(planes), generator=torch.Generator().manual_seed(1))
    assert torch.allclose(operator.A(operator.A_adjoint(y)), diagonal * y, atol=1e-5)


def test_a_convolution_is_that_of_scipy():
    from scipy.ndimage import convolve

    x = RNG.random((8, 6))
    for padding, mode in (("circular", "wrap"), ("zero", "constant")):
        blurred = Convolution(KERNEL, padding).A(torch.tensor(x).float()[None, None])
        expected = convolve(x, KERNEL, mode=mode)
        assert np.allclose(blurred[0, 0], expected, atol=1e-5), padding


class Plain:
    """An operator of another library with a forward map alone."""

    def __init__(self, matrix):
        self.matrix = torch.tensor(matrix).float()

    def A(self, x):
        return x.flatten(1) @ self.matrix.T


class OfEach(Plain):
    """One that keeps a matrix for each of three images."""

    def A(self, x):
        assert len(x) == len(self.matrix)
        return torch.einsum("nd,nmd->nm", x.flatten(1), self.matrix).view(len(x), 1, 2, 2)


@pytest.mark.parametrize(
    "made", [Plain(RNG.normal(size=(4, 48))), OfEach(RNG.normal(size=(3, 4, 48)))]
)
def test_a_foreign_operator_needs_no_adjoint(made, monkeypatch):
    x = torch.randn(3, 1, 8, 6, generator=torch.Generator().manual_seed(1))
    small = own_operator(made, 3, (1, 8, 6))
    assert isinstance(small, Dense)
    monkeypatch.setattr("sketchlearn.inverse.foreign._LARGEST_MATRIX", 1)
    large = own_operator(made, 3, (1, 8, 6))
    assert not isinstance(large, Dense)
    for operator in (small, large):
        assert adjointness(operator, (1, 8, 6), count=3) < 1e-5
        assert torch.allclose(operator.A(x), made.A(x), atol=1e-5)
        assert operator.A(x.expand(2, *x.shape)).shape == (2, *made.A(x).shape)


class Squaring:
    def A(self, x):
        return x.square()


class Offset:
    def A(self, x):
        return x + 1


class Clipped:
    def A(self, x):
        return 0.01 * x.clamp(max=200)


class OfNumpy:
    def A(self, x):
        return x.numpy()


class Particular:
    def A(self, x):
        assert x.shape[-1] == 9
        return x


class OfAll:
    def A(self, x):
        return x.sum(0, keepdim=True)


class Ours(Operator):
    """A subclass that a user wrote."""

    def __init__(self, forward, adjoint, shape=(1, 8, 6)):
        self.forward, self.adjoint, self.shape = forward, adjoint, shape

    def A(self, x):
        return self.forward(x)

    def A_adjoint(self, y):
        return self.adjoint(y)

    def measured(self, planes):
        return self.shape


def shifted(x):
    return x.roll(1, -1)


@pytest.mark.parametrize(
    ("operator", "says"),
    [
        (OfNumpy(), "gave ndarray"),
        (Particular(), "AssertionError"),
        (OfAll(), "first axis"),
        (Ours(torch.square, shifted), "not linear"),
        (Ours(shifted, shifted), "not the adjoint"),
        (Ours(shifted, torch.Tensor.size), "A_adjoint failed"),
        (Ours(shifted, lambda y: y.roll(-1, -1), (48,)), "measured says"),
        (Squaring(), "not linear"),
        (Offset(), "not linear"),
        (Plain(np.ones((4, 7))), "failed on 3 images"),
        ("blur", "no method A"),
        (Mask(np.ones((4, 4))), "The mask is for images of"),
        (BoxDownsampling(3), "do not fill"),
        (Dense(np.ones((2, 16)), (4, 4)), "for images of"),
        (Convolution(np.ones((9, 9))), "larger than"),
        (Mask(np.ones((2, 8, 6)), per_image=True), "made for 2 images"),
    ],
)
def test_an_operator_that_does_not_fit_is_refused(operator, says):
    with pytest.raises(OperatorError, match=says):
        own_operator(operator, 3, (1, 8, 6))


def test_a_subclass_that_does_what_it_says_is_taken():
    ours = Ours(shifted, lambda y: y.roll(-1, -1))
    assert own_operator(ours, 3, (1, 8, 6), scale=255.0) is ours


def test_clipping_is_seen_where_measurements_are_as_large():
    assert own_operator(Clipped(), 3, (1, 8, 6), scale=0.1).images is None
    with pytest.raises(OperatorError, match="not linear"):
        own_operator(Clipped(), 3, (1, 8, 6), scale=2.0)


@pytest.mark.parametrize("count", [3, 300])
def test_a_wrong_adjoint_is_refused_where_it_would_be_used(count, monkeypatch):
    class Wrong:
        def A(self, x):
            return Convolution(np.arange(9.0).reshape(3, 3) / 36, "zero").A(x)

        def A_adjoint(self, y):
            return self.A(y)

    assert isinstance(own_operator(Wrong(), count, (1, 8, 6)), Dense)
    monkeypatch.setattr("sketchlearn.inverse.foreign._LARGEST_MATRIX", 1)
    with pytest.raises(OperatorError, match="not the adjoint"):
        own_operator(Wrong(), count, (1, 8, 6))


@pytest.mark.parametrize("scale", [1.0, 1e-7])
def test_operators_of_small_numbers_are_told_from_each_other(scale):
    made = own_operator(OfEach(scale * RNG.normal(size=(3, 4, 48))), 3, (1, 8, 6))
    assert made.images == 3


def test_a_matrix_for_all_is_found_however_many_images_there_are(monkeypatch):
    made = Plain(RNG.normal(size=(4, 48)))
    monkeypatch.setattr("sketchlearn.inverse.foreign._LARGEST_MATRIX", 4 * 48)
    found = own_operator(made, 50, (1, 8, 6))
    assert isinstance(found, Dense)
    assert torch.allclose(found.matrix, made.matrix)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Mask(np.ones(4)),
        lambda: Mask(np.full((2, 2), np.nan)),
        lambda: Dense(np.ones((2, 3)), (2, 2)),
        lambda: Dense(np.ones(4), (2, 2)),
        lambda: Dense(np.ones((6, 64)), (8, 8), shape=(2, 2)),
        lambda: Convolution(np.ones(3)),
        lambda: Convolution(np.ones((3, 3)), "mirror"),
        lambda: BoxDownsampling(0),
        lambda: BoxDownsampling(1.5),
    ],
)
def test_an_operator_that_is_none_is_refused(make):
    with pytest.raises(OperatorError):
        make()
