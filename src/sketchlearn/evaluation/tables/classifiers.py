"""What boosted trees can tell about tables: real from generated, and a target from the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchlearn.errors import ColumnError, MissingExtraError
from sketchlearn.evaluation.tables.columns import Coded, Column

# Boosted trees split categories as sets up to this many; beyond, by the order of their codes.
MOST_CATEGORIES = 255


def tell_apart(generated: Coded, real: Coded, seed: int = 0) -> float:
    """Measure how well boosted trees tell generated rows from real ones.

    The area under the ROC curve on rows they were not trained on: 0.5 when they cannot
    tell, 1 when they always can. As many rows of each; trained on half, measured on the rest.

    Source: Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017.

    Args:
        generated: rows to judge, in random order.
        real: real rows, coded alike, in random order.
        seed: draws the trees.

    Raises:
        MissingExtraError: if scikit-learn is not installed.
    """
    count = min(len(generated), len(real)) // 2
    first, second = (
        np.concatenate([table.values[start : start + count] for table in (generated, real)])
        for start in (0, count)
    )
    is_real = np.repeat([False, True], count)
    trees = _fitted("Classifier", generated.columns, first, is_real, seed)
    return _area(is_real, trees.predict_proba(second)[:, 1])


def downstream(train: Coded, test: Coded, target: str, seed: int = 0) -> tuple[str, float]:
    """Train boosted trees on one table to predict a column, and test them on real rows.

    A column of text or booleans, or of at most 20 numbers, is predicted as classes (a number
    by the nearest of those that the training data have), and scored by the area under the
    ROC curve, one class against the rest, averaged over the classes of the test rows (for
    two classes, simply the area). Other numbers are predicted as such and scored by R².
    Rows whose target is missing are left out.

    Source: Esteban, Hyland, Rätsch, "Real-valued (Medical) Time Series Generation with
    Recurrent Conditional GANs", 2017 ("train on synthetic, test on real").

    Args:
        train: rows to train on.
        test: real rows to test on, coded alike.
        target: the column to predict.
        seed: draws the trees.

    Returns:
        "auc" or "r2", and its value.

    Raises:
        ColumnError: if there is no such column, or its values in either table are all
            missing or, in the test rows, all the same.
        MissingExtraError: if scikit-learn is not installed.
    """
    at = test.index(target)
    column = test.columns[at]
    rest = tuple(c for c in test.columns if c is not column)
    (train_x, train_y), (test_x, test_y) = (_without(t, at) for t in (train, test))
    if not len(train_y) or len(np.unique(test_y)) < 2:
        raise ColumnError(
            f"The target {target!r} has {len(train_y)} values to train on and "
            f"{len(np.unique(test_y))} distinct ones to test on; expected at least 1 and 2. "
            "Choose another target, or give more rows."
        )
    if column.discrete:
        classes = _class_of(column, train_y)
        return "auc", _macro_area(
            rest, (train_x, classes), (test_x, _class_of(column, test_y)), seed
        )
    trees = _fitted("Regressor", rest, train_x, train_y, seed)
    return "r2", float(1 - np.mean((test_y - trees.predict(test_x)) ** 2) / test_y.var())


def _without(table: Coded, at: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the other columns and the target, where it is not missing."""
    target = table.values[:, at]
    present = table.columns[at].cells(target) != table.columns[at].size - 1
    return np.delete(table.values[present], at, axis=1), target[present]


def _class_of(column: Column, values: np.ndarray) -> np.ndarray:
    """Return the class of each value: the category, or the nearest of the known numbers."""
    if not column.numeric:
        return values.astype(np.int64)
    middles = (column.edges[1:] + column.edges[:-1]) / 2
    return np.searchsorted(middles, values)


def _macro_area(
    columns: tuple[Column, ...],
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> float:
    """Return the mean area of one class against the rest, over the classes of the test rows."""
    present = np.unique(test[1])
    learnt = np.unique(train[1])
    scores = np.zeros((len(test[1]), max(present.max(), learnt.max()) + 1))
    # Trees cannot be trained on one class; knowing nothing is what is left.
    if len(learnt) > 1:
        trees = _fitted("Classifier", columns, *train, seed)
        scores[:, learnt] = trees.predict_proba(test[0])
    return float(np.mean([_area(test[1] == label, scores[:, label]) for label in present]))


def _area(truth: np.ndarray, scores: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a true row has the higher score."""
    from scipy.stats import rankdata

    positive, negative = truth.sum(), (~truth).sum()
    ranks = rankdata(scores)[truth].sum() - positive * (positive + 1) / 2
    return float(ranks / (positive * negative))


def _fitted(
    kind: str, columns: tuple[Column, ...], rows: np.ndarray, truth: np.ndarray, seed: int
) -> Any:
    """Fit boosted trees, text as categories, on one thread."""
    try:
        from sklearn import ensemble
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingExtraError.needs("scikit-learn", "eval", "Judging a table") from error
    sets = [not c.numeric and c.size <= MOST_CATEGORIES for c in columns]
    trees = getattr(ensemble, f"HistGradientBoosting{kind}")(
        categorical_features=sets, random_state=seed
    )
    # Boosting waits for all its threads at every node: beside other work on the same cores,
    # two threads can be a hundred times slower than one.
    with threadpool_limits(1, user_api="openmp"):
        return trees.fit(rows, truth)
