"""How a run is judged."""

from types import SimpleNamespace

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.learners.fit import Status
from sketchlearn.learners.verdict import judge


def problem(noise=1e-4, signal=1.0, floor=0.0):
    return SimpleNamespace(
        noise=noise, signal=signal, classes=[0], floor=floor, error=lambda _: noise / 20
    )


def rows(held_out, train=None, last=8, matched=False):
    """A history of evaluations at equal steps, the last at step `last`, perhaps a match."""
    train = train or held_out
    steps = np.linspace(1, last, len(held_out)).astype(int)
    keys = ("step", "held_out_distance", "train_distance")
    history = [
        dict(zip(keys, row, strict=True), matched=False)
        for row in zip(steps, held_out, train, strict=True)
    ]
    history[-1]["matched"] = matched
    return history


FLAT = [0.08, 0.05, 0.031, 0.03, 0.03, 0.03, 0.03, 0.03]
FALLING = [0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01]
TOO_GOOD = [0.08, 0.05, 0.02, 0.01, 0.005, 0.004, 0.003, 0.002]


@pytest.mark.parametrize(
    ("noise", "history", "status"),
    [
        (0.6, rows(FLAT), sl.Status.NOISE_DOMINATES),
        (1e-4, rows(FLAT, TOO_GOOD), sl.Status.SKETCH_TOO_SMALL),
        (1e-4, rows(FALLING), sl.Status.BUDGET_SPENT),
        (1e-4, rows(FLAT), sl.Status.CONVERGED),
        # patience ran out, whatever the last rows say
        (1e-4, rows(FALLING, last=5), sl.Status.CONVERGED),
        # as near as the law itself, but still falling
        (0.01, rows(FALLING), sl.Status.BUDGET_SPENT),
        # down in the sampling noise there is nothing to overfit
        (0.02, rows(FLAT, TOO_GOOD), sl.Status.CONVERGED),
        # a train distance below zero is the estimate's own error
        (1e-4, rows(FLAT, [-x for x in FLAT]), sl.Status.SKETCH_TOO_SMALL),
        # well within the noise of the sketch, at whatever step
        (0.05, rows(FALLING, last=5, matched=True), sl.Status.MATCHED),
        (0.6, rows(FALLING, matched=True), sl.Status.NOISE_DOMINATES),
        # too few rows to tell whether it was still falling
        (1e-4, rows([0.03, 0.03]), sl.Status.BUDGET_SPENT),
        # most of the signal is unexplained, and nothing moves
        (1e-4, rows([0.5] * 8), sl.Status.STUCK),
        (1e-4, rows([0.5] * 2, last=5), sl.Status.STUCK),
        # little is unexplained, but the run never moved
        (1e-4, rows([0.06] * 8), sl.Status.STUCK),
    ],
)
def test_a_run_is_judged_by_its_history_and_the_noise(noise, history, status):
    assert judge(problem(noise), history, 8) is status


def test_noise_of_a_release_is_told_from_that_of_few_records():
    assert judge(problem(0.6, floor=0.5), rows([0.5] * 8), 8) is Status.RELEASE_DOMINATES
    assert judge(problem(0.6, floor=0.1), rows([0.5] * 8), 8) is Status.NOISE_DOMINATES


def test_what_many_frequencies_tell_together_is_not_called_noise():
    assert judge(problem(0.6, floor=0.6), rows(FLAT), 8) is Status.CONVERGED
    # half of the signal, within the error of the distance
    assert judge(problem(0.6, floor=0.6), rows([0.45] * 8), 8) is Status.RELEASE_DOMINATES
    # the noise of few records is not subtracted: so small a distance is chance
    assert judge(problem(0.6, floor=0.1), rows(FLAT), 8) is Status.NOISE_DOMINATES
