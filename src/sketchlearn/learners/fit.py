"""What a learner returns: the model, its history, and in words how it went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sketchlearn.models import GenerativeModel


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
    NOISE_DOMINATES = (
        "Noise dominates: the sketch holds more sampling noise than signal. "
        "Use more records, or coarser scales."
    )

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Fit:
    """A learnt model.

    Attributes:
        model: what was learnt.
        history: one dict per evaluation: step, train_distance, held_out_distance, ...
        status: how the fit ended.
    """

    model: GenerativeModel
    history: list[dict[str, Any]]
    status: Status

    def save(self, path: str | Path) -> None:
        """Write the model's folder with the history and the status in it."""
        lines = "".join(json.dumps(row) + "\n" for row in self.history)
        self.model.save(
            path,
            {"history.jsonl": lines.encode(), "status.txt": f"{self.status}\n".encode()},
        )
