"""Images that differ by a shift, which a blind deconvolution cannot tell."""

from __future__ import annotations

import numpy as np

from sketchlearn.errors import MeasurementError


def aligned(
    images: np.ndarray, reference: np.ndarray, reach: int = 4
) -> tuple[np.ndarray, np.ndarray]:
    """Shift each image to where it is closest to its reference.

    Args:
        images: (n, height, width).
        reference: of the same shape.
        reach: pixels it may be shifted in each direction; what comes in from beyond is 0.

    Returns:
        The shifted images, and the shift of each down and to the right, whole numbers (n, 2).

    Raises:
        MeasurementError: the shapes are not those.
    """
    images, reference = np.asarray(images), np.asarray(reference)
    if images.ndim != 3 or images.shape != reference.shape:
        raise MeasurementError(
            f"Images {images.shape} and reference {reference.shape} were given; both are "
            "(n, height, width)."
        )
    best, shifts = images.copy(), np.zeros((len(images), 2), dtype=int)
    wanted = reference.astype(float)  # differences of unsigned numbers would wrap
    least = np.square(images - wanted).mean(axis=(1, 2))
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach)))
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            top, left = reach - down, reach - right
            moved = padded[:, top : top + height, left : left + width]
            error = np.square(moved - wanted).mean(axis=(1, 2))
            nearer = error < least
            best[nearer], shifts[nearer] = moved[nearer], (down, right)
            least = np.minimum(least, error)
    return best, shifts
