"""A pilot that nobody's records are in: what may lie between declared bounds, drawn at random.

A plan takes centers, units and scales from a pilot. Where it may not see the data, it sees these
in their place: uniform numbers between the bounds, and for images what all images share, that
neighbouring pixels are alike.
"""

from __future__ import annotations

import numpy as np

from sketchlearn.errors import OptionError
from sketchlearn.features.image_shapes import planes_last
from sketchlearn.sketches.bounds import Pairs, bounds_of_types, declared_bounds
from sketchlearn.sketches.options import PlanOptions
from sketchlearn.sources import Batch, SourceSchema

# Images at a time, and the fall of their spectrum: amplitudes go as one over the frequency, as
# those of photographs do (Field, "Relations between the statistics of natural images and the
# response properties of cortical cells", JOSA A 1987).
_IMAGES, _FALL = 1_000, 1.0


def declared_pilot(source: SourceSchema, options: PlanOptions) -> tuple[Batch, Pairs]:
    """Return records drawn between declared bounds, and the bounds.

    Raises:
        OptionError: bounds or classes are not declared.
    """
    _require_classes(options)
    bounds = declared_bounds(source, options) or bounds_of_types(source)
    rng = np.random.default_rng(options.seed)
    count = min(options.pilot, _IMAGES) if source.image else options.pilot
    level = _smooth(source.image, count, rng) if source.image else rng.random((count, len(bounds)))
    lower, upper = np.array(bounds).T
    return Batch(lower + (upper - lower) * level, _labels(options, count)), bounds


def no_rows(source: SourceSchema, options: PlanOptions) -> Batch:
    """Return a pilot of a table without any row, but with the classes declared.

    Raises:
        OptionError: classes are not declared.
    """
    _require_classes(options)
    return Batch.empty(source.arrow, _labels(options, len(options.known_classes or ())))


def _require_classes(options: PlanOptions) -> None:
    if options.label is not None and options.known_classes is None:
        raise OptionError(
            f"origin='declared' reads no record, so the classes of {options.label!r} are not "
            "known. Declare them with classes=[...], or as categories of a schema."
        )


def _labels(options: PlanOptions, count: int) -> np.ndarray | None:
    classes = options.known_classes
    if classes is None:
        return None
    return np.array(list(classes), dtype=None)[np.arange(count) % len(classes)]


def _smooth(image: tuple[int, ...], count: int, rng: np.random.Generator) -> np.ndarray:
    """Return images of values from 0 to 1 whose spectra fall as those of photographs, (n, d)."""
    planes = np.moveaxis(np.empty(image), -1, 0).shape if planes_last(image) else image
    drawn = rng.standard_normal((count, *planes))
    axes = tuple(range(1, drawn.ndim))[-2:]
    down, across = (np.fft.fftfreq(drawn.shape[axis]) for axis in axes)
    radius = np.hypot(down[:, None], across[None, :])
    fall = np.where(radius > 0, radius, np.inf) ** -_FALL
    field = np.fft.ifft2(np.fft.fft2(drawn, axes=axes) * fall, axes=axes).real
    field /= field.std()
    level = np.clip(0.5 + field / 4, 0, 1)  # two deviations reach the bounds
    level = np.moveaxis(level, 1, -1) if planes_last(image) else level
    return level.reshape(count, -1)
