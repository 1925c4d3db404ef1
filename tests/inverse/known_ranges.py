"""Generators of random weights, and images in their range."""

import numpy as np
import torch

from sketchlearn.encoding import VectorSchema
from sketchlearn.encoding.schema import Label
from sketchlearn.models import GenerativeModel
from sketchlearn.models.generators import MLP

SIDE, LATENT = 8, 12


def generator_of(image, *, latent=LATENT, classes=(), seed=0, center=0.5, spread=0.3):
    """A random network of images, with weights that keep variances."""
    size = int(np.prod(image))
    label = Label("kind", tuple(classes)) if classes else None
    schema = VectorSchema(
        columns=tuple(f"x{j}" for j in range(size)),
        dtypes=("float64",) * size,
        center=(center,) * size,
        spread=(spread,) * size,
        image=tuple(image) if len(image) > 1 else None,
        label=label,
    )
    random = torch.Generator().manual_seed(seed)
    network = MLP(latent + len(classes), size, width=128, depth=2, leak=0.2)
    with torch.no_grad():
        for layer in network:
            if isinstance(layer, torch.nn.Linear):
                gain = (2 / layer.in_features) ** 0.5
                layer.weight.copy_(gain * torch.randn(layer.weight.shape, generator=random))
                layer.bias.copy_(0.1 * torch.randn(layer.bias.shape, generator=random))
    proportions = np.full(max(1, len(classes)), 1 / max(1, len(classes)))
    bounds = np.full(size, -10.0), np.full(size, 10.0)
    return GenerativeModel(network, schema, latent, proportions, *bounds)


def in_range(model, count, seed=1):
    """Images (n, *image) of random latents, in the source's units."""
    random = torch.Generator().manual_seed(seed)
    schema = model.schema
    classes = torch.arange(count) % schema.class_count if schema.label else None
    with torch.no_grad():
        encoded = model.generate(torch.randn(count, model.latent, generator=random), classes)
    values = encoded.numpy() * np.array(schema.spread) + np.array(schema.center)
    return values.reshape(count, *(schema.image or (schema.dimension,)))


def noisy(values, sigma, seed=2):
    return values + sigma * np.random.default_rng(seed).normal(size=values.shape)
