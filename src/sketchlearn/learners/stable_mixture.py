"""Learning a mixture of elliptical alpha-stable laws from a sketch alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.features.elliptical import Atoms
from sketchlearn.features.scatters import FULL
from sketchlearn.learners.decoding import Empirical, decode
from sketchlearn.learners.decoding.descent import descend
from sketchlearn.learners.decoding.efficient import refined
from sketchlearn.learners.decoding.exchange import exchange
from sketchlearn.learners.fit import Fit, require_sketch
from sketchlearn.learners.mixture_options import require_components, require_seed, told, verdict
from sketchlearn.models.stable_mixture import StableMixtureModel
from sketchlearn.sketches import Sketch

# Where stabilities start.
_STABILITY, _STEPS = 1.7, 60


@dataclass(frozen=True)
class StableMixture:
    """Learn a mixture of elliptical α-stable laws whose features equal the sketch's.

    Their densities have no closed form, but their characteristic functions do, and a sketch holds
    values of just that. Tails may be so heavy that records have no variance. (Keriven, Deleforge
    and Liutkus, "Blind source separation using mixtures of alpha-stable distributions", ICASSP
    2018; Nolan, "Multivariate elliptically contoured stable distributions", 2013.)

    Attributes:
        components: number of components, k; the sketch should have ten times as many frequencies
            as the mixture has numbers, and needs half as many as it has.
        seed: of the places that the search starts from; same seed, same machine, same mixture.
    """

    components: int
    seed: int = 0

    def __post_init__(self) -> None:
        require_components("components", self.components)
        require_seed(self.seed)

    def fit(self, sketch: Sketch) -> Fit[StableMixtureModel]:
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
        each = 2 + empirical.dimension + FULL.steps(empirical.dimension)
        empirical.require_numbers("components", self.components, each)
        empirical = empirical.with_mass()
        rng = np.random.default_rng(self.seed)
        balls = decode(empirical, self.components, rng, FULL).atoms
        found = descend(empirical, balls.as_stable(_STABILITY), _STEPS)
        found = exchange(empirical, found.atoms, rng)
        atoms = refined(empirical, found.atoms).atoms
        model, excess = _model(sketch, empirical, atoms), empirical.excess(atoms)
        history = [{"components": len(atoms), "excess": excess} | told(empirical)]
        return Fit.of(sketch, model, history, verdict(empirical, model.weights, excess))


def _model(sketch: Sketch, empirical: Empirical, atoms: Atoms) -> StableMixtureModel:
    order = np.argsort(-atoms.weights)
    schema = sketch.plan.schema
    assert isinstance(schema, VectorSchema)
    return StableMixtureModel(
        schema,
        atoms.weights[order] / atoms.weights.sum(),
        atoms.stabilities[order],
        empirical.encoded(atoms.centers[order]),
        atoms.scatters[order],
    )
