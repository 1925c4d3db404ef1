"""What is learnt from, and how well, in the sweeps of `benchmarks.open_challenges`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from examples.planar_sets import SETS as PLANAR
from sklearn.linear_model import LogisticRegression

from benchmarks import image_sets
from benchmarks.image_cnn import cnn_accuracy
from benchmarks.image_methods import write_images
from benchmarks.planar import RECORDS, over_floor
from sketchlearn.evaluation import downstream
from sketchlearn.models import GenerativeModel

_DRAWS = 5

# Generated images of each class that classifiers are trained on; the logistic regression takes a
# quarter of them.
_EACH = 2_000


@dataclass(frozen=True)
class Judge:
    """A set of data and what tells how well it was learnt.

    Attributes:
        seconds: of the processor for one fit.
        records: from a seed, the source and the options of its plan.
        figures: from a model and a seed, figures by name.
    """

    seconds: float
    records: Callable[[int], tuple[Any, dict[str, Any]]]
    figures: Callable[[GenerativeModel, int], dict[str, float]]


def judge_of(name: str, data: Path, scratch: Path) -> Judge:
    """Return the judge of a set by name; images of 28 × 28 are written under `scratch`."""
    if name in PLANAR:
        return _planar(name)
    if name == "digits":
        return _digits(data)
    return _images(name, data, scratch)


def _planar(name: str) -> Judge:
    law = PLANAR[name]

    def figures(model: GenerativeModel, seed: int) -> dict[str, float]:
        return {"W1 over its floor": over_floor(model, law, seed, _DRAWS)}

    return Judge(20.0, lambda seed: (law(RECORDS, np.random.default_rng([seed, 0])), {}), figures)


def _digits(data: Path) -> Judge:
    held = image_sets.load("digits", data, validation=True)

    def figures(model: GenerativeModel, seed: int) -> dict[str, float]:
        made = model.sample(3000, seed=seed + 1)
        test = held.test_images.reshape(len(held.test_images), -1) / 16, held.test_labels
        return downstream(made.values / 16, made.labels, *test, seed=seed)

    source = (held.train_images, held.train_labels)
    return Judge(40.0, lambda _: (source, {"label": "digit"}), figures)


def _images(name: str, data: Path, scratch: Path) -> Judge:
    held = image_sets.load(name, data, validation=True)
    image = held.train_images.shape[1:]
    file = scratch / f"{name}.parquet"
    write_images(held, file)
    tested = held.unit(held.test_images)
    classes = np.unique(held.train_labels)

    def figures(model: GenerativeModel, seed: int) -> dict[str, float]:
        drawn = [model.sample(_EACH, seed + 1 + c, label=c).values for c in classes.tolist()]
        made = (np.stack(drawn, axis=1).reshape(-1, *image) / held.top).astype(np.float32)
        labels = np.tile(classes, _EACH)
        few = len(made) // 4
        logistic = LogisticRegression(max_iter=300, tol=1e-3)
        logistic.fit(made[:few].reshape(few, -1), labels[:few])
        told = logistic.score(tested.reshape(len(tested), -1), held.test_labels)
        cnn = cnn_accuracy(made, labels, tested, held.test_labels, seed)
        return {"logistic": float(told), "cnn": cnn}

    return Judge(60.0, lambda _: (file, {"label": "label", "image": image}), figures)
