"""Learning a mixture of Gaussian laws from a sketch alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import OptionError
from sketchlearn.features.elliptical import Atoms
from sketchlearn.features.scatters import DIAGONAL, FULL, SPHERICAL
from sketchlearn.learners.decoding import Empirical, decode
from sketchlearn.learners.decoding.efficient import refined
from sketchlearn.learners.fit import Fit, require_sketch
from sketchlearn.learners.mixture_options import require_components, require_seed, told, verdict
from sketchlearn.models.gaussian_mixture import GaussianMixtureModel
from sketchlearn.sketches import Sketch

_SCATTERS = {"spherical": SPHERICAL, "diagonal": DIAGONAL, "full": FULL}


@dataclass(frozen=True)
class GaussianMixture:
    """Learn a mixture of Gaussian laws whose features equal the sketch's.

    Balls are found first, then given the scatter that is asked for, and moved once more with
    residuals counted by their covariance: the estimate is then nearly as good as one from the
    records. (Keriven, Bourrier, Gribonval and Pérez, "Sketching for large-scale learning of mixture
    models", Information and Inference, 2018.)

    Attributes:
        components: number of components, k; the sketch should have ten times as many frequencies
            as the mixture has numbers, and needs half as many as it has.
        covariance: "full", "diagonal" or "spherical", in units of the encoding.
        seed: of the places that the search starts from; same seed, same machine, same mixture.
    """

    components: int
    covariance: Literal["full", "diagonal", "spherical"] = "full"
    seed: int = 0

    def __post_init__(self) -> None:
        require_components("components", self.components)
        require_seed(self.seed)
        if self.covariance not in _SCATTERS:
            raise OptionError(
                f"covariance={self.covariance!r} was given; it must be one of "
                f"{', '.join(_SCATTERS)}."
            )

    def fit(self, sketch: Sketch) -> Fit[GaussianMixtureModel]:
        """Learn a mixture from a sketch.

        Args:
            sketch: what the pass left; it is not changed.

        Raises:
            FitError: the sketch is not one of numeric columns, is too small for so many components,
                or holds one record again and again.
            EmptySourceError: the sketch holds no record.
        """
        require_sketch(sketch)
        empirical = Empirical.of(sketch)
        scatter = _SCATTERS[self.covariance]
        each = 1 + empirical.dimension + scatter.steps(empirical.dimension)
        empirical.require_numbers("components", self.components, each)
        empirical = empirical.with_mass()
        rng = np.random.default_rng(self.seed)
        found = decode(empirical, self.components, rng, scatter)
        atoms = refined(empirical, found.atoms).atoms
        model, excess = _model(sketch, empirical, atoms), empirical.excess(atoms)
        history = [{"components": len(atoms), "excess": excess} | told(empirical)]
        return Fit.of(sketch, model, history, verdict(empirical, model.weights, excess))


def _model(sketch: Sketch, empirical: Empirical, atoms: Atoms) -> GaussianMixtureModel:
    order = np.argsort(-atoms.weights)
    roots = atoms.scatter.roots(atoms.scatters[order], empirical.dimension)
    schema = sketch.plan.schema
    assert isinstance(schema, VectorSchema)
    return GaussianMixtureModel(
        schema,
        atoms.weights[order] / atoms.weights.sum(),
        empirical.encoded(atoms.centers[order]),
        roots @ roots.transpose(0, 2, 1),
    )
