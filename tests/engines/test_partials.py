"""Partial sketches, as workers make them and drivers read them."""

import inspect
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn import errors
from sketchlearn.engines.partials import Order, _plan_of, outcome, sketches_in
from sketchlearn.sketches import Sketch

RECORDS = np.random.default_rng(0).standard_normal((300, 2))
PLAN = sl.plan(RECORDS, size=16)
ORDER = Order.of(PLAN, "refuse")
REFUSALS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.SketchlearnError)
]


def table_of(records):
    return pa.table({"x0": records[:, 0], "x1": records[:, 1]})


def test_partial_sketches_merge_to_the_whole():
    parts = [ORDER.sketch([table_of(part)]) for part in np.array_split(RECORDS, 7)]
    merged = ORDER.merge([ORDER.merge(parts[:3]), ORDER.merge(parts[3:])])
    assert Sketch.from_bytes(merged, PLAN) == sl.sketch(RECORDS, PLAN)


def test_nothing_gives_the_sketch_of_nothing():
    for nothing in (ORDER.sketch([]), ORDER.sketch([table_of(RECORDS[:0])]), ORDER.merge([])):
        assert Sketch.from_bytes(nothing, PLAN) == Sketch(PLAN)


def test_the_same_partition_gives_the_same_bytes():
    assert ORDER.sketch([table_of(RECORDS)]) == ORDER.sketch([table_of(RECORDS)])


def test_frequencies_are_drawn_once_a_process(monkeypatch):
    drawn = []
    draw = sl.Plan.frequencies.func
    monkeypatch.setattr(sl.Plan.frequencies, "func", lambda plan: drawn.append(1) or draw(plan))
    _plan_of.cache_clear()
    for part in np.array_split(RECORDS, 5):
        ORDER.sketch([table_of(part)])
    assert drawn == [1]


def test_other_frequencies_than_the_driver_s_are_refused():
    other = replace(ORDER, frequencies_digest="0" * 64)
    with pytest.raises(errors.PlanMismatchError, match="same versions"):
        other.sketch([table_of(RECORDS)])


def test_a_partial_sketch_of_another_plan_is_refused():
    other = Order.of(sl.plan(RECORDS, size=16, seed=1), "refuse")
    with pytest.raises(errors.PlanMismatchError, match="seed"):
        ORDER.merge([other.sketch([table_of(RECORDS)])])


@pytest.mark.parametrize("kind", REFUSALS)
def test_every_refusal_reaches_the_driver_as_what_it_is(kind):
    def refuse():
        raise kind("Column: 'x' is odd.\nLook at it.")

    with pytest.raises(kind) as caught:
        list(sketches_in([outcome(lambda: b"a"), outcome(refuse)]))
    assert type(caught.value) is kind
    assert str(caught.value) == "Column: 'x' is odd.\nLook at it."


def test_outcomes_carry_sketches_in_order():
    assert list(sketches_in([outcome(lambda: b"a"), outcome(lambda: b"b")])) == [b"a", b"b"]


def test_what_is_no_refusal_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        outcome(lambda: 1 / 0)
