"""Judge a model's records against real ones, every metric beside its floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sketchlearn.encoding import TableSchema
from sketchlearn.errors import OptionError
from sketchlearn.evaluation.case import Case, SupportsSample, prepare
from sketchlearn.evaluation.coverage import neighbour_coverage
from sketchlearn.evaluation.distances import (
    fresh_frequencies,
    sketch_distance,
    sliced_wasserstein,
)
from sketchlearn.evaluation.downstream import downstream
from sketchlearn.evaluation.memorisation import closest_record, ratio
from sketchlearn.evaluation.splits import class_codes
from sketchlearn.evaluation.tables.judge import evaluate_rows
from sketchlearn.evaluation.two_sample import two_sample_auc

Result = dict[str, dict[str, float]]


def evaluate(
    model: SupportsSample,
    holdout: Any,
    train: Any = None,
    *,
    samples: int | None = None,
    seed: int = 0,
) -> Result:
    """Judge generated records against real ones that the model was not fitted on.

    The holdout is split at random into halves A and B of n records, by class when there
    are labels. Each metric is measured on n generated records against A ("value") and on
    B against A ("floor"): the floor is what a perfect model would reach. Records are
    standardised by the holdout's deviations, one common deviation for images. Of a source
    of more than 20,000 records, 20,000 are drawn at random.

    Args:
        model: has `sample(n, seed=...)` and `schema`.
        holdout: real records, anything `sketchlearn.sources.open_source` reads.
        train: the records that the model was fitted on; adds the memorisation metrics.
        samples: at most this many records on each side of a comparison, and to train
            classifiers on; default as many as there are (half of the holdout, or `train`).
        seed: draws the halves, the generated records and whatever a metric draws.

    Returns:
        By metric, "value" and "floor". Lower is better: "sliced_wasserstein" (also
        "ratio", value over floor), "sketch_distance", "two_sample_auc" (0.5 is best).
        Higher is better: "precision", "density", "coverage".

        When both model and holdout have labels, "downstream_logistic" and
        "downstream_forest": accuracy on real records after training on generated ones,
        and as floor after training on as many real ones. Without `train`, the real ones
        are B and the test records A; with `train`, the real ones are `train` and the test
        records are the whole holdout. Higher is better.

        With `train`, "closest_record_ratio" (1 is best, less suggests copying) and
        "copies" (about 0.01 is best, more means copying).

        Tables of mixed columns are judged by the metrics of `evaluate_tables` instead.

    Raises:
        ColumnError: if the columns are not those of the model.
        MissingValuesError: if real or generated records hold NaN or infinite values.
        EmptySourceError: if a source holds fewer than 20 records.
        MissingExtraError: if scikit-learn is not installed.
    """
    if samples is not None and samples < 10:
        raise OptionError(f"samples is {samples}; expected at least 10, or None for all.")
    if isinstance(model.schema, TableSchema):
        return evaluate_rows(model, holdout, train, samples, seed)
    case = prepare(model, holdout, train, samples, seed)
    return {**_distances(case), **_neighbours(case), **_downstream(case), **_memorisation(case)}


def _distances(case: Case) -> Result:
    """Measure the distances between laws and the classifier's verdict."""
    generated, a, b = case.compared
    # A seed away from any the model may have drawn its own frequencies with.
    frequencies = fresh_frequencies(np.concatenate([a, b]), seed=case.seed + 12_345)
    metrics: dict[str, Callable[[np.ndarray], float]] = {
        "sliced_wasserstein": lambda x: sliced_wasserstein(x, a, seed=case.seed),
        "sketch_distance": lambda x: sketch_distance(x, a, frequencies),
        "two_sample_auc": lambda x: two_sample_auc(x, a, seed=case.seed),
    }
    result = {
        name: {"value": metric(generated), "floor": metric(b)} for name, metric in metrics.items()
    }
    sliced = result["sliced_wasserstein"]
    sliced["ratio"] = ratio(sliced["value"], sliced["floor"])
    return result


def _neighbours(case: Case) -> Result:
    """Measure precision, density and coverage."""
    generated, a, b = case.compared
    value = neighbour_coverage(generated, a, k=5, seed=case.seed)
    floor = neighbour_coverage(b, a, k=5, seed=case.seed)
    return {name: {"value": value[name], "floor": floor[name]} for name in value}


def _downstream(case: Case) -> Result:
    """Measure accuracies after training on generated and on real records."""
    if case.train is None:
        test, real = case.holdout.take(case.half_a), case.holdout.take(case.half_b)
    else:
        test, real = case.holdout, case.train
    made = case.generated
    if test.labels is None or real.labels is None or made.labels is None:
        return {}
    rows = min(len(made), len(real))
    made_y, real_y, test_y = class_codes(made.labels[:rows], real.labels[:rows], test.labels)
    value = downstream(made.values[:rows], made_y, test.values, test_y, case.seed)
    floor = downstream(real.values[:rows], real_y, test.values, test_y, case.seed)
    return {f"downstream_{name}": {"value": value[name], "floor": floor[name]} for name in value}


def _memorisation(case: Case) -> Result:
    """Measure how near generated records come to the training records."""
    if case.train is None:
        return {}
    near = closest_record(case.compared[0], case.holdout.values, case.train.values, seed=case.seed)
    return {
        "closest_record_ratio": {"value": near["closest_record_ratio"], "floor": 1.0},
        "copies": {"value": near["copies"], "floor": near["copies_expected"]},
    }
