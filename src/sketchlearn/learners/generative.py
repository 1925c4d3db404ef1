"""Learning a generative network from a sketch alone."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from sketchlearn.encoding import TableSchema
from sketchlearn.errors import FitError, OptionError
from sketchlearn.features.image_shapes import is_large
from sketchlearn.learners.checkpoint import Checkpoint
from sketchlearn.learners.fit import Fit, require_sketch
from sketchlearn.learners.problem import MatchingProblem
from sketchlearn.learners.training import Training, TrainingSettings
from sketchlearn.learners.verdict import judge
from sketchlearn.models import GenerativeModel
from sketchlearn.models.generators import LEAK, MLP, Bounded, Clipped, Convolutional, Tabular
from sketchlearn.models.movements import MOVEMENTS, Moved
from sketchlearn.sketches import Sketch
from sketchlearn.storage import digest_of

# What "auto" stands for.
_OF_OTHERS = {"steps": 8000, "batch": 512, "learning_rate": 5e-3}
_OF_LARGE_IMAGES = {"steps": 1500, "batch": 640, "learning_rate": 1e-2}
_DECIDED = (*_OF_OTHERS, "latent")

OnStep = Callable[[int, dict[str, float]], None]

# Steps over which the learning rate of a generator of tables or large images rises. At full length
# the first steps saturate the softmax of columns that are nearly constant, for good; and a
# convolutional generator is not far from diverging.
_WARM_UP = 100


@dataclass(frozen=True)
class GenerativeNetwork:
    """Learn a generator whose own sketch matches the data's.

    Minimises ‖z - E Φ(G(u))‖² over the weights of G, u standard normal, by stochastic
    gradients with an unbiased loss. Some frequencies are held out: the distance on them picks
    restarts and weights, and says when to stop: when it no longer falls, or is an eighth of
    what the number of records leaves open anyway. (Schellekens and Jacques, "Compressive
    Learning of Generative Networks", 2020.)

    Attributes:
        generator: any module from (n, latent + classes) to encoded records (n, d) or
            (n, *image); by default an MLP for vectors and small images, a convolutional
            network for images of 400 pixels and more, which slants, turns, resizes, shifts and
            bends what it draws (`models.movements.Moved`).
        latent: dimension of the latents; "auto" is 2 d within 4 to 16: few enough to
            cover evenly, more than the data's own dimension. The default generator of large
            images takes 23 more, whichever the number, to move what it draws of these.
        steps: gradient steps; "auto" is 8,000, and 1,500 for images of 400 pixels and more, which
            gain more from larger batches.
        batch: generated records per step, shared evenly by the classes; "auto" is 512, and 640
            for such images.
        learning_rate: of Adam at the start; it falls to zero along a half cosine. "auto" is 0.005,
            and 0.01 for such images. Of them and of tables it rises first, over 100 steps or a
            twentieth of a short run.
        held_out: share of the frequencies used for validation only, at most 500 of them.
        restarts: initialisations tried for a twentieth of the steps each; the best goes on.
        averaging: decay of the running average of the weights, which competes with the
            weights themselves at every evaluation.
        patience: evaluations (40 in a full run) without improvement before stopping early.
        seed: of weights, latents and held-out frequencies; same seed, same machine, same model.
    """

    generator: nn.Module | None = None
    latent: int | Literal["auto"] = "auto"
    steps: int | Literal["auto"] = "auto"
    batch: int | Literal["auto"] = "auto"
    learning_rate: float | Literal["auto"] = "auto"
    held_out: float = 0.1
    restarts: int = 1
    averaging: float = 0.99
    patience: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        lowest = {"steps": 1, "batch": 4, "restarts": 1, "patience": 1, "seed": 0, "latent": 1}
        for name, least in lowest.items():
            value = getattr(self, name)
            if value == "auto" and name in _DECIDED:
                continue
            if not isinstance(value, int | np.integer) or not least <= value < 2**63:
                raise OptionError(
                    f"{name}={value!r} was given; it must be a whole number, at least {least}."
                )
        if not 0 < self.held_out < 1:
            raise OptionError(f"held_out={self.held_out} was given; it is a share in (0, 1).")
        if not 0 <= self.averaging < 1:
            raise OptionError(f"averaging={self.averaging} was given; it is a decay in [0, 1).")
        if self.learning_rate != "auto" and not 0 < self.learning_rate < math.inf:
            raise OptionError(f"learning_rate={self.learning_rate} was given; it is positive.")

    def fit(
        self,
        sketch: Sketch,
        *,
        checkpoint: str | Path | None = None,
        on_step: OnStep | None = None,
    ) -> Fit[GenerativeModel]:
        """Learn a generator from a sketch.

        Args:
            sketch: what the pass left; it is not changed.
            checkpoint: file to write the state to, at every evaluation and at Ctrl-C. When it
                exists the fit goes on from there, to the same model as an uninterrupted one.
                It stays until you remove it, once the model is saved.
            on_step: called after each step with its number and, after an evaluation, the
                newest row of the history (else an empty dict).

        Raises:
            FitError: the generator's output does not fit the records, or diverged.
            EmptySourceError: the sketch holds no record.
            CheckpointError: the checkpoint belongs to another fit, or cannot be read.
        """
        require_sketch(sketch)
        settings = self.settings(sketch)
        latent = settings.latent
        problem = MatchingProblem.of(sketch, self.held_out, self.seed)
        generator = self._generator(sketch, latent, 0)
        require_output(generator, latent + problem.class_count, problem.dimension)
        saved = Checkpoint(checkpoint, self._identity(sketch, generator)) if checkpoint else None
        training = self._start(problem, settings, sketch, saved)
        training.run(on_step, saved)
        training.history[-1] |= problem.told()
        status = judge(problem, training.history, settings.steps)
        return Fit.of(
            sketch, self._model(training.best_generator(), latent, sketch), training.history, status
        )

    def _start(
        self,
        problem: MatchingProblem,
        settings: TrainingSettings,
        sketch: Sketch,
        saved: Checkpoint | None,
    ) -> Training:
        if saved and saved.exists():
            training = Training(problem, settings, self._generator(sketch, settings.latent, 0))
            training.restore(*saved.read())
            return training
        best: Training | None = None
        for number in range(self.restarts):
            generator = self._generator(sketch, settings.latent, number)
            trial = Training(problem, settings, generator)
            if self.restarts > 1:
                trial.advance(max(1, settings.steps // 20))
                trial.evaluate()
            if best is None or trial.best_distance < best.best_distance:
                best = trial
        assert best is not None
        return best

    def settings(self, sketch: Sketch) -> TrainingSettings:
        """Return the numbers of a run on a sketch, with what is "auto" decided."""
        schema = sketch.plan.schema
        decided = _OF_LARGE_IMAGES if is_large(schema.image) else _OF_OTHERS
        decided = {**decided, "latent": np.clip(2 * schema.dimension, 4, 16)}
        moves = self.generator is None and is_large(schema.image)

        def number(name: str) -> int:
            given = getattr(self, name)
            return int(decided[name] if given == "auto" else given)

        steps, rate = number("steps"), self.learning_rate
        rises = isinstance(schema, TableSchema) or is_large(schema.image)
        return TrainingSettings(
            latent=number("latent") + MOVEMENTS * moves,
            steps=steps,
            batch=number("batch"),
            learning_rate=decided["learning_rate"] if rate == "auto" else rate,
            warm_up=min(_WARM_UP, steps // 20) if rises else 0,
            averaging=self.averaging,
            patience=self.patience,
            seed=self.seed,
            independent=is_large(schema.image),
        )

    def _generator(self, sketch: Sketch, latent: int, restart: int) -> nn.Module:
        """Return the generator with its starting weights, leaving torch's global state alone."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed + 1_000_003 * restart)
            if self.generator is None:
                return default_generator(sketch, latent)
            generator = copy.deepcopy(self.generator)
            if restart:
                for module in generator.modules():
                    reset = getattr(module, "reset_parameters", None)
                    if callable(reset):
                        reset()
            return generator

    def _identity(self, sketch: Sketch, generator: nn.Module) -> dict[str, Any]:
        """Return what a checkpoint is of: options, starting weights and sketch."""
        options = {
            k: v.item() if isinstance(v, np.generic) else v
            for k, v in vars(self).items()
            if k != "generator"
        }
        weights = {k: v.detach().numpy() for k, v in generator.state_dict().items()}
        return {
            "options": options,
            "weights": digest_of(type(generator).__name__, weights),
            "sketch": digest_of(sketch.plan.digest, {"s": sketch.sums, "c": sketch.counts}),
        }

    @staticmethod
    def _model(generator: nn.Module, latent: int, sketch: Sketch) -> GenerativeModel:
        return GenerativeModel(
            generator,
            sketch.plan.schema,
            latent,
            sketch.counts / sketch.count,
            *sketch.bounds,
        )


def default_generator(sketch: Sketch, latent: int) -> nn.Module:
    """Return the default generator for a sketch's records, with fresh weights.

    Args:
        sketch: of the records.
        latent: dimension of the latents; of large images `MOVEMENTS` of them move what is drawn.
    """
    schema = sketch.plan.schema
    inputs = latent + (schema.class_count if schema.label else 0)
    if isinstance(schema, TableSchema):
        inner = MLP(inputs, schema.dimension, width=256, depth=3)
        slots = [column.slots for column in schema.encoded]
        return Tabular(inner, slots, [column.number for column in schema.encoded])
    if schema.image is None:
        width = 128 if schema.dimension < 16 else 256
        return MLP(inputs, schema.dimension, width, depth=3)
    bounds = [edge.tolist() for edge in sketch.bounds]
    if is_large(schema.image):
        still = Convolutional(inputs - MOVEMENTS, schema.image, channels=32, width=512)
        return Clipped(Moved(still, schema.image), *bounds)
    return Bounded(MLP(inputs, schema.dimension, width=256, depth=2, leak=LEAK), *bounds)


def require_output(generator: nn.Module, inputs: int, dimension: int) -> None:
    """Raise FitError unless the generator maps (2, inputs) to two records of `dimension`."""
    try:
        with torch.no_grad():
            shape = tuple(generator(torch.zeros(2, inputs)).flatten(1).shape)
    except (RuntimeError, IndexError) as error:
        raise FitError(
            f"The generator failed on an input of shape (2, {inputs}), latents then classes: "
            f"{error}. Change its first layer."
        ) from error
    if not any(weights.requires_grad for weights in generator.parameters()):
        raise FitError("The generator has no weights to learn. Give one with parameters.")
    if shape != (2, dimension):
        raise FitError(
            f"The generator gave {shape[1:]} numbers per record, but records have {dimension}. "
            "Change its last layer."
        )
