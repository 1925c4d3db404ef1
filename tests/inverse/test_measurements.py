"""Measurements and options as they come: taken where they say enough, refused with a remedy."""

import numpy as np
import pytest
import torch
from known_ranges import generator_of, in_range, noisy

import sketchlearn as sl
from sketchlearn.errors import MeasurementError, OperatorError, OptionError
from sketchlearn.inverse import (
    Convolution,
    Dense,
    Identity,
    Mask,
    Search,
    project,
    reconstruct,
    tau_of,
)

QUICK = Search(steps=5, restarts=1, draws=2)
IMAGES = noisy(in_range(generator_of((8, 8)), 3), 0.1)


def found(y, model, operator=None, **options):
    options = {"noise": 0.1, "method": QUICK, **options}
    return reconstruct(y, operator or Identity(), model, **options).images


@pytest.mark.parametrize(
    "y",
    [
        IMAGES[:, :, ::-1][:, :, ::-1],
        IMAGES[::-1].copy()[::-1],
        IMAGES.astype(">f8"),
        IMAGES.astype(object),
        IMAGES.tolist(),
        torch.tensor(IMAGES),
    ],
    ids=["strides", "reversed", "big-endian", "objects", "lists", "tensor"],
)
def test_numbers_are_taken_however_they_are_kept(model, y):
    assert (found(y, model) == found(IMAGES, model)).all()


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (IMAGES + 1j, "type complex128"),
        (torch.tensor(IMAGES + 1j), "type complex"),
        ("abc", "type <U3"),
        (np.full((3, 8, 8), "1"), "type <U1"),
        ([[1.0], [1.0, 2.0]], "no array of numbers"),
        (np.array([{}, {}]), "no array of numbers"),
        (np.array([None, None]), "NaN"),
        (np.full((3, 8, 8), 1e300), "infinite"),
        (IMAGES[0], r"For one image give y\[None\]"),
        (np.zeros((5, 8)), "Give y of shape"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_measurement_is_refused(model, y, says):
    with pytest.raises(MeasurementError, match=says):
        found(y, model)


@pytest.mark.parametrize("image", [(6, 5, 3), (3, 6, 5)])
def test_one_colour_image_without_its_axis_is_told_so(image):
    model = generator_of(image)
    with pytest.raises(MeasurementError, match=r"For one image give y\[None\]"):
        found(in_range(model, 1)[0], model)


def test_one_vector_of_measurements_is_told_so(model):
    with pytest.raises(MeasurementError, match=r"For one image give y\[None\]"):
        found(np.zeros(20), model, Dense(np.ones((20, 64)), (8, 8)))


def test_the_error_of_a_generator_is_the_same_in_either_layout():
    model = generator_of((6, 5, 3))
    clean = in_range(model, 4)
    last, first = (tau_of(model, y, method=QUICK) for y in (clean, clean.transpose(0, 3, 1, 2)))
    assert first == pytest.approx(last, rel=1e-5)


def test_models_that_are_no_generators_have_no_range():
    sketch = sl.sketch(IMAGES, size=10)
    for call in (project, lambda images, model: tau_of(model, images)):
        with pytest.raises(OptionError, match="A Sketch was given as model"):
            call(IMAGES, sketch)


def test_methods_of_a_projection_are_checked(model):
    with pytest.raises(OptionError, match="method='fast'"):
        project(IMAGES, model, method="fast")


SEEN = np.ones((8, 8))
SEEN[2:6, 2:6] = 0


@pytest.mark.parametrize("operator", [Mask(SEEN), Dense(np.diag(SEEN.ravel()), (8, 8), (1, 8, 8))])
def test_what_is_written_in_hidden_pixels_changes_nothing(model, operator):
    y = IMAGES * SEEN
    for tau in (0.0, 0.1):
        one, two = (
            reconstruct(some, operator, model, noise=0.05, tau=tau, method=Search(steps=8))
            for some in (y, y + 255 * (1 - SEEN))
        )
        assert (one.images == two.images).all()
        assert (one.losses == two.losses).all()
        assert (one.converged == two.converged).all()


@pytest.mark.parametrize(
    ("operator", "noise", "tau"),
    [
        (Mask(SEEN), 1e-25, "auto"),
        (Convolution(np.zeros((3, 3))), 1e-25, "auto"),
        (Identity(), 1e-25, 0),
        (Identity(), 1e-19, 0),
    ],
)
def test_noise_beyond_single_numbers_is_refused(model, operator, noise, tau):
    with pytest.raises(OperatorError, match="larger noise"):
        found(IMAGES, model, operator, noise=noise, tau=tau)
