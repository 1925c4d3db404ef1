"""What a reconstruction gives, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np


class Outcome(Enum):
    """How a reconstruction ended; the value is the sentence to show."""

    EXACT = "Exact: the posterior mean in closed form."
    CONVERGED = "Converged: the loss of every image had stopped falling."
    STEPS_SPENT = (
        "Steps spent: the loss of some images was still falling at the last step, and the best "
        "found is given. See `converged`; more steps or restarts would help."
    )
    FEW_DRAWS = (
        "Few draws: for some images hardly any draw of the generator has weight, and the mean is "
        "little more than the nearest one. See `converged`; give more draws, or method=Search()."
    )
    NOT_MIXED = (
        "Not mixed: some chains hardly moved, or began before the search had converged. See "
        "`converged`; give more warm_up, or a larger tau."
    )

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Reconstruction:
    """Images that a prior and measurements agree on.

    Attributes:
        images: float32 (n, *image), in the source's units; not clipped to its range.
        outcome: how it ended, in words.
        converged: of each image, whether its search or mean is to be trusted, bool (n,).
        tau: deviation of the generator's own error in a pixel that was used; 0 of other priors.
        latents: of the generator, (n, l), or None of other priors.
        classes: class numbers, (n,), or None of other priors.
        losses: -log of prior and likelihood up to a constant, (n,), or None of other priors.
        deviations: of each pixel, (n, *image), from `Langevin`; else None.
        effective: draws that a `PosteriorMean` is as good as, (n,); else None.
    """

    images: np.ndarray
    outcome: Outcome
    converged: np.ndarray
    tau: float = 0.0
    latents: np.ndarray | None = None
    classes: np.ndarray | None = None
    losses: np.ndarray | None = None
    deviations: np.ndarray | None = None
    effective: np.ndarray | None = None
