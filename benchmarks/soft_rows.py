"""Categories in closed form beside Gumbel-softmax: the same network, sketch, latents and steps.

    python -m benchmarks.soft_rows --data DIR [--steps 1500]

Adult, one sketch. The closed form takes the exact expectation of features over the categories;
Gumbel-softmax draws relaxed categories at some temperatures and takes the features of those. Both
visit the same windows of frequencies and draw rows from the probabilities in the end.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import results
from benchmarks.table_sets import load
from sketchlearn.features.column_groups import WINDOWS
from sketchlearn.features.expected import expected_matching_loss
from sketchlearn.features.matching import PackedFrequencies, matching_loss
from sketchlearn.learners.generative import default_generator
from sketchlearn.learners.problem import MatchingProblem, Target
from sketchlearn.models import GenerativeModel
from sketchlearn.models.network import conditional
from sketchlearn.sketches import Sketch

LATENT, BATCH, RATE = 16, 512, 5e-3


class RelaxedRows(nn.Module):
    """The generator of tables with Gumbel noise before each softmax, divided by a temperature."""

    def __init__(self, tabular: Any, temperature: float) -> None:
        super().__init__()
        self.tabular, self.temperature = tabular, temperature

    def forward(self, latents: Tensor) -> Tensor:
        """Map (n, latent + classes) to relaxed rows (n, d)."""
        parts = self.tabular.inner(latents).split(self.tabular.widths, dim=1)
        rows = [
            part if i % 2 else nn.functional.gumbel_softmax(part, self.temperature)
            for i, part in enumerate(parts)
        ]
        return torch.cat(rows, dim=1)


class Plain:
    """The windows of a target as dense frequencies."""

    def __init__(self, target: Target) -> None:
        assert target.shared is not None
        members = [torch.from_numpy(window.members) for window in target.shared.windows]
        parts = [target.frequencies[:, which].contiguous() for which in members]
        self.windows = [
            (part, target.mean[:, :, which].contiguous(), PackedFrequencies.of(part))
            for part, which in zip(parts, members, strict=True)
        ]

    def loss(self, rows: Tensor, step: int) -> Tensor:
        """Return the matching loss of rows as they are, on one window."""
        frequencies, mean, packed = self.windows[step % WINDOWS]
        return matching_loss(rows, frequencies, mean, packed)


def fit(sketch: Sketch, temperature: float | None, steps: int) -> tuple[nn.Module, float]:
    """Train the default generator; return it and the processor's seconds."""
    torch.manual_seed(0)
    tabular = default_generator(sketch, LATENT)
    problem = MatchingProblem.of(sketch, 0.1, 0)
    classes = len(problem.classes)
    module = tabular if temperature is None else RelaxedRows(tabular, temperature)
    plain = Plain(problem.training) if temperature else None
    optimiser = torch.optim.Adam(module.parameters(), lr=RATE, betas=(0.9, 0.99))
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps))
    )
    numbers = problem.classes.repeat_interleave(BATCH // classes)
    start = time.process_time()
    for step in range(steps):
        flat = conditional(module, torch.randn(len(numbers), LATENT), numbers, problem.class_count)
        rows = flat.view(classes, 2, -1, problem.dimension)
        loss = plain.loss(rows, step) if plain else problem.training.loss(rows, step)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
    return tabular, time.process_time() - start


@torch.no_grad()
def held_out(sketch: Sketch, generator: nn.Module) -> float:
    """Return the squared distance on held-out frequencies, by the closed form."""
    problem = MatchingProblem.of(sketch, 0.1, 0)
    numbers = problem.classes.repeat_interleave(8192)
    latents = torch.randn(len(numbers), LATENT, generator=torch.Generator().manual_seed(1))
    rows = conditional(generator, latents, numbers, problem.class_count)
    rows = rows.view(len(problem.classes), 2, -1, problem.dimension)
    assert problem.held_out.shared is not None
    loss = expected_matching_loss(rows, problem.held_out.shared, problem.held_out.mean)
    return float(loss) / len(problem.classes)


def main() -> None:
    """Fit both ways and write the figures."""
    import sketchlearn as sl
    from sketchlearn.evaluation import evaluate_tables

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    data = load("adult", chosen.data)
    sketch = sl.sketch(data.train, label=data.target, seed=0)
    figures: dict[str, Any] = {}
    fit(sketch, None, 2)  # compiles
    for name, temperature in (
        ("closed form", None),
        ("Gumbel-softmax, temperature 1", 1.0),
        ("Gumbel-softmax, temperature 0.5", 0.5),
        ("Gumbel-softmax, temperature 0.2", 0.2),
    ):
        generator, seconds = fit(sketch, temperature, chosen.steps)
        side = sketch.side
        shares = sketch.counts / sketch.count
        model = GenerativeModel(
            generator, sketch.plan.schema, LATENT, shares, side.lower, side.upper
        )
        made = model.sample(len(data.train), seed=0).to_arrow()
        judged = evaluate_tables(made, data.train, data.test, data.target, 0)
        kept = ("one_way_tv", "two_way_tv", "two_sample_auc", "downstream_auc")
        figures[name] = {
            "CPU seconds": round(seconds, 1),
            "held-out distance": float(f"{held_out(sketch, generator):.3g}"),
            **{metric: round(float(np.float64(judged[metric]["value"])), 4) for metric in kept},
        }
        print(name, figures[name], flush=True)
    command = f"python -m benchmarks.soft_rows --data DIR --steps {chosen.steps}"
    results.write("soft_rows", command, figures)


if __name__ == "__main__":
    main()
