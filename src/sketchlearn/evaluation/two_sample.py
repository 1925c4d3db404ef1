"""Can a classifier tell generated records from real ones?"""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchlearn.errors import MissingExtraError
from sketchlearn.evaluation.neighbours import check_pair, subsample

# Under this many records a boosted ensemble has too few per leaf to learn from.
SMALL_SAMPLE = 1_000


def two_sample_auc(
    generated: np.ndarray, real: np.ndarray, seed: int = 0, most: int = 5_000
) -> float:
    """Measure how well a tree ensemble separates generated records from real ones.

    The area under the ROC curve on records it was not trained on, by two-fold
    cross-validation: 0.5 means that it cannot tell, 1 that it always can. Lower is
    better, and values a little under 0.5 are chance.

    Source: Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017.

    Args:
        generated: records, shape (n, d), n at least 4.
        real: records, shape (m, d), m at least 4.
        seed: draws the folds and the trees.
        most: records used of each sample, drawn at random when there are more.

    Returns:
        The mean of the two folds' areas under the curve, from 0 to 1.

    Raises:
        MissingExtraError: if scikit-learn is not installed.
    """
    check_pair(generated, real, least=4)
    try:
        from sklearn.metrics import roc_auc_score
        from sklearn.model_selection import StratifiedKFold
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise MissingExtraError.needs("scikit-learn", "eval", "The two-sample test") from error
    records = np.concatenate([subsample(generated, most, seed), subsample(real, most, seed + 1)])
    is_real = np.arange(len(records)) >= min(len(generated), most)
    folds = StratifiedKFold(2, shuffle=True, random_state=seed).split(records, is_real)
    # One area per fold: the scores of two classifiers are not on one scale.
    areas = []
    # Boosting waits for all its threads at every node: beside other work on the same cores,
    # two threads can be a hundred times slower than one.
    with threadpool_limits(1, user_api="openmp"):
        for fit, held in folds:
            classifier = _classifier(len(records), seed).fit(records[fit], is_real[fit])
            scores = classifier.predict_proba(records[held])[:, 1]
            areas.append(roc_auc_score(is_real[held], scores))
    return float(np.mean(areas))


def _classifier(rows: int, seed: int) -> Any:
    """Return the ensemble that suits the number of records."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

    if rows < SMALL_SAMPLE:
        return RandomForestClassifier(200, min_samples_leaf=3, n_jobs=2, random_state=seed)
    return HistGradientBoostingClassifier(random_state=seed)
