"""Estimators: scikit-learn's own checks, and the same models as the learners'."""

import numpy as np
import pandas as pd
import pytest
from sklearn import decomposition
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import sketchlearn as sl
from sketchlearn.errors import FitError
from sketchlearn.learners.fit import Status
from sketchlearn.sklearn import ICA, PCA, GaussianMixture, KMeans, StableMixture


@parametrize_with_checks(
    [
        KMeans(3, size=60),
        GaussianMixture(size=100),
        StableMixture(size=100),
        PCA(1),
        ICA(),
    ]
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def blobs(count=3_000, seed=0):
    rng = np.random.default_rng(seed)
    of = rng.integers(0, 3, count)
    return np.array([[0.0, 0], [8, 0], [0, 8]])[of] + rng.standard_normal((count, 2)), of


def test_clusters_are_those_of_the_learner():
    records, of = blobs()
    estimator = KMeans(3, size=60).fit(records)
    assert adjusted_rand_score(of, estimator.labels_) > 0.99
    assert estimator.status_ is Status.FITS
    learnt = sl.KMeans(3).fit(estimator.sketch_).model
    np.testing.assert_array_equal(estimator.cluster_centers_, learnt.centers)
    assert estimator.score(records) == -learnt.inertia(records)


def test_batches_add_up_to_the_sketch_of_all():
    records, _ = blobs()
    estimator = GaussianMixture(3, size=100).partial_fit(records[:1_000])
    before = estimator.means_
    estimator.partial_fit(records[1_000:2_000]).partial_fit(records[2_000:])
    assert estimator.sketch_ == sl.sketch(records, estimator.sketch_.plan)
    assert not np.array_equal(estimator.means_, before)
    expected = sl.GaussianMixture(3).fit(estimator.sketch_).model
    np.testing.assert_array_equal(estimator.means_, expected.means)
    np.testing.assert_array_equal(estimator.covariances_, expected.covariances)


def test_a_sketch_from_anywhere_is_learnt_from():
    records, of = blobs()
    sketch = sl.sketch(records, size=60)
    estimator = KMeans(3).fit_sketch(sketch)
    assert not hasattr(estimator, "labels_")
    estimator.partial_fit(records)
    assert sketch.count == 3_000
    assert estimator.sketch_.count == 6_000
    assert adjusted_rand_score(of, estimator.predict(records)) > 0.99
    with pytest.raises(FitError, match="takes a sketch"):
        KMeans(3).fit_sketch(records)


def test_a_sketch_of_named_columns_goes_on_with_them():
    records, _ = blobs()
    table = pd.DataFrame(records, columns=["a", "b"])
    estimator = PCA(1).fit_sketch(sl.sketch(table, size=40))
    estimator.partial_fit(table)
    assert estimator.sketch_.count == 6_000
    assert list(estimator.feature_names_in_) == ["a", "b"]
    with pytest.raises(ValueError, match="feature names"):
        estimator.partial_fit(table[["b", "a"]])
    with pytest.raises(FitError, match="table"):
        PCA(1).fit_sketch(sl.sketch(table.assign(c="x"), size=20))


def test_components_of_many_columns():
    records = np.random.default_rng(0).standard_normal((600, 300)) * np.geomspace(9, 1, 300)
    for kept in (2, None):
        assert PCA(kept).fit_transform(records).shape == (600, kept or 300)


def test_a_pipeline_ends_in_an_estimator():
    records, of = blobs()
    pipeline = make_pipeline(StandardScaler(), PCA(2), KMeans(3, size=60))
    assert adjusted_rand_score(of, pipeline.fit_predict(records)) > 0.99
    names = list(pipeline[:2].get_feature_names_out())
    assert names == ["pca0", "pca1"]


def test_components_span_those_of_the_records():
    rng = np.random.default_rng(0)
    records = rng.standard_normal((2_000, 6)) * [5, 4, 1, 1, 1, 1] @ rng.standard_normal((6, 6))
    estimator, exact = PCA(2).fit(records), decomposition.PCA(2).fit(records)
    overlap = np.linalg.svd(estimator.components_ @ exact.components_.T)[1]
    assert overlap.min() > 0.9999
    ratio = exact.explained_variance_ratio_
    np.testing.assert_allclose(estimator.explained_variance_ratio_, ratio, rtol=0.01)
    back = estimator.inverse_transform(estimator.transform(records))
    expected = exact.inverse_transform(exact.transform(records))
    assert np.linalg.norm(back - expected) < 0.02 * np.linalg.norm(expected)


def test_sources_are_unmixed():
    rng = np.random.default_rng(0)
    drawn = rng.laplace(size=(5_000, 2))
    estimator = ICA().fit(drawn @ [[1.0, 0.4], [0.3, 1.0]])
    found = estimator.transform(drawn @ [[1.0, 0.4], [0.3, 1.0]])
    correlation = np.abs(np.corrcoef(found.T, drawn.T)[:2, 2:])
    assert correlation.max(axis=1).min() > 0.99
    np.testing.assert_allclose(estimator.components_ @ estimator.mixing_, np.eye(2), atol=1e-8)
