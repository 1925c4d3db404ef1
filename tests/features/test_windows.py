"""Frequencies that touch square windows of images."""

import numpy as np
import pytest

from sketchlearn.errors import OptionError
from sketchlearn.features import UNIT, Gaussian, Windows, draw_windows, integer_sums
from sketchlearn.features.windows import GROUP, SIDES

SHAPES = [(8, 8), (28, 28), (5, 9), (3, 12, 10), (12, 10, 3)]


def flat(image):
    return Windows((1.0,) * int(np.prod(image)))


def drawn(image, size, seed=0, windows=None, law=None):
    law = law or Gaussian((1.0, 0.5))
    return draw_windows(law, windows or flat(image), image, size, seed)


def touched(projection, group):
    """The pixels that a group of frequencies touches, by number."""
    run = projection.frequencies[:, group * GROUP : (group + 1) * GROUP]
    return np.flatnonzero((run != 0).any(axis=1))


@pytest.mark.parametrize("image", SHAPES)
@pytest.mark.parametrize(("size", "count"), [(1, 3), (GROUP, 300), (131, 70)])
def test_sums_are_those_of_the_matrix(image, size, count):
    projection = drawn(image, size)
    records = np.random.default_rng(2).standard_normal((count, int(np.prod(image))))
    exact = np.exp(1j * records @ projection.frequencies.astype(np.float64)).sum(axis=0)
    cosine, sine = integer_sums(records, projection, np.zeros(count, int), 1)[0] * UNIT
    assert projection.size == size
    assert np.abs(cosine + 1j * sine - exact).max() < count * 1e-5


@pytest.mark.parametrize("image", [(28, 28), (3, 12, 10), (12, 10, 3)])
def test_a_group_touches_a_square_of_pixels_in_every_plane(image):
    projection = drawn(image, 8 * GROUP)
    last = image[-1] == 3
    height, width = image[:2] if last or len(image) == 2 else image[1:]
    planes = int(np.prod(image)) // (height * width)
    for group in range(8):
        where = np.unravel_index(touched(projection, group), image)
        row, column = where[:2] if last or len(image) == 2 else where[1:]
        side = round(SIDES[group % len(SIDES)] * min(height, width))
        assert len(row) == planes * side**2
        assert np.ptp(row) == np.ptp(column) == side - 1


def test_projections_vary_by_the_radius_wherever_the_window_lies():
    image, groups = (12, 12), 40
    deviations = np.geomspace(0.1, 10, 144)
    projection = drawn(image, groups * GROUP, windows=Windows(tuple(deviations.tolist())))
    records = np.random.default_rng(0).standard_normal((4000, 144)) * deviations
    spread = (records @ projection.frequencies).std(axis=0).reshape(groups, GROUP).mean(axis=1)
    own = [deviations[touched(projection, group)] for group in range(groups)]
    root = np.array([np.sqrt((values**2).mean()) for values in own])
    damped = root / (root + 0.3 * np.sqrt((deviations**2).mean()))
    # |N(0, 1)| / scale has mean 1.5 √(2/π) over the scales 1 and 1/2
    assert np.median(spread / damped) == pytest.approx(1.5 * np.sqrt(2 / np.pi), rel=0.1)
    assert root.max() > 3 * root.min()
    assert spread.max() < 3


def test_windows_lie_where_pixels_vary():
    deviations = np.zeros((16, 16))
    deviations[:, 12:] = 1.0
    small = drawn((16, 16), 80 * GROUP, windows=Windows(tuple(deviations.ravel().tolist())))
    for group in range(0, 80, len(SIDES)):
        assert (touched(small, group) % 16).max() >= 12


def test_the_seed_decides_all():
    first, again, other = (drawn((8, 8), 100, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.frequencies, again.frequencies)
    assert not np.array_equal(first.frequencies, other.frequencies)


def test_what_is_no_image_is_refused():
    with pytest.raises(OptionError, match=r"shape \(64,\).*needs images"):
        drawn((64,), 10)
    with pytest.raises(OptionError, match="10 deviations"):
        drawn((8, 8), 10, windows=Windows((1.0,) * 10))
    for values in ((0.0, 0.0), (1.0, -1.0), (float("nan"), 1.0)):
        with pytest.raises(OptionError, match="Deviations"):
            Windows(values)
