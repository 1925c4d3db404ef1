"""Learning centroids from a sketch alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.features.elliptical import Atoms
from sketchlearn.features.scatters import DIAGONAL, SPHERICAL
from sketchlearn.learners.decoding import Empirical, decode
from sketchlearn.learners.decoding.descent import Descended, descend
from sketchlearn.learners.decoding.enriching import enriched
from sketchlearn.learners.decoding.exchange import exchange
from sketchlearn.learners.decoding.quantising import centroids
from sketchlearn.learners.fit import Fit, Status, require_sketch
from sketchlearn.learners.mixture_options import require_components, require_seed, told, verdict
from sketchlearn.learners.vectors import one_column_rules
from sketchlearn.models.centroids import Centroids
from sketchlearn.models.vectors import in_source_units
from sketchlearn.sketches import Sketch

# Centroids lie nearly within the k - 1 directions of most variance of the records: on digits those
# cost .03 of the squared distances, and twice as many .004.
_DIRECTIONS_PER_CLUSTER = 2
# A column's unit in the encoding over the largest, below which atoms are told in these units.
_NARROW = 1e-2
# Atoms of the law that centroids are those of, at most: for each cluster, and besides.
_ATOMS_PER_CLUSTER, _MORE_ATOMS = 3, 10
_STEPS = 60


@dataclass(frozen=True)
class KMeans:
    """Learn the centroids that k-means would find in the records.

    The sketch is matched by as many balls as clusters, each with a weight, a center and a variance
    of its own: a cluster is a blurred point, and bare points leave what the blur takes away. Where
    balls leave more than sampling would, they become ellipsoids, and others are added until they
    do not; the centroids are those of that mixture. Of more than 2k columns, clusters are told
    along the 2k directions of most variance, where centroids nearly lie. Distances are those of the
    source's columns, as in k-means of the records: scale columns of different units before they
    are sketched. (Keriven, Tremblay, Traonmilin and Gribonval, "Compressive K-means", ICASSP 2017;
    Belhadji and Gribonval, "Sketch and shift: a robust decoder for compressive clustering", 2023.)

    Attributes:
        clusters: number of clusters, k. Where fewer describe the sketch as well, their law is cut
            into so many, as k-means cuts the records. The
            sketch should have 10 k d frequencies, and needs half of k (min(d, 2k) + 2).
        seed: of the places that the search starts from; same seed, same machine, same centroids.
    """

    clusters: int
    seed: int = 0

    def __post_init__(self) -> None:
        require_components("clusters", self.clusters)
        require_seed(self.seed)

    def fit(self, sketch: Sketch) -> Fit[Centroids]:
        """Learn centroids from a sketch.

        Args:
            sketch: what the pass left; it is not changed.

        Raises:
            FitError: the sketch is not one of numeric columns, is too small for so many clusters,
                or holds one record again and again.
            EmptySourceError: the sketch holds no record.
        """
        require_sketch(sketch)
        records = Empirical.of(sketch, source_units=True)
        variances = np.diag(records.spread)
        units = np.asarray(_schema(sketch).spread)
        if units.min() < _NARROW * units.max():
            # balls of one column's width would be points or all there is along another
            records = Empirical.of(sketch)
            empirical, factors = records, units
        else:
            empirical = records.leading(_DIRECTIONS_PER_CLUSTER * self.clusters)
            factors = np.ones(empirical.dimension)
        empirical.require_numbers("clusters", self.clusters, empirical.dimension + 2)
        rng = np.random.default_rng(self.seed)
        if empirical.dimension < records.dimension:
            # of many columns, sketches are small for what they are asked
            empirical = empirical.with_covariance(rng)
        found = decode(empirical, self.clusters, rng)
        law = self._shaped(empirical, found, rng).atoms
        starts = found.atoms.centers * factors
        centers, weights = centroids(_stretched(law, factors), starts, self.clusters, rng)
        order = np.argsort(-weights)
        places = in_source_units(empirical.encoded(centers[order] / factors), _schema(sketch))
        model = Centroids(_schema(sketch), places, weights[order] / weights.sum())
        excess = empirical.excess(law)
        history = [{"components": len(law), "excess": excess} | told(empirical)]
        status = verdict(empirical, model.weights, excess)
        if status in (Status.FITS, Status.DIFFERS) and one_column_rules(variances, _schema(sketch)):
            status = Status.UNSCALED
        return Fit.of(sketch, model, history, status)

    def _shaped(
        self, empirical: Empirical, found: Descended, rng: np.random.Generator
    ) -> Descended:
        """Return the law of the records: balls, or else ellipsoids, or else more of them."""
        law = found
        if empirical.overtones:  # more atoms would describe what signs add
            return law
        numbers = self.clusters * (1 + 2 * empirical.dimension)
        if empirical.excess(law.atoms) > 1 and numbers < empirical.size:
            law = descend(empirical, law.atoms.as_scatter(DIAGONAL), _STEPS)
            law = exchange(empirical, law.atoms, rng)
        if empirical.excess(law.atoms) > 1:
            most = _ATOMS_PER_CLUSTER * self.clusters + _MORE_ATOMS
            law = enriched(empirical, law, min(most, empirical.most_atoms()), rng)
        return law


def _schema(sketch: Sketch) -> VectorSchema:
    schema = sketch.plan.schema
    assert isinstance(schema, VectorSchema)
    return schema


def _stretched(atoms: Atoms, factors: np.ndarray) -> Atoms:
    """Return atoms of places that were multiplied by factors (d,)."""
    if (factors == 1).all():
        return atoms
    wide = atoms.as_scatter(DIAGONAL) if atoms.scatter is SPHERICAL else atoms
    return Atoms(
        wide.weights, wide.centers * factors, wide.scatters * factors**2, wide.stabilities, DIAGONAL
    )
