"""Laws of columns and of pairs against closed forms."""

import math

import numpy as np
import pyarrow as pa
import pytest

from sketchlearn.evaluation.tables.coding import code_tables
from sketchlearn.evaluation.tables.marginals import (
    associations,
    cramer,
    one_way,
    rare_categories,
    total_variation,
    two_way,
)


def coded(train, other):
    tables = code_tables({"train": pa.table(train), "other": pa.table(other)}, "train")
    return tables["train"], tables["other"]


def test_identical_rows_are_at_distance_zero():
    rows = {"x": np.random.default_rng(0).normal(size=500), "c": ["a", None, "b", "b", "c"] * 100}
    a, b = coded(rows, {name: values[::-1] for name, values in rows.items()})
    assert one_way(a, b) == 0.0
    assert two_way(a, b) == 0.0


def test_total_variation_of_categories_is_that_of_their_frequencies():
    a, b = coded({"c": ["a"] * 10 + ["b"] * 10}, {"c": ["a"] * 5 + ["b"] * 5 + ["new"] * 10})
    assert one_way(a, b) == pytest.approx(0.5)
    # Of a single column there are no pairs, only its law.
    assert two_way(a, b) == pytest.approx(0.5)


def test_equal_columns_against_independent_ones():
    first, second = np.repeat(list("abcd"), 4), np.tile(list("abcd"), 4)
    independent = {"x": np.tile(first, 5), "y": np.tile(second, 5)}
    equal = {"x": np.tile(first, 5), "y": np.tile(first, 5)}
    a, b = coded(independent, equal)
    assert one_way(a, b) == pytest.approx(0.0, abs=1e-15)
    # Four cells hold 1/4 instead of 1/16 each.
    assert two_way(a, b) == pytest.approx(4 * (1 / 4 - 1 / 16))


def test_a_shift_of_numbers_moves_its_share_of_the_quantile_cells():
    grid = (np.arange(2_000) + 0.5) / 2_000
    a, b = coded({"x": grid}, {"x": grid + 0.25})
    assert one_way(a, b) == pytest.approx(0.25, abs=1e-3)


def test_tied_quantiles_are_merged_and_missing_is_a_cell():
    mostly = np.r_[np.zeros(920), np.arange(1, 81)]
    values = pa.array(mostly, mask=np.arange(1_000) < 100)
    table, same = coded({"x": values}, {"x": values})
    assert table.columns[0].size <= 5
    cells = table.cells()[:, 0]
    np.testing.assert_array_equal(cells[:100], table.columns[0].size - 1)
    assert len(set(cells[100:920])) == 1
    assert len(set(cells[920:])) >= 2
    without = coded({"x": values}, {"x": mostly[100:]})
    assert one_way(*without) == pytest.approx(0.1)
    assert one_way(table, same) == 0.0


def test_few_numbers_are_cells_by_value():
    a, b = coded({"x": [0, 1, 2, 3] * 25}, {"x": [0.0, 0.5, 2.0, 7.0] * 25})
    # 0 and 2 agree, 0.5 falls to the cell that ends at 1, 7 is above every value.
    assert one_way(a, b) == pytest.approx(0.25)


def test_sorting_counts_as_the_histogram_does():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 50, 400), rng.integers(10, 60, 300)
    assert total_variation(a, b, 60) == pytest.approx(total_variation(a, b, 10**9))


def test_ranks_of_gaussians_correlate_as_the_arcsine_law_says():
    rng = np.random.default_rng(2)
    x, noise = rng.standard_normal((2, 20_000))
    y = -0.6 * x + 0.8 * noise
    table, _ = coded({"x": x, "y": np.exp(y)}, {"x": x, "y": y})
    expected = -6 / math.pi * math.asin(0.6 / 2)
    assert associations(table) == pytest.approx([expected], abs=0.02)


def test_constant_and_missing_columns_are_not_associated():
    x = np.arange(100.0)
    nulls = pa.nulls(100, pa.float64())
    table, _ = coded({"x": x, "one": np.ones(100), "none": nulls}, {"x": x, "one": x, "none": x})
    np.testing.assert_array_equal(associations(table), np.zeros(3))


def test_cramer_of_two_coins_is_their_correlation():
    # Two coins that agree with probability (1 + rho) / 2 have phi = rho.
    counts = {(0, 0): 4_000, (1, 1): 4_000, (0, 1): 1_000, (1, 0): 1_000}
    a, b = (np.repeat([pair[side] for pair in counts], list(counts.values())) for side in (0, 1))
    assert cramer(a, b) == pytest.approx(0.6, abs=1e-3)
    assert cramer(a, a) == pytest.approx(1.0)
    assert cramer(a, np.zeros_like(a)) == 0.0


def test_cramer_of_independent_columns_has_no_bias_of_many_cells():
    rng = np.random.default_rng(3)
    found = [cramer(*rng.integers(0, 30, (2, 1_000))) ** 2 for _ in range(40)]
    # Uncorrected, the mean would be (30 - 1) / 1000.
    assert np.mean(found) < 0.005


def test_rare_categories_are_those_of_one_in_a_thousand_to_two_in_a_hundred():
    real = ["often"] * 9_690 + ["a"] * 100 + ["b"] * 200 + ["c"] * 5 + ["d"] * 5
    drawn = ["often"] * 50 + ["a"] + ["c"]
    flags = np.r_[np.zeros(9_985), np.ones(15)].astype(int)
    made, known = coded({"x": drawn}, {"x": real})
    assert rare_categories(made, known) == 0.5
    # A flag that is rarely set counts too: one of three is now drawn.
    known, made = coded({"x": real, "f": flags}, {"x": drawn, "f": np.zeros(52)})
    assert rare_categories(made, known) == pytest.approx(1 / 3)
    assert rare_categories(*coded({"x": ["a", "b"] * 20}, {"x": ["a", "b"] * 20})) is None
