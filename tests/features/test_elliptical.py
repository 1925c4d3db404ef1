"""Mixtures of elliptical laws: closed forms against samples, numbers and plain formulas."""

import numpy as np
import pytest

from sketchlearn.features.elliptical import Atoms, Frequencies
from sketchlearn.features.scatters import DIAGONAL, FULL, SPHERICAL


def frequencies(dimension=3, size=40, scale=1.0, seed=0):
    drawn = np.random.default_rng(seed).standard_normal((dimension, size))
    return Frequencies(scale * drawn)


def scatters_of(scatter, count=2, dimension=3, seed=1):
    rng = np.random.default_rng(seed)
    if scatter is SPHERICAL:
        return rng.uniform(0.1, 2, (count, 1))
    if scatter is DIAGONAL:
        return rng.uniform(0.1, 2, (count, dimension))
    root = rng.standard_normal((count, dimension, dimension))
    return root @ root.transpose(0, 2, 1) + 0.1 * np.eye(dimension)


def matrices(scatter, scatters, dimension=3):
    roots = scatter.roots(scatters, dimension)
    return roots @ roots.transpose(0, 2, 1)


@pytest.fixture(params=[SPHERICAL, DIAGONAL, FULL], ids=["spherical", "diagonal", "full"])
def scatter(request):
    return request.param


def atoms_of(scatter, stability=2.0):
    rng = np.random.default_rng(5)
    centers = rng.standard_normal((2, 3))
    stabilities = np.full(2, stability)
    return Atoms(np.array([0.3, 0.7]), centers, scatters_of(scatter), stabilities, scatter)


def test_features_are_those_of_the_formula(scatter):
    atoms, at = atoms_of(scatter, 1.5), frequencies()
    sigma = matrices(scatter, atoms.scatters)
    quadratic = np.einsum("dm,kde,em->km", at.array, sigma, at.array)
    expected = np.exp(1j * atoms.centers @ at.array - (quadratic / 2) ** 0.75)
    real, imaginary = atoms.features(at)
    np.testing.assert_allclose(real + 1j * imaginary, expected, atol=1e-12)


def test_features_are_the_mean_of_samples():
    atoms, at = atoms_of(FULL), frequencies(scale=0.7)
    rng = np.random.default_rng(2)
    drawn = (
        atoms.centers[0]
        + rng.standard_normal((400_000, 3)) @ np.linalg.cholesky(atoms.scatters[0]).T
    )
    mean = np.exp(1j * drawn @ at.array).mean(axis=0)
    real, imaginary = atoms.features(at)
    np.testing.assert_allclose(mean, real[0] + 1j * imaginary[0], atol=5 / np.sqrt(400_000))


def test_large_phases_and_exponents_are_exact_too():
    at = Frequencies(np.array([[1e4, -3e3, 0.0, 50.0]]))
    atoms = Atoms.round(np.ones(2), np.array([[2.345], [-9.1]]), np.array([1e-9, 4.0]))
    expected = np.exp(1j * atoms.centers @ at.array - atoms.scatters * at.array[0] ** 2 / 2)
    real, imaginary = atoms.features(at)
    np.testing.assert_allclose(real + 1j * imaginary, expected, atol=1e-10)


def test_what_is_left_is_the_mean_less_the_mixture():
    atoms, at = atoms_of(DIAGONAL), frequencies()
    mean = np.random.default_rng(0).standard_normal((2, at.size))
    features, rest = atoms.features_and_rest(at, mean)
    np.testing.assert_allclose(rest, mean - np.einsum("k,ckm->cm", atoms.weights, features))


def test_slopes_are_the_derivatives_of_moves(scatter):
    scatters, at = scatters_of(scatter), frequencies()
    slopes = scatter.slopes(scatters, at)
    for number in range(scatter.steps(3)):
        step = np.zeros((2, scatter.steps(3)))
        step[:, number] = 1e-6
        forward = scatter.quadratic(scatter.moved(scatters, step), at)
        backward = scatter.quadratic(scatter.moved(scatters, -step), at)
        np.testing.assert_allclose(
            slopes[:, number], (forward - backward) / 2e-6, rtol=1e-5, atol=1e-7
        )


def test_moves_keep_scatters_positive(scatter):
    steps = 3 * np.random.default_rng(0).standard_normal((2, scatter.steps(3)))
    moved = matrices(scatter, scatter.moved(scatters_of(scatter), steps))
    assert (np.linalg.eigvalsh(moved) > 0).all()


def test_clipping_bounds_eigenvalues(scatter):
    clipped = matrices(scatter, scatter.clipped(scatters_of(scatter), 0.5, 0.9))
    values = np.linalg.eigvalsh(clipped)
    assert values.min() > 0.5 - 1e-12
    assert values.max() < 0.9 + 1e-12


def test_halving_narrows_along_the_direction_alone():
    direction = np.array([[0.6, 0.8, 0.0]])
    scatters = scatters_of(FULL, count=1)
    root = np.linalg.cholesky(scatters[0])
    narrow = FULL.narrowed(scatters, direction)[0]
    white = np.linalg.solve(root, np.linalg.solve(root, narrow).T)
    expected = np.eye(3) - 0.5 * np.outer(direction, direction)
    np.testing.assert_allclose(white, expected, atol=1e-12)


@pytest.mark.parametrize("kind", [DIAGONAL, FULL], ids=["diagonal", "full"])
def test_a_merged_atom_has_the_moments_of_both(kind):
    atoms = atoms_of(kind)
    one = atoms.merged(np.array([0]), np.array([1]))
    share = atoms.weights / atoms.weights.sum()
    mean = share @ atoms.centers
    away = atoms.centers - mean
    total = np.einsum("k,kde->de", share, matrices(kind, atoms.scatters)) + (share * away.T) @ away
    np.testing.assert_allclose(one.centers[0], mean)
    found = matrices(kind, one.scatters)[0]
    if kind is DIAGONAL:
        np.testing.assert_allclose(np.diag(found), np.diag(total))
    else:
        np.testing.assert_allclose(found, total)


def test_merging_balls_keeps_the_mean_variance():
    atoms = atoms_of(SPHERICAL)
    one = atoms.merged(np.array([0]), np.array([1]))
    full = atoms.as_scatter(FULL).merged(np.array([0]), np.array([1]))
    np.testing.assert_allclose(one.scatters[0, 0], np.trace(full.scatters[0]) / 3)


def test_slopes_of_stable_exponents_are_their_derivatives(scatter):
    atoms, at = atoms_of(scatter, 1.4), frequencies()
    slopes = atoms.slopes(at)
    count = scatter.steps(3)
    for number in range(count):
        step = np.zeros((2, count))
        step[:, number] = 1e-6
        ends = [
            Atoms(
                atoms.weights,
                atoms.centers,
                scatter.moved(atoms.scatters, sign * step),
                atoms.stabilities,
                scatter,
            ).exponents(at)
            for sign in (1, -1)
        ]
        np.testing.assert_allclose(
            slopes[:, number], (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-7
        )
    ends = [atoms.as_stable(1.4 + sign * 1e-6).exponents(at) for sign in (1, -1)]
    np.testing.assert_allclose(slopes[:, -1], (ends[0] - ends[1]) / 2e-6, rtol=1e-5, atol=1e-7)
