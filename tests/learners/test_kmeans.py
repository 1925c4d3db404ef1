"""K-means from a sketch, against k-means of the records."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

import sketchlearn as sl
from sketchlearn.errors import EmptySourceError, FitError, OptionError
from sketchlearn.learners.fit import Status


def gaussians(seed, count=20_000, k=10, d=10):
    rng = np.random.default_rng(seed)
    centers = rng.normal(0, 1.5 * k ** (1 / d), (k, d))
    return centers[rng.integers(0, k, count)] + rng.standard_normal((count, d)), centers


def ratio(model, records, k):
    return model.inertia(records) / KMeans(k, n_init=5, random_state=0).fit(records).inertia_


@pytest.mark.parametrize("seed", [0, 1])
def test_ten_gaussians_are_found_from_three_frequencies_a_number(seed):
    records, centers = gaussians(seed)
    fit = sl.KMeans(10).fit(sl.sketch(records, size=300, seed=seed))
    distances = np.linalg.norm(fit.model.centers[:, None] - centers, axis=2)
    assert sorted(distances.argmin(axis=1)) == list(range(10))
    assert ratio(fit.model, records, 10) < 1.005
    assert fit.status is Status.FITS


def test_columns_of_other_units_count_as_in_k_means_of_the_records():
    rng = np.random.default_rng(0)
    places = rng.uniform(-1, 1, (6, 2)) * [1.0, 100.0]
    records = places[rng.integers(0, 6, 10_000)] + rng.standard_normal((10_000, 2)) * [0.05, 5.0]
    fit = sl.KMeans(6).fit(sl.sketch(records, size=120))
    assert ratio(fit.model, records, 6) < 1.05
    assert fit.status is Status.UNSCALED


def test_one_cluster_is_the_mean():
    records, _ = gaussians(0, d=3)
    fit = sl.KMeans(1).fit(sl.sketch(records, size=200))
    np.testing.assert_allclose(fit.model.centers[0], records.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(fit.model.weights, [1.0])


def test_classes_of_a_label_count_together():
    records, _ = gaussians(0, k=4, d=2)
    labelled = np.column_stack([records, np.arange(len(records)) % 3])
    import pyarrow as pa

    table = pa.table(dict(zip("xyl", labelled.T, strict=True)))
    table = table.set_column(2, "l", table["l"].cast(pa.int64()))
    fit = sl.KMeans(4).fit(sl.sketch(table, size=120, label="l"))
    assert ratio(fit.model, records, 4) < 1.02


def test_the_same_seed_gives_the_same_centroids():
    records, _ = gaussians(0, d=2)
    sketch = sl.sketch(records, size=150)
    one, other = (sl.KMeans(8, seed=5).fit(sketch).model.centers for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_a_model_is_saved_and_read(tmp_path):
    records, _ = gaussians(0, d=2, k=4)
    fit = sl.KMeans(4).fit(sl.sketch(records, size=100))
    fit.save(tmp_path / "m")
    loaded = sl.load(tmp_path / "m")
    assert isinstance(loaded, sl.Centroids)
    np.testing.assert_array_equal(loaded.centers, fit.model.centers)
    np.testing.assert_array_equal(loaded.predict(records), fit.model.predict(records))
    np.testing.assert_array_equal(
        loaded.transform(records[:50]).argmin(axis=1), loaded.predict(records[:50])
    )
    assert (tmp_path / "m" / "status.txt").read_text().startswith("Fits")


def test_more_clusters_than_the_sketch_can_carry():
    records, _ = gaussians(0, d=2)
    with pytest.raises(FitError, match="Ask for 10 clusters at most, or sketch again"):
        sl.KMeans(50).fit(sl.sketch(records, size=20))


def test_one_record_again_and_again():
    plan = sl.plan(gaussians(0, d=2)[0], size=50)
    sketch = sl.Sketch(plan).update(np.ones((40, 2)))
    with pytest.raises(FitError, match="one record again and again"):
        sl.KMeans(2).fit(sketch)


def test_an_empty_sketch_and_no_sketch():
    plan = sl.plan(gaussians(0, d=2)[0], size=50)
    with pytest.raises(EmptySourceError):
        sl.KMeans(2).fit(sl.Sketch(plan))
    with pytest.raises(FitError, match="a sketch was expected"):
        sl.KMeans(2).fit(np.ones((5, 2)))


@pytest.mark.parametrize(
    "options", [{"clusters": 0}, {"clusters": 2.5}, {"clusters": 2, "seed": -1}]
)
def test_options_are_checked(options):
    with pytest.raises(OptionError):
        sl.KMeans(**options)


def test_too_few_records_say_that_noise_dominates():
    rng = np.random.default_rng(0)
    plan = sl.plan(rng.standard_normal((2000, 20)), size=200, scales=[0.05])
    sketch = sl.Sketch(plan).update(rng.standard_normal((50, 20)))
    assert sl.KMeans(3).fit(sketch).status is Status.NOISE_DOMINATES


def _beside_k_means(records, clusters, **options):
    model = sl.KMeans(clusters).fit(sl.sketch(records, seed=0, **options)).model
    assert len(model.centers) == clusters
    return ratio(model, records, clusters)


@pytest.mark.parametrize("factor", [10, 1e3, 1e6])
def test_columns_of_different_scales_are_no_error(factor):
    rng = np.random.default_rng(0)
    records = rng.normal([[0, 0], [8, 0], [0, 8]], 1, (2000, 3, 2)).reshape(-1, 2) * [1, factor]
    assert _beside_k_means(records, 3, size=200) < 1.02


@pytest.mark.parametrize("share", [0.05, 0.01])
def test_rare_and_remote_clusters_are_found(share):
    rng = np.random.default_rng(1)
    remote = rng.random(20_000) < share
    records = rng.normal(size=(20_000, 2)) + np.where(remote, 20, 0)[:, None] * [1, 0]
    assert _beside_k_means(records, 2, size=200) < 1.01


@pytest.mark.parametrize("clusters", [2, 10])
def test_one_law_is_cut_into_as_many_clusters_as_asked_for(clusters):
    records = np.random.default_rng(2).normal(size=(6_000, 5))
    assert _beside_k_means(records, clusters, size=500) < 1.05


def test_many_columns_need_few_frequencies():
    """5 clusters in 40 columns from .5 k d frequencies, fewer numbers than centers have."""
    rng = np.random.default_rng(3)
    centers = rng.normal(0, 1.2, (5, 40))
    records = centers[rng.integers(0, 5, 10_000)] + rng.normal(size=(10_000, 40))
    assert _beside_k_means(records, 5, size=100) < 1.01


def test_records_along_a_line_and_two_records():
    rng = np.random.default_rng(4)
    assert _beside_k_means(np.outer(rng.normal(size=500), np.arange(1, 6)), 2, size=100) < 1.05
    two = sl.KMeans(2).fit(sl.sketch(np.array([[0.0, 1.0], [2.0, 5.0]]), size=50)).model
    np.testing.assert_allclose(np.sort(two.centers, axis=0), [[0, 1], [2, 5]], atol=0.05)


def test_digits_need_few_frequencies():
    """Of scikit-learn's 64 pixels some never vary."""
    records = load_digits().data
    assert _beside_k_means(records, 10, size=1_000, standardise="common") < 1.1


def test_signs_are_learnt_from_and_known_for_what_they_add():
    """Features of one bit see three and five times their frequencies too, a third and a fifth."""
    rng = np.random.default_rng(5)
    centers = rng.normal(0, 3, (3, 4))
    records = centers[rng.integers(0, 3, 20_000)] + rng.normal(size=(20_000, 4))
    fit = sl.KMeans(3).fit(sl.sketch(records, size=500, features="one-bit", seed=0))
    assert ratio(fit.model, records, 3) < 1.01
    assert fit.status is Status.FITS
    assert 0.9 < fit.history[-1]["excess"] < 1.1
