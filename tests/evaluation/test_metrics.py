"""Classifier tests, coverage and memorisation on laws whose answers are known."""

import subprocess
import sys

import numpy as np
import pytest

from sketchlearn.errors import EmptySourceError, LabelError, MissingExtraError, OptionError
from sketchlearn.evaluation import (
    closest_record,
    downstream,
    neighbour_coverage,
    two_sample_auc,
)


def gaussian(rows, seed, shift=0.0):
    return np.random.default_rng(seed).standard_normal((rows, 3)) + shift


@pytest.mark.parametrize("rows", [300, 800])
def test_classifier_cannot_tell_equal_laws_and_always_tells_far_ones(rows):
    pytest.importorskip("sklearn")
    real = gaussian(rows, 1)
    assert two_sample_auc(gaussian(rows, 2), real) == pytest.approx(0.5, abs=0.07)
    assert two_sample_auc(gaussian(rows, 2, shift=6.0), real) > 0.99


def test_classifier_test_is_repeatable_and_capped():
    pytest.importorskip("sklearn")
    a, b = gaussian(400, 1), gaussian(300, 2)
    assert two_sample_auc(a, b, seed=3, most=100) == two_sample_auc(a, b, seed=3, most=100)


def test_coverage_of_equal_laws_is_its_expectation():
    scores = neighbour_coverage(gaussian(1_500, 1), gaussian(1_500, 2), k=5)
    assert scores["coverage"] == pytest.approx(1 - 2.0**-5, abs=0.02)
    assert scores["density"] == pytest.approx(1.0, abs=0.1)
    assert scores["precision"] > 0.95


def test_collapse_is_precise_but_covers_little():
    real = gaussian(400, 1)
    scores = neighbour_coverage(np.repeat(real[:1], 400, axis=0), real)
    assert scores["precision"] == 1.0
    assert scores["coverage"] < 0.05


def test_far_records_are_neither_precise_nor_covering():
    scores = neighbour_coverage(gaussian(100, 1, shift=50.0), gaussian(100, 2))
    assert scores == {"precision": 0.0, "density": 0.0, "coverage": 0.0}


def test_coverage_needs_more_real_records_than_neighbours():
    with pytest.raises(EmptySourceError, match="at least 6"):
        neighbour_coverage(gaussian(30, 1), gaussian(5, 2))
    with pytest.raises(OptionError, match="k is 0"):
        neighbour_coverage(gaussian(30, 1), gaussian(30, 2), k=0)


def test_memorisation_flags_copies_and_passes_fresh_records():
    train, holdout = gaussian(600, 1), gaussian(1_000, 2)
    copied = closest_record(train[:200], holdout, train)
    assert copied["copies"] == 1.0
    assert copied["closest_record_ratio"] == 0.0
    fresh = closest_record(gaussian(1_000, 3), holdout, train)
    assert fresh["closest_record_ratio"] == pytest.approx(1.0, abs=0.1)
    assert fresh["copies"] < 0.03
    assert fresh["copies_expected"] == pytest.approx(0.01)


def test_copies_of_discrete_records_count_beside_what_is_expected():
    train = np.random.default_rng(1).integers(0, 2, (50, 2)).astype(float)
    scores = closest_record(train, train, train)
    assert scores == {"closest_record_ratio": 1.0, "copies": 1.0, "copies_expected": 1.0}


def test_downstream_separable_classes_are_learnt_and_shuffled_ones_are_not():
    pytest.importorskip("sklearn")
    labels = np.repeat([0, 1], 60)
    train = gaussian(120, 1) + 8.0 * labels[:, None]
    test = gaussian(120, 2) + 8.0 * labels[:, None]
    assert downstream(train, labels, test, labels) == {"logistic": 1.0, "forest": 1.0}
    wrong = downstream(train, 1 - labels, test, labels)
    assert wrong == {"logistic": 0.0, "forest": 0.0}


def test_downstream_of_a_single_class_is_its_share():
    pytest.importorskip("sklearn")
    x, y = gaussian(40, 1), np.repeat([0, 1], [30, 10])
    assert downstream(x, np.zeros(40, int), x, y) == {"logistic": 0.75, "forest": 0.75}


def test_downstream_refuses_labels_of_another_length():
    with pytest.raises(LabelError, match="train labels"):
        downstream(gaussian(4, 1), np.zeros(3), gaussian(4, 2), np.zeros(4))


def test_absent_scikit_learn_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(MissingExtraError, match=r"sketchlearn\[eval\]"):
        two_sample_auc(gaussian(20, 1), gaussian(20, 2))
    with pytest.raises(MissingExtraError, match=r"sketchlearn\[eval\]"):
        downstream(gaussian(4, 1), np.arange(4), gaussian(4, 2), np.arange(4))


def test_importing_brings_neither_torch_nor_sklearn():
    code = (
        "import sys, sketchlearn.evaluation\n"
        "sys.exit(str({'torch', 'sklearn', 'scipy'} & set(sys.modules) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.stderr.strip() == b""
