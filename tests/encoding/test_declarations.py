"""What can be declared of columns, and what is refused with its remedy."""

import datetime as dt
import tomllib
from pathlib import Path

import numpy as np
import pytest

from sketchlearn.encoding.columns import KINDS
from sketchlearn.encoding.declarations import Declaration, declarations
from sketchlearn.encoding.declared_values import KEYS
from sketchlearn.errors import OptionError


def one(**table):
    return declarations({"age": table}, None)["age"]


def test_a_mapping_declares_columns_by_name():
    found = declarations(
        {
            "age": {"kind": "integer", "bounds": [17, 90], "missing": True},
            "town": {"kind": "category", "categories": ["Nice", "Paris"], "other": False},
        },
        None,
    )
    assert found == {
        "age": Declaration("age", kind="integer", bounds=(17, 90), missing=True),
        "town": Declaration("town", kind="category", categories=("Nice", "Paris"), other=False),
    }
    assert found["age"].parts == ("kind", "bounds", "missing")


def test_what_a_file_holds_is_taken_whole_too():
    tables = {"age": {"kind": "integer"}, "columns": {"kind": "category"}}
    assert declarations({"columns": tables}, None) == declarations(tables, None)
    named = declarations({"columns": {"kind": "category"}}, None)
    assert named["columns"].kind == "category"


def test_kinds_are_the_short_form():
    long = declarations({"age": {"kind": "integer"}}, None)["age"]
    short = declarations(None, {"age": "integer"})["age"]
    assert (short.name, short.parts, short.kind) == (long.name, long.parts, long.kind)
    both = declarations({"age": {"kind": "integer", "bounds": [0, 9]}}, {"age": "integer"})
    assert both["age"].bounds == (0, 9)
    with pytest.raises(OptionError, match=r"'age' in kinds is 'category'.*one place"):
        declarations({"age": {"kind": "integer"}}, {"age": "category"})


def test_numpy_values_are_values():
    found = one(bounds=np.array([1.5, 2.5]), categories=[np.int64(7)], missing=np.True_)
    assert found.bounds == (1.5, 2.5)
    assert found.categories == (7,)
    assert found.missing is True


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ({"catgories": ["a"]}, r"unknown key 'catgories'.*Did you mean 'categories'\?"),
        ({"kind": "intger"}, r"kind = 'intger'; expected one of .*Did you mean 'integer'\?"),
        ({"kind": ["integer"]}, r"kind = \['integer'\]; expected one of"),
        ({"bounds": [90, 17]}, r"bounds = \[90, 17\]; expected the smaller one first"),
        ({"bounds": [17, 17]}, "two that differ"),
        ({"bounds": [17]}, "expected two values, the least and the greatest"),
        ({"bounds": 17}, "expected two values"),
        ({"bounds": [0, float("inf")]}, "two finite numbers"),
        ({"bounds": [float("nan"), 1]}, "two finite numbers"),
        ({"bounds": [0, 10**400]}, "two finite numbers"),
        ({"bounds": [False, True]}, "two numbers, or two dates"),
        ({"bounds": ["a", "b"]}, "two numbers, or two dates"),
        ({"bounds": [0, dt.date(2020, 1, 1)]}, "two values of one type"),
        ({"bounds": [0, 1], "clip": "yes"}, "clip = 'yes'; expected true or false"),
        ({"clip": True}, "clip without bounds"),
        ({"step": -1}, "step = -1; expected a positive number"),
        ({"step": "1"}, "step = '1'; expected a positive number"),
        ({"categories": "abc"}, "categories = 'abc'; expected a list"),
        ({"categories": ["a", "b", "a"]}, "each category once, and 'a' is there twice"),
        ({"categories": [[1]]}, r"there is \[1\]"),
        ({"categories": [float("nan")]}, "there is nan"),
        ({"missing": 1}, "missing = 1; expected true or false"),
        ({"other": "no"}, "other = 'no'; expected true or false"),
        ({"buckets": 1}, "buckets = 1; expected a whole number from 2 to 65,536"),
        ({"buckets": 2.0}, "expected a whole number"),
        ({"value": [1]}, "value = .*expected text, a number"),
        ({"of": 3}, "of = 3; expected the name of a column"),
        ({"kind": "category", "bounds": [0, 1]}, "'bounds', which a column of kind 'category'"),
        ({"kind": "left out", "missing": True}, "'missing', which a column of kind 'left out'"),
    ],
)
def test_mistakes_are_told_with_the_column_and_what_was_expected(table, match):
    with pytest.raises(OptionError, match="Column 'age' in the schema .*" + match):
        one(**table)


@pytest.mark.parametrize(
    ("schema", "match"),
    [
        ({"age": "integer"}, "'age' in the schema is 'integer'; expected keys"),
        (["age"], r"schema=\['age'\] was given; it must be a file or a mapping"),
    ],
)
def test_other_shapes_are_refused(schema, match):
    with pytest.raises(OptionError, match=match):
        declarations(schema, None)


def test_the_documented_schema_can_be_declared():
    page = Path(__file__).parents[2] / "docs" / "how-to-choose.md"
    block = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    found = declarations(tomllib.loads(block), None)
    kinds = {declared.kind for declared in found.values()}
    assert kinds == set(KINDS) - {"boolean", "time", "derived", "flags"}
    assert set().union(*(declared.parts for declared in found.values())) == set(KEYS) - {"learnt"}
    assert found["visit"].learnt == ("bounds",)
