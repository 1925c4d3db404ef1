"""How many steps of a fit take so long."""

from __future__ import annotations

import contextlib
import time

import numpy as np

import sketchlearn as sl

_TIMED_STEPS = 12


class _Enough(Exception):  # noqa: N818 (it ends a trial; it is no error)
    pass


def steps_within(seconds: float, sketch: sl.Sketch, batch: int) -> int:
    """Return the steps that fit in seconds of the processor, by the median time of a few.

    Evaluations, some forty in a run, come on top.
    """
    marks: list[float] = []

    def mark(step: int, row: dict[str, float]) -> None:  # noqa: ARG001
        marks.append(time.process_time())
        if len(marks) > _TIMED_STEPS:
            raise _Enough

    with contextlib.suppress(_Enough):
        sl.GenerativeNetwork(steps=10**6, batch=batch).fit(sketch, on_step=mark)
    return max(1, int(seconds / float(np.median(np.diff(marks)))))
