"""Judge synthetic tables of mixed columns against real ones."""

from sketchlearn.evaluation.tables.evaluate import evaluate_tables

__all__ = ["evaluate_tables"]
