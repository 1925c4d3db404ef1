"""Random Fourier features: frequency laws, the data pass, the differentiable reference."""

from sketchlearn.features.column_groups import (
    ColumnBlock,
    ColumnProjection,
    draw_columns,
    pair_cells,
)
from sketchlearn.features.hadamard import draw_hadamard
from sketchlearn.features.integer_sums import integer_sums
from sketchlearn.features.laws import (
    LAWS,
    AdaptedRadius,
    FoldedGaussian,
    FrequencyLaw,
    Gaussian,
    Student,
    draw_dither,
    draw_frequencies,
)
from sketchlearn.features.projection import UNIT, Projection
from sketchlearn.features.rays import draw_rays
from sketchlearn.features.windows import Windows, draw_windows

__all__ = [
    "LAWS",
    "UNIT",
    "AdaptedRadius",
    "ColumnBlock",
    "ColumnProjection",
    "FoldedGaussian",
    "FrequencyLaw",
    "Gaussian",
    "Projection",
    "Student",
    "Windows",
    "draw_columns",
    "draw_dither",
    "draw_frequencies",
    "draw_hadamard",
    "draw_rays",
    "draw_windows",
    "integer_sums",
    "pair_cells",
]
