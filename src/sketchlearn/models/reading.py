"""Reading the folder of a model of any family."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sketchlearn.encoding import VectorSchema, schema_from_document
from sketchlearn.errors import FileFormatError, PrivacyError, SketchlearnError
from sketchlearn.models.centroids import Centroids
from sketchlearn.models.gaussian_mixture import GaussianMixtureModel
from sketchlearn.models.mixing import Mixing
from sketchlearn.models.model import WEIGHTS, Model
from sketchlearn.models.stable_mixture import StableMixtureModel
from sketchlearn.models.subspace import Subspace
from sketchlearn.privacy import Ledger
from sketchlearn.storage import read_tensors

_OfParts = Callable[[VectorSchema, dict[str, np.ndarray]], Model[Any]]
_FAMILIES: dict[str, _OfParts] = {
    family.family: family.of_parts
    for family in (Centroids, GaussianMixtureModel, StableMixtureModel, Subspace, Mixing)
}


def read_model(path: str | Path, generator: Any = None) -> Model[Any]:
    """Read a model folder; what it says of itself tells the family.

    Args:
        path: the folder.
        generator: the module of a generative network that was learnt with a user's own.

    Raises:
        StorageError: there is no such folder.
        FileFormatError: it holds no model, one of a newer version, cut short or edited.
    """
    document, tensors = read_tensors(Path(path) / WEIGHTS, "model")
    family = document.get("family", "")
    try:
        model = _model(path, family, document, tensors, generator)
        if "ledger" in document:
            model.ledger = Ledger.from_document(document["ledger"])
    except (KeyError, TypeError, ValueError, RuntimeError, PrivacyError) as error:
        if isinstance(error, SketchlearnError) and not isinstance(error, PrivacyError):
            raise
        raise FileFormatError(
            f"The weights in {path} do not fit the {family or 'generator'}, or parts of the model "
            f"are missing: {error}"
        ) from error
    return model


def _model(
    path: str | Path,
    family: str,
    document: dict[str, Any],
    tensors: dict[str, np.ndarray],
    generator: Any,
) -> Model[Any]:
    if family == "":
        from sketchlearn.models.network import GenerativeModel  # loads torch

        return GenerativeModel.of_parts(document, tensors, generator)
    if family not in _FAMILIES:
        raise FileFormatError(
            f"{path} holds a model of the family {family!r}; this release reads "
            f"{', '.join(_FAMILIES)} and generative networks. Upgrade sketchlearn to read it."
        )
    schema = schema_from_document(document["schema"])
    if not isinstance(schema, VectorSchema):
        raise FileFormatError(f"{path} holds a {family} of a table, which is none.")
    return _FAMILIES[family](schema, tensors)
