"""Are generated records copies of training records?"""

from __future__ import annotations

import numpy as np

from sketchlearn.evaluation.neighbours import check_pair, nearest_distances, subsample


def closest_record(
    generated: np.ndarray,
    holdout: np.ndarray,
    train: np.ndarray,
    seed: int = 0,
    most: int = 5_000,
) -> dict[str, float]:
    """Compare how near generated and held-out records come to the training records.

    A model that copies brings its records nearer to training records than records it has
    never seen are. A ratio under 1, or more copies than expected, is the sign of it; a
    ratio over 1 means that the records lie away from the data.

    Source: the "distance to closest record" of Park, Mohammadi, Gorde, Jajodia, Park,
    Kim, "Data Synthesis based on Generative Adversarial Networks", VLDB 2018, here
    relative to held-out records.

    Args:
        generated: records, shape (n, d).
        holdout: real records that the model was not fitted on, shape (m, d).
        train: real records that the model was fitted on, shape (t, d).
        seed: draws the subsamples.
        most: generated and held-out records used, drawn at random when there are more;
            all training records are used.

    Returns:
        "closest_record_ratio": median distance to the closest training record of the
            generated records over that of the held-out ones, 1 expected;
        "copies": share of generated records as near to a training record as the nearest
            1% of the held-out ones, 0 to 1;
        "copies_expected": share of the held-out records that near: 0.01, or more when
            there are fewer than 100 of them or when many distances tie.
    """
    check_pair(generated, train)
    check_pair(holdout, train)
    near = nearest_distances(subsample(generated, most, seed), train)
    usual = nearest_distances(subsample(holdout, most, seed + 1), train)
    threshold = np.quantile(usual, 0.01)
    # Not "nearer than" but "as near as": with discrete columns the threshold may be 0,
    # and exact copies must still count.
    return {
        "closest_record_ratio": ratio(float(np.median(near)), float(np.median(usual))),
        "copies": float(np.mean(near <= threshold)),
        "copies_expected": float(np.mean(usual <= threshold)),
    }


def ratio(value: float, floor: float) -> float:
    """Return value / floor, with 1 for 0 / 0 and infinity for anything else over 0."""
    if floor == 0:
        return 1.0 if value == 0 else float("inf")
    return value / floor
