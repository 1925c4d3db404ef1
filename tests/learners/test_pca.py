"""Principal components from a sketch, against those of the records."""

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.errors import FitError, OptionError
from sketchlearn.learners.fit import Status
from sketchlearn.learners.low_rank import low_rank


def records(rank=3, columns=12, count=4_000, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    wide = rng.standard_normal((count, rank)) @ rng.standard_normal((rank, columns))
    return wide + noise * rng.standard_normal((count, columns)) + 5


def explained(model, records):
    """Variance along a model's components over that along as many exact ones."""
    encoded = (records - records.mean(axis=0)) / np.asarray(model.schema.spread)
    exact = np.linalg.eigvalsh(np.cov(encoded.T))[::-1][: len(model.components)].sum()
    return (encoded @ model.components.T).var(axis=0).sum() / exact


def test_exact_moments_give_exact_components():
    data = records()
    fit = sl.PCA(3).fit(sl.sketch(data, size=20))
    assert explained(fit.model, data) == pytest.approx(1, abs=1e-3)
    encoded = (data - data.mean(axis=0)) / np.asarray(fit.model.schema.spread)
    exact = np.linalg.eigvalsh(np.cov(encoded.T))[::-1]
    np.testing.assert_allclose(fit.model.explained_variance, exact[:3], rtol=5e-3)
    ratio = exact[:3] / exact.sum()
    np.testing.assert_allclose(fit.model.explained_variance_ratio, ratio, rtol=5e-3)
    assert fit.status is Status.FITS


@pytest.mark.parametrize("seed", [0, 1])
def test_five_directions_a_number_tell_them(seed):
    data = records(rank=4, columns=60, seed=seed)
    sketch = sl.sketch(
        data, features="quadratic", directions=5 * 4 * 60, moments="diagonal", seed=seed
    )
    fit = sl.PCA(4).fit(sketch)
    assert explained(fit.model, data) > 0.99
    assert fit.status is Status.FITS


def test_a_covariance_of_few_directions_over_an_even_rest_is_recovered():
    rng = np.random.default_rng(0)
    roots = rng.standard_normal((30, 2))
    covariance = roots @ roots.T + 0.5 * np.eye(30)
    directions = rng.standard_normal((300, 30))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    squares = np.einsum("ji,ik,jk->j", directions, covariance, directions)
    for most in (2, 5):
        found = low_rank(directions, squares, 2, most)
        np.testing.assert_allclose(found.matrix(), covariance, atol=1e-3)
        assert found.rest == pytest.approx(0.5, abs=1e-3)
        assert found.misfit < 1e-4
    assert low_rank(directions, np.zeros(300), 2, 5).misfit < 1e-3


def test_places_go_to_components_and_back(tmp_path):
    data = records(noise=0.0)
    fit = sl.PCA(3).fit(sl.sketch(data, size=20))
    coordinates = fit.model.transform(data)
    assert coordinates.shape == (4_000, 3)
    np.testing.assert_allclose(fit.model.inverse_transform(coordinates), data, atol=0.02)
    fit.save(tmp_path / "model")
    loaded = sl.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.transform(data), coordinates)
    with pytest.raises(OptionError, match=r"\(n, 3\)"):
        fit.model.inverse_transform(np.zeros((2, 4)))


def test_moments_or_directions_are_needed():
    data = records()
    with pytest.raises(FitError, match="quadratic"):
        sl.PCA(2).fit(sl.sketch(data, size=20, moments="diagonal"))
    few = sl.sketch(data, features="quadratic", directions=20, moments="diagonal")
    with pytest.raises(FitError, match="directions=120"):
        sl.PCA(2).fit(few)
    with pytest.raises(FitError, match="12 at most"):
        sl.PCA(13).fit(sl.sketch(data, size=20))


def test_too_few_directions_for_what_is_left_are_told():
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.standard_normal((40, 40)))[0]
    data = rng.standard_normal((3_000, 40)) * np.arange(1, 41) ** -1.0 @ turn
    options = {"standardise": "common", "features": "quadratic", "moments": "diagonal"}
    fit = sl.PCA(2).fit(sl.sketch(data, directions=160, **options))
    assert fit.status is Status.COARSE


def test_heavy_tails_are_told():
    rng = np.random.default_rng(0)
    cauchy = sl.sketch(rng.standard_cauchy((5_000, 3)), size=20)
    assert sl.PCA(2).fit(cauchy).status is Status.HEAVY_TAILS
    plan = sl.plan(rng.standard_normal((2_000, 3)), size=20)
    with pytest.raises(FitError, match="too heavy"):
        sl.PCA(2).fit(sl.sketch(rng.standard_cauchy((5_000, 3)) * 10, plan))


def test_as_many_directions_as_tell_the_whole_matrix_suffice():
    data = records(rank=12, columns=12)
    sketch = sl.sketch(data, features="quadratic", moments="diagonal")
    assert sketch.plan.statistics[0].size == 12 * 13
    assert explained(sl.PCA(8).fit(sketch).model, data) > 0.99


def test_no_records_have_no_coordinates():
    fit = sl.PCA(2).fit(sl.sketch(records(), size=20))
    assert fit.model.transform(np.empty((0, 12))).shape == (0, 2)


def test_whole_numbers_of_numpy_are_saved(tmp_path):
    sketch = sl.sketch(records(), size=np.int64(20), seed=np.int64(1))
    sl.PCA(np.int64(2)).fit(sketch).save(tmp_path / "model")
    sketch.save(tmp_path / "a.sketch")
    assert sl.load(tmp_path / "a.sketch") == sketch


def test_one_column_that_decides_alone_is_told():
    data = records() * np.array([1e4] + [1.0] * 11)
    assert sl.PCA(2).fit(sl.sketch(data, size=20)).status is Status.FITS
    unscaled = sl.sketch(data / 1e4, size=20, standardise="none")
    assert sl.PCA(2).fit(unscaled).status is Status.UNSCALED


def test_what_has_no_components_is_refused():
    with pytest.raises(FitError, match="table"):
        sl.PCA(1).fit(sl.sketch(pa.table({"a": [1.0, 2, 3], "b": ["x", "y", "x"]}), size=20))
    plan = sl.plan(records(), size=20)
    with pytest.raises(FitError, match="two at least"):
        sl.PCA(1).fit(sl.sketch(records()[:1], plan))
    with pytest.raises(FitError, match="again and again"):
        sl.PCA(1).fit(sl.sketch(np.repeat(records()[:1], 9, axis=0), plan))
    with pytest.raises(OptionError, match="components=0"):
        sl.PCA(0)
