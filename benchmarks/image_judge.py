"""What generated images are worth: classifiers trained on them, coverage, nearest real images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.image_classifiers import CLASSIFIERS, accuracies
from benchmarks.image_cnn import SmallCnn, cnn_accuracy, cnn_features
from benchmarks.image_sets import ImageSet
from sketchlearn.evaluation.coverage import neighbour_coverage
from sketchlearn.evaluation.memorisation import closest_record
from sketchlearn.evaluation.neighbours import distance_blocks


@dataclass(frozen=True)
class ImageJudge:
    """A data set and a network trained on it, which tells images apart.

    Attributes:
        data: the data set.
        network: trained on its training images; the features images are compared by.
        rows: generated images that each of the twelve classifiers is trained on, at most.
        classifiers: names of those to train.
    """

    data: ImageSet
    network: SmallCnn
    rows: int
    classifiers: tuple[str, ...] = CLASSIFIERS

    def judge(self, images: np.ndarray, labels: np.ndarray, seed: int) -> dict[str, float]:
        """Return figures of generated images, pixels in [0, 1], and their labels.

        Returns:
            Accuracies on the test images by classifier; "mean of classifiers"; "cnn", of a network
            trained on the generated images; "precision", "density" and "recall" (generated images
            within balls about real ones, real ones within balls about generated ones) and
            "coverage" (balls about real ones reached), k = 5, in the network's features;
            "closest_record_ratio", "copies" and "copies_expected", in pixels.
        """
        data = self.data
        test, test_labels = data.unit(data.test_images), data.test_labels
        each = accuracies(images, labels, test, test_labels, seed, self.rows, self.classifiers)
        made, real = (cnn_features(self.network, some) for some in (images, test))
        return {
            **each,
            "mean of classifiers": float(np.mean(list(each.values()))),
            "cnn": cnn_accuracy(images, labels, test, test_labels, seed),
            **neighbour_coverage(made, real, 5, seed),
            "recall": neighbour_coverage(real, made, 5, seed)["precision"],
            **closest_record(
                _flat(images), _flat(test), _flat(data.unit(data.train_images)), most=500
            ),
        }


def draw_grid(images: np.ndarray, labels: np.ndarray, path: Path, columns: int = 10) -> None:
    """Write a picture of generated images, a row of `columns` per class."""
    rows = [images[labels == label][:columns] for label in np.unique(labels)]
    _write([list(row) for row in rows], path)


def draw_neighbours(images: np.ndarray, data: ImageSet, path: Path, count: int = 20) -> None:
    """Write a picture of generated images above the training images nearest to them."""
    some, train = images[:count], data.unit(data.train_images)
    nearest = np.empty(len(some), dtype=np.int64)
    for rows, distances in distance_blocks(_flat(some), _flat(train)):
        nearest[rows] = distances.argmin(axis=1)
    _write([list(some), list(train[nearest])], path)


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


def _write(rows: list[list[np.ndarray]], path: Path) -> None:
    from matplotlib import image

    framed = [np.hstack([np.pad(one, 1, constant_values=0.5) for one in row]) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    image.imsave(path, 1 - np.kron(np.vstack(framed), np.ones((2, 2))), cmap="gray", vmin=0, vmax=1)
