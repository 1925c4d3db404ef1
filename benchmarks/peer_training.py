"""What the peers on images have in common: budget, clock, and what comes out.

The peers are conditional generators trained with the data at hand, epoch after epoch. All map
standard normal latents, followed by a one-hot class, to images with pixels in [0, 1], and take the
generator as a factory, so that methods differ and networks do not.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from benchmarks.peer_batches import Batches
from sketchlearn.models.network import conditional

# From the number of inputs (latents and classes) to a module with fresh weights, drawn by torch's
# own random state, from (n, inputs) to pixels in [0, 1], (n, height × width) or (n, height, width).
Factory = Callable[[int], nn.Module]
Figures = dict[str, float]
_CHUNK = 2_048


@dataclass(frozen=True)
class Trained:
    """A conditional generator, and what it cost.

    Attributes:
        generator: from latents and one-hot classes to pixels in [0, 1].
        latent: dimension of the latents.
        classes: number of classes.
        image: (height, width).
        steps: updates of the generator.
        cpu_seconds: of the processor, all threads together, without those of the judge.
        passes: images shown, over images there are.
        history: a row for each checkpoint, the last at the end: "step", "CPU seconds", "passes"
            and the figures of the judge.
    """

    generator: nn.Module
    latent: int
    classes: int
    image: tuple[int, int]
    steps: int
    cpu_seconds: float
    passes: float
    history: list[Figures] = field(default_factory=list)

    @torch.no_grad()
    def sample(self, labels: np.ndarray, seed: int) -> np.ndarray:
        """Draw one image per label; pixels in [0, 1], float32, shape (n, height, width)."""
        numbers = torch.as_tensor(labels, dtype=torch.int64)
        random = torch.Generator().manual_seed(seed)
        latents = torch.randn(len(numbers), self.latent, generator=random)
        made = [
            conditional(self.generator, some, of, self.classes)
            for some, of in zip(latents.split(_CHUNK), numbers.split(_CHUNK), strict=True)
        ]
        return torch.cat(made).view(-1, *self.image).numpy()

    def sample_each(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw so many images of each class; return images and labels, classes taking turns."""
        labels = np.tile(np.arange(self.classes), count)
        return self.sample(labels, seed), labels


@dataclass(frozen=True)
class Settings:
    """What all peers are given alike; the first of steps and seconds to be used up ends training.

    Attributes:
        generator: makes the generator.
        latent: dimension of the standard normal latents.
        batch: real images per update, and generated ones.
        steps: updates of the generator.
        cpu_seconds: of the processor. What comes out then depends on the speed of the machine.
        seed: of weights, latents and batches.
        every: steps between checkpoints; 0 for one at the end only.
        judge: called at checkpoints with the generator so far; what it takes is not counted.
    """

    generator: Factory
    latent: int = 16
    batch: int = 512
    steps: int | None = None
    cpu_seconds: float | None = None
    seed: int = 0
    every: int = 0
    judge: Callable[[Trained], Figures] | None = None

    def progress(self, step: int, spent: float) -> float:
        """Return how much of the budget is used, 1 when training has to end."""
        of_steps = step / self.steps if self.steps else 0.0
        of_seconds = spent / self.cpu_seconds if self.cpu_seconds else 0.0
        return max(of_steps, of_seconds)


class Clock:
    """Processor seconds of this process from now on, all threads together."""

    def __init__(self) -> None:
        self._start = time.process_time()

    def spent(self) -> float:
        """Return the seconds so far."""
        return time.process_time() - self._start

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Leave out what is done meanwhile."""
        began = time.process_time()
        yield
        self._start += time.process_time() - began


def train(
    update: Callable[[float], None],
    output: nn.Module,
    batches: Batches,
    settings: Settings,
    clock: Clock,
) -> Trained:
    """Update a generator until its budget is used.

    Args:
        update: one update, told how much of the budget is used, from 0 to below 1.
        output: the generator to keep.
        batches: where the updates take their images from.
        settings: budget and checkpoints.
        clock: made when the fit began.
    """
    if not (settings.steps or settings.cpu_seconds):
        raise ValueError("Give steps, cpu_seconds or both: training has to end.")
    step, progress, history = 0, 0.0, []
    while True:
        update(progress)
        step, spent = step + 1, clock.spent()
        progress = settings.progress(step, spent)
        if progress < 1 and not (settings.every and step % settings.every == 0):
            continue
        with clock.stopped():
            trained = Trained(
                copy.deepcopy(output).eval(),
                settings.latent,
                batches.classes,
                batches.image,
                step,
                spent,
                batches.passes,
                history,
            )
            history.append(_checkpoint(trained, settings.judge))
        if progress >= 1:
            return trained


def _checkpoint(trained: Trained, judge: Callable[[Trained], Figures] | None) -> Figures:
    """Return a row of the history; the judge leaves the random state of the training alone."""
    row = {"step": trained.steps, "CPU seconds": trained.cpu_seconds, "passes": trained.passes}
    if judge is None:
        return row
    with torch.random.fork_rng(devices=[]):
        return row | judge(trained)


def along_cosine(optimiser: torch.optim.Optimizer, rate: float, progress: float) -> None:
    """Set the learning rate on its way from `rate` to zero along a half cosine."""
    for group in optimiser.param_groups:
        group["lr"] = 0.5 * rate * (1 + math.cos(math.pi * progress))
