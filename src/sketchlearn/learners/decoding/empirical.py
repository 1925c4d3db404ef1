"""The empirical characteristic function of the records, as a sketch tells it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import FitError, PlanError
from sketchlearn.features.elliptical import Atoms, Frequencies
from sketchlearn.features.scatters import SPHERICAL, Scatter
from sketchlearn.sketches import Sketch

# A region reaches at most so many of the coarsest scales from its center. Of light tails it always
# does; heavy ones leave it, since their moments say little of where most records are.
_REACH = 2.0
# What is known at frequency 0 counts as so many frequencies, over those of the sketch.
_KNOWN = 0.1
# The share of frequencies that a covariance adds, and their distance from 0, in deviations of a
# thousand records.
_NEAR_SHARE, _NEAR = 0.4, 0.5
# Directions of less variance than this share of the mean are taken for as wide as that there.
_FLATTEST = 0.1
# Overtones of a square wave that count.
_OVERTONES = 3, 5, 7, 9
# Least variance along a direction, over the mean one, as moments may be rounded.
_ROUNDING = 1e-8
# Features, at least, for each number of a ball.
_FEATURES_PER_NUMBER = 1.5


@final
@dataclass(frozen=True)
class Empirical:
    """A sketch's mean feature, in units that suit a task.

    A record x of the encoding lies at ((x - origin) · units) axes.

    Attributes:
        frequencies: ω in these units.
        mean: real and imaginary parts of z, shape (2, m).
        size: number of frequencies of the sketch; they come first.
        count: number of records.
        square: ‖Φ‖² of one record, over m.
        origin: what lies at 0, shape (d,).
        units: factors of the encoded columns, shape (d,).
        axes: directions that places are told along, orthonormal, shape (d, q).
        spread: covariance of where most records are, shape (q, q).
        lower: least value along each axis there, shape (q,).
        upper: greatest value along each axis there, shape (q,).
        overtones: multiples of the frequencies that features see too, as those of signs do, less by
            as much.
        released: variance of the noise that a release added to each part of z.
    """

    frequencies: Frequencies
    mean: np.ndarray
    size: int
    count: int
    square: float
    origin: np.ndarray
    units: np.ndarray
    axes: np.ndarray
    spread: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    overtones: tuple[int, ...] = ()
    released: float = 0.0

    @classmethod
    def of(cls, sketch: Sketch, *, source_units: bool = False) -> Empirical:
        """Return the mean feature of all records of a sketch, whatever their class.

        Args:
            sketch: of numeric columns, with Fourier features of all of them.
            source_units: whether distances are those of the source's columns, up to a factor, or
                those of the encoding.

        Raises:
            FitError: the sketch is of a table's rows or of what a network says of records.
            EmptySourceError: the sketch holds no record.
        """
        _require_vectors(sketch)
        sketch.require_records()
        plan, count, side = sketch.plan, sketch.count, sketch.side
        origin = side.mean(count)
        spread, clipped = _spread(sketch)
        if not np.trace(spread) > 0:
            raise FitError(
                "The sketch holds one record again and again: there is nothing to learn from it."
            )
        units = np.ones(len(origin))
        if source_units:
            assert isinstance(plan.schema, VectorSchema)
            units = np.asarray(plan.schema.spread)
            units = units / np.sqrt((units**2 * np.diag(spread)).mean())
        array = plan.frequencies.astype(np.float64)
        z = sketch.sums.sum(axis=0) / count * plan.projection.factor  # (2, m)
        z = (z[0] + 1j * z[1]) * np.exp(-1j * (origin @ array))
        reach = 4 * np.sqrt(np.diag(spread)) if clipped else np.inf
        return cls(
            Frequencies(array / units[:, None]),
            np.stack([z.real, z.imag]),
            array.shape[1],
            count,
            plan.projection.norm**2,
            origin,
            units,
            np.eye(len(origin)),
            spread * np.outer(units, units),
            np.maximum(side.lower - origin, -reach) * units,
            np.minimum(side.upper - origin, reach) * units,
            _OVERTONES if plan.features == "one-bit" else (),
            released=sketch.noise_variance,
        )

    def with_mass(self) -> Empirical:
        """Return the same with frequency 0 too, where the features of every law are 1 and 0.

        It counts as many, since there is no doubt about it: laws of heavy tails are told from
        others near 0, and a mixture of masses that sum to more than 1 would pass for one.
        """
        zeros = np.zeros((self.dimension, round(_KNOWN * self.size)))
        return self._with(zeros, np.ones(zeros.shape[1]), 1.0)

    def with_covariance(self, rng: np.random.Generator) -> Empirical:
        """Return the same with what the covariance tells of features near 0.

        There log E exp(iω·x) is -ωᵀΣω / 2 up to fourth moments. Frequencies are as near as it takes
        for those to be less than the noise of so many records, and their features count as much
        more as they see less.

        Args:
            rng: of the directions.
        """
        distance = _NEAR * (self.told / 1_000) ** (-1 / 8)
        variances, directions = np.linalg.eigh(self.spread)
        # balls see no direction more finely than their own mean variance
        variances = np.maximum(variances, _FLATTEST * variances.mean())
        drawn = rng.standard_normal((self.dimension, round(_NEAR_SHARE * self.size)))
        drawn /= np.linalg.norm(drawn, axis=0)
        drawn = distance * directions @ (drawn / np.sqrt(variances)[:, None])
        told = np.exp(-0.5 * np.einsum("dm,de,em->m", drawn, self.spread, drawn))
        return self._with(drawn, told, (_NEAR / distance) ** 2)

    def _with(self, array: np.ndarray, real: np.ndarray, weight: float) -> Empirical:
        """Add frequencies (d, n) whose mean features are real (n,), and count so many times."""
        outside = np.concatenate(
            [
                np.broadcast_to(self.frequencies.outside, self.frequencies.size),
                np.full(len(real), -np.log(weight)),
            ]
        )
        frequencies = Frequencies(np.hstack([self.frequencies.array, array]), outside)
        mean = np.hstack([self.mean, weight * np.stack([real, np.zeros(len(real))])])
        return replace(self, frequencies=frequencies, mean=mean)

    def thinned(self, most: int) -> Empirical:
        """Return the same with at most so many frequencies, evenly chosen."""
        if self.frequencies.size <= most:
            return self
        kept = np.linspace(0, self.frequencies.size - 1, most).round().astype(int)
        outside = np.broadcast_to(self.frequencies.outside, self.frequencies.size)[kept]
        frequencies = Frequencies(self.frequencies.array[:, kept], outside)
        size = int((kept < self.size).sum())
        return replace(self, frequencies=frequencies, mean=self.mean[:, kept], size=size)

    def leading(self, most: int) -> Empirical:
        """Return the same along the directions of most variance, at most so many.

        Along the others records are taken for Gaussian, of the covariance that is left there. So
        few numbers say where atoms are that a small sketch tells them. Where only variances of
        columns are known, nothing is left out.
        """
        if self.dimension <= most or not self._correlated:
            return self
        variances, directions = np.linalg.eigh(self.spread)
        axes, rest = directions[:, -most:], directions[:, :-most]
        across = variances[:-most] @ (rest.T @ self.frequencies.array) ** 2  # (m,)
        bounds = np.maximum(-self.lower, self.upper) @ np.abs(axes)
        return replace(
            self,
            frequencies=Frequencies(axes.T @ self.frequencies.array, across / 2),
            axes=self.axes @ axes,
            spread=np.diag(variances[-most:]),
            lower=-bounds,
            upper=bounds,
        )

    @property
    def dimension(self) -> int:
        """Number of axes, q: of the records' columns, d, unless directions are left out."""
        return self.frequencies.dimension

    @cached_property
    def own(self) -> Frequencies:
        """The frequencies of the sketch, without those that were added."""
        outside = np.broadcast_to(self.frequencies.outside, self.frequencies.size)
        return Frequencies(self.frequencies.array[:, : self.size], outside[: self.size])

    @property
    def variance(self) -> float:
        """Mean variance of a column."""
        return float(np.trace(self.spread)) / self.dimension

    @property
    def energy(self) -> float:
        """‖z‖²."""
        return float((self.mean[:, : self.size] ** 2).sum())

    @property
    def noise(self) -> float:
        """Expected ‖z - E z‖², from the number of records and the noise of a release."""
        signal = self.energy - self._released
        return (self.square * self.size - signal) / self.count + self._released

    @property
    def _released(self) -> float:
        return 2 * self.size * self.released

    @property
    def told(self) -> float:
        """Number of records that would leave as much doubt, were there no noise of a release."""
        return 1 / (1 / self.count + 2 * self.released)

    def left(self, atoms: Atoms) -> float:
        """Return ‖z - E Φ‖² of a mixture, on the sketch's own frequencies."""
        _, rest = atoms.features_and_rest(self.own, self.mean[:, : self.size])
        return float((rest**2).sum())

    def sampling(self, atoms: Atoms) -> float:
        """Return the expected ‖z - E z‖² of so many records of a mixture, of exact shares."""
        shares = atoms.weights / atoms.weights.sum()
        damping = np.exp(-2 * atoms.exponents(self.own))  # (K, m)
        return float(shares @ (self.square - damping).sum(axis=1)) / self.count + self._released

    def expected_residual(self, atoms: Atoms) -> float:
        """Return the expected ‖z - E Φ‖² of so many records of the mixture.

        What differs from it by far is no sample of the mixture.
        """
        return self.sampling(atoms) + sum(self._overtone(atoms, of) for of in self.overtones)

    def _overtone(self, atoms: Atoms, number: int) -> float:
        """Return what features of so many times the frequencies leave in those of signs."""
        higher = Frequencies(number * self.own.array, number**2 * np.asarray(self.own.outside))
        mean = np.tensordot(atoms.weights, atoms.features(higher), (0, 1))  # (2, m)
        return float((mean**2).sum()) / number**2

    def excess(self, atoms: Atoms) -> float:
        """Return what atoms leave of the sketch, over what so many records of theirs would.

        It is about 1 for records of the mixture, and less for those that it was fitted to. Laws of
        points leave next to nothing; a hundredth of the sketch's noise is not held against them.
        """
        return self.left(atoms) / max(self.expected_residual(atoms), self.noise / 100)

    def require_numbers(self, name: str, count: int, each: int) -> None:
        """Raise FitError unless a sketch can carry so many components of so many numbers each."""
        if count * each > 2 * self.size:
            most = 2 * self.size // each
            fewer = f"Ask for {most} {name} at most, or sketch" if most else "Sketch"
            raise FitError(
                f"{count} {name} of {each} numbers each were asked for, but the sketch holds "
                f"{2 * self.size} numbers. {fewer} again with a size of "
                f"{max(10 * count * self.dimension, 5 * count * each)}."
            )

    def most_atoms(self, scatter: Scatter = SPHERICAL) -> int:
        """Return how many atoms there may be while features tell where each of them is."""
        each = 1 + self.dimension + scatter.steps(self.dimension)
        return int(2 * self.size / (_FEATURES_PER_NUMBER * each))

    def least_variance(self, atoms: int) -> float:
        """Return the variance along a direction that a sketch can just tell from none.

        It dampens the finest fifth of the frequencies by half their noise, in an atom of an equal
        share of so many. Less is not told from it, and would be made up.
        """
        finest = float(np.quantile(self.own.norms, 0.9)) / self.dimension
        return atoms / (2 * finest * np.sqrt(self.told * self.size / 5))

    def starts(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Draw places where records may be, shape (count, q).

        They lie about the mean, some of them far out, and of few columns evenly between the bounds
        too: of those half within four deviations, since a single record may set a bound.
        """
        about = count - count // 2 if self.dimension <= 4 else count
        jitter = 1e-9 * self.variance * np.eye(self.dimension)
        root = np.linalg.cholesky(self.spread + jitter)
        drawn = rng.standard_normal((about, self.dimension)) @ root.T
        if about == count:
            drawn[::2] *= 0.6
            drawn[1::6] *= 3
        reach = 4 * np.sqrt(np.diag(self.spread))
        lower, upper = np.maximum(self.lower, -reach), np.minimum(self.upper, reach)
        even = rng.uniform(lower, upper, (count - about, self.dimension))
        even[::2] = rng.uniform(self.lower, self.upper, even[::2].shape)
        return self.within(np.concatenate([drawn, even]))

    def within(self, places: np.ndarray) -> np.ndarray:
        """Return places (n, d) moved between the bounds."""
        return np.clip(places, self.lower, self.upper)

    def encoded(self, places: np.ndarray) -> np.ndarray:
        """Return places (n, q) as encoded records, shape (n, d)."""
        return (places @ self.axes.T) / self.units + self.origin

    @property
    def _correlated(self) -> bool:
        return bool(np.count_nonzero(self.spread) > self.dimension)


def _require_vectors(sketch: Sketch) -> None:
    plan = sketch.plan
    if not isinstance(plan.schema, VectorSchema):
        raise FitError(
            "The sketch is one of a table's rows, with categories in it; clusters and mixtures "
            "need numeric columns. Sketch again with encoding='vector' and the numeric columns."
        )
    if plan.network is not None:
        raise FitError(
            "The sketch sees what a frozen network says of records, not the records; clusters and "
            "mixtures cannot be told from it. Sketch again with network='none'."
        )


def _spread(sketch: Sketch) -> tuple[np.ndarray, bool]:
    """Return the covariance of where most records are, in encoded units, and whether tails left it.

    Of heavy tails it is less than the covariance of the records. What moments are rounded to may
    leave a direction less than no variance; it has a little.
    """
    plan, side = sketch.plan, sketch.side
    bounded = False
    try:
        covariance = side.covariance(sketch.count)
    except PlanError:  # columns that are not standardised
        covariance, bounded = ((side.upper - side.lower) / 4) ** 2, True
    matrix = covariance if covariance.ndim == 2 else np.diag(covariance)
    assert plan.law is not None
    most = (_REACH * max(plan.law.scales)) ** 2 if plan.structure != "windows" else np.inf
    shrink = np.sqrt(np.minimum(1.0, most / np.maximum(np.diag(matrix), 1e-300)))
    matrix = matrix * np.outer(shrink, shrink)
    variances, directions = np.linalg.eigh(matrix)
    if variances[0] < _ROUNDING * variances.mean():
        variances = np.maximum(variances, _ROUNDING * max(0.0, variances.mean()))
        matrix = (directions * variances) @ directions.T
    return matrix, bounded or bool(shrink.min() < 1)
