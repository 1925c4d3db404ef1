"""Columns that another one decides: found on evidence, given back without exception."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.encoding.documents import schema_from_document
from sketchlearn.encoding.schema import Schema
from sketchlearn.errors import PlanWarning
from sketchlearn.sources import Batch

TOWNS = ["Lyon", "Nice", "Paris", "Turin"]


def towns(count=400, seed=0, **more):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, count)
    table = {
        "town": pa.array(np.array(TOWNS, dtype=object)[codes], pa.string()),
        "country": pa.array([None if c == 3 else "FR" for c in codes], pa.string()),
        "size": rng.standard_normal(count),
        "founded": pa.array((codes * 40 - 7).astype("datetime64[D]")),
    }
    return pa.table({**table, **{name: make(codes, rng) for name, make in more.items()}})


def kinds(table, **options) -> dict[str, tuple[str, object]]:
    schema: Schema = sl.plan(table, size=40, encoding="table", **options).schema
    return {column.name: (column.kind, column.value) for column in schema.fields}


def test_what_a_column_decides_is_derived_from_it():
    found = kinds(towns())
    assert found["country"] == ("derived", "town")
    assert found["founded"] == ("derived", "town")
    assert found["town"][0] == "category"
    assert found["size"][0] == "continuous"


def test_of_columns_that_decide_each_other_the_first_is_kept():
    table = towns(code=lambda codes, _: codes)
    assert kinds(table)["code"] == ("derived", "town")
    turned = table.select(["code", "size", "town"])
    assert kinds(turned) == {
        "code": ("integer", None),
        "size": ("continuous", None),
        "town": ("derived", "code"),
    }


def test_a_finer_column_that_comes_later_decides_as_well():
    table = towns().select(["country", "size", "town"])
    assert kinds(table)["country"] == ("derived", "town")


def test_rows_come_back_as_they_were():
    table = towns()
    schema = sl.plan(table, size=40).schema
    schema = schema_from_document(schema.to_document())
    encoded = schema.encode(Batch.of_table(table.combine_chunks().to_batches()[0])).values
    assert encoded.shape[1] == schema.dimension == 6  # four towns, others, a number
    made = schema.decode(encoded).to_arrow()
    assert made.schema == table.schema
    for name in ("town", "country", "founded"):
        assert made[name].to_pylist() == table[name].to_pylist()


def test_a_slot_that_no_row_showed_gets_the_most_frequent_value():
    table = towns()
    schema = sl.plan(table, size=40).schema
    batch = pa.RecordBatch.from_pylist(
        [{"town": "Oslo", "country": "NO", "size": 0.0, "founded": dt.date(2000, 1, 1)}],
        schema=table.schema,
    )
    with pytest.warns(PlanWarning, match="was decided by 'town'"):
        encoded = schema.encode(Batch.of_table(batch)).values
    made = schema.decode(encoded).to_arrow().to_pylist()[0]
    assert (made["town"], made["country"]) == ("(other)", "FR")


@pytest.mark.parametrize("exceptions", [1, 40])
def test_one_exception_is_enough_to_learn_a_column_by_itself(exceptions):
    def mostly(codes, _):
        values = np.array(["south", "south", "north", "south"], dtype=object)[codes]
        values[:exceptions] = "east"
        return pa.array(values, pa.string())

    assert kinds(towns(side=mostly))["side"] == ("category", None)


def test_little_evidence_decides_nothing():
    # a flag that a few rows of one town happen to have, all of it
    table = towns(flag=lambda codes, _: codes == 3).slice(0, 60)
    assert kinds(table)["flag"] == ("boolean", None)


def test_what_is_declared_stays():
    assert kinds(towns(), kinds={"country": "category"})["country"] == ("category", None)


def test_the_plan_says_what_is_derived():
    assert "Column 'country': derived from 'town'" in sl.plan(towns(), size=40).explain()
