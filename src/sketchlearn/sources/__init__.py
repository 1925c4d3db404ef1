"""Every way records come in: arrays, tables, files, torch data and streams of batches."""

from __future__ import annotations

from sketchlearn.sources.batch import BATCH_ROWS, Batch, Source, SourceSchema
from sketchlearn.sources.open import open_source

__all__ = ["BATCH_ROWS", "Batch", "Source", "SourceSchema", "open_source"]
