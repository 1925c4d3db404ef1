"""The last descent of a mixture: residuals count by how certain they are.

Features of few records differ from their expectation together: what two frequencies tell overlaps.
Their covariance under a mixture is in closed form, and a descent that counts residuals by
its inverse is nearly as efficient as maximum likelihood. (Feuerverger and McDunnough, "On the
efficiency of empirical characteristic function procedures", JRSS B, 1981; Carrasco and Florens,
"Generalization of GMM to a continuum of moment conditions", Econometric Theory, 2000.)

Records that no such mixture describes leave more than their number explains. What they leave over
counts as noise that features do not share, so that the less a mixture describes them, the more
alike residuals count: covariances of a law that is not theirs lead away from them.
"""

from __future__ import annotations

import numpy as np

from sketchlearn.features.elliptical import GAUSSIAN, Atoms
from sketchlearn.learners.decoding.descent import Descended, descend
from sketchlearn.learners.decoding.empirical import Empirical

_STEPS = 15
# Frequencies that are looked at: their covariance takes the square of their number in memory, and
# its inverse the cube in time.
_MOST = 2_000
# Added to the variance of each feature: what frequencies as fine as to see nothing are worth.
_RIDGE = 1e-5


def refined(empirical: Empirical, atoms: Atoms) -> Descended:
    """Return a mixture after descents that count residuals by their covariance.

    The residual that is returned is ‖R⁻¹ (z - E Φ)‖², R Rᵀ being the covariance of one record's
    features: times the number of records it is about 2m for records of the mixture.
    """
    empirical = empirical.thinned(_MOST)
    atoms = atoms.weighing(atoms.weights / atoms.weights.sum())
    covariance = feature_covariance(empirical, atoms)
    covariance[np.diag_indices(len(covariance))] += _RIDGE * empirical.square
    covariance[np.diag_indices(len(covariance))] += _unexplained(empirical, atoms)
    # of a release, whose noise is in the sketch's own features and in no other
    of_release = np.arange(empirical.size) + np.array([[0], [empirical.frequencies.size]])
    covariance[of_release, of_release] += empirical.count * empirical.released
    return descend(empirical, atoms, _STEPS, flat=1e-3, root=np.linalg.cholesky(covariance))


def _unexplained(empirical: Empirical, atoms: Atoms) -> float:
    """Return the variance of a feature of one record that the mixture does not explain."""
    more = max(0.0, empirical.left(atoms) - empirical.sampling(atoms))
    return more * empirical.count / (2 * empirical.size)


def feature_covariance(empirical: Empirical, atoms: Atoms) -> np.ndarray:
    """Return the covariance of one record's features under a mixture, shape (2m, 2m).

    The law's characteristic function φ gives it: cos a cos b is half of cos (a - b) + cos (a + b),
    so that entries are values of φ at ω_j - ω_k and ω_j + ω_k.
    """
    frequencies = empirical.frequencies
    size = frequencies.size
    second = np.zeros((2, size, 2, size))
    roots = atoms.scatter.roots(atoms.scatters, empirical.dimension)
    cosines, sines = frequencies.waves(atoms.centers)  # (K, m) each
    parts = zip(atoms.weights, roots, atoms.stabilities, cosines, sines, strict=True)
    for weight, root, stability, c, s in parts:
        along = root.T @ frequencies.array  # (d, m)
        product = along.T @ along
        half = np.diagonal(product) / 2
        both = half[:, None] + half
        of_differences = _damping(both - product, stability) * (weight / 2)
        of_sums = _damping(both + product, stability) * (weight / 2)
        total, excess = of_differences + of_sums, of_differences - of_sums
        second[0, :, 0] += total * np.outer(c, c) + excess * np.outer(s, s)
        second[1, :, 1] += excess * np.outer(c, c) + total * np.outer(s, s)
        second[0, :, 1] += total * np.outer(c, s) - excess * np.outer(s, c)
    second[1, :, 0] = second[0, :, 1].T
    features = (atoms.weights[:, None] * atoms.features(frequencies)).sum(axis=1).ravel()
    return second.reshape(2 * size, 2 * size) - np.outer(features, features)


def _damping(half: np.ndarray, stability: float) -> np.ndarray:
    """Return exp(-(ωᵀΣω / 2)^(α/2))."""
    if stability == GAUSSIAN:
        return np.exp(-half)
    return np.exp(-(np.maximum(half, 0.0) ** (stability / 2)))
