"""Judge generated records against held-out real ones; ask sketches, and compare them."""

from sketchlearn.evaluation.asking import Answer, Answers, Histogram, ask
from sketchlearn.evaluation.case import SupportsSample
from sketchlearn.evaluation.coverage import neighbour_coverage
from sketchlearn.evaluation.distances import (
    fresh_frequencies,
    sketch_distance,
    sliced_wasserstein,
)
from sketchlearn.evaluation.downstream import downstream
from sketchlearn.evaluation.drift import Drift, drift
from sketchlearn.evaluation.evaluate import evaluate
from sketchlearn.evaluation.memorisation import closest_record
from sketchlearn.evaluation.table import table
from sketchlearn.evaluation.tables import evaluate_tables
from sketchlearn.evaluation.two_sample import two_sample_auc

__all__ = [
    "Answer",
    "Answers",
    "Drift",
    "Histogram",
    "SupportsSample",
    "ask",
    "closest_record",
    "downstream",
    "drift",
    "evaluate",
    "evaluate_tables",
    "fresh_frequencies",
    "neighbour_coverage",
    "sketch_distance",
    "sliced_wasserstein",
    "table",
    "two_sample_auc",
]
