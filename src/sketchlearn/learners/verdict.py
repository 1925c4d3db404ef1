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


def judge(problem: MatchingProblem, history: list[dict[str, Any]], steps: int) -> Status:
    """Say how a run of at most `steps` steps went."""
    if problem.signal < 2 * problem.noise:
        return noise_dominates(problem.floor > problem.noise / 2)
    if history[-1]["matched"]:
        return Status.MATCHED
    best = min(history, key=lambda row: row["held_out_distance"])
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


def _falling(history: list[dict[str, Any]], best: float, error: float) -> bool:
    """Tell whether the last quarter of the rows still lowered the distance, beyond its error."""
    if len(history) < _TELLING:
        return True
    before = min(row["held_out_distance"] for row in history[: -(len(history) // 4)])
    return best < 0.8 * before - error
