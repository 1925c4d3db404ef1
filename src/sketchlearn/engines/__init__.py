"""Where the pass runs: batches to partial sketches to one sketch."""

from sketchlearn.engines.choice import plan, sketch

__all__ = ["plan", "sketch"]
