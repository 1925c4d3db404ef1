"""One method on one set of images: what it makes, and what that costs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

import sketchlearn as sl
from benchmarks import image_sets
from benchmarks.image_peers import PEERS, default_factory, peers
from benchmarks.image_sets import ImageSet
from benchmarks.peer_training import Settings
from benchmarks.public_encoder import public_encoder

# Releases of plans that read no record; δ is 10⁻⁵, one image in the place of another.
EPSILONS, _DELTA = (0.2, 1.0, 1.3, 2.9, 9.6), 1e-5
_DECLARED = {"origin": "declared", "classes": tuple(range(10))}

# How images are sketched; the first is the default.
OURS: dict[str, dict[str, Any]] = {
    "sketchlearn": {},
    "sketchlearn windows": {"structure": "windows"},
    "sketchlearn pixels": {"structure": "dense"},
    "sketchlearn public encoder": {"structure": "windows"},
    "sketchlearn declared": _DECLARED,
    **{f"sketchlearn epsilon {epsilon:g}": _DECLARED for epsilon in EPSILONS},
    "sketchlearn harmonics epsilon 0.2": {**_DECLARED, "harmonics": 6},
}
METHODS = (*OURS, *PEERS)

_ROW_GROUP = 2_000


@dataclass(frozen=True)
class Made:
    """Generated images, as many as there were to learn from, and what they cost.

    Attributes:
        images: pixels in [0, 1], float32, shape (n, height, width).
        labels: classes taking turns, shape (n,).
        costs: "CPU seconds", "passes" over the data, "steps", "peak megabytes" above what the
            process took with its libraries and before it had any image.
    """

    images: np.ndarray
    labels: np.ndarray
    costs: dict[str, float]


@dataclass(frozen=True)
class Task:
    """What one process is to learn.

    Attributes:
        name: of the set.
        folder: where the sets are.
        validation: whether a sixth of the training images judges.
        file: its training images, as `write_images` leaves them.
        image: (height, width).
        top: the largest value of a pixel.
        method: one of METHODS.
        seed: of all that is drawn.
        seconds: of the processor, for the peers.
        fit: options of sketchlearn's learner other than its defaults.
    """

    name: str
    folder: Path
    validation: bool
    file: Path
    image: tuple[int, int]
    top: int
    method: str
    seed: int
    seconds: float
    fit: dict[str, Any]

    def run(self) -> Made:
        """Learn and make images; in a process of its own, or its peak of memory says nothing."""
        torch.set_num_threads(1)
        return self._ours() if self.method in OURS else self._peer()

    def _ours(self) -> Made:
        how = OURS[self.method]
        if self.method == "sketchlearn public encoder":
            how = {**how, "network": public_encoder(self.name, self.folder)}
        base, start = _peak(), time.process_time()
        sketch = sl.sketch(self.file, label="label", image=self.image, seed=self.seed, **how)
        passed = time.process_time() - start
        if "epsilon" in self.method:
            sketch = sketch.release(epsilon=float(self.method.split()[-1]), delta=_DELTA)
        fit = sl.GenerativeNetwork(seed=self.seed, **self.fit).fit(sketch)
        costs = {
            "CPU seconds": time.process_time() - start,
            "CPU seconds of the pass": passed,
            "passes": 1.0,
            "steps": float(fit.history[-1]["step"]),
            "peak megabytes": _peak() - base,
            "sketch megabytes": sketch.sums.nbytes / 2**20,
        }
        each, classes = -(-sketch.count // len(sketch.counts)), range(len(sketch.counts))
        drawn = [fit.model.sample(each, self.seed + 1 + c, label=c) for c in classes]
        values = np.stack([records.values for records in drawn], axis=1)  # (each, classes, d)
        images = values.reshape(-1, *self.image) / np.float32(self.top)
        return Made(images, np.tile(classes, each), costs)

    def _peer(self) -> Made:
        base = _peak()
        data = image_sets.load(self.name, self.folder, validation=self.validation)
        images = data.unit(data.train_images)
        settings = Settings(default_factory(images), cpu_seconds=self.seconds, seed=self.seed)
        trained = peers(self.name)[self.method](images, data.train_labels, settings)
        costs = {
            "CPU seconds": trained.cpu_seconds,
            "passes": trained.passes,
            "steps": float(trained.steps),
            "peak megabytes": _peak() - base,
        }
        made, labels = trained.sample_each(-(-len(images) // trained.classes), self.seed + 1)
        return Made(made, labels, costs)


def write_images(data: ImageSet, path: Path) -> None:
    """Write training images to a Parquet file, a column per pixel and the label."""
    flat = data.train_images.reshape(len(data.train_images), -1)
    columns = {f"pixel{i}": column for i, column in enumerate(flat.T)}
    table = pa.table({**columns, "label": data.train_labels})
    pq.write_table(table, path, row_group_size=_ROW_GROUP)


def _peak() -> float:
    """Return the largest memory this process has had so far, in megabytes; Linux only.

    Not `getrusage`'s figure, which in a spawned process begins at its parent's.
    """
    status = Path("/proc/self/status").read_text().split()
    return int(status[status.index("VmHWM:") + 1]) / 1024
