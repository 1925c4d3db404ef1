"""What the examples of restoration share: images, a generator learnt from their sketch, a score."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from examples.mnist import read

import sketchlearn as sl
from sketchlearn.cli.demo import split_digits
from sketchlearn.cli.progress import progress
from sketchlearn.models import GenerativeModel


@dataclass(frozen=True)
class Learnt:
    """A generator learnt from a sketch, and images that were not sketched.

    Attributes:
        model: of images in [0, 1].
        sketch: that it was learnt from.
        test: images (n, height, width), one of each digit first.
    """

    model: GenerativeModel
    sketch: sl.Sketch
    test: np.ndarray


def parser_of(description: str | None, out: str) -> argparse.ArgumentParser:
    """Return a parser of the options that the examples share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--mnist", type=Path, help="folder of MNIST's four files")
    parser.add_argument("--steps", type=int, help="of learning; fewer for a quick look")
    parser.add_argument("--keep", type=Path, help="folder to keep what is learnt in, and find it")
    parser.add_argument("--out", type=Path, default=Path(out))
    return parser


def learnt(options: argparse.Namespace) -> Learnt:
    """Sketch the training images once, drop them, and learn a generator of each digit."""
    images, labels, test, test_labels = _split(options.mnist)
    firsts = [int(np.argmax(test_labels == digit)) for digit in range(10)]
    test = np.concatenate([test[firsts], np.delete(test, firsts, axis=0)])
    plan = sl.plan((images, labels), label="digit", moments="full")
    sketch = sl.sketch((images, labels), plan)
    del images, labels  # no longer needed
    kept = options.keep / "images" if options.keep else None
    if kept and kept.exists():
        return Learnt(sl.load(kept), sketch, test)
    learner = sl.GenerativeNetwork(
        latent="auto" if options.mnist else 12, steps=options.steps or "auto"
    )
    fit = with_progress(learner, sketch)
    if kept:
        fit.save(kept)
    return Learnt(fit.model, sketch, test)


def with_progress(learner: sl.GenerativeNetwork, sketch: sl.Sketch) -> sl.Fit[GenerativeModel]:
    """Learn, showing how far it is."""
    steps = learner.settings(sketch).steps
    with progress("learning") as advance:
        return learner.fit(sketch, on_step=lambda step, _: advance(step, steps, ""))


def decibels(images: np.ndarray, clean: np.ndarray) -> float:
    """Return the mean peak signal-to-noise ratio of images clipped to [0, 1]."""
    errors = np.square(np.clip(images, 0, 1) - clean).reshape(len(clean), -1).mean(axis=1)
    return float(np.mean(-10 * np.log10(errors)))


def draw_rows(rows: dict[str, np.ndarray], path: Path) -> None:
    """Draw rows of images, each under its name."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(rows), 1, figsize=(6, 0.62 * len(rows)), squeeze=False)
    for axis, (name, images) in zip(axes[:, 0], rows.items(), strict=True):
        band = np.concatenate([np.pad(np.clip(one, 0, 1), 1) for one in images], axis=1)
        axis.imshow(1 - band, cmap="gray", vmin=0, vmax=1)
        axis.set_ylabel(name, rotation=0, ha="right", va="center")
        axis.set_xticks([])
        axis.set_yticks([])
    figure.tight_layout(pad=0.2)
    figure.savefig(path, dpi=80, bbox_inches="tight")
    plt.close(figure)


def _split(folder: Path | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training and test images in [0, 1] with their labels."""
    if folder is None:
        images, labels, test, test_labels = split_digits(0)
        return images / np.float32(16), labels, test / np.float32(16), test_labels
    parts = [
        read(folder / f"{part}-{kind}-ubyte.gz")
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    ]
    return parts[0] / np.float32(255), parts[1], parts[2] / np.float32(255), parts[3]
