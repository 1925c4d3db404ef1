"""Pixels in other units than a plan's, and images that do not differ."""

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import ColumnError, PlanWarning

IMAGES = np.random.default_rng(0).random((200, 8, 8)).astype(np.float32)


def test_larger_units_are_refused():
    plan = sl.plan(IMAGES)
    with pytest.raises(ColumnError, match="0 to 255 where 0 to 1 was planned"):
        sl.sketch(IMAGES * 255, plan)


@pytest.mark.parametrize("factor", [0, 1])
def test_smaller_units_and_black_images_are_told(factor):
    plan = sl.plan((IMAGES * 255).astype(np.uint8))
    with pytest.warns(PlanWarning, match="all black, or in other units"):
        sl.sketch(IMAGES * factor, plan)


def test_units_of_a_plan_without_standardisation_are_not_judged():
    plan = sl.plan(IMAGES, standardise="none")
    assert sl.sketch(IMAGES * 255, plan).count == 200


def test_a_single_image_is_not_judged_by_how_it_differs():
    plan = sl.plan(IMAGES)
    assert sl.sketch(IMAGES[:1], plan).count == 1


def test_planes_in_another_place_are_refused():
    last = np.random.default_rng(0).random((50, 8, 8, 3))
    plan = sl.plan(last)
    with pytest.raises(ColumnError, match=r"\(3, 8, 8\).*image=\(8, 8, 3\)"):
        sl.sketch(np.moveaxis(last, -1, 1), plan)
    assert sl.sketch(last.reshape(50, -1), plan).count == 50


def test_black_images_make_no_plan():
    with pytest.raises(ColumnError, match="all black"):
        sl.plan(np.zeros((50, 8, 8)))


def test_a_class_of_one_image_is_learnt_like_the_others():
    digits = np.zeros(200, dtype=int)
    digits[0] = 1
    sketch = sl.sketch((IMAGES, digits), label="digit", size=50)
    made = sl.GenerativeNetwork(steps=5).fit(sketch).model.sample(4, label=1)
    assert made.labels.tolist() == [1] * 4
