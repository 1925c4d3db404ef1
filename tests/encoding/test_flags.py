"""Flags of which one is set in every row: one column in many, and back."""

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.encoding.documents import schema_from_document
from sketchlearn.encoding.schema import Schema
from sketchlearn.errors import MissingValuesError, PlanWarning
from sketchlearn.sources import Batch


def flagged(count=300, kind=None, seed=0):
    """Four flags of which one is set, a number, and two flags that are free of each other."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, count)
    flags = {f"soil_{k}": pa.array(codes == k, pa.bool_()) for k in range(4)}
    flags = {name: values.cast(kind or pa.int8()) for name, values in flags.items()}
    free = {f"free_{k}": pa.array(rng.integers(0, 2, count)) for k in range(2)}
    return pa.table({**flags, "height": rng.normal(size=count), **free})


def schema_of(table, **options) -> Schema:
    return sl.plan(table, size=40, encoding="table", **options).schema


def kinds(table, **options):
    return {column.name: column.kind for column in schema_of(table, **options).fields}


def encoded(schema, table):
    [batch] = table.combine_chunks().to_batches()
    return schema.encode(Batch.of_table(batch, None)).values


@pytest.mark.parametrize("kind", [pa.bool_(), pa.int8(), pa.float64(), pa.uint64()], ids=str)
def test_flags_of_which_one_is_set_are_one_column_and_come_back(kind):
    table = flagged(kind=kind)
    schema = schema_of(table)
    found = [column.kind for column in schema.fields]
    assert found[:4] == ["flags", "derived", "derived", "derived"]
    assert found[5] == found[6] == "integer"
    values = encoded(schema, table)
    assert schema.encoded[0].slots == 5  # one more for rows with none or several
    assert (values[:, :5].sum(axis=1) == 1).all()
    back = schema.decode(values).to_arrow()
    assert back.select(table.column_names[:4]).equals(table.select(table.column_names[:4]))


def test_a_sketch_of_flags_gives_rows_with_one_of_them_set():
    table = flagged(count=600)
    fit = sl.GenerativeNetwork(steps=60, batch=64, latent=4).fit(sl.sketch(table, size=200))
    rows = fit.model.sample(500).to_arrow()
    flags = np.stack([rows[f"soil_{k}"].to_numpy() for k in range(4)])
    assert (flags.sum(axis=0) == 1).mean() > 0.98
    assert flags.any(axis=1).all()


def test_rows_with_no_flag_set_have_a_place_and_those_with_several_are_warned_of():
    schema = schema_of(flagged())
    other = flagged(60, seed=1)
    none = other.set_column(1, "soil_1", pa.array([0] * 60, pa.int8()))
    back = schema.decode(encoded(schema, none)).to_arrow()
    assert back["soil_1"].to_pylist() == [0] * 60
    assert back["soil_0"].equals(none["soil_0"])
    several = other.set_column(1, "soil_1", pa.array([1] * 60, pa.int8()))
    with pytest.warns(PlanWarning, match=r"'soil_\d' was decided by 'soil_0'"):
        encoded(schema, several)


def test_a_missing_flag_is_refused_by_name():
    schema = schema_of(flagged())
    holed = flagged(60).set_column(2, "soil_2", pa.array([None, *[0] * 59], pa.int8()))
    with pytest.raises(MissingValuesError, match="'soil_2'"):
        encoded(schema, holed)


def test_flags_that_are_declared_or_few_or_sometimes_none_stay_apart():
    table = flagged()
    assert kinds(table, kinds={"soil_2": "integer"})["soil_0"] == "integer"
    assert "flags" not in kinds(table.slice(0, 40)).values()
    assert "flags" not in kinds(table.drop_columns("soil_3")).values()
    pair = {"a": [0, 1] * 60, "b": [1, 0] * 60, "x": np.arange(120.0)}
    assert kinds(pa.table(pair))["b"] == "derived"
    assert kinds(pa.table(pair))["a"] == "integer"


def test_a_flag_that_the_pilot_never_saw_set_may_stand_among_them():
    table = flagged().add_column(2, "soil_x", pa.array([0] * 300, pa.int8()))
    found = kinds(table)
    assert [found[f"soil_{k}"] for k in (0, 1, "x", 2, 3)] == [
        "flags",
        "derived",
        "constant",
        "derived",
        "derived",
    ]


def test_a_plan_of_flags_is_saved_and_explains_itself(tmp_path):
    plan = sl.plan(flagged(), size=40)
    assert "learnt as one category" in plan.explain()
    assert "one of the flags that 'soil_0' starts" in plan.explain()
    plan.save(tmp_path / "plan")
    again = sl.load(tmp_path / "plan")
    assert again == plan
    assert schema_from_document(plan.schema.to_document()) == plan.schema
    assert plan.schema.learnt["soil_0"] == ("kind", "categories")


def test_rows_of_one_flag_are_drawn_under_a_condition():
    fit = sl.GenerativeNetwork(steps=60, batch=64, latent=4).fit(sl.sketch(flagged(600), size=200))
    rows = fit.model.sample(50, where="soil_2 = 1").to_arrow()
    assert rows["soil_2"].to_pylist() == [1] * 50
    assert rows["soil_0"].to_pylist() == [0] * 50
