"""Judge generated records against held-out real ones.

Questions to sketches are in `asking` and `drift`, which load learners.
"""

from sketchlearn.evaluation.case import SupportsSample
from sketchlearn.evaluation.coverage import neighbour_coverage
from sketchlearn.evaluation.distances import (
    fresh_frequencies,
    sketch_distance,
    sliced_wasserstein,
)
from sketchlearn.evaluation.downstream import downstream
from sketchlearn.evaluation.evaluate import evaluate
from sketchlearn.evaluation.memorisation import closest_record
from sketchlearn.evaluation.table import table
from sketchlearn.evaluation.tables import evaluate_tables
from sketchlearn.evaluation.two_sample import two_sample_auc

__all__ = [
    "SupportsSample",
    "closest_record",
    "downstream",
    "evaluate",
    "evaluate_tables",
    "fresh_frequencies",
    "neighbour_coverage",
    "sketch_distance",
    "sliced_wasserstein",
    "table",
    "two_sample_auc",
]
