"""Public sets of labelled grey images, for the benchmarks on images."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sketchlearn.cli.demo import split_digits

SETS = ("mnist", "fashion_mnist", "digits")


@dataclass(frozen=True)
class ImageSet:
    """One data set. Labels are the whole numbers from 0 on.

    Attributes:
        train_images: to fit on, uint8, shape (n, height, width).
        train_labels: int64, shape (n,).
        test_images: to judge against, uint8, shape (m, height, width).
        test_labels: int64, shape (m,).
        top: the largest value a pixel can have; the smallest is 0.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    top: int

    def unit(self, images: np.ndarray) -> np.ndarray:
        """Return images with pixels in [0, 1], float32."""
        return images.astype(np.float32) / self.top


def load(name: str, folder: Path, *, validation: bool = False) -> ImageSet:
    """Read a set by name from its IDX files under a folder; "digits" comes with scikit-learn.

    For choices, `validation` puts the last sixth of the training images in place of the test ones.

    Sources: LeCun, Cortes and Burges, "The MNIST database of handwritten digits"; Xiao, Rasul
    and Vollgraf, "Fashion-MNIST", 2017, each 60,000 and 10,000 images of 28 × 28 pixels. The
    digits are 1,797 of 8 × 8 pixels from 0 to 16, always the same 1,437 of them to fit on.
    """
    if validation:
        return _within_training(load(name, folder))
    if name == "digits":
        images, labels, held_images, held_labels = split_digits(0)
        whole = labels.astype(np.int64), held_labels.astype(np.int64)
        return ImageSet(images, whole[0], held_images, whole[1], 16)
    parts = [
        _read_idx(folder / name / f"{part}-{kind}-ubyte.gz")
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    ]
    images, labels, test_images, test_labels = parts
    return ImageSet(images, labels.astype(np.int64), test_images, test_labels.astype(np.int64), 255)


def _within_training(data: ImageSet) -> ImageSet:
    images, labels = data.train_images, data.train_labels
    cut = len(images) * 5 // 6
    return ImageSet(images[:cut], labels[:cut], images[cut:], labels[cut:], data.top)


def _read_idx(path: Path) -> np.ndarray:
    """Read bytes in the IDX format: 0, 0, 8, dimensions, then each length as a 4-byte number."""
    with gzip.open(path) as file:
        content = file.read()
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{path} holds no IDX array of bytes.")
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    return values.reshape(shape.astype(int))
