"""Handwritten digits from one pass: MNIST, or any set in the same files, and a picture.

Run from the root of the project: python -m examples.mnist FOLDER --out mnist.png

FOLDER holds train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz.
"""

from __future__ import annotations

import argparse
import gzip
import time
from pathlib import Path

import matplotlib as mpl
import numpy as np

import sketchlearn as sl
from sketchlearn.cli.progress import progress

mpl.use("Agg")
from matplotlib import image

ACROSS = 16


def main() -> None:
    """Sketch the images once, drop them, learn a generator of each class, and draw from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("mnist.png"))
    parser.add_argument("--steps", type=int)
    options = parser.parse_args()

    images, labels = (
        read(options.folder / f"train-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1")
    )
    start = time.monotonic()
    sketch = sl.sketch((images, labels), label="class")
    print(
        f"{sketch.count:,} images became a sketch of {sketch.sums.nbytes / 2**20:.1f} MB in "
        f"{time.monotonic() - start:.0f} s."
    )
    classes, shape = np.unique(labels).tolist(), images.shape[1:]
    del images, labels  # no longer needed

    learner = sl.GenerativeNetwork(steps=options.steps or "auto")
    steps = learner.settings(sketch).steps
    with progress("fitting") as advance:
        fit = learner.fit(sketch, on_step=lambda step, _: advance(step, steps, ""))
    print(f"{fit.status} After {time.monotonic() - start:.0f} s.")

    rows = [fit.model.sample(ACROSS, seed=0, label=name).to_numpy() for name in classes]
    grid = np.block([[np.pad(one.reshape(shape), 1) for one in row] for row in rows])
    image.imsave(options.out, 255 - grid, cmap="gray", vmin=0, vmax=255)
    print(f"Wrote {options.out}.")


def read(path: Path) -> np.ndarray:
    """Read bytes in the IDX format: 0, 0, 8, dimensions, then each length as a 4-byte number."""
    content = gzip.decompress(path.read_bytes())
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4).astype(int)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


if __name__ == "__main__":
    main()
