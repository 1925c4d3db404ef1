"""A degradation as a TOML file describes it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sketchlearn.errors import FileFormatError, OperatorError, StorageError
from sketchlearn.inverse.convolution import Convolution
from sketchlearn.inverse.operators import (
    BoxDownsampling,
    Dense,
    Identity,
    Mask,
    Operator,
    Planes,
)

# Keys of each kind; of those in one tuple exactly one is given, "?" marks what may be left out.
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "noise": (),
    "mask": (("file", "hidden"),),
    "downsampling": (("factor",),),
    "matrix": (("file",),),
    "blur": (("file", "gaussian"), ("padding?",)),
    "unknown blur": (("kernels",), ("padding?",)),
}
_COMMON = {"kind", "noise", "white"}


@dataclass(frozen=True)
class Degradation:
    """What happened to images.

    Attributes:
        noise: deviation of the noise, in the units of the model's images.
        white: what white of a picture file is in these units.
        operator: makes the operator for images of (planes, height, width); None of unknown blur.
        kernels: folder of a generator of kernels, of unknown blur.
        padding: what was beyond the border of blurred images.
    """

    noise: float
    white: float
    operator: Callable[[Planes], Operator] | None
    kernels: Path | None
    padding: str


def read_degradation(path: str | Path) -> Degradation:
    """Read a degradation; files it names are beside it.

    Its keys are `kind`, `noise` (a deviation in the units of the model's images), `white` (what
    white of a picture file is in these units, 255 by default) and those of the kind:

    - "noise";
    - "mask": `file`, an array that is 0 where pixels are missing, or `hidden`, a box [top, left,
      height, width] of missing ones;
    - "downsampling": `factor`;
    - "matrix": `file`, an array (m, d);
    - "blur": `file`, a kernel, or `gaussian`, its deviation in pixels; `padding`, "zero" or
      "circular";
    - "unknown blur": `kernels`, the folder of a generator of kernels; `padding`.

    Raises:
        StorageError: a file is not there.
        FileFormatError: it is no TOML, or keys are missing, unknown or none.
    """
    path = Path(path)
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(f"Could not read {path}: {error.strerror}. Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{path} is no TOML file: {error}.") from error
    kind = _checked_kind(path, told)
    padding = told.get("padding", "zero")
    blind = kind == "unknown blur"
    try:
        return Degradation(
            noise=_number("noise", told["noise"]),
            white=_positive("white", told.get("white", 255)),
            operator=None if blind else _maker(kind, told, path.parent),
            kernels=path.parent / told["kernels"] if blind else None,
            padding=padding,
        )
    except (TypeError, ValueError) as error:
        raise FileFormatError(f"{path} has a value that cannot be used: {error}") from error


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} = {value!r} is no number.")
    return float(value)


def _positive(name: str, value: Any) -> float:
    number = _number(name, value)
    if not 0 < number < math.inf:
        raise ValueError(f"{name} = {value!r} is not positive and finite.")
    return number


def _checked_kind(path: Path, told: dict[str, Any]) -> str:
    kind = told.get("kind")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise FileFormatError(f"{path} has kind={kind!r}; it is one of {', '.join(_KEYS)}.")
    known = {name.removesuffix("?") for names in _KEYS[kind] for name in names}
    unknown = set(told) - known - _COMMON
    if unknown:
        raise FileFormatError(
            f"{path} has the keys {sorted(unknown)}, which kind={kind!r} does not know; it knows "
            f"{sorted(known | _COMMON)}."
        )
    for names in (("noise",), *_KEYS[kind]):
        needed = not names[0].endswith("?")
        if needed and sum(name in told for name in names) != 1:
            raise FileFormatError(f"{path} needs {' or '.join(names)} for kind={kind!r}, one key.")
    return kind


def _maker(kind: str, told: dict[str, Any], folder: Path) -> Callable[[Planes], Operator]:
    """Return what makes the operator of a kind."""
    array = read_array(folder / told["file"]) if "file" in told else None
    if kind == "mask":
        if array is not None:
            return lambda _: Mask(array)
        top, left, height, width = told["hidden"]
        if not all(type(number) is int for number in told["hidden"]):
            raise TypeError(f"hidden = {told['hidden']} are no whole numbers.")
        return lambda planes: _hidden(planes, (top, left), (height, width))
    if kind == "downsampling":
        return lambda _: BoxDownsampling(told["factor"])
    if kind == "matrix" and array is not None:
        return lambda planes: Dense(array, planes)
    if kind == "blur":
        kernel = array
        if kernel is None:
            kernel = gaussian_kernel(_positive("gaussian", told["gaussian"]))
        return lambda _: Convolution(kernel, told.get("padding", "zero"))
    return lambda _: Identity()


def _hidden(planes: Planes, corner: tuple[int, int], size: tuple[int, int]) -> Mask:
    """Return the mask of a box of missing pixels.

    Raises:
        OperatorError: the box is empty, or not within the image.
    """
    (top, left), (height, width) = corner, size
    within = 0 <= top < top + height <= planes[1] and 0 <= left < left + width <= planes[2]
    if not within:
        raise OperatorError(
            f"hidden = {[*corner, *size]} (top, left, height, width) is no box within images of "
            f"{planes[1]} × {planes[2]} pixels."
        )
    seen = np.ones(planes[1:])
    seen[top : top + height, left : left + width] = 0
    return Mask(seen)


def gaussian_kernel(deviation: float, side: int | None = None) -> np.ndarray:
    """Return a Gaussian kernel of sum 1, (side, side).

    Args:
        deviation: in pixels.
        side: odd; by default what holds two deviations and a half to each side.
    """
    reach = int(np.ceil(2.5 * deviation)) if side is None else side // 2
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    return np.outer(line, line) / line.sum() ** 2


def read_array(path: Path) -> np.ndarray:
    """Return the numbers in a .npy file.

    Raises:
        StorageError: the file is not there.
        FileFormatError: it is no such file, or does not hold real numbers.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise StorageError(f"Could not read {path}: {error.strerror or error}.") from error
    except (ValueError, EOFError) as error:
        raise FileFormatError(f"{path} is no .npy file of numbers.") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        raise FileFormatError(f"{path} holds no array of real numbers.")
    return array
