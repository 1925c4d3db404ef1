"""What one evaluation compares: generated records, and two halves of the real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sketchlearn.evaluation.real_records import (
    LabelledRecords,
    ModelSchema,
    finite_matrix,
    read_records,
)
from sketchlearn.evaluation.splits import halves


class SupportsSample(Protocol):
    """What evaluation asks of a model."""

    @property
    def schema(self) -> ModelSchema:
        """Columns, label and image shape of the records it generates."""
        ...

    def sample(self, count: int, /, *, seed: int) -> Any:
        """Return `n` records with `to_numpy()` and `labels`."""
        ...


@dataclass(frozen=True)
class Case:
    """Standardised records of one evaluation.

    Attributes:
        generated: at least n records, and as many as classifiers train on.
        holdout: all real records to judge against.
        train: the records that the model was fitted on, or None.
        half_a: rows of the holdout, n of them.
        half_b: n other rows of the holdout.
        seed: draws whatever a metric draws.
    """

    generated: LabelledRecords
    holdout: LabelledRecords
    train: LabelledRecords | None
    half_a: np.ndarray
    half_b: np.ndarray
    seed: int

    @property
    def compared(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The n generated records, and the halves A and B."""
        values = self.holdout.values
        return self.generated.values[: len(self.half_a)], values[self.half_a], values[self.half_b]


def prepare(
    model: SupportsSample, holdout: Any, train: Any, samples: int | None, seed: int
) -> Case:
    """Read, split, generate and standardise.

    Args and raised errors are those of `sketchlearn.evaluation.evaluate`.
    """
    real = read_records(holdout, model.schema, "holdout", seed)
    known = None
    if train is not None:
        known = _shuffled(read_records(train, model.schema, "train", seed + 1), seed)
    half_a, half_b = (rows[:samples] for rows in halves(real, seed))
    trained_on = 0 if known is None else min(len(known), samples or len(known))
    generated = _generate(model, max(len(half_a), trained_on), seed)
    standardise = _standardiser(real.values[np.r_[half_a, half_b]], model.schema.image)
    return Case(
        standardise(generated),
        standardise(real),
        None if known is None else standardise(known),
        half_a,
        half_b,
        seed,
    )


def _generate(model: SupportsSample, count: int, seed: int) -> LabelledRecords:
    """Generate records, in random order."""
    drawn = model.sample(count, seed=seed)
    values = finite_matrix(drawn.to_numpy(), len(model.schema.columns), "generated")
    labels = None if drawn.labels is None else np.asarray(drawn.labels)
    return _shuffled(LabelledRecords(values, labels), seed)


def _shuffled(records: LabelledRecords, seed: int) -> LabelledRecords:
    """Put records in random order, so that the first few are a fair sample of all."""
    return records.take(np.random.default_rng(seed).permutation(len(records)))


def _standardiser(
    real: np.ndarray, image: tuple[int, ...] | None
) -> Callable[[LabelledRecords], LabelledRecords]:
    """Return the map to deviations of the real records; pixels keep their proportions."""
    mean, deviation = real.mean(axis=0), real.std(axis=0)
    # A constant column has a deviation of rounding errors, not of 0.
    deviation[deviation <= 1e-12 * np.abs(mean)] = 0.0
    if image is not None:
        deviation[:] = np.sqrt(np.mean(deviation**2))
    deviation[deviation == 0] = 1.0
    return lambda records: LabelledRecords((records.values - mean) / deviation, records.labels)
