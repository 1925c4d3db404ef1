"""From a table of mixed columns to rows like it, by its sketch alone."""

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.encoding import TableSchema
from sketchlearn.errors import OptionError, PlanError
from sketchlearn.learners.problem import MatchingProblem


def homes(count, seed):
    """Return a table where the town decides the price, and the price whether it is let."""
    rng = np.random.default_rng(seed)
    town = rng.choice(["Paris", "Lyon", "Nice"], count, p=[0.6, 0.3, 0.1])
    level = np.select([town == "Paris", town == "Lyon"], [10.0, 5.0], 2.0)
    price = np.round(level + rng.standard_normal(count) / 2, 2)
    rooms = np.clip(rng.poisson(level / 3), 1, 9)
    years = [
        None if missing else int(age)
        for missing, age in zip(rng.random(count) < 0.3, rng.integers(0, 99, count), strict=True)
    ]
    return pa.table({"town": town, "price": price, "rooms": rooms, "age": years, "let": price > 7})


TABLE = homes(4000, 0)


@pytest.fixture(autouse=True, scope="module")
def small_evaluations():
    """Evaluate with 256 records per half instead of 4096: fits of a few steps take less time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sketchlearn.learners.training.EVALUATION_RECORDS", 256)
        yield


@pytest.fixture(scope="module")
def fitted():
    sketch = sl.sketch(TABLE, size=1000)
    return sketch, sl.GenerativeNetwork(steps=400, batch=256, seed=1).fit(sketch)


def test_a_table_with_text_is_planned_as_a_table():
    plan = sl.plan(TABLE, size=80)
    assert isinstance(plan.schema, TableSchema)
    assert plan.structure == "columns"
    told = plan.explain()
    assert "80 frequencies over 4 columns, " in told
    assert "Column 'town': category (3 distinct values)" in told
    assert "Column 'age': integer" in told
    assert "missing values are a category of their own" in told


def test_numbers_alone_are_planned_as_vectors_unless_asked():
    numbers = TABLE.select(["price", "rooms"])
    assert sl.plan(numbers, size=50).structure == "dense"
    assert sl.plan(numbers, size=50, encoding="table").structure == "columns"
    with pytest.raises(OptionError, match="named columns"):
        sl.plan(np.zeros((3, 2)), encoding="table")


def test_a_sketch_of_a_table_merges_and_is_saved(tmp_path):
    plan = sl.plan(TABLE, size=90, kinds={"rooms": "category"})
    whole = sl.sketch(TABLE, plan)
    parts = sl.sketch(TABLE.slice(0, 1500), plan) + sl.sketch(TABLE.slice(1500), plan)
    assert parts == whole
    whole.save(tmp_path / "s")
    again = sl.load(tmp_path / "s")
    assert again == whole
    assert again.plan.schema == plan.schema
    exact = np.exp(1j * plan.schema.encode(batch_of(TABLE)).values @ plan.frequencies).mean(0)
    assert np.abs(whole.mean() - exact).max() < 1e-5


def batch_of(table):
    from sketchlearn.sources import Batch

    return Batch.of_table(table.combine_chunks().to_batches()[0])


def test_generated_rows_have_the_columns_types_and_laws_of_the_table(fitted):
    made = fitted[1].model.sample(4000, seed=0).to_arrow()
    assert made.schema == TABLE.schema
    real, drawn = TABLE.to_pandas(), made.to_pandas()
    for town, share in (("Paris", 0.6), ("Lyon", 0.3), ("Nice", 0.1)):
        assert (drawn.town == town).mean() == pytest.approx(share, abs=0.04)
        both = [frame[frame.town == town].price.mean() for frame in (real, drawn)]
        # a few rows of a hundred lie between two towns' prices: the mean of a small town feels them
        assert both[1] == pytest.approx(both[0], abs=0.7)
        middle = [frame[frame.town == town].price.median() for frame in (real, drawn)]
        assert middle[1] == pytest.approx(middle[0], abs=0.3)
    assert drawn.age.isna().mean() == pytest.approx(0.3, abs=0.04)
    assert (drawn.let == (drawn.price > 7)).mean() > 0.93
    assert np.allclose(drawn.price, np.round(drawn.price, 2))


def test_a_model_of_a_table_is_saved_and_draws_the_same(fitted, tmp_path):
    model = fitted[1].model
    model.save(tmp_path / "m")
    again = sl.load(tmp_path / "m")
    assert again.sample(50, seed=3).to_arrow() == model.sample(50, seed=3).to_arrow()
    again.sample(20, seed=3).save(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text().startswith('"town","price"')


def test_rows_of_a_condition_are_drawn_until_there_are_enough(fitted):
    model = fitted[1].model
    nice = model.sample(700, seed=4, where="town = 'Nice' and not let")
    assert len(nice) == 700
    made = nice.to_arrow()
    assert set(made["town"].to_pylist()) == {"Nice"}
    assert not any(made["let"].to_pylist())
    assert made == model.sample(700, seed=4, where="town = 'Nice' and not let").to_arrow()
    assert len(model.sample(0, where="town = 'Nice'")) == 0
    # what is drawn are rows of the model that satisfy it, no others
    whole = model.sample(2048, seed=4).where("town = 'Nice' and not let").to_arrow()
    assert made.slice(0, len(whole)) == whole


@pytest.mark.parametrize(
    ("condition", "match"),
    [
        ("twon = 'Nice'", "twon.*The columns are town, price"),
        ("town = ", "cannot be evaluated"),
        ("(select count(*) from '/etc/passwd') > 0", "cannot be evaluated"),
    ],
)
def test_conditions_that_cannot_be_evaluated_are_refused(fitted, condition, match):
    with pytest.raises(OptionError, match=match):
        fitted[1].model.sample(5, where=condition)


def test_a_condition_that_holds_for_no_row_is_told(fitted, monkeypatch):
    monkeypatch.setattr("sketchlearn.models.conditional._MOST_DRAWN", 5000)
    with pytest.raises(OptionError, match="holds for none of"):
        fitted[1].model.sample(5, where="rooms > 100")


def test_a_label_gives_rows_of_each_class():
    sketch = sl.sketch(TABLE, size=300, label="town")
    model = sl.GenerativeNetwork(steps=100, batch=256, seed=2).fit(sketch).model
    made = model.sample(500, seed=0, label="Paris").to_arrow()
    assert made.column_names == ["price", "rooms", "age", "let", "town"]
    assert set(made["town"].to_pylist()) == {"Paris"}
    assert np.mean(made["let"].to_pylist()) > 0.8


def test_a_pass_on_a_device_is_learnt_from_like_any_other():
    plan = sl.plan(TABLE, size=40)
    moved = sl.sketch(TABLE, plan.on("cpu:0"))
    assert MatchingProblem.of(moved, 0.2, seed=0).training.shared is not None


def test_types_that_cannot_be_read_are_refused():
    document = sl.plan(TABLE, size=20).schema.to_document()
    with pytest.raises(PlanError, match="types"):
        TableSchema.from_document({**document, "types": "bm8gc2NoZW1h"})


def test_a_plan_without_its_kind_of_frequencies_is_refused():
    plan = sl.plan(TABLE, size=20)
    with pytest.raises(PlanError, match="'columns'"):
        sl.sketches.Plan(plan.schema, None, 20, 0)


def test_a_column_that_decides_another_is_not_computed_alone(fitted):
    model = fitted[1].model
    with pytest.raises(OptionError, match=r"'town' decides 'let'.*Compute 'let' too"):
        model.sample(5, derive={"town": "'Nice'"})
    made = model.sample(5, derive={"town": "'Nice'", "let": "false"}).to_arrow()
    assert set(made["town"].to_pylist()) == {"Nice"}
    with pytest.raises(OptionError, match="must be whole"):
        model.sample(2.5)


def test_columns_come_back_stored_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    words = [["u", "v", "w"][i] for i in rng.integers(0, 3, 400)]
    table = pa.table(
        {
            "wide": pa.array(words, pa.large_string()),
            "codes": pa.array(words[1:] + words[:1]).dictionary_encode(),
            "day": pa.array(rng.integers(0, 400, 400) * 86_400_000, pa.date64()),
        }
    )
    model = sl.GenerativeNetwork(steps=5).fit(sl.sketch(table, size=40)).model
    model.save(tmp_path / "model")
    model = sl.load(tmp_path / "model")
    assert model.sample(50).to_arrow().schema == table.schema
    made = model.sample(50, where="codes = 'u'", derive={"wide": "upper(wide)"}).to_arrow()
    assert made.schema == table.schema
    assert set(made["codes"].to_pylist()) == {"u"}
    assert set(made["wide"].to_pylist()) <= {"U", "V", "W"}
