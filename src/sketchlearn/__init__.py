"""sketchlearn learns from data it reads once.

One pass turns any number of records into a sketch, a few thousand averaged random features;
models are then learnt from the sketch alone. Public names load on first use, so importing the
package imports neither torch nor scikit-learn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sketchlearn import inverse as inverse
    from sketchlearn.encoding import Records
    from sketchlearn.engines import plan, sketch
    from sketchlearn.errors import SketchlearnError
    from sketchlearn.evaluation import evaluate
    from sketchlearn.evaluation.asking import ask
    from sketchlearn.evaluation.drift import drift
    from sketchlearn.learners.artefacts import load
    from sketchlearn.learners.fit import Fit, Status
    from sketchlearn.learners.gaussian_mixture import GaussianMixture
    from sketchlearn.learners.generative import GenerativeNetwork
    from sketchlearn.learners.ica import ICA
    from sketchlearn.learners.kmeans import KMeans
    from sketchlearn.learners.pca import PCA
    from sketchlearn.learners.stable_mixture import StableMixture
    from sketchlearn.models import (
        Centroids,
        GaussianMixtureModel,
        GenerativeModel,
        Mixing,
        StableMixtureModel,
        Subspace,
    )
    from sketchlearn.sketches import Plan, Sketch
    from sketchlearn.sketches.noisy_bounds import noisy_bounds
    from sketchlearn.sources import open_source

__all__ = [
    "ICA",
    "PCA",
    "Centroids",
    "Fit",
    "GaussianMixture",
    "GaussianMixtureModel",
    "GenerativeModel",
    "GenerativeNetwork",
    "KMeans",
    "Mixing",
    "Plan",
    "Records",
    "Sketch",
    "SketchlearnError",
    "StableMixture",
    "StableMixtureModel",
    "Status",
    "Subspace",
    "ask",
    "drift",
    "evaluate",
    "load",
    "noisy_bounds",
    "open_source",
    "plan",
    "sketch",
]

_ROOMS = {
    "ICA": "learners.ica",
    "PCA": "learners.pca",
    "Centroids": "models",
    "Fit": "learners.fit",
    "GaussianMixture": "learners.gaussian_mixture",
    "GaussianMixtureModel": "models",
    "GenerativeModel": "models",
    "GenerativeNetwork": "learners.generative",
    "KMeans": "learners.kmeans",
    "Mixing": "models",
    "Plan": "sketches",
    "Records": "encoding",
    "Sketch": "sketches",
    "SketchlearnError": "errors",
    "StableMixture": "learners.stable_mixture",
    "StableMixtureModel": "models",
    "Status": "learners.fit",
    "Subspace": "models",
    "ask": "evaluation.asking",
    "drift": "evaluation.drift",
    "evaluate": "evaluation",
    "load": "learners.artefacts",
    "noisy_bounds": "sketches.noisy_bounds",
    "open_source": "sources",
    "plan": "engines",
    "sketch": "engines",
}


def __getattr__(name: str) -> Any:
    if name == "inverse":  # a room of its own, with names of its own
        return importlib.import_module("sketchlearn.inverse")
    if name not in _ROOMS:
        raise AttributeError(f"sketchlearn has no public name {name!r}")
    return getattr(importlib.import_module(f"sketchlearn.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
