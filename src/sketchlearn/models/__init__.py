"""What is learnt.

Names load on first use: a model of centroids needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sketchlearn.models.centroids import Centroids
    from sketchlearn.models.gaussian_mixture import GaussianMixtureModel
    from sketchlearn.models.model import Model
    from sketchlearn.models.network import GenerativeModel
    from sketchlearn.models.stable_mixture import StableMixtureModel

__all__ = ["Centroids", "GaussianMixtureModel", "GenerativeModel", "Model", "StableMixtureModel"]

_FILES = {
    "Centroids": "centroids",
    "GaussianMixtureModel": "gaussian_mixture",
    "GenerativeModel": "network",
    "Model": "model",
    "StableMixtureModel": "stable_mixture",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"sketchlearn.models has no public name {name!r}")
    return getattr(importlib.import_module(f"sketchlearn.models.{_FILES[name]}"), name)
