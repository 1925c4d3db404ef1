"""Plans that read no record of the data."""

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.encoding import write_schema
from sketchlearn.errors import ColumnError, OptionError, PlanWarning, SketchlearnError


def rows(seed=0, scale=1.0):
    return scale * np.random.default_rng(seed).normal(size=(300, 3))


def test_a_declared_plan_depends_on_no_record():
    first = sl.plan(rows(), origin="declared", bounds=(-4, 4))
    other = sl.plan(rows(1, scale=1e6), origin="declared", bounds=(-4, 4))
    assert first == other
    assert first.schema.bounds == ((-4.0, 4.0),) * 3
    assert first.origin == "declared"


def test_a_plan_of_records_is_not_the_same_as_one_of_public_ones():
    private, public = sl.plan(rows(), size=20), sl.plan(rows(), size=20, origin="public")
    assert private.digest != public.digest
    assert public.schema.bounds[0][0] == rows()[:, 0].min()


def test_plans_are_read_back_with_origin_and_bounds(tmp_path):
    plan = sl.plan(rows(), origin="declared", bounds={"x2": (0, 1), "x0": (-4, 4), "x1": (-1, 2)})
    plan.save(tmp_path / "plan")
    assert sl.load(tmp_path / "plan") == plan
    assert plan.schema.bounds == ((-4.0, 4.0), (-1.0, 2.0), (0.0, 1.0))


def test_values_out_of_bounds_are_moved_to_them():
    plan = sl.plan(rows(), origin="declared", bounds=(-1, 1), size=20)
    far, edge = sl.sketch(np.full((4, 3), 50.0), plan), sl.sketch(np.ones((4, 3)), plan)
    assert far == edge


def test_bounds_that_leave_nothing_of_a_column_are_warned_of():
    people = np.random.default_rng(0).normal([40, 3_000], [10, 500], (200, 2))
    plan = sl.plan(people, origin="declared", bounds=(0, 120), size=20)
    with pytest.warns(PlanWarning, match="values of column 'x1'"):
        sl.sketch(people, plan)
    edges = np.repeat([[0.0, 120.0]], 200, axis=0)  # on the bounds is not outside
    assert sl.sketch(edges, plan).count == 200


def test_bytes_have_bounds_of_their_own():
    images = np.zeros((5, 8, 8), dtype=np.uint8)
    labels = np.arange(5) % 2
    plan = sl.plan((images, labels), origin="declared", label="label", classes=[0, 1])
    assert plan.schema.bounds == ((0.0, 255.0),) * 64
    assert plan.schema.image == (8, 8)


def test_smooth_images_stand_for_a_pilot_of_images():
    images = np.zeros((3, 28, 28), dtype=np.uint8)
    plan = sl.plan(images, origin="declared", size=96)
    assert plan.structure == "windows"
    assert plan.network is not None


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, OptionError, "Declare them with bounds"),
        ({"bounds": (1, 1)}, OptionError, "a least and a greater"),
        ({"bounds": (0, np.inf)}, OptionError, "a least and a greater"),
        ({"bounds": (0, 1, 2)}, OptionError, "one pair"),
        ({"bounds": "01"}, OptionError, "one pair"),
        ({"bounds": {"x0": (0, 1)}}, OptionError, "'x1' and 1 others"),
        ({"bounds": {"y": (0, 1)}}, ColumnError, "no column 'y'"),
        ({"bounds": (0, 1), "encoding": "table"}, OptionError, "needs named columns"),
    ],
)
def test_what_is_not_declared_is_asked_for(options, error, message):
    with pytest.raises(error, match=message):
        sl.plan(rows(), origin="declared", **options)


def test_classes_have_to_be_declared():
    labels = np.zeros(300, dtype=int)
    with pytest.raises(OptionError, match="classes"):
        sl.plan((rows(), labels), origin="declared", bounds=(0, 1), label="label")


# --- tables -----------------------------------------------------------------------------

SCHEMA = {
    "age": {"kind": "integer", "bounds": [17, 90], "missing": False},
    "pay": {"bounds": [0, 9000], "clip": True, "step": 0.01, "missing": True},
    "town": {"categories": ["Nice", "Paris"], "missing": False},
    "ok": {"kind": "boolean", "missing": False},
    "id": {"kind": "left out"},
}


def people(seed=0, count=4000):
    rng = np.random.default_rng(seed)
    town = rng.integers(0, 3, count)
    return pa.table(
        {
            "age": rng.integers(17, 60, count) + 10 * town,
            "pay": rng.gamma(2, 1000, count),
            "town": np.array(["Nice", "Paris", "Lyon"])[town],
            "ok": rng.random(count) < 0.3,
            "id": np.arange(count),
        }
    )


def declared_table(source, schema=SCHEMA, **options):
    return sl.plan(source, origin="declared", schema=schema, **options)


def test_a_declared_plan_of_a_table_depends_on_no_row():
    plan = declared_table(people(), size=200)
    assert plan.digest == declared_table(people(1, 7), size=200).digest
    assert plan.digest == declared_table(people(1, 0), size=200).digest
    assert plan.schema.learnt == {}
    assert "no row was read" in plan.explain()
    labelled = declared_table(
        people(), {k: v for k, v in SCHEMA.items() if k != "ok"}, label="ok", classes=[False, True]
    )
    assert labelled.schema.class_count == 2


def test_a_release_under_a_declared_plan_of_a_table_tells_its_law():
    sketch = sl.sketch(people(), declared_table(people(), size=600))
    released = sketch.release(epsilon=1.0, delta=1e-6)
    exact, noised = sketch.mean(), released.mean()
    noise = np.sqrt(2) * released.noise_deviations.ravel()[0]
    assert np.mean(np.abs(exact - noised) ** 2) == pytest.approx(noise**2, rel=0.3)
    assert np.mean(np.abs(exact) ** 2) > 10 * noise**2


@pytest.mark.parametrize(
    ("column", "declared", "message"),
    [
        ("age", None, "'age' of this table"),
        ("age", {"kind": "integer"}, "declare its bounds"),
        ("age", {"kind": "integer", "bounds": [17, 90]}, "'age': 'missing'"),
        ("pay", {"bounds": [0, 9000], "missing": True}, "'pay': 'step'"),
        ("town", {"kind": "category", "missing": False}, "no categories"),
        ("id", {"kind": "constant"}, "'id': 'value'"),
    ],
)
def test_a_part_of_a_column_that_is_not_declared_is_asked_for(column, declared, message):
    schema = {name: parts for name, parts in SCHEMA.items() if name != column}
    schema |= {} if declared is None else {column: declared}
    with pytest.raises(SketchlearnError, match=message):
        declared_table(people(), schema)


def test_classes_of_a_table_have_to_be_declared_too():
    with pytest.raises(OptionError, match=r"classes of 'ok'.*classes="):
        declared_table(people(), {k: v for k, v in SCHEMA.items() if k != "ok"}, label="ok")


def test_what_a_written_schema_learnt_from_rows_is_not_declared(tmp_path):
    table = pa.table(
        {"pay": [1200.5, 987_654.0, 2100.0] * 40, "town": ["Nice", "Paris", "Metz"] * 40}
    )
    path = tmp_path / "people.toml"
    write_schema(sl.plan(table).schema, path)
    assert "987654" in path.read_text()
    assert sl.plan(table, schema=path).schema.learnt
    with pytest.raises(OptionError, match=r"'pay': .*'bounds'.*'town'.*take it off that list"):
        sl.plan(table, origin="declared", schema=path)
    known = "".join(line for line in path.read_text().splitlines(True) if line[:6] != "learnt")
    path.write_text(known.replace("987654.0", "1000000"))
    assert sl.plan(table, origin="declared", schema=path).schema.learnt == {}
