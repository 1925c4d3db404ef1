"""A learnt model as the prior of an inverse problem: denoise, inpaint, sense, enlarge, deblur."""

from sketchlearn.inverse.gaussian import GaussianLaw
from sketchlearn.inverse.operators import (
    BoxDownsampling,
    Convolution,
    Dense,
    Identity,
    Mask,
    Operator,
    adjointness,
)
from sketchlearn.inverse.reconstruction import (
    Outcome,
    Reconstruction,
    project,
    reconstruct,
    tau_of,
)
from sketchlearn.inverse.sampling import Langevin, PosteriorMean
from sketchlearn.inverse.search import Search

__all__ = [
    "BoxDownsampling",
    "Convolution",
    "Dense",
    "GaussianLaw",
    "Identity",
    "Langevin",
    "Mask",
    "Operator",
    "Outcome",
    "PosteriorMean",
    "Reconstruction",
    "Search",
    "adjointness",
    "project",
    "reconstruct",
    "tau_of",
]
