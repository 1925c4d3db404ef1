"""Large images by a law of their patches: each pixel is the mean over the patches that hold it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sketchlearn.inverse.gaussian import GaussianLaw, posterior_mean
from sketchlearn.inverse.operators import Identity

# Patches whose posterior means are found at once.
_AT_ONCE = 20_000


def are_larger(y: Tensor, law: GaussianLaw) -> bool:
    """Tell whether grey images (n, height, width) are larger than those of a law."""
    shape, image = tuple(y.shape), law.layout.image
    return (
        len(shape) == 3
        and len(image) == 2
        and shape[1:] != image
        and all(large >= small for large, small in zip(shape[1:], image, strict=True))
    )


def denoised_by_patches(y: Tensor, law: GaussianLaw, noise: float) -> np.ndarray:
    """Return images (n, height, width) without their noise, float32.

    The posterior mean of every patch is found, and where patches overlap they are averaged.
    (Zoran and Weiss, "From Learning Models of Natural Image Patches to Whole Image Restoration",
    ICCV 2011, with one iteration.)

    Args:
        y: noisy images, finite, float32.
        law: of patches.
        noise: deviation of the noise.
    """
    sides = law.layout.planes[1:]
    return np.stack([_denoised(one, law, noise, sides) for one in y])


def _denoised(image: Tensor, law: GaussianLaw, noise: float, sides: tuple[int, int]) -> np.ndarray:
    whole = image[None, None]
    columns = torch.nn.functional.unfold(whole, sides)[0].mT  # (patches, pixels)
    made = [
        posterior_mean(law, Identity(), some.view(-1, 1, *sides), noise).flatten(1)
        for some in columns.split(_AT_ONCE)
    ]
    patches = torch.cat(made).mT[None]
    total = torch.nn.functional.fold(patches, image.shape, sides)
    often = torch.nn.functional.fold(torch.ones_like(patches), image.shape, sides)
    return (total / often)[0, 0].numpy()
