"""What a learner returns: the model, its history, and in words how it went."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Generic, TypeVar

from sketchlearn.errors import FitError
from sketchlearn.models.model import Model
from sketchlearn.sketches import Sketch


class Status(Enum):
    """How a fit ended; the value is the sentence to show."""

    CONVERGED = "Converged: the distance on held-out frequencies no longer falls."
    MATCHED = (
        "Matched: the model is far closer to the sketch than the sketch is to the law of its "
        "records, by their number. More steps would learn these records, not their law."
    )
    BUDGET_SPENT = (
        "Budget spent: the distance on held-out frequencies was still falling at the last "
        "step. More steps would help."
    )
    SKETCH_TOO_SMALL = (
        "Sketch too small: the drawn frequencies are matched much better than held-out ones. "
        "Sketch again with a larger size."
    )
    STUCK = (
        "Stuck: the generator no longer improves, or never did, far from matching the sketch. "
        "Try another seed, restarts, a smaller learning_rate or a larger generator."
    )
    FITS = "Fits: the model leaves no more of the sketch than so many records of its own law would."
    DIFFERS = (
        "Differs: the model leaves more of the sketch than sampling would, by the factor in the "
        "history. Components of other shapes, or more of them, would come nearer."
    )
    FEWER = (
        "Fewer: some components have next to no mass, since fewer describe the sketch as well. "
        "Ask for fewer."
    )
    COARSE = (
        "Coarse: the sketch has too few directions for what these components leave of the "
        "variance. Sketch again with more directions, or with moments='full'."
    )
    UNSCALED = (
        "Unscaled: one column has nearly all of the variance, and decides alone. For k-means, "
        "divide the columns by their deviations and sketch again; for components, sketch again "
        "with standardise='columns'."
    )
    HEAVY_TAILS = (
        "Heavy tails: a few records make up much of a column's variance, so that variances are "
        "not what describes these records. Transform the columns, or learn a StableMixture."
    )
    NEARLY_GAUSSIAN = (
        "Nearly Gaussian: two sources or more differ too little from Gaussian ones for so many "
        "records to tell them apart. Ask for fewer components, or use more records."
    )
    AXES_MOVED = (
        "Axes moved: the sources lie far from where the pilot saw them, farther than one step "
        "corrects. Sketch again with a plan from a larger pilot, of records in random order."
    )
    NOISE_DOMINATES = (
        "Noise dominates: the sketch holds more sampling noise than signal. "
        "Use more records, or coarser scales."
    )
    RELEASE_DOMINATES = (
        "The release dominates: its noise outweighs what the sketch says of the records. It takes "
        "more of them, or a larger epsilon, by the factor in the history; or coarser scales."
    )

    def __str__(self) -> str:
        return self.value


def more_needed(noise: float, signal: float, frequencies: int) -> float:
    """Return how many times the records, or ε, would make a release's noise half of the signal.

    Its square falls with the square of either. A signal below what that many frequencies can tell
    from noise is taken for as much: then it is a factor that would do at least.
    """
    return math.sqrt(2 * noise / max(signal, noise / math.sqrt(frequencies)))


ModelT = TypeVar("ModelT", bound=Model[Any])


@dataclass(frozen=True)
class Fit(Generic[ModelT]):
    """A learnt model.

    Attributes:
        model: what was learnt.
        history: one dict per evaluation of a network (step, train_distance, held_out_distance,
            ...), or per stage of a decoder (stage, components, residual over its expectation).
        status: how the fit ended.
    """

    model: ModelT
    history: list[dict[str, Any]]
    status: Status

    @classmethod
    def of(
        cls, sketch: Sketch, model: ModelT, history: list[dict[str, Any]], status: Status
    ) -> Fit[ModelT]:
        """Return a fit whose model bears the releases of the sketch that it was learnt from."""
        if sketch.noise is not None:
            model.ledger = sketch.ledger
        return cls(model, history, status)

    def save(self, path: str | Path) -> None:
        """Write the model's folder with the history and the status in it."""
        lines = "".join(json.dumps(row) + "\n" for row in self.history)
        self.model.save(
            path,
            {"history.jsonl": lines.encode(), "status.txt": f"{self.status}\n".encode()},
        )


def require_sketch(sketch: object) -> None:
    """Refuse to learn from anything but a sketch of at least one record.

    Raises:
        FitError: it is no sketch.
        EmptySourceError: the sketch holds no record.
    """
    if not isinstance(sketch, Sketch):
        raise FitError(
            f"A {type(sketch).__name__} was given; a sketch was expected. Make one of a source "
            "with sketchlearn.sketch(source), or read a file with sketchlearn.load(path)."
        )
    if sketch.is_share:
        raise FitError(
            "The sketch is one party's share of a release, with a part of the noise. Add up all "
            "with Sketch.of_shares (on the command line: merge --shares), and learn from the sum."
        )
    sketch.require_records()
