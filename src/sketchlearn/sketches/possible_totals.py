"""Totals that records can have, nearest to noised ones: what follows from those alone is free."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sketchlearn.features import UNIT
from sketchlearn.privacy import Relation
from sketchlearn.privacy.blocks import COUNTS
from sketchlearn.sketches.moments import SideSums
from sketchlearn.sketches.plan import Plan
from sketchlearn.sketches.totals import Totals

# A number of dropped records within so many deviations of its noise is taken for none.
_NO_DROPPED = 4.0


def noised_totals(plan: Plan, made: Mapping[str, np.ndarray]) -> Totals:
    """Return noised sums by name as totals, as they are; sums that were dropped are zero."""
    none = Totals.of_none(plan)
    return Totals(
        made[COUNTS][:-1],
        made.get("sums", none.sums),
        {name: made[name] for name in none.statistics},
        SideSums(
            made.get("first_moments", none.side.first),
            made.get("second_moments", none.side.second),
            *plan.schema.encoded_bounds,
        ),
        int(made[COUNTS][-1]),
    )


def possible_totals(
    plan: Plan, totals: Totals, noise: Mapping[str, float], relation: Relation
) -> Totals:
    """Return the totals nearest to noised ones that some records can have.

    Under "replace-one" all counts sum to the public number of records, and go on to.
    """
    counts, dropped = totals.counts, totals.dropped
    size = int(counts.sum()) + dropped
    dropped = 0 if dropped < _NO_DROPPED * noise[COUNTS] else dropped
    counts = np.maximum(counts, 0)
    if relation == "replace-one":
        counts = _summing_to(counts, size - dropped)
    side, count = totals.side, max(1, int(counts.sum()))
    if "first_moments" in noise:
        lower, upper = plan.schema.encoded_bounds
        edges = np.array([lower, upper]) * (count / UNIT)
        first = np.clip(side.first, np.ceil(edges[0]), np.floor(edges[1])).astype(np.int64)
        side = SideSums(first, _possible(first, side.second, count), lower, upper)
    return Totals(counts, totals.sums, totals.statistics, side, dropped)


def _summing_to(counts: np.ndarray, size: int) -> np.ndarray:
    """Return counts moved alike to sum to a number of records, none below 0."""
    moved = counts.astype(np.float64)
    if not moved.any():
        moved += size / len(moved)
    for _ in counts:
        held = moved > 0
        moved[held] += (size - moved.sum()) / max(1, held.sum())
        moved = np.maximum(moved, 0)
    whole = np.floor(moved).astype(np.int64)
    most = np.argsort(whole - moved)[: size - int(whole.sum())]
    whole[most] += 1
    return whole


def _possible(first: np.ndarray, second: np.ndarray, count: int) -> np.ndarray:
    """Return the second moments nearest to noised ones that records can have."""
    mean = first / count
    if second.ndim == 1:
        return np.maximum(second, np.ceil(mean**2 * UNIT * count).astype(np.int64))
    outer = np.outer(mean, mean) * UNIT * count
    values, vectors = np.linalg.eigh((second + second.T) / 2 - outer)
    covariance = (vectors * np.maximum(values, 0)) @ vectors.T
    return np.rint(covariance + outer).astype(np.int64)
