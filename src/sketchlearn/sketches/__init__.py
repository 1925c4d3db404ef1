"""Plans and sketches: what is fixed before the pass, and what the pass leaves."""

from sketchlearn.sketches.moments import SideSums
from sketchlearn.sketches.options import PlanOptions
from sketchlearn.sketches.plan import Plan
from sketchlearn.sketches.sketch import Sketch

__all__ = ["Plan", "PlanOptions", "SideSums", "Sketch"]
