"""The decoder's parts: each against a plain formula, a derivative or a law that it must recover."""

from dataclasses import replace

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import FitError
from sketchlearn.features.elliptical import Atoms
from sketchlearn.features.scatters import DIAGONAL, FULL
from sketchlearn.learners.decoding import Empirical, decode
from sketchlearn.learners.decoding.descent import descend
from sketchlearn.learners.decoding.efficient import feature_covariance
from sketchlearn.learners.decoding.merging import reduced, reductions
from sketchlearn.learners.decoding.peaks import highest
from sketchlearn.learners.decoding.quantising import centroids
from sketchlearn.learners.decoding.weights import best_weights


def blobs(count=6000, seed=0, places=((0, 0), (6, 0), (0, 7), (6, 7)), shares=None, scale=0.8):
    rng = np.random.default_rng(seed)
    of = rng.choice(len(places), size=count, p=shares)
    return np.asarray(places, float)[of] + scale * rng.standard_normal((count, len(places[0])))


@pytest.fixture(scope="module")
def empirical():
    return Empirical.of(sl.sketch(blobs(), size=200, seed=0), source_units=True)


def exactly(empirical, atoms):
    """The mean that a mixture would have, had it infinitely many records."""
    features = atoms.features(empirical.frequencies)
    return np.einsum("k,ckm->cm", atoms.weights, features)


def three(empirical, rng):
    centers = empirical.within(rng.standard_normal((3, empirical.dimension)))
    return Atoms.round(np.array([0.5, 0.3, 0.2]), centers, np.array([0.05, 0.1, 0.02]))


def test_the_mean_is_that_of_the_moved_and_scaled_records():
    records = blobs() * [1.0, 40.0] + [3.0, -9.0]
    sketch = sl.sketch(records, size=60, seed=1)
    empirical = Empirical.of(sketch, source_units=True)
    away = records - records.mean(axis=0)
    places = away / np.sqrt((away**2).mean())
    mean = np.exp(1j * places @ empirical.frequencies.array).mean(axis=0)
    np.testing.assert_allclose(empirical.mean, [mean.real, mean.imag], atol=2e-3)
    encoded = empirical.encoded(places)
    schema = sketch.plan.schema
    back = encoded * np.array(schema.spread) + np.array(schema.center)
    np.testing.assert_allclose(back, records, atol=2e-3 * np.abs(records).max())


def test_the_expected_residual_is_the_mean_of_many():
    law = Atoms.round(np.array([0.5, 0.5]), np.array([[-1.0], [1.0]]), np.array([0.1, 0.3]))
    plan = sl.plan(blobs(places=((-1.0,), (1.0,))), size=50, seed=0)
    residuals, expected = [], []
    rng = np.random.default_rng(0)
    for _ in range(60):
        sketch = sl.Sketch(plan)
        of = np.repeat([0, 1], 200)
        drawn = law.centers[of] + np.sqrt(law.scatters[of]) * rng.standard_normal((400, 1))
        sketch.update(drawn * plan.schema.spread[0] + plan.schema.center[0])
        seen = Empirical.of(sketch)
        here = Atoms(law.weights, law.centers - seen.origin, law.scatters, law.stabilities)
        _, rest = here.features_and_rest(seen.frequencies, seen.mean)
        residuals.append((rest**2).sum())
        expected.append(seen.expected_residual(here))
    assert np.mean(residuals) == pytest.approx(np.mean(expected), rel=0.15)


@pytest.mark.parametrize("scatter", [None, DIAGONAL, FULL])
def test_descent_finds_the_law_that_made_a_mean(empirical, scatter):
    rng = np.random.default_rng(3)
    true = three(empirical, rng)
    true = true if scatter is None else true.as_scatter(scatter)
    start = Atoms(
        true.weights * 1.2,
        true.centers + 0.05 * rng.standard_normal(true.centers.shape),
        true.scatters * 1.3,
        true.stabilities,
        true.scatter,
    )
    found = descend(empirical, start, 60, toward=exactly(empirical, true))
    assert found.residual < 1e-12
    np.testing.assert_allclose(found.atoms.centers, true.centers, atol=1e-5)
    np.testing.assert_allclose(found.atoms.scatters, true.scatters, atol=1e-5)
    np.testing.assert_allclose(found.atoms.weights, true.weights, atol=1e-5)


def test_descent_never_ascends_and_stops_when_asked(empirical):
    start = three(empirical, np.random.default_rng(0))
    before = descend(empirical, start, 0).residual
    after = [descend(empirical, start, steps).residual for steps in (1, 3, 10)]
    assert before >= after[0] >= after[1] >= after[2]
    assert descend(empirical, start, 50, enough=before * 0.999).residual > after[2]


def test_counting_by_a_root_of_the_identity_changes_nothing(empirical):
    start = three(empirical, np.random.default_rng(0))
    plain = descend(empirical, start, 5)
    rooted = descend(empirical, start, 5, root=np.eye(2 * empirical.size))
    np.testing.assert_allclose(plain.atoms.centers, rooted.atoms.centers)


def test_weights_are_those_that_made_a_mean(empirical):
    true = three(empirical, np.random.default_rng(4))
    seen = replace(empirical, mean=exactly(empirical, true))
    found = best_weights(seen, true.weighing(np.ones(3)), ridge=1e-12)
    np.testing.assert_allclose(found, true.weights, atol=1e-6)


def test_the_highest_peaks_are_where_the_mass_is(empirical):
    centers = np.array([[-1.0, -0.5], [0.8, 0.9]])
    true = Atoms.round(np.array([0.6, 0.4]), centers, np.full(2, 0.02))
    starts = empirical.starts(80, np.random.default_rng(0))
    peaks = highest(empirical, exactly(empirical, true), starts, 0.05, 5)
    np.testing.assert_allclose(peaks.places[0], centers[0], atol=0.1)  # the heavier one
    assert np.linalg.norm(peaks.places - centers[1], axis=1).min() < 0.1


def test_reductions_cost_what_they_say(empirical):
    atoms = three(empirical, np.random.default_rng(1))
    for reduction in reductions(empirical, atoms):
        there = reduced(atoms, [reduction])
        assert len(there) == 2
        _, rest = there.features_and_rest(empirical.frequencies, empirical.mean)
        assert (rest**2).sum() == pytest.approx(reduction.residual)


def test_the_covariance_of_features_is_that_of_samples(empirical):
    rng = np.random.default_rng(0)
    atoms = three(empirical, rng).as_scatter(FULL)
    frequencies = type(empirical.frequencies)(empirical.frequencies.array[:, :6])
    few = replace(empirical, frequencies=frequencies)
    of = rng.choice(3, size=200_000, p=atoms.weights)
    drawn = atoms.centers[of] + np.sqrt(atoms.scatters[of][:, 0, :1]) * rng.standard_normal(
        (200_000, 2)
    )
    phases = drawn @ few.frequencies.array
    features = np.concatenate([np.cos(phases), np.sin(phases)], axis=1)
    np.testing.assert_allclose(feature_covariance(few, atoms), np.cov(features.T), atol=0.01)


def test_decode_finds_well_separated_balls(empirical):
    found = decode(empirical, 4, np.random.default_rng(0))
    np.testing.assert_allclose(found.atoms.weights, 0.25, atol=0.03)
    assert found.residual < empirical.expected_residual(found.atoms)


def test_decode_is_reproduced_by_its_seed(empirical):
    one, other = (decode(empirical, 5, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one.atoms.centers, other.atoms.centers)


def test_centroids_of_separate_balls_are_their_centers():
    atoms = Atoms.round(np.array([0.2, 0.8]), np.array([[0.0, 0], [9.0, 1]]), np.array([0.1, 0.2]))
    centers, weights = centroids(atoms, atoms.centers + 0.3, len(atoms), np.random.default_rng(0))
    np.testing.assert_allclose(centers, atoms.centers, atol=1e-9)
    np.testing.assert_allclose(weights, atoms.weights)


def test_centroids_of_one_normal_law_in_halves():
    atoms = Atoms.round(np.ones(1), np.zeros((1, 1)), np.ones(1))
    centers, _ = centroids(atoms, np.array([[-0.1], [0.2]]), 2, np.random.default_rng(0))
    half_normal_mean = np.sqrt(2 / np.pi)
    np.testing.assert_allclose(
        np.sort(centers[:, 0]), [-half_normal_mean, half_normal_mean], atol=0.1
    )


def test_a_table_and_a_network_are_refused():
    import pyarrow as pa

    rows = pa.table({"a": np.arange(300.0) % 7, "b": list("xyz") * 100})
    with pytest.raises(FitError, match="encoding='vector'"):
        Empirical.of(sl.sketch(rows, size=50))
    images = np.random.default_rng(0).random((300, 400)).astype(np.float32)
    with pytest.raises(FitError, match="network='none'"):
        Empirical.of(sl.sketch(images, size=50, image=(20, 20)))


def test_other_starts_are_taken_where_components_are_not_centroids():
    """Three balls of which one is far larger: k-means cuts that in two and joins the others."""
    atoms = Atoms.round(
        np.array([0.8, 0.1, 0.1]), np.array([[0.0], [9.0], [9.4]]), np.array([4.0, 0.01, 0.01])
    )
    rng = np.random.default_rng(0)
    found, weights = centroids(atoms, atoms.centers, 3, rng)
    assert ((found > 8).sum(), (found < 4).sum()) == (1, 2)
    np.testing.assert_allclose(np.sort(weights), [0.2, 0.4, 0.4], atol=0.05)


def test_centroids_are_as_many_as_asked_for():
    atoms = Atoms.round(np.ones(1), np.zeros((1, 2)), np.ones(1))
    found, weights = centroids(atoms, atoms.centers, 4, np.random.default_rng(0))
    assert found.shape == (4, 2)
    assert weights.min() > 0.1
