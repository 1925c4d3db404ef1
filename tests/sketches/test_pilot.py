"""What a pilot decides: units, scales, classes, and what it refuses."""

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.encoding import Label
from sketchlearn.errors import (
    ColumnError,
    EmptySourceError,
    LabelError,
    MissingValuesError,
    OptionError,
    PlanError,
)
from sketchlearn.features import LAWS
from sketchlearn.sources import Batch


def normal(count=200, dimension=2, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dimension))


def mean_kernel(plan, scale, records):
    schema = plan.schema
    encoded = (records - np.array(schema.center)) / np.array(schema.spread)
    rng = np.random.default_rng(7)
    first, second = rng.integers(0, len(encoded), (2, 4000))
    apart = np.linalg.norm(encoded[first] - encoded[second], axis=1)[first != second]
    return np.exp(-(apart**2) / (2 * scale**2)).mean()


@pytest.mark.parametrize("unit", [1000.0, 0.001])
def test_units_do_not_matter(unit):
    records = normal() + 3
    plain, other = sl.plan(records, size=32), sl.plan(unit * records, size=32)
    assert other.law == plain.law
    assert np.array_equal(other.frequencies, plain.frequencies)
    assert sl.sketch(unit * records, other).mean() == pytest.approx(
        sl.sketch(records, plain).mean(), abs=1e-5
    )


def test_the_same_pilot_and_seed_give_the_same_plan():
    assert sl.plan(normal(), size=8) == sl.plan(normal(), size=8)
    assert sl.plan(normal(), size=8, seed=1) != sl.plan(normal(), size=8)


def test_each_column_is_given_mean_zero_and_deviation_one():
    records = normal() * [1.0, 50.0] + [0.0, -7.0]
    schema = sl.plan(records, size=8).schema
    assert schema.center == pytest.approx(records.mean(axis=0))
    assert schema.spread == pytest.approx(records.std(axis=0))


def test_images_share_one_spread():
    records = np.random.default_rng(0).random((100, 3, 4)) * np.linspace(0, 1, 4)
    plan = sl.plan(records, size=8)
    assert plan.schema.image == (3, 4)
    common = np.sqrt(records.reshape(100, 12).var(axis=0).mean())
    assert plan.schema.spread == pytest.approx([common] * 12)
    assert "one unit" in plan.explain()


def test_columns_can_be_taken_as_they_are():
    plan = sl.plan(normal() + 5, size=8, standardise="none")
    assert plan.schema.center == (0.0, 0.0)
    assert plan.schema.spread == (1.0, 1.0)
    assert "as they are" in plan.explain()


@pytest.mark.parametrize(("dimension", "size"), [(1, 2000), (100, 2500), (400, 5000)])
def test_the_size_grows_with_the_root_of_the_dimension(dimension, size):
    assert sl.plan(normal(20, dimension), scales=[1.0]).size == size


# --- scales -----------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [1, 2, 30, 300, 784])
def test_scales_go_from_what_is_nearly_noise_to_what_is_nearly_the_mean(dimension):
    records = normal(400, dimension)
    plan = sl.plan(records, size=8)
    finest, *_, coarsest = plan.law.scales
    assert len(plan.law.scales) == 5
    step = np.log(coarsest / finest) / 4
    assert np.diff(np.log(plan.law.scales)) == pytest.approx(step, rel=0.01)
    assert mean_kernel(plan, finest, records) == pytest.approx(0.01, abs=0.005)
    assert mean_kernel(plan, coarsest, records) == pytest.approx(0.7, abs=0.03)


@pytest.mark.parametrize("law", LAWS)
def test_every_law_finds_scales_around_the_distances(law):
    finest, *_, coarsest = sl.plan(normal(400, 3), size=8, law=law).law.scales
    assert 0.01 < finest < coarsest < 30


@pytest.mark.parametrize("values", [[0.0, 1.0], [0.0, 1.0, 2.0, 3.0]])
def test_records_that_repeat_do_not_make_scales_vanish(values):
    # most pairs of such records are equal; what there is to see lies at the distances between
    records = np.random.default_rng(1).choice(values, (500, 1))
    plan = sl.plan(records, size=8)
    gap = 1 / plan.schema.spread[0]
    assert gap / 10 < plan.law.scales[0] < plan.law.scales[-1] < 30 * gap


def test_two_records_are_enough():
    assert np.isfinite(sl.plan(normal(2), size=8).law.scales).all()


def test_declared_scales_are_kept():
    plan = sl.plan(normal(), size=8, scales=[0.5, 4])
    assert plan.law.scales == (0.5, 4.0)
    assert "Scales: declared." in plan.explain()


# --- classes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.arange(200) % 3, (0, 1, 2)),
        (np.array(["b", "a"] * 100), ("a", "b")),
        (np.array([3.0, 1.0] * 100), (1, 3)),
        (np.array([True, False] * 100), (False, True)),
    ],
)
def test_classes_are_those_of_the_pilot(labels, classes):
    found = sl.plan((normal(), labels), size=8, label="kind").schema.label
    assert found.name == "kind"
    assert found.classes == classes


def test_declared_classes_keep_their_order_and_may_be_unseen():
    plan = sl.plan((normal(), np.arange(200) % 2), size=8, label="kind", classes=[5, 1, 0])
    assert plan.schema.label.classes == (5, 1, 0)
    part = sl.sketch((normal(), np.arange(200) % 2), plan)
    assert part.counts.tolist() == [0, 100, 100]


@pytest.mark.parametrize("classes", [[], [1, 1], [1, 1.0]])
def test_declared_classes_are_distinct_and_at_least_one(classes):
    with pytest.raises(OptionError, match="distinct"):
        sl.plan((normal(), np.arange(200) % 2), size=8, label="kind", classes=classes)


def test_a_label_of_measurements_is_refused():
    with pytest.raises(LabelError, match="200 distinct"):
        sl.plan((normal(), np.arange(200) / 7), size=8, label="kind")


def test_a_label_that_the_plan_never_saw_is_refused():
    plan = sl.plan((normal(), np.arange(200) % 2), size=8, label="kind")
    with pytest.raises(LabelError, match="9"):
        sl.sketch((normal(), np.full(200, 9)), plan)
    with pytest.raises(LabelError, match="1"):
        sl.plan((normal(), np.arange(200) % 2), size=8, label="kind", classes=[0])


# --- what cannot be planned with --------------------------------------------------------


@pytest.mark.parametrize("value", [0.0, 0.1, -1e9, 12345678.9])
def test_a_constant_column_is_refused_by_name(value):
    records = np.stack([normal()[:, 0], np.full(200, value)], axis=1)
    with pytest.raises(ColumnError, match="'x1'"):
        sl.plan(records, size=8)


def test_constant_pixels_are_allowed_but_not_constant_images():
    records = np.zeros((50, 2, 2))
    with pytest.raises(ColumnError, match="All 4 columns"):
        sl.plan(records, size=8)
    records[:, 0, 0] = np.arange(50)
    assert sl.plan(records, size=8).schema.dimension == 4


@pytest.mark.parametrize("offset", [1e6, 1.7e12])
def test_a_column_far_from_zero_is_not_constant(offset):
    records = normal() + np.array([offset, 0.0])
    assert sl.plan(records, size=8).schema.spread[0] == pytest.approx(1, rel=0.2)


def test_one_record_is_too_few():
    with pytest.raises(EmptySourceError, match="at least 2"):
        sl.plan(normal(1), size=8)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_missing_values_are_refused_and_counted(hole):
    records = normal()
    records[[3, 5, 8], 1] = hole
    with pytest.raises(MissingValuesError, match=r"3 of 200.*drop"):
        sl.plan(records, size=8)


def test_missing_values_are_dropped_and_counted_when_asked():
    records = normal()
    records[[3, 5, 8], 1] = np.nan
    kept = np.delete(records, [3, 5, 8], axis=0)
    plan = sl.plan(records, size=8, missing="drop")
    assert plan == sl.plan(kept, size=8)
    part = sl.sketch(records, plan, missing="drop")
    assert (part.count, part.dropped) == (197, 3)
    assert np.array_equal(part.sums, sl.sketch(kept, plan).sums)


def test_an_iterator_is_not_planned_with():
    with pytest.raises(PlanError, match="sketch"):
        sl.plan(iter([normal()]), size=8)


def test_a_list_of_batches_is():
    assert sl.plan([normal(), normal(seed=1)], size=8).schema.dimension == 2


@pytest.mark.parametrize(
    "options",
    [
        {"size": 0},
        {"size": 2**24 + 1},
        {"size": "large"},
        {"size": 10.5},
        {"law": "cauchy"},
        {"pilot": 1},
        {"seed": -1},
        {"seed": 2**63},
        {"seed": 1.5},
        {"scales": []},
        {"scales": [0.0]},
        {"scales": [-1.0]},
        {"scales": [np.nan]},
        {"scales": ["wide"]},
        {"scales": 2.0},
        {"standardise": "rank"},
        {"missing": "skip"},
    ],
    ids=str,
)
def test_options_that_cannot_be_used_are_refused_by_name(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        sl.plan(normal(), **{"size": 8, **options})


def test_unknown_options_are_refused():
    with pytest.raises(TypeError, match="sizes"):
        sl.plan(normal(), sizes=8)


# --- declared schemas -------------------------------------------------------------------

DECLARED = {
    "age": {"kind": "integer", "bounds": [0, 120], "missing": False},
    "town": {"kind": "category", "categories": ["Nice", "Paris"], "missing": True},
}


def people(ages, towns):
    return pa.table({"age": ages, "town": pa.array(towns, pa.string()), "sex": ["f", "m"]})


def test_a_plan_that_is_declared_whole_depends_on_no_row():
    options = {"schema": DECLARED, "label": "sex", "classes": ["f", "m"]}
    first = sl.plan(people([20, 30], ["Nice", "Lyon"]), **options)
    other = sl.plan(people([7, 7], [None, None]), **options)
    assert first.digest == other.digest
    assert first.schema.learnt == other.schema.learnt == {}
    assert sl.plan(people([20, 30], ["Nice", "Lyon"]), schema=DECLARED, label="sex").schema.learnt
    assert "Column 'age': integer (declared)" in first.explain()


def test_what_was_learnt_is_told_by_a_saved_plan_and_makes_no_other_plan(tmp_path):
    ages, towns = [0, 120] * 10, ["Nice", "Paris"] * 10
    table = pa.table({"age": ages, "town": towns})
    schema = {"age": DECLARED["age"], "town": {"kind": "category"}}
    some = sl.plan(table, schema=schema)
    whole = sl.plan(table, schema={**schema, "town": {**DECLARED["town"], "missing": False}})
    assert some.digest == whole.digest  # what the pilot showed is what was declared
    for plan in (some, whole):
        plan.save(tmp_path / "plan")
        assert sl.load(tmp_path / "plan").schema.learnt == plan.schema.learnt
    assert some.schema.learnt == {"town": ("categories", "missing")}
    assert whole.schema.learnt == {}


def test_numbers_alone_are_a_table_where_columns_are_declared():
    table = pa.table({"x": [1.5, 2.5, 3.5]})
    assert sl.plan(table, schema={"x": {"bounds": [0, 5]}}).structure == "columns"
    assert sl.plan(table, schema={}).structure == "dense"


@pytest.mark.parametrize("options", [{"encoding": "vector"}, {"structure": "dense"}])
def test_declarations_are_never_passed_over(options):
    table = pa.table({"x": [1.5, 2.5, 3.5]})
    for declared in ({"schema": {"x": {"bounds": [0, 5]}}}, {"kinds": {"x": "integer"}}):
        with pytest.raises(OptionError, match="declare columns of a table"):
            sl.plan(table, **declared, **options)


def test_a_mistake_in_a_schema_is_told_before_anything_is_read(tmp_path):
    with pytest.raises(OptionError, match="Did you mean 'bounds'"):
        sl.plan(tmp_path / "nothing.parquet", schema={"age": {"bound": [0, 1]}})


def test_classes_are_the_categories_that_a_schema_declares_of_the_label():
    rows = people([1, 2], ["a", "b"])
    schema = {"sex": {"kind": "category", "categories": ["m", "f", "x"]}}
    made = sl.plan(rows, label="sex", schema=schema)
    assert made == sl.plan(rows, label="sex", encoding="table", classes=["m", "f", "x"])
    assert made.schema.label == Label("sex", ("m", "f", "x"))
    assert not made.schema.label.learnt


@pytest.mark.parametrize(
    ("declared", "options", "said"),
    [
        ({"kind": "category"}, {}, r"is the label.*categories.*classes="),
        ({"categories": ["f", "m"], "other": True}, {}, "is the label"),
        ({"kind": "hashed", "buckets": 3}, {}, "is the label"),
        ({"categories": ["f", "m"], "learnt": ["categories"]}, {}, "without the rows"),
        ({"categories": ["f", "m"]}, {"classes": ["f", "m"]}, "Leave one out"),
    ],
)
def test_a_label_is_declared_once_by_its_classes(declared, options, said):
    with pytest.raises(OptionError, match=said):
        sl.plan(people([1, 2], ["a", "b"]), label="sex", schema={"sex": declared}, **options)


def test_missing_numbers_of_a_frame_make_it_a_table():
    holed = pa.table({"x": [1.0, None, 2.5] * 40, "y": [float("nan"), 0.5, 1.0, 3.0] * 30})
    plan = sl.plan(holed, size=40)
    assert plan.structure == "columns"
    assert all(column.missing for column in plan.schema.fields)
    assert sl.sketch(holed, plan).count == 120
    assert sl.plan(holed, size=40, missing="drop").structure == "dense"
    with pytest.raises(MissingValuesError, match="drop"):
        sl.plan(holed, size=40, encoding="vector")


@pytest.mark.parametrize("value", [0, 1])
def test_flags_and_constants_among_numbers_of_a_frame_make_it_a_table(value):
    rng = np.random.default_rng(0)
    columns = {"x": rng.normal(size=200), "flag": rng.integers(0, 1 + value, 200)}
    plan = sl.plan(pa.table(columns), size=40)
    assert plan.structure == "columns"
    assert [column.kind for column in plan.schema.fields][1] == ["constant", "integer"][value]
    asked = sl.plan(pa.table(columns), size=40, scales=[1.0], standardise="common")
    assert asked.structure == "dense"


def test_pixels_of_which_some_are_constant_are_no_table():
    rng = np.random.default_rng(0)
    pixels = {f"p{j}": rng.integers(0, 255, 50) * (j > 9) for j in range(144)}
    assert sl.plan(pa.table(pixels), size=40, image=(12, 12)).structure == "dense"
    with pytest.raises(ColumnError, match=r"'p0' has the same value.*image="):
        sl.plan(pa.table(pixels), size=40)


def test_the_sketch_of_a_table_is_as_large_as_its_pairs_have_cells():
    rng = np.random.default_rng(0)
    table = pa.table({f"c{j}": rng.choice([f"v{k}" for k in range(30)], 4000) for j in range(4)})
    slots = [column.slots for column in sl.plan(table).schema.encoded]
    cells = sum(a * b for i, a in enumerate(slots) for b in slots[:i])
    plan = sl.plan(table)
    assert plan.size == 2 * cells > 2000
    assert f"{cells:,} cells" in plan.explain()
    assert sl.plan(table.select(["c0", "c1"])).size == 2000


def test_windows_of_images_are_planned_with_the_deviations_of_pixels(tmp_path):
    images = np.random.default_rng(0).random((300, 12, 12)) * np.linspace(0, 1, 12)
    plan = sl.plan(images, size=96, structure="windows")
    assert plan.windows.deviations[0] == 0
    assert np.mean(np.square(plan.windows.deviations)) == pytest.approx(1, rel=1e-3)
    assert "square window of pixels" in plan.explain()
    plan.save(tmp_path / "plan")
    again = sl.load(tmp_path / "plan")
    assert again == plan
    assert np.array_equal(again.frequencies, plan.frequencies)
    exact = np.exp(
        1j * plan.schema.encode(Batch(images.reshape(300, -1))).values @ plan.frequencies
    )
    assert np.abs(sl.sketch(images, plan).mean() - exact.mean(axis=0)).max() < 1e-4
    with pytest.raises(OptionError, match="needs images"):
        sl.plan(normal(dimension=20), size=96, structure="windows")


def test_whole_numbers_that_64_bit_floats_do_not_tell_apart_are_told_of():
    rng = np.random.default_rng(0)
    large = pa.table({"n": rng.integers(2**60, 2**61, 200), "t": ["a", "b"] * 100})
    assert "digits beyond 2⁵³ are lost" in sl.plan(large, size=40).explain()
    small = pa.table({"n": rng.integers(0, 2**50, 200), "t": ["a", "b"] * 100})
    assert "digits" not in sl.plan(small, size=40).explain()


def large_images(height=20, width=20):
    return np.random.default_rng(0).integers(0, 256, (40, height, width)).astype(np.uint8)


def test_large_images_are_seen_through_windows_of_wavelets():
    plan = sl.plan(large_images(), size=100)
    assert plan.structure == "windows"
    assert plan.network.architecture["name"] == "scattering"
    assert plan.network.shape == (24, 5, 5)


@pytest.mark.parametrize(
    "options", [{"network": "none"}, {"scales": [0.5, 1.0]}, {"structure": "windows"}]
)
def test_large_images_are_seen_as_they_are_where_that_is_asked_for(options):
    plan = sl.plan(large_images(), size=100, **options)
    assert plan.network is None
    assert plan.structure == "windows"


def test_sides_that_cannot_be_halved_twice_leave_windows_of_pixels():
    plan = sl.plan(large_images(21, 20), size=100)
    assert (plan.structure, plan.network) == ("windows", None)


@pytest.mark.parametrize("structure", ["dense", "hadamard"])
def test_a_structure_that_is_given_is_of_pixels(structure):
    plan = sl.plan(large_images(), size=100, structure=structure)
    assert (plan.structure, plan.network) == (structure, None)


def test_small_images_are_seen_whole():
    plan = sl.plan(large_images(12, 12), size=100)
    assert (plan.structure, plan.network) == ("dense", None)


def test_a_size_for_many_clusters_has_finer_scales():
    records = np.random.default_rng(0).normal(size=(2_000, 2))
    usual, few, many = (sl.plan(records, size=m).law.scales for m in ("auto", 200, 2_000))
    assert usual == few
    # within a scale s lie pairs in proportion to s², and so many fewer are asked for
    assert (few[0] / many[0]) ** 2 == pytest.approx(0.01 / 0.002, rel=0.1)
    assert few[-1] == many[-1]
    assert sl.plan(records, size=2**24).law.scales[0] > 0.2 * many[0]
