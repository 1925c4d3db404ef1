"""Learning independent components from a sketch alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

from sketchlearn.errors import FitError
from sketchlearn.features.contrasts import Contrasts
from sketchlearn.learners.fit import Fit, Status
from sketchlearn.learners.mixture_options import require_components
from sketchlearn.learners.vectors import covariance_of, heavy_tailed, require_vectors
from sketchlearn.models.mixing import Mixing
from sketchlearn.sketches import Sketch

# A source whose contrast differs from a Gaussian one's by less than this many of its errors.
_TELLING = 4.0

# Axes that turn by more radians, or variances that change by more, are not corrected by one step.
_FAR = 0.3


@dataclass(frozen=True)
class ICA:
    """Learn independent sources and how records mix them.

    The plan has features="contrasts", alone or with others: contrasts of all records along axes
    that the pilot found roughly. Whitening comes from the exact second moments, and one Newton step
    from the pilot's axes is then as exact as fixed points that read the records again and again.

    Attributes:
        components: number of sources to keep, those that differ most from Gaussian ones; by
            default as many as columns.
    """

    components: int | None = None

    def __post_init__(self) -> None:
        if self.components is not None:
            require_components("components", self.components)

    def fit(self, sketch: Sketch) -> Fit[Mixing]:
        """Learn sources from a sketch.

        Args:
            sketch: what the pass left; it is not changed.

        Raises:
            FitError: the sketch keeps no contrasts or no second moments, or its columns are linear
                combinations of others.
            EmptySourceError: the sketch holds no record.
        """
        schema = require_vectors(sketch, "independent components")
        components = self.components or schema.dimension
        if components > schema.dimension:
            raise FitError(
                f"{components} components were asked for, of records of {schema.dimension} "
                f"columns. Ask for {schema.dimension} at most."
            )
        contrasts, sums = _kept(sketch)
        products, slopes, _ = contrasts.moments(sums, sketch.count)
        covariance = covariance_of(sketch)
        if covariance.ndim == 1:
            raise FitError(
                "The sketch keeps the variances of columns, but nothing of what they have in "
                "common, which whitening needs. Sketch again with moments='full'."
            )
        covariance = contrasts.matrix @ covariance @ contrasts.matrix.T
        turned = _newton_step(products, slopes, covariance)
        order = np.argsort(-np.abs(turned.gaps))[:components]
        unmixing = turned.matrix @ contrasts.matrix
        mixing = np.linalg.inv(unmixing)
        mean = sketch.side.mean(sketch.count)
        model = Mixing(schema, mean, mixing[:, order], unmixing[order])
        gaps = turned.gaps[order].tolist()
        row = {"components": int(components), "moved": turned.moved(order), "gaps": gaps}
        return Fit.of(sketch, model, [row], _status(sketch, turned, order))


@dataclass(frozen=True)
class _Turned:
    """A step from the pilot's axes.

    Attributes:
        matrix: from the pilot's components to independent ones, shape (d, d).
        gaps: E g'(y) - E y g(y) of each, which is 0 of a Gaussian source, shape (d,).
        angles: between two axes, by which they were turned, in radians, shape (d, d).
        stretch: how far whitening was from doing nothing, by the widest direction.
    """

    matrix: np.ndarray
    gaps: np.ndarray
    angles: np.ndarray
    stretch: float

    def moved(self, kept: np.ndarray) -> float:
        """Return how far axes were moved, by angles of those that are kept and by whitening."""
        return max(float(np.abs(self.angles[kept]).max(initial=0)), self.stretch)


def _newton_step(products: np.ndarray, slopes: np.ndarray, covariance: np.ndarray) -> _Turned:
    """Whiten the pilot's components y, and turn them to where contrasts are uncorrelated.

    At independent sources of deviation 1, s_r E g(y_r) y_q is symmetric, s being the sign of a
    source's gap; a rotation by small angles a_rq changes it by a_rq (|gap_r| + |gap_q|).

    Args:
        products: E g(y_r)(y_q - E y_q), shape (d, d).
        slopes: E g'(y_r), shape (d,).
        covariance: of y, near the identity, shape (d, d).
    """
    values, vectors = np.linalg.eigh(covariance)
    if values[0] <= 1e-8 * values[-1]:
        raise FitError(
            "Some columns are linear combinations of others in the records, though not in the "
            "pilot. Leave those out with columns=[...]."
        )
    whitening = (vectors / np.sqrt(values)) @ vectors.T
    moved = slopes[:, None] * ((whitening - np.eye(len(slopes))) @ covariance)
    white = (products + moved) @ whitening.T
    gaps = slopes - np.diag(white)
    slanted = np.sign(gaps)[:, None] * white
    sizes = np.abs(gaps)[:, None] + np.abs(gaps)
    angles = -(slanted - slanted.T) / np.maximum(sizes, 1e-12)
    turn = np.clip(angles, -np.pi / 4, np.pi / 4)
    stretch = float(np.abs(values - 1).max())
    return _Turned(expm(turn) @ whitening, gaps, angles, stretch)


def _kept(sketch: Sketch) -> tuple[Contrasts, np.ndarray]:
    kept = sketch.statistic(Contrasts)
    if kept is None:
        raise FitError(
            "The sketch keeps no contrasts, which independent components are learnt from. Sketch "
            "again with features=['fourier', 'contrasts'] (or 'contrasts' alone)."
        )
    return kept


def _status(sketch: Sketch, turned: _Turned, order: np.ndarray) -> Status:
    if heavy_tailed(sketch):
        return Status.HEAVY_TAILS
    # E y g(y) and E g'(y) vary by about .4 and .3 of a record
    flat = np.abs(turned.gaps[order]) < _TELLING * 0.5 / np.sqrt(sketch.count)
    if flat.sum() > 1:
        return Status.NEARLY_GAUSSIAN
    return Status.AXES_MOVED if turned.moved(order) > _FAR else Status.FITS
