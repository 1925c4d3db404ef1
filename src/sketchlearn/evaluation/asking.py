"""Asking a sketch: shares, histograms, moments and any other mean of the records, with errors.

A question is a function h of a record, and its answer the mean of h over the records. Under a
mixture that was learnt from the sketch, h is regressed on the sketch's features; the mean of h is
then that under the mixture, corrected by the coefficients times what the features differ by. What
the regression leaves of h is not seen by the sketch, and is where the error comes from.
(Schellekens and Jacques' moment-to-moment queries approximate h over a box of space; a mixture
weighs space by where records are.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import ColumnError, OptionError
from sketchlearn.evaluation.reference import Reference
from sketchlearn.features import UNIT
from sketchlearn.learners.vectors import covariance_of
from sketchlearn.models.vectors import in_source_units
from sketchlearn.sketches import Sketch

Box = Mapping[str, tuple[float, float]]

_MOST_BINS = 1_000


@dataclass(frozen=True)
class Answer:
    """A mean over the records, or several.

    Attributes:
        value: the estimate.
        error: one standard error, of what the sketch does not see of the question: as if there the
            records differed from the mixture by as much as where it sees them.
    """

    value: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class Histogram:
    """Shares of the records between the edges of a column.

    Attributes:
        edges: in the source's units, shape (bins + 1,); the first and last bin are open.
        shares: they sum to 1, shape (bins,).
        errors: of the shares, as in `Answer`.
    """

    edges: np.ndarray
    shares: np.ndarray
    errors: np.ndarray


class Answers:
    """A sketch that can be asked, made by `ask`.

    Of columns of integers, bounds and edges count as within. Of others, put bounds between the
    values that records have: one that falls on a value of many records counts a part of them.
    """

    def __init__(self, sketch: Sketch, seed: int) -> None:
        self._sketch = sketch
        self._reference = Reference.of(sketch, seed)
        self._places = in_source_units(self._reference.points, self._schema)

    @property
    def _schema(self) -> VectorSchema:
        return self._reference.schema

    def expect(self, question: Callable[[np.ndarray], np.ndarray]) -> Answer:
        """Return the mean of a function over the records.

        Args:
            question: from records in the source's units, shape (n, d), to numbers, shape (n,) or
                (n, q) for several questions at once.

        Raises:
            OptionError: the function returns another shape, or values that are not finite.
        """
        said = np.asarray(question(self._places.copy()))
        if said.dtype.kind not in "biuf":
            raise OptionError(
                f"The question gave values of type {said.dtype}; real numbers were expected."
            )
        said = said.astype(np.float64)
        if said.ndim not in (1, 2) or len(said) != len(self._places):
            raise OptionError(
                f"The question gave an array of shape {said.shape} for {len(self._places)} "
                "records; one number, or one row, for each was expected."
            )
        if not np.isfinite(said).all():
            raise OptionError("The question gave a value that is not finite for a possible record.")
        value, error = self._answered(said.reshape(len(said), -1))
        shape = said.shape[1:]
        return Answer(value.reshape(shape), error.reshape(shape))

    def share(self, box: Box) -> Answer:
        """Return the share of the records whose columns lie within bounds.

        Args:
            box: lowest and highest value of some columns, by name.
        """
        inside = self._inside(box)
        found = self.expect(lambda _: inside)
        return Answer(np.clip(found.value, 0, 1), found.error)

    def count(self, box: Box) -> Answer:
        """Return how many records have columns within bounds."""
        share = self.share(box)
        return Answer(share.value * self._sketch.count, share.error * self._sketch.count)

    def density(self, box: Box) -> Answer:
        """Return the mean density of the records' columns within bounds: the share over the volume.

        Raises:
            OptionError: the bounds enclose no volume.
        """
        share = self.share(box)
        ends = [_ends(name, bounds) for name, bounds in box.items()]
        volume = float(np.prod([high - low for low, high in ends]))
        if not 0 < volume < np.inf:
            raise OptionError("The bounds enclose no finite volume, which a density is a share of.")
        return Answer(share.value / volume, share.error / volume)

    def histogram(self, column: str, bins: int | Sequence[float] = 10) -> Histogram:
        """Return shares of the records between edges of a column.

        Args:
            column: its name.
            bins: inner edges, ascending, or a number of bins of equal width, of which the inner
                edges reach two deviations to both sides of the mean.
        """
        number = self._column(column)
        edges = self._edges(number, bins)
        # whole numbers fill the half to both sides of them
        inner = edges[1:-1] - 0.5 if self._whole(number) else edges[1:-1]
        where = np.searchsorted(inner, self._places[:, number], side="right")
        found = self.expect(lambda _: where[:, None] == np.arange(len(edges) - 1))
        shares = _on_the_simplex(found.value)
        return Histogram(edges, shares, found.error)

    def mean(self) -> np.ndarray:
        """Return the mean record, in the source's units, shape (d,); exact but for a release."""
        mean = self._sketch.side.mean(self._sketch.count)
        return in_source_units(mean, self._schema)

    def covariance(self) -> Answer:
        """Return the covariance in the source's units, (d, d).

        Where the sketch keeps it, it is exact, but for the noise of a release.
        """
        spread = np.asarray(self._schema.spread)
        exact = covariance_of(self._sketch)
        if exact.ndim == 2:
            noise = (self._sketch.noise or {}).get("second_moments", 0.0) * UNIT
            error = np.full_like(exact, noise / self._sketch.count)
            return Answer(exact * np.outer(spread, spread), error * np.outer(spread, spread))
        mean = self.mean()
        off = self._places - mean
        dimension = len(mean)
        rows = [self.expect(lambda _, j=j: off * off[:, j : j + 1]) for j in range(dimension)]
        value = np.stack([row.value for row in rows])
        error = np.stack([row.error for row in rows])
        np.fill_diagonal(value, exact * spread**2)
        np.fill_diagonal(error, 0)
        return Answer(value, error)

    def _answered(self, said: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return means and errors of answers at the points (p, q)."""
        reference = self._reference
        centered = said - said.mean(axis=0)
        points = len(said)
        coefficients = reference.solved(reference.centered.T @ centered / points)
        left = centered - reference.centered @ coefficients
        used = reference.features.shape[1]
        rest = np.sqrt((left**2).sum(axis=0) / max(1, points - used))
        value = said.mean(axis=0) + reference.difference @ coefficients
        # of the points that stand for the mixture, of the records, which are a sample, and of what
        # differs from the mixture unseen
        sampled = 1 / points + 1 / reference.count
        square = rest**2 * (sampled + reference.distance**2 / np.sqrt(used))
        square += reference.released * (coefficients**2).sum(axis=0)
        return value, np.sqrt(square)

    def _column(self, name: str) -> int:
        label = self._schema.label
        if label is not None and name == label.name:
            raise ColumnError(
                f"{name!r} is the label: the sketch's counts say how many records each class has."
            )
        if not isinstance(name, str) or name not in self._schema.columns:
            raise ColumnError.absent(str(name), self._schema.columns)
        return self._schema.columns.index(name)

    def _inside(self, box: Box) -> np.ndarray:
        if not isinstance(box, Mapping) or not box:
            raise OptionError("No bounds were given. Name a column: {'age': (20, 40)}.")
        inside = np.ones(len(self._places))
        for name, bounds in box.items():
            number = self._column(name)
            low, high = _ends(name, bounds)
            if self._whole(number):
                low, high = np.ceil(low) - 0.5, np.floor(high) + 0.5
            if not low < high:
                raise OptionError(
                    f"{name!r} was bounded by {bounds}, between which there is nothing; low first."
                )
            column = self._places[:, number]
            inside *= (low <= column) & (column <= high)
        return inside

    def _whole(self, number: int) -> bool:
        """Tell whether a column holds whole numbers."""
        return np.dtype(self._schema.dtypes[number]).kind in "biu"

    def _edges(self, number: int, bins: int | Sequence[float]) -> np.ndarray:
        side, schema = self._sketch.side, self._schema
        shift, spread = schema.center[number], schema.spread[number]
        lowest, highest = (b[number] * spread + shift for b in (side.lower, side.upper))
        if isinstance(bins, int | np.integer):
            if not 2 <= bins <= _MOST_BINS:
                raise OptionError(f"bins={bins} was given; it must be from 2 to {_MOST_BINS}.")
            variance = covariance_of(self._sketch)
            variance = (np.diag(variance) if variance.ndim == 2 else variance)[number]
            reach = 2 * np.sqrt(variance) * spread
            if not reach > 0:
                name = self._schema.columns[number]
                raise OptionError(f"{name!r} has next to no variance. Give inner edges as bins.")
            middle = self.mean()[number]
            inner = np.linspace(
                max(middle - reach, lowest), min(middle + reach, highest), bins + 1
            )[1:-1]
        else:
            inner = _numbers(bins)
            rising = inner.ndim == 1 and bool((np.diff(inner) > 0).all())
            if not rising or not 1 <= len(inner) < _MOST_BINS or not np.isfinite(inner).all():
                raise OptionError(f"bins={bins!r} was given; inner edges must be rising numbers.")
        return np.concatenate([[min(lowest, inner[0])], inner, [max(highest, inner[-1])]])


def ask(sketch: Sketch, seed: int = 0) -> Answers:
    """Prepare a sketch to be asked about its records.

    Args:
        sketch: of numeric columns, with waves.
        seed: of the points that answers are corrected from.

    Raises:
        FitError: the sketch is not one of numeric columns, or holds too few frequencies.
        EmptySourceError: the sketch holds no record.
    """
    return Answers(sketch, seed)


def _numbers(values: Any) -> np.ndarray:
    """Return values as floats; of what are no numbers, NaN."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return np.full(1, np.nan)


def _ends(name: str, bounds: Any) -> tuple[float, float]:
    ends = _numbers(bounds)
    if ends.shape != (2,) or np.isnan(ends).any():
        raise OptionError(f"{name!r} was bounded by {bounds!r}; a lowest and a highest number are.")
    return float(ends[0]), float(ends[1])


def _on_the_simplex(values: np.ndarray) -> np.ndarray:
    """Return the shares nearest to values that sum to about 1."""
    ordered = np.sort(values)[::-1]
    excess = (np.cumsum(ordered) - 1) / np.arange(1, len(values) + 1)
    last = np.flatnonzero(ordered > excess)[-1]
    return np.maximum(values - excess[last], 0)
