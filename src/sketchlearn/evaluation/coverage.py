"""Are generated records plausible, and do they reach everywhere real ones are?"""

from __future__ import annotations

import numpy as np

from sketchlearn.errors import OptionError
from sketchlearn.evaluation.neighbours import (
    check_pair,
    distance_blocks,
    neighbour_radii,
    subsample,
)


def neighbour_coverage(
    generated: np.ndarray, real: np.ndarray, k: int = 5, seed: int = 0, most: int = 5_000
) -> dict[str, float]:
    """Compare two samples by the balls around real records that reach k real neighbours.

    Higher is better for all three. For equal laws, precision is near 1, density near 1,
    and coverage near 1 - 2**-k when both samples are of equal size.

    Sources: precision from Kynkäänniemi, Karras, Laine, Lehtinen, Aila, "Improved
    Precision and Recall Metric for Assessing Generative Models", NeurIPS 2019; density
    and coverage from Naeem, Oh, Uh, Choi, Yoo, "Reliable Fidelity and Diversity Metrics
    for Generative Models", ICML 2020.

    Args:
        generated: records, shape (n, d).
        real: records, shape (m, d), m more than k.
        k: which neighbour sets the radius of a ball.
        seed: draws the subsamples.
        most: records used of each sample, drawn at random when there are more.

    Returns:
        "precision": share of generated records inside some ball, 0 to 1;
        "density": how many balls hold a generated record, over k, from 0 up;
        "coverage": share of balls that hold a generated record, 0 to 1.
    """
    if k < 1:
        raise OptionError(f"k is {k}; expected at least 1. Use 5.")
    check_pair(generated, real)
    check_pair(real, real, least=k + 1)
    generated, real = subsample(generated, most, seed), subsample(real, most, seed + 1)
    radii = neighbour_radii(real, k)
    balls = np.empty(len(generated))
    reached = np.zeros(len(real), dtype=bool)
    for rows, distances in distance_blocks(generated, real):
        inside = distances <= radii
        balls[rows] = inside.sum(axis=1)
        reached |= inside.any(axis=0)
    return {
        "precision": float(np.mean(balls > 0)),
        "density": float(np.mean(balls) / k),
        "coverage": float(np.mean(reached)),
    }
