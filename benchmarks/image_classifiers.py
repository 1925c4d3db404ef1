"""Twelve classifiers trained on generated images and tested on real ones.

Those of DP-MERF, with its settings, so that accuracies stand beside its published ones; they and
their mean are how private generators of MNIST and Fashion-MNIST are compared.

Where they differ: XGBoost is replaced by scikit-learn's boosting of histograms, of the same depth,
rate and rounds, which draws a tenth of the columns for each split instead of each tree; AdaBoost is
SAMME, since scikit-learn no longer has SAMME.R (.72 from 10,000 real MNIST images, where that had
.71 from all); and the linear SVM ends after 1,000 rounds instead of 10,000.

From 10,000 images of 28 × 28 pixels all twelve take 150 seconds of one core, and about in
proportion from others: boosting of histograms 53, GBM 28, AdaBoost 27, the perceptron 18; the
others, which are FAST, 25 together.

Source: Harder, Adamczewski and Park, "DP-MERF: Differentially Private Mean Embeddings with Random
Features for Practical Privacy-Preserving Data Generation", AISTATS 2021, section 6 and its code.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn import (
    discriminant_analysis,
    ensemble,
    linear_model,
    naive_bayes,
    neural_network,
    svm,
    tree,
)
from sklearn.exceptions import ConvergenceWarning

CLASSIFIERS = (
    "logistic_reg",
    "random_forest",
    "gaussian_nb",
    "bernoulli_nb",
    "linear_svc",
    "decision_tree",
    "lda",
    "adaboost",
    "mlp",
    "bagging",
    "gbm",
    "xgboost",
)
FAST = tuple(name for name in CLASSIFIERS if name not in ("adaboost", "mlp", "gbm", "xgboost"))

# XGBoost's defaults, but for DP-MERF's rounds and share of columns, and for 64 bins instead of 256,
# which take half the time on a few thousand images and cost no accuracy.
_LIKE_XGBOOST: dict[str, Any] = {
    "max_iter": 50,
    "learning_rate": 0.3,
    "max_depth": 6,
    "max_leaf_nodes": None,
    "l2_regularization": 1.0,
    "max_features": 0.1,
    "max_bins": 64,
    "early_stopping": False,
}


def classifiers(seed: int) -> dict[str, Any]:
    """Return the untrained classifiers by the names of DP-MERF's tables."""
    return {
        "logistic_reg": linear_model.LogisticRegression(max_iter=5_000),
        "random_forest": ensemble.RandomForestClassifier(
            100, class_weight="balanced", random_state=seed
        ),
        "gaussian_nb": naive_bayes.GaussianNB(),
        "bernoulli_nb": naive_bayes.BernoulliNB(binarize=0.5),
        "linear_svc": svm.LinearSVC(loss="hinge", tol=1e-8, max_iter=1_000, random_state=seed),
        "decision_tree": tree.DecisionTreeClassifier(class_weight="balanced", random_state=seed),
        "lda": discriminant_analysis.LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.5),
        "adaboost": ensemble.AdaBoostClassifier(n_estimators=100, random_state=seed),
        "mlp": neural_network.MLPClassifier(random_state=seed),
        "bagging": ensemble.BaggingClassifier(max_samples=0.1, n_estimators=20, random_state=seed),
        "gbm": ensemble.GradientBoostingClassifier(
            subsample=0.1, n_estimators=50, random_state=seed
        ),
        "xgboost": ensemble.HistGradientBoostingClassifier(**_LIKE_XGBOOST, random_state=seed),
    }


def accuracies(
    made_images: np.ndarray,
    made_labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    seed: int,
    rows: int | None = None,
    only: Sequence[str] = CLASSIFIERS,
) -> dict[str, float]:
    """Train classifiers on generated images, and return their accuracies on real ones, 0 to 1.

    Args:
        made_images: pixels in [0, 1], shape (n, ...).
        made_labels: shape (n,).
        test_images: pixels in [0, 1], shape (m, ...).
        test_labels: shape (m,).
        seed: of the classifiers, and of the images drawn when there are more than `rows`.
        rows: images to train on, at most.
        only: names of classifiers, such as FAST.
    """
    chosen = np.random.default_rng(seed).permutation(len(made_images))[:rows]
    train = made_images[chosen].reshape(len(chosen), -1), made_labels[chosen]
    test = test_images.reshape(len(test_images), -1)
    models = classifiers(seed)
    return {name: _accuracy(models[name], train, test, test_labels) for name in only}


def _accuracy(
    model: Any, train: tuple[np.ndarray, np.ndarray], test: np.ndarray, labels: np.ndarray
) -> float:
    with warnings.catch_warnings():
        # The linear SVM always, and the perceptron often, end at their last round.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(*train)
    return float(np.mean(model.predict(test) == labels))
