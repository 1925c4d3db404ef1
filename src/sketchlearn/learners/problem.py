"""What is to be matched: the sketch as tensors, split into training and held-out frequencies."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from sketchlearn.errors import FitError
from sketchlearn.features import ColumnProjection
from sketchlearn.features.column_groups import WINDOWS
from sketchlearn.features.expected import expected_matching_loss
from sketchlearn.features.matching import Packed, PackedFrequencies, matching_loss
from sketchlearn.features.networks import NetworkFeatures
from sketchlearn.features.rays import PER_RAY
from sketchlearn.features.shared_waves import SharedWaves
from sketchlearn.features.window_matching import PackedWindows
from sketchlearn.features.windows import GROUP
from sketchlearn.learners.fit import more_needed
from sketchlearn.sketches import Sketch

# Fewest frequencies of a table that a step visits, as far as there are.
_FEWEST_A_STEP = 512

# More held-out frequencies than this would not make the validation distance more certain.
_HELD_OUT_AT_MOST = 500


@dataclass(frozen=True)
class Target:
    """Frequencies (d, m) and the sketch's mean features on them, (classes, 2, m).

    Those of a table share waves of its columns; those of images may have windows, given by a number
    for each, shape (m,); a frozen network may come before them.
    """

    frequencies: Tensor
    mean: Tensor
    shared: SharedWaves | None = None
    windows: np.ndarray | None = None
    network: NetworkFeatures | None = None

    @cached_property
    def packed(self) -> Packed:
        """The frequencies, laid out for the compiled loss."""
        if self.windows is not None:
            return PackedWindows.of(self.frequencies.numpy(), self.windows)
        return PackedFrequencies.of(self.frequencies)

    def loss(
        self, records: Tensor, step: int | None = None, weights: np.ndarray | None = None
    ) -> Tensor:
        """Return the matching loss of generated records, shape (classes, 2, half, d).

        With a step's number, tables are compared on one window of frequencies, on another at
        the next step: the gradient is as unbiased, and eight steps cost what one does on all. So
        are images on a part of their windows.
        """
        if self.shared is not None:
            windows = None if step is None else self._windows(step)
            return expected_matching_loss(records, self.shared, self.mean, windows, weights)
        if self.network is not None:
            said = self.network(records.flatten(0, 2))
            records = said.view(*records.shape[:3], -1)
        packed = self.packed if self.frequencies.device.type == "cpu" else None
        if step is not None and isinstance(packed, PackedWindows):
            packed = packed.block(step)
        return matching_loss(records, self.frequencies, self.mean, packed)

    def of_class(self, number: int) -> Target:
        """Return what is to be matched of one class, by its place among those that have records."""
        return replace(self, mean=self.mean[number : number + 1])

    def _windows(self, step: int) -> list[int]:
        assert self.shared is not None
        count = min(WINDOWS, -(-_FEWEST_A_STEP * WINDOWS // self.shared.size))
        return [(step * count + number) % WINDOWS for number in range(count)]


@dataclass(frozen=True)
class MatchingProblem:
    """A sketch, ready for stochastic gradients.

    Attributes:
        training: the frequencies the gradient uses.
        shown: as many of them as there are held-out ones, for the training distance.
        held_out: the others, for validation.
        classes: numbers of the classes that have records.
        class_count: classes of the plan, 0 without a label.
        dimension: d.
        noises: expected squared distance per frequency between the sketch of a class and its
            expectation, from the number of records and a release; shape (classes,).
        floors: the part of that which a release added, shape (classes,).
        shares: of the records that each class has, shape (classes,).
        signal: mean |z|² per frequency, less that noise; mean over classes.
    """

    training: Target
    shown: Target
    held_out: Target
    classes: Tensor
    class_count: int
    dimension: int
    noises: np.ndarray
    floors: np.ndarray
    shares: np.ndarray
    signal: float

    @classmethod
    def of(cls, sketch: Sketch, held_out: float, seed: int) -> MatchingProblem:
        """Split a sketch's frequencies at random, by seed.

        Raises:
            FitError: the sketch has too few frequencies to hold any out.
        """
        plan = sketch.plan
        if plan.size < 10:
            raise FitError(
                f"The sketch has {plan.size} frequencies; at least 10 are needed to learn a "
                "network. Sketch again with a larger size."
            )
        z = np.atleast_2d(sketch.mean())
        present = np.flatnonzero(sketch.counts)
        z, counts = z[present], sketch.counts[present]
        together = PER_RAY if plan.structure == "rays" else plan.harmonics
        order = _shuffled(plan.size, together, seed)
        apart = min(max(1, round(held_out * plan.size)), _HELD_OUT_AT_MOST, plan.size - 1)

        # wherever the pass ran, learning needs the frequencies as this machine lays them out
        projection = plan.on("cpu").projection if plan.structure == "columns" else None

        def target(which: np.ndarray) -> Target:
            which = np.sort(which)
            frequencies = np.ascontiguousarray(plan.frequencies[:, which])
            mean = np.stack([np.real(z[:, which]), np.imag(z[:, which])], axis=1)
            shared = None
            if isinstance(projection, ColumnProjection):
                shared = SharedWaves.of(projection, which)
            return Target(
                torch.from_numpy(frequencies),
                torch.from_numpy(mean.astype(np.float32)),
                shared,
                which // GROUP if plan.structure == "windows" else None,
                plan.network_features,
            )

        released = 2 * sketch.noise_deviations[present] ** 2
        energy = (np.abs(z) ** 2).mean(axis=1) - released  # (classes,)
        # one record says nothing of its own spread: take all it shows for noise
        square = plan.projection.norm**2
        noise = np.where(counts > 1, (square - energy) / np.maximum(counts - 1, 1), energy)
        noise = noise + released
        return cls(
            training=target(order[apart:]),
            shown=target(order[apart : 2 * apart]),
            held_out=target(order[:apart]),
            classes=torch.from_numpy(present),
            class_count=plan.schema.class_count if plan.schema.label else 0,
            dimension=plan.schema.dimension,
            noises=noise,
            floors=released,
            shares=counts / counts.sum(),
            signal=float((energy + released - noise).mean()),
        )

    @property
    def floor(self) -> float:
        """Mean of `floors`: the distance between a perfect model and a released sketch."""
        return float(self.floors.mean())

    def told(self) -> dict[str, float]:
        """Return what a history says of the noise of a release: nothing where there was none.

        "more needed" is how many times the records, or the ε, would make noise half of the signal.
        """
        if not self.floor:
            return {}
        return {"more needed": more_needed(self.noise, self.signal, self.frequencies)}

    @property
    def sampling(self) -> np.ndarray:
        """The part of `noises` that the number of records leaves, shape (classes,)."""
        return self.noises - self.floors

    @property
    def frequencies(self) -> int:
        """Frequencies of the sketch, for training and held out."""
        return self.training.mean.shape[2] + self.held_out.mean.shape[2]

    @property
    def noise(self) -> float:
        """Mean of `noises` over classes."""
        return float(self.noises.mean())

    def error(self, distance: float) -> float:
        """Return the standard error of a held-out distance that noise alone leaves.

        Of d + n, n complex and of variance ν, the square has the variance ν² + 2 ν |d|²; each of
        P held-out products has an n of its own.
        """
        return math.sqrt((self.noise**2 + 2 * self.noise * abs(distance)) / self.products)

    @property
    def products(self) -> int:
        """Products of classes and held-out frequencies, P."""
        return self.held_out.mean.shape[0] * self.held_out.mean.shape[2]


def _shuffled(size: int, together: int, seed: int) -> np.ndarray:
    """Return the numbers below `size` in random order, runs of `together` kept together.

    Frequencies of one direction know too much of each other to be held out one by one.
    """
    runs = np.random.default_rng(seed).permutation(-(-size // together))
    order = (runs[:, None] * together + np.arange(together)).ravel()
    return order[order < size]
