"""A learnt model as the prior of an inverse problem: denoise, inpaint, sense, enlarge, deblur."""

from sketchlearn.inverse.alignment import aligned
from sketchlearn.inverse.blind import BlindReconstruction, BlindSearch, reconstruct_blind
from sketchlearn.inverse.checks import adjointness
from sketchlearn.inverse.convolution import Convolution
from sketchlearn.inverse.gaussian import GaussianLaw
from sketchlearn.inverse.module import Reconstructor
from sketchlearn.inverse.motion import kernel_generator, motion_kernels
from sketchlearn.inverse.operators import (
    BoxDownsampling,
    Dense,
    Identity,
    Mask,
    Operator,
)
from sketchlearn.inverse.reconstruction import project, reconstruct, tau_of
from sketchlearn.inverse.results import Outcome, Reconstruction
from sketchlearn.inverse.sampling import Langevin, PosteriorMean
from sketchlearn.inverse.search import Search

__all__ = [
    "BlindReconstruction",
    "BlindSearch",
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
    "Reconstructor",
    "Search",
    "adjointness",
    "aligned",
    "kernel_generator",
    "motion_kernels",
    "project",
    "reconstruct",
    "reconstruct_blind",
    "tau_of",
]
