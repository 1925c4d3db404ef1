"""Where the pass runs: batches to partial sketches to one sketch."""

from sketchlearn.engines.local import sketch

__all__ = ["sketch"]
