"""CLOMPR with bare points: the published decoder of compressive k-means, as a peer.

Keriven, Tremblay, Traonmilin and Gribonval, "Compressive K-means", ICASSP 2017: 2k times, the point
whose features agree most with the residual joins; beyond k the least useful one leaves; weights are
fitted, and all points and weights moved together. Written anew from the paper, since its toolboxes
are not on the package index; one run, with numpy and scipy.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize, nnls


def clompr(
    z: np.ndarray,
    frequencies: np.ndarray,
    clusters: int,
    lower: np.ndarray,
    upper: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return centroids whose features, weighted, come near to a sketch's mean.

    Args:
        z: mean features, complex, shape (m,).
        frequencies: shape (d, m).
        clusters: k.
        lower: bounds of the records, shape (d,).
        upper: the same.
        rng: of starts.
    """
    bounds = list(zip(lower, upper, strict=True))
    points = np.empty((0, len(lower)))
    rest = z
    for step in range(2 * clusters):
        found = _agreeing(rest, frequencies, rng.uniform(lower, upper), bounds)
        points = np.concatenate([points, found[None]])
        if step >= clusters:
            weights = _weights(z, _features(points, frequencies), normed=True)
            points = points[np.sort(np.argsort(-weights)[:clusters])]
        weights = _weights(z, _features(points, frequencies))
        points, weights = _moved(z, frequencies, points, weights, bounds)
        rest = z - weights @ _features(points, frequencies)
    return points


def _features(points: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    return np.exp(1j * points @ frequencies)  # (k, m)


def _agreeing(
    rest: np.ndarray, frequencies: np.ndarray, start: np.ndarray, bounds: list[tuple[float, float]]
) -> np.ndarray:
    scale = 1 / np.sqrt(len(rest))

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        waves = np.exp(-1j * point @ frequencies) * rest
        return -scale * waves.real.sum(), -scale * (frequencies @ waves.imag)

    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x


def _weights(z: np.ndarray, features: np.ndarray, *, normed: bool = False) -> np.ndarray:
    design = np.concatenate([features.real, features.imag], axis=1).T
    design = design / np.linalg.norm(design, axis=0) if normed else design
    return nnls(design, np.concatenate([z.real, z.imag]))[0]


def _moved(
    z: np.ndarray,
    frequencies: np.ndarray,
    points: np.ndarray,
    weights: np.ndarray,
    bounds: list[tuple[float, float]],
) -> tuple[np.ndarray, np.ndarray]:
    count = len(points)

    def loss(place: np.ndarray) -> tuple[float, np.ndarray]:
        weights, points = place[:count], place[count:].reshape(count, -1)
        features = _features(points, frequencies)
        rest = z - weights @ features
        agreement = features.conj() * rest  # (k, m)
        of_weights = -2 * agreement.real.sum(axis=1)
        of_points = -2 * weights[:, None] * (agreement.imag @ frequencies.T)
        return float((np.abs(rest) ** 2).sum()), np.concatenate([of_weights, of_points.ravel()])

    start = np.concatenate([weights, points.ravel()])
    limits = [(0.0, None)] * count + bounds * count
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits).x
    return found[count:].reshape(count, -1), found[:count]
