"""Does a classifier trained on generated records work on real ones?"""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchlearn.errors import LabelError, MissingExtraError
from sketchlearn.evaluation.neighbours import check_pair


def downstream(
    train_x: np.ndarray,
    train_y: np.ndarray,
    test_x: np.ndarray,
    test_y: np.ndarray,
    seed: int = 0,
) -> dict[str, float]:
    """Train two classifiers on one set of records and test them on another.

    With generated records to train on and real ones to test on, this tells what the
    generated records are worth for classification. Accuracies from 0 to 1, higher is
    better; compare with the same test after training on real records.

    Source: Esteban, Hyland, Rätsch, "Real-valued (Medical) Time Series Generation with
    Recurrent Conditional GANs", 2017 ("train on synthetic, test on real").

    Args:
        train_x: records to train on, shape (n, d), in units of about one spread.
        train_y: their labels, shape (n,).
        test_x: records to test on, shape (m, d).
        test_y: their labels, shape (m,), of the same type as `train_y`.
        seed: draws the trees.

    Returns:
        "logistic": accuracy of a logistic regression;
        "forest": accuracy of a random forest of 200 trees.

    Raises:
        MissingExtraError: if scikit-learn is not installed.
    """
    check_pair(train_x, test_x)
    _check_labels(train_x, train_y, "train")
    _check_labels(test_x, test_y, "test")
    models = _classifiers(seed)
    if len(np.unique(train_y)) == 1:
        # No classifier can be trained on one class; predicting it is what is left.
        return {name: float(np.mean(test_y == train_y[0])) for name in models}
    return {
        name: float(np.mean(model.fit(train_x, train_y).predict(test_x) == test_y))
        for name, model in models.items()
    }


def _check_labels(records: np.ndarray, labels: np.ndarray, role: str) -> None:
    """Refuse labels that are not one per record."""
    if labels.shape != (len(records),):
        raise LabelError(
            f"The {role} labels have shape {labels.shape} for {len(records)} records; "
            f"expected ({len(records)},). Give one label per record."
        )


def _classifiers(seed: int) -> dict[str, Any]:
    """Return the untrained classifiers by name."""
    try:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingExtraError.needs("scikit-learn", "eval", "The downstream test") from error
    return {
        "logistic": LogisticRegression(max_iter=3_000),
        "forest": RandomForestClassifier(200, n_jobs=2, random_state=seed),
    }
