"""Rows under a condition follow the conditional law, which this model has in closed form."""

import base64
import logging

import numpy as np
import pyarrow as pa
import pytest
import torch
from scipy import special, stats
from torch import nn

import sketchlearn as sl
from sketchlearn.encoding import Column, Label, TableSchema
from sketchlearn.errors import LabelError, OptionError

SLOPE = 0.6


class Known(nn.Module):
    """x = u0 + 2 [site is q], y = 0.6 u0 + 0.8 u1, and kind is "a" with probability Φ(u0)."""

    def forward(self, inputs):
        u, site = inputs[:, :2], inputs[:, 3] if inputs.shape[1] == 4 else 0.0
        a = torch.special.ndtr(u[:, 0])
        y = SLOPE * u[:, 0] + (1 - SLOPE**2) ** 0.5 * u[:, 1]
        return torch.stack([u[:, 0] + 2 * site, y, a, 1 - a], dim=1)


def model_of(label=None, proportions=(1.0,)):
    whole = {"knots": (-10.0, 10.0), "levels": (-10.0, 10.0)}  # numbers are as they are encoded
    columns = (
        Column("x", "continuous", **whole),
        Column("y", "continuous", **whole),
        Column("kind", "category", ("a", "b")),
    )
    types = pa.schema([("x", pa.float64()), ("y", pa.float64()), ("kind", pa.string())])
    written = base64.b64encode(types.serialize().to_pybytes()).decode()
    bounds = np.array([-10.0, -10.0, 0.0, 0.0]), np.array([10.0, 10.0, 1.0, 1.0])
    schema = TableSchema(columns, written, label)
    return sl.GenerativeModel(Known(), schema, 2, np.array(proportions), *bounds)


@pytest.fixture(scope="module")
def model():
    return model_of()


def assert_law(uniform, independent):
    """Values whose law is uniform if all is right, worth so many independent ones or more."""
    assert stats.kstest(uniform, "uniform").statistic < 1.63 / independent**0.5  # 1 %


@pytest.mark.parametrize(("share", "independent"), [(0.3, 4000), (0.01, 1500)])
def test_rows_follow_the_law_under_a_condition_on_a_number(model, share, independent):
    least = special.ndtri(1 - share)
    made = model.sample(4000, seed=1, where=f"x > {least}").to_arrow()
    x, y = (made[name].to_numpy() for name in "xy")
    assert len(x) == 4000
    assert x.min() > least
    assert_law((1 - special.ndtr(x)) / share, independent)
    # y given x is normal around 0.6 x
    assert_law(special.ndtr((y - SLOPE * x) / (1 - SLOPE**2) ** 0.5), independent)
    # the mean of Φ over the tail
    a = np.mean(np.array(made["kind"].to_pylist()) == "a")
    expected = (1 + 1 - share) / 2
    assert a == pytest.approx(expected, abs=4 * (expected * (1 - expected) / independent) ** 0.5)
    assert len(np.unique(x)) > 0.98 * len(x)


def test_rows_follow_the_law_under_a_condition_on_categories_too(model):
    # "b" grows rare as x grows: the density is (1 - Φ(x)) φ(x) beyond 1.2
    made = model.sample(4000, seed=2, where="kind = 'b' and x > 1.2").to_arrow()
    assert set(made["kind"].to_pylist()) == {"b"}
    left = (1 - special.ndtr(made["x"].to_numpy())) ** 2
    assert_law(left / (1 - special.ndtr(1.2)) ** 2, 1500)


def test_classes_are_right_under_a_condition():
    model = model_of(Label("site", ("p", "q")), (0.9, 0.1))
    made = model.sample(4000, seed=3, where="x > 3").to_arrow()
    p, q = 0.9 * special.ndtr(-3), 0.1 * special.ndtr(-1)
    expected = q / (p + q)  # 0.93 of the rows, where q is a tenth of all
    found = np.mean(np.array(made["site"].to_pylist()) == "q")
    assert found == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 700) ** 0.5)


def test_a_condition_may_name_the_label_and_a_class_may_be_given():
    model = model_of(Label("site", ("p", "q")), (0.99, 0.01))
    made = model.sample(2000, seed=4, where="site = 'q'").to_arrow()
    assert set(made["site"].to_pylist()) == {"q"}
    assert_law(special.ndtr(made["x"].to_numpy() - 2), 700)
    given = model.sample(2000, seed=4, label="q", where="x > 4.1").to_arrow()
    assert set(given["site"].to_pylist()) == {"q"}
    assert_law(special.ndtr(2 - given["x"].to_numpy()) / special.ndtr(-2.1), 700)
    with pytest.raises(LabelError, match="'z'"):
        model.sample(5, label="z", where="x > 0")


def test_the_seed_decides_the_rows_and_the_first_are_drawn_independently(model):
    first, again, other = (
        model.sample(1000, seed=seed, where="x > 2.3").to_arrow() for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other
    whole = model.sample(2048, seed=5).where("x > 2.3").to_arrow()
    assert len(whole) > 10
    assert first.slice(0, len(whole)) == whole


def test_where_chains_cannot_move_all_rows_are_drawn_independently(model, caplog):
    comb = "abs(x * 100 - round(x * 100)) < 0.01"
    with caplog.at_level(logging.INFO, "sketchlearn"):
        made = model.sample(1000, seed=7, where=comb)
    assert "do not move" in caplog.text
    assert len(np.unique(made.to_numpy()[:, :2].astype(float), axis=0)) == 1000
    assert_law(special.ndtr(made.to_arrow()["x"].to_numpy()), 1000)


def test_a_condition_too_rare_is_given_up_with_the_reason(model, monkeypatch):
    monkeypatch.setattr("sketchlearn.models.conditional._MOST_DRAWN", 5000)
    with pytest.raises(OptionError, match=r"holds for none of .*misspelt"):
        model.sample(10, where="x > 9")


def test_computed_columns_are_functions_of_their_row(model):
    plain = model.sample(50, seed=8).to_arrow()
    made = model.sample(50, seed=8, derive={"y": "2 * x", "kind": "if(y > 0, 'b', 'a')"})
    table = made.to_arrow()
    assert table.schema == plain.schema
    assert table["x"] == plain["x"]
    x, y = (table[name].to_numpy() for name in "xy")
    assert (y == 2 * x).all()
    assert table["kind"].to_pylist() == ["b" if value > 0 else "a" for value in y]


def test_the_condition_is_asked_of_computed_columns(model):
    derive = {"y": "x - 1", "kind": "upper(kind)"}
    made = model.sample(3000, seed=9, where="y > 0.9 and kind = 'A'", derive=derive).to_arrow()
    x, y = (made[name].to_numpy() for name in "xy")
    assert (y == x - 1).all()
    assert y.min() > 0.9
    assert set(made["kind"].to_pylist()) == {"A"}
    # "a" and x > 1.9: Φ(x)² is uniform
    least = special.ndtr(1.9) ** 2
    assert_law((special.ndtr(x) ** 2 - least) / (1 - least), 1000)


def test_a_label_is_not_computed_but_may_be_used():
    model = model_of(Label("site", ("p", "q")), (0.5, 0.5))
    made = model.sample(40, seed=10, derive={"kind": "site"}).to_arrow()
    assert made["kind"] == made["site"]
    with pytest.raises(OptionError, match=r"'site' is the label.*label="):
        model.sample(5, derive={"site": "'p'"})


def test_no_rows_at_all_still_have_their_columns(model):
    for asked in ({"where": "x > 2"}, {"derive": {"y": "x"}}):
        assert model.sample(0, **asked).to_arrow().column_names == ["x", "y", "kind"]
