"""Statistics beside the waves: planned, summed, merged, forgotten and kept in files."""

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.errors import (
    ColumnError,
    FileFormatError,
    ForgetError,
    OptionError,
    PlanMismatchError,
)
from sketchlearn.features.contrasts import Contrasts
from sketchlearn.features.quadratic import Quadratic
from sketchlearn.storage import read_tensors, write_tensors

RECORDS = np.random.default_rng(0).laplace(size=(600, 3)) @ np.array(
    [[1.0, 0.4, 0], [0, 1, 0.2], [0, 0, 1]]
)
ALL = sl.plan(RECORDS, size=20, features=["fourier", "quadratic", "contrasts"], directions=30)


def test_one_pass_sums_them_all():
    sketch = sl.sketch(RECORDS, ALL)
    plain = sl.sketch(RECORDS, size=20)
    np.testing.assert_array_equal(sketch.sums, plain.sums)
    quadratic, sums = sketch.statistic(Quadratic)
    assert (quadratic.size, sums.shape) == (30, (30,))
    contrasts, sums = sketch.statistic(Contrasts)
    assert sums.shape == contrasts.shape == (6, 3)
    assert plain.statistic(Quadratic) is None


def test_sketches_with_statistics_merge_and_forget_exactly():
    whole = sl.sketch(RECORDS, ALL)
    first, second = sl.sketch(RECORDS[:200], ALL), sl.sketch(RECORDS[200:], ALL)
    assert first + second == whole
    assert whole - second == first
    assert first != second
    other = sl.plan(RECORDS, size=20, features=["fourier", "quadratic"], directions=31)
    with pytest.raises(PlanMismatchError, match="statistics"):
        whole + sl.sketch(RECORDS, other)


def test_statistics_of_classes_are_kept_apart_and_asked_for_together():
    table = pa.table({"a": RECORDS[:, 0], "b": RECORDS[:, 1], "side": np.arange(600) % 2})
    plan = sl.plan(table, label="side", features=["quadratic"], encoding="vector")
    sketch = sl.sketch(table, plan)
    assert sketch.totals.statistics["quadratic"].shape == (2, 6)
    _, sums = sketch.statistic(Quadratic)
    unlabelled = sl.plan(table.drop_columns("side"), features="quadratic", encoding="vector")
    alone = sl.sketch(table.drop_columns("side"), unlabelled).statistic(Quadratic)[1]
    np.testing.assert_array_equal(sums, alone)


def test_a_file_keeps_them(tmp_path):
    sketch = sl.sketch(RECORDS, ALL)
    sketch.save(tmp_path / "a.sketch")
    assert sl.load(tmp_path / "a.sketch") == sketch
    ALL.save(tmp_path / "a.plan")
    assert sl.load(tmp_path / "a.plan") == ALL
    document, tensors = read_tensors(tmp_path / "a.sketch", "sketch")
    tensors["quadratic"] = tensors["quadratic"][:, :5]
    write_tensors(tmp_path / "b.sketch", "sketch", document, tensors)
    with pytest.raises(FileFormatError, match="quadratic"):
        sl.load(tmp_path / "b.sketch")


def test_a_plan_may_keep_statistics_alone(tmp_path):
    sketch = sl.sketch(RECORDS, features="quadratic")
    assert sketch.sums.shape == (1, 2, 0)
    assert len(sketch.mean()) == 0
    sketch.save(tmp_path / "a.sketch")
    assert sl.load(tmp_path / "a.sketch") == sketch
    assert "mean squares along 12 directions" in sketch.plan.explain()
    assert "Scales" not in sketch.plan.explain()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": []}, "some of fourier"),
        ({"features": "cubic"}, "some of fourier"),
        ({"features": ["fourier", "fourier"]}, "at most once"),
        ({"features": ["fourier", "one-bit"]}, "Choose one"),
        ({"features": "quadratic", "directions": 0}, "directions=0"),
        ({"features": None}, "some of"),
        ({"features": "contrasts", "directions": 9}, "only 'quadratic' has any"),
        ({"features": "contrasts", "size": 9}, "no waves"),
    ],
)
def test_features_that_cannot_be_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        sl.plan(RECORDS, **options)


@pytest.mark.parametrize("features", ["quadratic", "contrasts"])
def test_values_too_large_to_square_are_refused(features):
    with pytest.raises(ColumnError, match="no floating-point"):
        sl.plan(RECORDS * 1e200, features=features)
    with pytest.raises(OptionError, match="too large"):
        sl.plan(RECORDS * 1e200, features=features, standardise="none", scales=[1.0])


def test_what_was_never_added_is_not_forgotten():
    sketch = sl.sketch(RECORDS, features="quadratic")
    with pytest.raises(ForgetError):
        sketch - sl.sketch(np.concatenate([RECORDS[:100] * 3] * 5), sketch.plan)


def test_a_table_has_none():
    table = pa.table({"a": RECORDS[:, 0], "kind": ["x", "y"] * 300})
    with pytest.raises(OptionError, match="no axes"):
        sl.plan(table, features=["fourier", "quadratic"])
