"""Plans that read no record of the data."""

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import ColumnError, OptionError


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
        ({"bounds": (0, 1), "encoding": "table"}, OptionError, "columns of numbers"),
    ],
)
def test_what_is_not_declared_is_asked_for(options, error, message):
    with pytest.raises(error, match=message):
        sl.plan(rows(), origin="declared", **options)


def test_classes_have_to_be_declared():
    labels = np.zeros(300, dtype=int)
    with pytest.raises(OptionError, match="classes"):
        sl.plan((rows(), labels), origin="declared", bounds=(0, 1), label="label")
