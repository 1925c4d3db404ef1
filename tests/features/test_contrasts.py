"""Contrasts: closed forms at two points, nothing between independent components, exact sums."""

import numpy as np
import pytest

from sketchlearn.errors import OptionError
from sketchlearn.features.contrasts import Contrasts, independent_axes
from sketchlearn.features.statistics import statistic_from_document

PLAIN = Contrasts((0.0, 1.0), ((1.0, 0.0), (0.0, 2.0)))


def sums(records, statistic=PLAIN):
    total = np.zeros(statistic.shape, dtype=np.int64)
    statistic.add(records, total)
    return total


def test_moments_of_two_points_are_their_closed_form():
    records = np.array([[1.0, 1.5], [-1.0, 0.5]])  # y = (1, 1) and (-1, -1)
    products, slopes, places = PLAIN.moments(sums(records), 2)
    np.testing.assert_allclose(products, np.full((2, 2), 1 / np.sqrt(2)), atol=1e-6)
    np.testing.assert_allclose(slopes, np.full(2, 2**-1.5), atol=1e-6)
    np.testing.assert_allclose(places, 0, atol=1e-6)


def test_products_are_centered():
    records = np.random.default_rng(0).exponential(size=(200_000, 2))
    records[:, 1] += 1
    products, _, places = PLAIN.moments(sums(records), len(records))
    np.testing.assert_allclose(places, [1, 2], atol=0.02)
    assert abs(products[0, 1]) < 0.01
    assert abs(products[1, 0]) < 0.01


def test_parts_add_up_to_the_last_bit():
    records = np.random.default_rng(1).standard_cauchy((501, 2)) * 1e3
    parts = [sums(records[start:stop]) for start, stop in ((0, 1), (1, 300), (300, 501))]
    assert np.array_equal(sum(parts), sums(records))


def test_a_distant_record_counts_as_sixteen_deviations():
    _, _, places = PLAIN.moments(sums(np.array([[1e300, -1e300]])), 1)
    np.testing.assert_allclose(places, [16, -16])


def test_axes_of_a_pilot_are_near_those_of_the_sources():
    rng = np.random.default_rng(2)
    mixing = np.array([[1.0, 0.5, 0], [0, 1, -0.3], [0.2, 0, 1]])
    records = rng.laplace(size=(5_000, 3)) @ mixing.T + 3
    center, unmixing = independent_axes(records, 0)
    np.testing.assert_allclose(center, 3, atol=0.1)
    product = np.abs(unmixing @ mixing)
    product /= product.max(axis=1, keepdims=True)
    assert np.sort(product, axis=1)[:, :-1].max() < 0.15


def test_columns_that_depend_on_each_other_are_refused():
    records = np.random.default_rng(3).normal(size=(100, 2)) @ np.ones((2, 3))
    with pytest.raises(OptionError, match="linear combinations"):
        Contrasts.of_pilot(records, 0)


def test_a_document_makes_the_same_statistic():
    assert statistic_from_document(PLAIN.to_document()) == PLAIN


@pytest.mark.parametrize("change", [{"center": [0.0]}, {"unmixing": [[1.0, 0.0], [0.0]]}])
def test_a_document_of_no_statistic_is_refused(change):
    with pytest.raises(ValueError, match=r"fit|inhomogeneous"):
        statistic_from_document(PLAIN.to_document() | change)
