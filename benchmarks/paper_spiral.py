"""The paper's spiral with the paper's own settings.

    python -m benchmarks.paper_spiral [--seeds 0 1 2]

100,000 records in the unit ball, 10,000 folded Gaussian frequencies of squared scale 0.001,
a network of 792 weights (7 hidden layers of 10, leaky rectifiers), 2,500 steps of batches of
1,000. Squared distance per frequency between 50,000 generated records and the data on 4,000
frequencies that the fit never saw. Bar: at most 0.0011, a plain re-run of the published settings.
"""

from __future__ import annotations

import numpy as np
import torch
from examples.planar_sets import spiral
from torch import nn

import sketchlearn as sl
from benchmarks import results
from sketchlearn.evaluation import sketch_distance
from sketchlearn.features import FoldedGaussian, draw_frequencies

SCALE = 0.001**0.5
LATENT = 10


def network(seed: int) -> nn.Module:
    """Return the paper's generator, with the starting weights of a seed."""
    torch.manual_seed(seed)
    hidden = [layer for _ in range(7) for layer in (nn.Linear(10, 10), nn.LeakyReLU(0.2))]
    return nn.Sequential(*hidden, nn.Linear(10, 2))


def distance(seed: int) -> dict[str, float]:
    """Return the plain squared distance on held-out frequencies, and its unbiased estimate."""
    data = spiral(100_000, np.random.default_rng([seed, 0]))
    sketch = sl.sketch(
        data, size=10_000, law="folded-gaussian", scales=[SCALE], standardise="none", seed=seed
    )
    learner = sl.GenerativeNetwork(
        generator=network(seed), latent=LATENT, steps=2500, batch=1000, seed=seed
    )
    model = learner.fit(sketch).model
    generated = model.sample(50_000, seed=seed + 1).to_numpy()
    held_out = draw_frequencies(FoldedGaussian((SCALE,)), 2, 4000, seed=10_000 + seed)
    difference = _mean(generated, held_out) - _mean(data, held_out)
    return {
        "distance": float(np.mean(np.abs(difference) ** 2)),
        "unbiased": float(sketch_distance(generated, data, held_out)),
    }


def _mean(records: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    parts = np.array_split(records, 50)
    return sum(np.exp(1j * (part @ frequencies)).sum(axis=0) for part in parts) / len(records)


def main() -> None:
    """Run the seeds and write the figures."""
    results.write(
        "paper_spiral", "python -m benchmarks.paper_spiral", results.by_seed(distance, __doc__)
    )


if __name__ == "__main__":
    main()
