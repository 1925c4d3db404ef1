"""Independent components from a sketch, against fixed points that hold the records."""

import numpy as np
import pytest
from sklearn.decomposition import FastICA

import sketchlearn as sl
from sketchlearn.errors import FitError, OptionError
from sketchlearn.learners.fit import Status

MIXING = np.random.default_rng(9).standard_normal((4, 4))


def sources(count=50_000, seed=0):
    rng = np.random.default_rng(seed)
    drawn = [
        rng.laplace(size=count),
        rng.uniform(-1, 1, count),
        rng.exponential(size=count),
        rng.choice([-1.0, 1.0], count) + 0.5 * rng.standard_normal(count),
    ]
    return np.stack([(one - one.mean()) / one.std() for one in drawn], axis=1)


def amari(product):
    """Distance of a matrix from a scaled permutation, from 0 to 1."""
    size = np.abs(product)
    rows = (size / size.max(axis=1, keepdims=True)).sum(axis=1) - 1
    columns = (size / size.max(axis=0, keepdims=True)).sum(axis=0) - 1
    return (rows.sum() + columns.sum()) / (2 * len(size) * (len(size) - 1))


@pytest.mark.parametrize("seed", [0, 1])
def test_sources_are_found_as_well_as_by_reading_again_and_again(seed):
    records = sources(seed=seed) @ MIXING.T + 7
    fit = sl.ICA().fit(sl.sketch(records, features="contrasts", seed=seed))
    exact = FastICA(whiten="unit-variance", random_state=0).fit(records)
    assert amari(fit.model.unmixing @ MIXING) < 1.2 * amari(exact.components_ @ MIXING)
    assert fit.status is Status.FITS


def test_the_step_from_the_pilot_is_what_makes_them_exact():
    records = sources() @ MIXING.T
    sketch = sl.sketch(records, features="contrasts", pilot=1_000)
    pilot = np.array(sketch.plan.statistics[0].unmixing) / np.asarray(sketch.plan.schema.spread)
    found = sl.ICA().fit(sketch).model.unmixing
    assert amari(found @ MIXING) < 0.3 * amari(pilot @ MIXING)


def test_records_go_to_sources_and_back(tmp_path):
    records = sources(5_000) @ MIXING.T + 7
    fit = sl.ICA().fit(sl.sketch(records, features=["fourier", "contrasts"], size=20))
    found = fit.model.transform(records)
    np.testing.assert_allclose(np.cov(found.T), np.eye(4), atol=0.02)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=0.01)
    np.testing.assert_allclose(fit.model.inverse_transform(found), records, atol=1e-6)
    np.testing.assert_allclose(fit.model.mixing @ fit.model.unmixing, np.eye(4), atol=1e-8)
    fit.save(tmp_path / "model")
    np.testing.assert_array_equal(sl.load(tmp_path / "model").transform(records), found)


@pytest.mark.parametrize("seed", range(4))
def test_the_least_gaussian_sources_are_kept(seed):
    rng = np.random.default_rng(seed)
    drawn = np.column_stack([rng.laplace(size=30_000), rng.standard_normal((30_000, 2))])
    records = drawn @ MIXING[:3, :3].T
    sketch = sl.sketch(records, features="contrasts")
    fit = sl.ICA(1).fit(sketch)
    found = fit.model.transform(records)[:, 0]
    assert abs(np.corrcoef(found, drawn[:, 0])[0, 1]) > 0.999
    assert fit.status is Status.FITS
    assert sl.ICA(3).fit(sketch).status is Status.NEARLY_GAUSSIAN


def test_axes_far_from_those_of_the_pilot_are_told():
    plan = sl.plan(sources(5_000), features="contrasts")
    shear = np.eye(4) + 0.8 * np.eye(4, k=1)
    for moved in (np.linalg.qr(MIXING)[0], shear):
        assert sl.ICA().fit(sl.sketch(sources() @ moved.T, plan)).status is Status.AXES_MOVED


def test_more_columns_than_keep_all_moments_by_default_have_sources_too():
    records = np.random.default_rng(0).laplace(size=(600, 260))
    assert sl.plan(records, features="contrasts").full_moments


def test_what_is_not_kept_is_asked_for():
    records = sources(2_000)
    with pytest.raises(FitError, match="contrasts"):
        sl.ICA().fit(sl.sketch(records, size=20))
    with pytest.raises(FitError, match="moments='full'"):
        sl.ICA().fit(sl.sketch(records, features="contrasts", moments="diagonal"))
    with pytest.raises(FitError, match="4 at most"):
        sl.ICA(5).fit(sl.sketch(records, features="contrasts"))
    with pytest.raises(OptionError, match="components"):
        sl.ICA(0)
