"""Judge a synthetic table against real ones, every metric beside its floor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from sketchlearn.evaluation.tables.classifiers import downstream, tell_apart
from sketchlearn.evaluation.tables.coding import code_tables
from sketchlearn.evaluation.tables.columns import Coded
from sketchlearn.evaluation.tables.copies import exact_copies, nearest_ratio
from sketchlearn.evaluation.tables.marginals import (
    associations,
    one_way,
    rare_categories,
    two_way,
)

Result = dict[str, dict[str, float]]

# Rows drawn of each table to compare laws, and to train on for the target.
COMPARED = 20_000
TRAINED = 50_000


def evaluate_tables(
    synthetic: pa.Table,
    train: pa.Table,
    holdout: pa.Table,
    target: str | None = None,
    seed: int = 0,
) -> Result:
    """Judge synthetic rows of mixed columns against real rows that no one trained on.

    Each metric is measured on synthetic rows against the holdout ("value"), and on as many
    training rows against the holdout ("floor"): the floor is what a perfect model would
    reach. Numbers (dates among them) are compared in 20 cells between quantiles of the
    training rows, equal ones merged, or by value when they have at most 20; categories as
    they are; missing values as a cell of their own. Of longer tables 20,000 rows are drawn
    at random, 50,000 to train classifiers on; exact copies are looked for in all.

    Args:
        synthetic: rows to judge, with the columns of `train` by name.
        train: the real rows that the model was fitted on.
        holdout: real rows that it was not fitted on.
        target: a column to predict from the others; adds "downstream_auc" or "downstream_r2".
        seed: draws rows and whatever a metric draws.

    Returns:
        By metric, "value" and "floor". Lower is better: "one_way_tv" and "two_way_tv" (mean
        total variation of columns, and of pairs of columns, 0 to 1), "associations" (mean
        absolute difference between pairs' correlations of ranks or Cramér's V),
        "two_sample_auc" (0.5 is best). Higher is better: "rare_categories" (share drawn of
        those with frequency from 0.1 % to 2 %; absent if there are none), and
        "downstream_auc" (0 to 1) or "downstream_r2" (to 1) on the holdout after training on
        synthetic rows and, as floor, on as many real ones. Best near their floors:
        "exact_copies" (share equal to a training row; floor: of the holdout's) and
        "closest_record_ratio" (median distance to the nearest training row over that of
        the holdout's, 1; absent if half of those are 0).

    Raises:
        ColumnError: if a column of `train` is absent elsewhere, of another kind, or of a
            type that cannot be compared; or if `target` is none, or has nothing to predict.
        EmptySourceError: if a table has fewer than 20 rows.
        MissingExtraError: if scikit-learn is not installed.
    """
    coded = code_tables({"train": train, "synthetic": synthetic, "holdout": holdout}, "train")
    if target is not None:
        coded["train"].index(target)
    # Seeds apart: a synthetic table may be rows of the training table in the same order.
    made, known, real = (
        _shuffled(coded[role], [seed, part])
        for part, role in enumerate(("synthetic", "train", "holdout"))
    )
    return {
        **_laws(made, known, real, seed),
        **_downstream(made, known, real, target, seed),
        **_copies(made, known, real),
    }


def _shuffled(table: Coded, seed: list[int]) -> Coded:
    """Put rows in random order, so that the first few are a fair sample of all."""
    order = np.random.default_rng(seed).permutation(len(table))
    return Coded(table.columns, table.values[order])


def _laws(made: Coded, known: Coded, real: Coded, seed: int) -> Result:
    """Compare laws, on as many synthetic as training rows."""
    count = min(len(made), len(known), COMPARED)
    made, known, real = made.first(count), known.first(count), real.first(COMPARED)
    real_associations = associations(real)
    metrics: dict[str, Callable[[Coded], float | None]] = {
        "one_way_tv": lambda rows: one_way(rows, real),
        "two_way_tv": lambda rows: two_way(rows, real),
        "associations": lambda rows: _gap(associations(rows), real_associations),
        "two_sample_auc": lambda rows: tell_apart(rows, real, seed),
        "rare_categories": lambda rows: rare_categories(rows, real),
    }
    result = {}
    for name, metric in metrics.items():
        value, floor = metric(made), metric(known)
        if value is not None and floor is not None:
            result[name] = {"value": value, "floor": floor}
    return result


def _gap(a: np.ndarray, b: np.ndarray) -> float:
    """Return the mean absolute difference, 0 where there is nothing to compare."""
    return float(np.mean(np.abs(a - b))) if len(a) else 0.0


def _downstream(made: Coded, known: Coded, real: Coded, target: str | None, seed: int) -> Result:
    """Predict the target after training on synthetic, and on as many real rows."""
    if target is None:
        return {}
    count = min(len(made), len(known), TRAINED)
    name, value = downstream(made.first(count), real, target, seed)
    _, floor = downstream(known.first(count), real, target, seed)
    return {f"downstream_{name}": {"value": value, "floor": floor}}


def _copies(made: Coded, known: Coded, real: Coded) -> Result:
    """Look for copies of training rows."""
    copies = {"value": exact_copies(made, known), "floor": exact_copies(real, known)}
    near = nearest_ratio(made, real, known)
    if near is None:
        return {"exact_copies": copies}
    return {"exact_copies": copies, "closest_record_ratio": {"value": near, "floor": 1.0}}
