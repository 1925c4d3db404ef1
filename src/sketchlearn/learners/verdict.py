"""How a run went, told from its history and the noise of the sketch."""

from __future__ import annotations

from typing import Any

from sketchlearn.learners.fit import Status
from sketchlearn.learners.mixture_options import noise_dominates
from sketchlearn.learners.problem import MatchingProblem
from sketchlearn.learners.training import EVALUATION_RECORDS

# Evaluations below which a history does not tell whether a distance still falls.
_TELLING = 4

# A distance that never fell below this share of the first one has not moved, as when a network
# saturated within its first steps.
_UNMOVED = 0.8

# Under more noise than signal, a model that leaves less than this share of the signal has learnt.
_EXPLAINED = 0.5


def judge(problem: MatchingProblem, history: list[dict[str, Any]], steps: int) -> Status:
    """Say how a run of at most `steps` steps went."""
    best = min(history, key=lambda row: row["held_out_distance"])
    if problem.signal < 2 * problem.noise:
        released = problem.floor > problem.noise / 2
        if not (released and _learnt(problem, best["held_out_distance"])):
            return noise_dominates(released)
    if history[-1]["matched"]:
        return Status.MATCHED
    # distances below this are not told apart from zero by the evaluation's own records
    error = len(problem.classes) / (2 * EVALUATION_RECORDS)
    blur = problem.noise + error
    excess = best["held_out_distance"] - max(best["train_distance"], 0.0)
    if best["held_out_distance"] > 4 * blur and excess > 0.5 * best["held_out_distance"]:
        return Status.SKETCH_TOO_SMALL
    early = history[-1]["step"] < steps
    unmoved = len(history) >= _TELLING and best["held_out_distance"] > max(
        _UNMOVED * history[0]["held_out_distance"], 10 * blur
    )
    if unmoved or best["held_out_distance"] > 0.1 * problem.signal + 4 * blur:
        return Status.STUCK if early or len(history) >= _TELLING else Status.BUDGET_SPENT
    falling = not early and _falling(history, best["held_out_distance"], error)
    return Status.BUDGET_SPENT if falling else Status.CONVERGED


def _learnt(problem: MatchingProblem, distance: float) -> bool:
    """Tell whether a model explains most of what frequencies that it did not see say.

    Many frequencies together tell what noise hides on each of them. A release's noise is
    subtracted from their distance, and what is left is true within its error.
    """
    return distance + 2 * problem.error(distance) < _EXPLAINED * problem.signal


def _falling(history: list[dict[str, Any]], best: float, error: float) -> bool:
    """Tell whether the last quarter of the rows still lowered the distance, beyond its error."""
    if len(history) < _TELLING:
        return True
    before = min(row["held_out_distance"] for row in history[: -(len(history) // 4)])
    return best < 0.8 * before - error
