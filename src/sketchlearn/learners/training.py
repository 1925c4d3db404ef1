"""The loop: latents, generator, matching loss, step; and now and then an evaluation."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sketchlearn.errors import CheckpointError, FitError
from sketchlearn.features.expected import expected_distances
from sketchlearn.interrupts import interrupts_held
from sketchlearn.learners.checkpoint import Checkpoint
from sketchlearn.learners.emphasis import Emphasis
from sketchlearn.learners.latents import LatentStream
from sketchlearn.learners.problem import MatchingProblem
from sketchlearn.models.network import conditional

_EVALUATIONS = 40
# Generated records per half at an evaluation, at most, shared by the classes.
EVALUATION_RECORDS = 4096
_PART = 1024

# A model this near, in shares of the sketch's own noise, has nothing left to learn from it.
_NEAR = 0.125


@dataclass(frozen=True)
class TrainingSettings:
    """The numbers of a training run; see `GenerativeNetwork` for their meaning.

    `warm_up` are the steps over which the learning rate rises; with `independent` the latents of
    a step are, instead of evenly spread.
    """

    latent: int
    steps: int
    batch: int
    learning_rate: float
    warm_up: int
    averaging: float
    patience: int
    seed: int
    independent: bool = False


class Training:
    """One run of stochastic gradients, which can be stopped and continued."""

    def __init__(
        self, problem: MatchingProblem, settings: TrainingSettings, generator: nn.Module
    ) -> None:
        self.problem, self.settings = problem, settings
        self.generator = generator
        self.averaged = AveragedModel(
            generator, multi_avg_fn=get_ema_multi_avg_fn(settings.averaging), use_buffers=True
        )
        # β₂ = 0.99 follows the fast change of gradient sizes better than 0.999 does
        self.optimiser = torch.optim.Adam(
            generator.parameters(), lr=settings.learning_rate, betas=(0.9, 0.99)
        )
        self.step = 0
        self.history: list[dict[str, Any]] = []
        self.best_distance = math.inf
        self._best = copy.deepcopy(generator.state_dict())
        self._random = torch.Generator().manual_seed(settings.seed)
        # what a generator with dropout draws from: torch's global state, kept apart
        self._module_random = torch.Generator().manual_seed(settings.seed).get_state()
        self._whole = True
        self._emphasis = Emphasis()
        classes = len(problem.classes)
        self._latents = LatentStream(
            settings.latent,
            classes,
            max(2, math.ceil(settings.batch / classes)),
            settings.seed,
            settings.independent,
        )
        self._validation = LatentStream(
            settings.latent, classes, 2 * math.ceil(self._evaluated() / classes), settings.seed
        )

    @property
    def _interval(self) -> int:
        return max(1, self.settings.steps // _EVALUATIONS)

    def _evaluated(self) -> int:
        """Return the records per half of an evaluation: a tenth of those trained on since the last.

        Of a short run more, since fewer than 512 would tell little.
        """
        trained = self.settings.batch * self._interval
        return min(EVALUATION_RECORDS, max(512, trained // 20))

    def run(
        self,
        on_step: Callable[[int, dict[str, float]], None] | None,
        saved: Checkpoint | None,
    ) -> None:
        """Train to the last step, or until patience runs out; write checkpoints on the way."""
        interval = self._interval
        try:
            with interrupts_held() as held:
                while self.step < self.settings.steps and not self._finished():
                    self.advance(1)
                    row: dict[str, Any] = {}
                    if self.step % interval == 0 or self.step == self.settings.steps:
                        row = self.evaluate()
                        if saved:
                            saved.write(*self.state())
                    if on_step:
                        on_step(self.step, row)
                    if held():
                        raise KeyboardInterrupt  # noqa: TRY301 - as Ctrl-C itself would
        except KeyboardInterrupt:
            # a step that was broken off is not written: the last checkpoint stands
            if saved and self._whole:
                saved.write(*self.state())
            raise

    def advance(self, steps: int) -> None:
        """Take gradient steps, leaving torch's global random state alone."""
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._module_random)
            for _ in range(steps):
                self._whole = False
                self._take_step()
                self._module_random = torch.get_rng_state()
                self._whole = True

    def _take_step(self) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate()
        problem, target = self.problem, self.problem.training
        numbers = problem.classes[self._latents.numbers]
        latents = self._latents.draw(self._random)
        flat = conditional(self.generator, latents, numbers, problem.class_count)
        records = flat.view(len(problem.classes), self._latents.sides, -1, problem.dimension)
        loss = target.loss(records, self.step, self._emphasis.weights)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.averaged.update_parameters(self.generator)
        self.step += 1

    def evaluate(self) -> dict[str, Any]:
        """Append a row to the history; remember the weights if none were better before.

        The latents are the same at every evaluation, so rows compare like with like.
        """
        modules = {"weights": self.generator, "average": self.averaged.module}
        records = {name: self._evaluation_records(module) for name, module in modules.items()}
        held_out = {
            name: float(self.problem.held_out.loss(made)) / len(made) - self.problem.floor
            for name, made in records.items()
        }
        if not all(math.isfinite(value) for value in held_out.values()):
            raise FitError(
                f"The generator diverged at step {self.step}: its distance to the sketch is no "
                "number. Use a smaller learning_rate."
            )
        chosen = min(held_out, key=lambda name: held_out[name])
        made = records[chosen]
        row = {
            "step": self.step,
            "held_out_distance": held_out[chosen],
            "train_distance": self._train_distance(made),
            "chosen": chosen,
            "matched": self._is_near(held_out[chosen]) and self._matched(made),
        }
        self.history.append(row)
        if held_out[chosen] < self.best_distance + self._doubt(held_out[chosen]):
            self.best_distance = min(self.best_distance, held_out[chosen])
            self._best = copy.deepcopy(modules[chosen].state_dict())
        return row

    def _doubt(self, distance: float) -> float:
        """Return how far the noise of a release may move one held-out distance against another.

        Two models that are `distance` apart differ by twice the product of that and the noise: two
        deviations of it. Without a release it is nothing; with one, the later of models that are
        not told apart is better, since the noise that it was not learnt from chose the other.
        """
        return 2 * math.sqrt(2 * self.problem.floor * abs(distance) / self.problem.products)

    def best_generator(self) -> nn.Module:
        """Return the generator with the best weights seen, the last of those not told apart."""
        self.generator.load_state_dict(self._best)
        return self.generator

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Return all that is needed to go on: a JSON document and tensors."""
        tensors = {f"weights.{k}": v for k, v in self.generator.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.averaged.state_dict().items()}
        tensors |= {f"best.{k}": v for k, v in self._best.items()}
        for number, moments in self.optimiser.state_dict()["state"].items():
            tensors |= {f"adam.{number}.{k}": v for k, v in moments.items()}
        tensors["random"] = self._random.get_state()
        tensors["module_random"] = self._module_random
        if self._emphasis.weights is not None:
            tensors["emphasis"] = torch.from_numpy(self._emphasis.weights)
        document = {
            "step": self.step,
            "history": self.history,
            "best_distance": self.best_distance,
        }
        return document, tensors

    def restore(self, document: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        """Go back to a state that `state` returned.

        Raises:
            CheckpointError: the state is not one of this generator.
        """

        def part(prefix: str) -> dict[str, Tensor]:
            return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}

        try:
            self.generator.load_state_dict(part("weights."))
            self.averaged.load_state_dict(part("average."))
            self._best = part("best.")
            moments: dict[int, dict[str, Tensor]] = {}
            for name, tensor in part("adam.").items():
                number, key = name.split(".")
                moments.setdefault(int(number), {})[key] = tensor
            groups = self.optimiser.state_dict()["param_groups"]
            self.optimiser.load_state_dict({"state": moments, "param_groups": groups})
            self._random.set_state(tensors["random"])
            self._module_random = tensors["module_random"]
            if "emphasis" in tensors:
                self._emphasis.weights = tensors["emphasis"].numpy()
            self.step = int(document["step"])
            self.history = list(document["history"])
            self.best_distance = float(document["best_distance"])
        except (RuntimeError, KeyError, ValueError) as error:
            raise CheckpointError(
                f"The checkpoint does not fit this generator ({error}). "
                "Remove it to start again, or give the same options as before."
            ) from error

    def _learning_rate(self) -> float:
        settings = self.settings
        warm = min(1.0, (self.step + 1) / max(1, settings.warm_up))
        falling = 0.5 * (1 + math.cos(math.pi * self.step / settings.steps))
        return settings.learning_rate * warm * falling

    def _train_distance(self, records: Tensor) -> float:
        """Return the distance on frequencies trained on; those of tables are weighed by theirs."""
        target, problem = self.problem.training, self.problem
        if target.shared is None:
            return float(problem.shown.loss(records)) / len(records) - problem.floor
        distances = np.stack(
            [
                expected_distances(records[c : c + 1], target.shared, target.mean[c : c + 1])
                for c in range(len(problem.classes))
            ]
        )  # (classes, m)
        # as the records are shared out, or the noise of the smallest class would hide the others
        shares = problem.shares
        noise = float(shares @ problem.noises)
        self._emphasis.update(shares @ distances, target.shared.sets, noise)
        return float(distances.mean()) - problem.floor

    @torch.no_grad()
    def _evaluation_records(self, generator: nn.Module) -> Tensor:
        """Return the records of an evaluation, shape (classes, 2, half, d)."""
        random = torch.Generator().manual_seed(self.settings.seed)
        modes = {module: module.training for module in generator.modules()}
        generator.eval()
        problem = self.problem
        numbers = problem.classes[self._validation.numbers]
        latents = self._validation.draw(random)
        with torch.random.fork_rng(devices=[]):
            # in parts: the layers of an image generator outweigh its images
            parts = [
                conditional(generator, *part, problem.class_count)
                for part in zip(latents.split(_PART), numbers.split(_PART), strict=True)
            ]
        for module, mode in modes.items():
            module.training = mode
        return torch.cat(parts).view(len(problem.classes), 2, -1, problem.dimension)

    def _is_near(self, distance: float) -> bool:
        return bool(distance <= _NEAR * self.problem.sampling.mean())

    def _matched(self, records: Tensor) -> bool:
        """Tell whether every class is well within the noise of its sketch, beyond doubt.

        A mean over classes would be ruled by the noise of the smallest.
        """
        problem = self.problem
        half, frequencies = records.shape[2], problem.held_out.mean.shape[2]
        # a distance near 0 has a standard error of 1 / (half √2m), were frequencies independent
        doubt = 2 / (half * math.sqrt(frequencies))
        return all(
            float(problem.held_out.of_class(c).loss(records[c : c + 1])) - floor + doubt
            <= _NEAR * noise
            for c, (noise, floor) in enumerate(zip(problem.sampling, problem.floors, strict=True))
        )

    def _finished(self) -> bool:
        if self.history and self.history[-1]["matched"]:
            return True
        distances = [row["held_out_distance"] for row in self.history]
        recent = self.settings.patience
        if len(distances) <= recent:
            return False
        before = min(distances[:-recent])
        return min(distances[-recent:]) >= before + self._doubt(before)
