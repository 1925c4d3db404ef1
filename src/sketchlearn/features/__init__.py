"""Random Fourier features: frequency laws, the data pass, the differentiable reference."""

from sketchlearn.features.hadamard import draw_hadamard
from sketchlearn.features.integer_sums import UNIT, integer_sums
from sketchlearn.features.laws import (
    LAWS,
    AdaptedRadius,
    FoldedGaussian,
    FrequencyLaw,
    Gaussian,
    Student,
    draw_frequencies,
)
from sketchlearn.features.projection import Projection

__all__ = [
    "LAWS",
    "UNIT",
    "AdaptedRadius",
    "FoldedGaussian",
    "FrequencyLaw",
    "Gaussian",
    "Projection",
    "Student",
    "draw_frequencies",
    "draw_hadamard",
    "integer_sums",
]
