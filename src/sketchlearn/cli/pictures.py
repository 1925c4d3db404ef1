"""Pictures and arrays of images in a folder, read and written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sketchlearn.errors import EmptySourceError, FileFormatError, MissingExtraError, OptionError
from sketchlearn.inverse.degradations import read_array
from sketchlearn.inverse.images import Layout

#: the picture of what was measured above what was restored
BEFORE_AFTER = "before-after.png"

# Images in that picture, at most.
_SHOWN = 8


def image_files(folder: Path) -> list[Path]:
    """Return the .png and .npy files of a folder, in the order of their names.

    Raises:
        EmptySourceError: there are none.
        OptionError: one has the name of the picture that is drawn of all.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in (".png", ".npy"))
    if not files:
        raise EmptySourceError(f"{folder} holds no .png or .npy file. Check the path.")
    if any(path.name == BEFORE_AFTER for path in files):
        raise OptionError(
            f"{folder} holds a {BEFORE_AFTER}, the name of the picture drawn of all images. "
            "Rename it, or restore another folder."
        )
    return files


def read_image(path: Path, white: float, layout: Layout) -> np.ndarray:
    """Return the measurements in a file, of a picture in units in which white is as given.

    Raises:
        FileFormatError: the file holds no picture, or no array of numbers.
    """
    if path.suffix.lower() == ".npy":
        return read_array(path)
    try:
        picture = _pictures().imread(path)  # 0 to 1
    except (OSError, SyntaxError, ValueError) as error:
        raise FileFormatError(f"{path} is no picture that can be read ({error}).") from error
    if picture.ndim == 3:
        picture = picture[..., :3]  # without opacity
        if layout.planes[0] == 1 and (picture == picture[..., :1]).all():
            picture = picture[..., 0]
        elif len(layout.image) == 3 and layout.image == layout.planes:
            picture = np.moveaxis(picture, -1, 0)  # planes first, as records have them
    return picture * white


def write_image(path: Path, image: np.ndarray, white: float) -> None:
    """Write an image as a picture, or as an array where the name says so."""
    if path.suffix.lower() == ".npy":
        np.save(path, image)
    else:
        _pictures().imsave(path, _shown(image, white), cmap="gray", vmin=0, vmax=1)


def draw_before_after(path: Path, seen: np.ndarray, restored: np.ndarray, white: float) -> None:
    """Write a picture of what was measured, where that is images, above what was restored."""
    alike = seen.ndim >= 3 and seen.shape[-2:] == restored.shape[-2:]
    bands = [
        np.concatenate([_framed(_shown(image, white)) for image in row[:_SHOWN]], axis=1)
        for row in ([seen, restored] if alike else [restored])
    ]
    _pictures().imsave(path, np.concatenate(bands), cmap="gray", vmin=0, vmax=1)


def _shown(image: np.ndarray, white: float) -> np.ndarray:
    """Return an image for a picture: planes last, 0 to 1."""
    if image.ndim == 3 and image.shape[0] in (1, 3) and image.shape[2] not in (1, 3):
        image = np.moveaxis(image, 0, -1)
    image = np.clip(image / white, 0, 1)
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image


def _framed(image: np.ndarray) -> np.ndarray:
    return np.pad(image, ((1, 1), (1, 1), *[(0, 0)] * (image.ndim - 2)), constant_values=0.5)


def _pictures() -> Any:
    try:
        from matplotlib import image
    except ImportError as error:
        raise MissingExtraError.needs("matplotlib", "plot", "Reading and drawing images") from error
    return image
