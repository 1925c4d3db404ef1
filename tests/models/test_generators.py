"""Architectures: made again from what is stored, and of the exact size asked for."""

import pytest
import torch
from torch import nn

from sketchlearn.errors import OptionError
from sketchlearn.models.architectures import build
from sketchlearn.models.generators import (
    MLP,
    Bounded,
    Clipped,
    Convolutional,
    architecture_of,
)
from sketchlearn.models.movements import MOVEMENTS, Moved

GENERATORS = {
    "mlp": lambda: MLP(5, 3, width=8, depth=3, leak=0.2),
    "shallow": lambda: MLP(5, 3, width=8, depth=1),
    "convolutional": lambda: Convolutional(5, (2, 16, 9), channels=4, width=8),
    "bounded": lambda: Bounded(MLP(5, 2, 8, 2), [0.0, -1.0], [1.0, 4.0]),
    "clipped": lambda: Clipped(Convolutional(5, (8, 8), 4, 8), [0.0] * 64, [1.0] * 64),
    "moved": lambda: Moved(Convolutional(5, (8, 9, 3), 4, 8), (8, 9, 3)),
    "bounded images": lambda: Bounded(Convolutional(5, (4, 4), 4, 8), [0.0] * 16, [1.0] * 16),
}


@pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS.keys())
def test_a_generator_is_built_again_from_its_architecture(make):
    generator = make()
    built = build(architecture_of(generator))
    mine, theirs = generator.state_dict(), built.state_dict()
    assert {k: v.shape for k, v in mine.items()} == {k: v.shape for k, v in theirs.items()}
    built.load_state_dict(mine)
    latents = torch.randn(6, 5 + MOVEMENTS * isinstance(generator, Moved))
    assert torch.equal(built(latents), generator(latents))
    assert architecture_of(built) == architecture_of(generator)


@pytest.mark.parametrize(
    ("image", "shape"),
    [
        ((8, 8), (1, 8, 8)),
        ((1, 28, 28), (1, 28, 28)),
        ((3, 17, 13), (3, 17, 13)),
        ((3, 33, 18), (3, 33, 18)),
        ((3, 90, 130), (3, 90, 130)),
    ],
)
def test_a_convolutional_generator_gives_images_of_the_exact_size(image, shape):
    generator = Convolutional(5, image, channels=4, width=8)
    assert generator(torch.randn(2, 5)).shape == (2, *shape)


def test_weights_of_a_convolutional_generator_hardly_grow_with_the_image():
    small, large = (Convolutional(26, (side, side), channels=32, width=512) for side in (28, 224))
    counts = [sum(weights.numel() for weights in made.parameters()) for made in (small, large)]
    assert counts[1] < 1.1 * counts[0]


def test_each_hidden_layer_is_one_of_the_depth_asked_for():
    layers = [each for each in MLP(5, 3, width=8, depth=4) if isinstance(each, nn.Linear)]
    assert [each.out_features for each in layers] == [8, 8, 8, 8, 3]


def test_a_bounded_generator_reaches_its_bounds_column_by_column_and_no_further():
    class Far(nn.Module):
        def forward(self, latents):
            return 1e4 * latents

    bounded = Bounded(Far(), [0.0, -1.0], [1.0, 4.0])
    drawn = bounded(torch.tensor([[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0]]))
    assert drawn.tolist() == [[0.0, -1.0], [1.0, 4.0], [0.5, 1.5]]


def test_a_clipped_generator_reaches_its_bounds_and_leaks_past_them_only_while_learning():
    clipped = Clipped(nn.Identity(), [0.0, -1.0], [1.0, 4.0])
    latents = torch.tensor([[-3.0, -2.0], [2.0, 6.0], [0.0, 0.0]], requires_grad=True)
    leaking = torch.tensor([[-0.0025, -1.0], [1.0, 4.05], [0.5, 1.5]])
    assert torch.allclose(clipped(latents), leaking)
    (slopes,) = torch.autograd.grad(clipped(latents).sum(), latents)
    assert (slopes > 0).all()
    assert clipped.eval()(latents).tolist() == [[0.0, -1.0], [1.0, 4.0], [0.5, 1.5]]


def test_a_users_module_is_told_apart_and_not_guessed():
    own = nn.Linear(5, 3)
    assert architecture_of(own) == {"name": "custom"}
    for architecture in (architecture_of(own), architecture_of(Bounded(own, [0.0], [1.0]))):
        with pytest.raises(OptionError, match="generator of your own"):
            build(architecture)


def test_building_does_not_change_the_stored_architecture():
    stored = architecture_of(MLP(5, 3, 8, 2))
    copy = dict(stored)
    build(stored)
    assert stored == copy
