"""What is learnt.

Names load on first use: a model of centroids needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sketchlearn.models.centroids import Centroids
    from sketchlearn.models.gaussian_mixture import GaussianMixtureModel
    from sketchlearn.models.mixing import Mixing
    from sketchlearn.models.model import Model
    from sketchlearn.models.network import GenerativeModel
    from sketchlearn.models.stable_mixture import StableMixtureModel
    from sketchlearn.models.subspace import Subspace

__all__ = [
    "Centroids",
    "GaussianMixtureModel",
    "GenerativeModel",
    "Mixing",
    "Model",
    "StableMixtureModel",
    "Subspace",
]

_FILES = {
    "Centroids": "centroids",
    "GaussianMixtureModel": "gaussian_mixture",
    "GenerativeModel": "network",
    "Mixing": "mixing",
    "Model": "model",
    "StableMixtureModel": "stable_mixture",
    "Subspace": "subspace",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"sketchlearn.models has no public name {name!r}")
    return getattr(importlib.import_module(f"sketchlearn.models.{_FILES[name]}"), name)
