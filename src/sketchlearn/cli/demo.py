"""The demonstration: real handwritten digits, read once, learnt from the sketch alone."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import sketchlearn as sl
from sketchlearn.cli.model_verbs import fit_with_progress
from sketchlearn.errors import MissingExtraError, StorageError
from sketchlearn.evaluation import table
from sketchlearn.models import GenerativeModel
from sketchlearn.storage import write_whole

_TRAINING = 1437


def demo(*, out: Path = Path("demo"), steps: int | None = None, seed: int = 0) -> None:
    """Run the whole path on real handwritten digits; takes a few minutes.

    Reads 1,437 images of scikit-learn's digits once, drops them, learns a generator of each
    digit from the sketch, and compares what it draws with 360 images kept apart.

    Example: sketchlearn demo --out demo

    Args:
        out: folder for the sketch, the model, the samples, the picture and the table.
        steps: gradient steps, fewer for a quick look; by default those of `fit`.
        seed: of the split, the frequencies and the fit.
    """
    start = time.monotonic()
    if out.exists() and not out.is_dir():
        raise StorageError(f"{out} exists and is no folder. Choose another place with --out.")
    out.mkdir(parents=True, exist_ok=True)
    images, digits, held_images, held_digits = split_digits(seed)
    print(f"1. One pass over {len(images):,} images of 8 × 8 pixels.")
    sketch = sl.sketch((images, digits), label="digit", seed=seed)
    sketch.save(out / "digits.sketch")
    print(sketch.plan.explain())
    del images, digits
    print("\n2. The images are dropped; a generator is learnt from the sketch.")
    learner = sl.GenerativeNetwork(seed=seed)
    if steps is not None:
        learner = replace(learner, steps=steps)
    GenerativeModel.require_target(out / "model")
    checkpoint = out / ".model.checkpoint"
    fitted = fit_with_progress(learner, sketch, checkpoint)
    fitted.save(out / "model")
    checkpoint.unlink(missing_ok=True)
    print(fitted.status)
    samples = fitted.model.sample(3000, seed=seed)
    samples.save(out / "samples.parquet")
    _draw(out / "digits.png", (held_images, held_digits), fitted.model)
    print("\n3. Judged against images that were never sketched.")
    sketched = split_digits(seed)[:2]  # taken again from the library, to look for copies
    figures = sl.evaluate(fitted.model, (held_images, held_digits), sketched, seed=seed)
    print(table(figures))
    write_whole(out / "evaluation.json", json.dumps(figures, indent=1).encode())
    write_whole(out / "evaluation.txt", (table(figures) + "\n").encode())
    print(
        f"\nWrote digits.sketch, model/, samples.parquet, digits.png and evaluation.txt to {out} "
        f"in {time.monotonic() - start:.0f} s."
    )


def split_digits(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training images (1437, 8, 8), their digits, and the 360 others, at random.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError.needs("scikit-learn", "demo", "The demo") from error
    bundle: Any = load_digits()
    images, digits = bundle.images.astype(np.uint8), bundle.target
    order = np.random.default_rng(seed).permutation(len(images))
    train, held = order[:_TRAINING], order[_TRAINING:]
    return images[train], digits[train], images[held], digits[held]


def _draw(path: Path, held: tuple[np.ndarray, np.ndarray], model: GenerativeModel) -> None:
    """Write a grid of real digits beside generated ones, a row per digit."""
    try:
        import io

        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError.needs("matplotlib", "demo", "The picture") from error
    images, digits = held
    across = 10
    figure = Figure(figsize=(10, 5.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    real = [images[digits == digit][:across] for digit in range(10)]
    drawn = [model.sample(across, seed=digit, label=digit).to_numpy() for digit in range(10)]
    for axes, rows, title in (
        (left, real, "Real, kept apart"),
        (right, drawn, "Generated from the sketch alone"),
    ):
        axes.imshow(np.block([[np.pad(image, 1) for image in row] for row in rows]), cmap="gray_r")
        axes.set(title=title, xticks=[], yticks=[])
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, format="png")
    write_whole(path, buffer.getvalue())
