"""The verb that restores images: restore."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

import sketchlearn as sl
from sketchlearn import inverse
from sketchlearn.cli.options import flags_of, given
from sketchlearn.cli.progress import progress
from sketchlearn.errors import (
    EmptySourceError,
    FileFormatError,
    MeasurementError,
    MissingExtraError,
    OptionError,
)
from sketchlearn.inverse.degradations import Degradation, read_degradation
from sketchlearn.inverse.images import Layout
from sketchlearn.models import GenerativeModel

SearchFlags = flags_of(inverse.Search)

# Images solved at once, and most in the picture.
_BATCH, _SHOWN = 64, 8


def restore(
    images: Path,
    /,
    *,
    model: Path,
    degradation: Path,
    out: Path,
    tau: float | None = None,
    mean: bool = False,
    search: Annotated[SearchFlags, Parameter(name="*")] = SearchFlags(),  # type: ignore[valid-type]
) -> None:
    """Restore a folder of degraded images, with a learnt model as the prior.

    The degradation is described in a TOML file, such as

        kind = "blur"      # or noise, mask, downsampling, matrix, unknown blur
        gaussian = 1.5     # deviation of the kernel in pixels, or file = "kernel.npy"
        noise = 5.0        # deviation of the noise, in the units of the model's images

    Example: sketchlearn restore blurred --model digits --degradation blur.toml --out restored
             sketchlearn restore noisy --model mixture --degradation noise.toml --out restored
             sketchlearn restore noisy --model digits --degradation noise.toml --out clean --mean

    Args:
        images: folder of .png pictures, or of .npy arrays of measurements of one image each.
        model: the folder of a generator or a Gaussian mixture, or a sketch file, for the linear
            estimate from mean and covariance.
        degradation: a TOML file; `sketchlearn.inverse.degradations` lists its keys.
        out: folder for the restored images, under the names they had, and before-after.png.
        tau: deviation of the generator's own error in a pixel; by default a quarter of its pixels'.
        mean: the posterior mean, for heavy noise, instead of the most probable image.
        search: see `sketchlearn.inverse.Search`.
    """
    told, prior = read_degradation(degradation), sl.load(model)
    layout = _layout_of(prior, model)
    files = sorted(path for path in images.glob("*") if path.suffix in (".png", ".npy"))
    if not files:
        raise EmptySourceError(f"{images} holds no .png or .npy file. Check the path.")
    seen = [_read(path, told.white, layout) for path in files]
    if len({array.shape for array in seen}) > 1:
        raise MeasurementError(f"The images in {images} differ in size. Restore each size apart.")
    method = inverse.PosteriorMean(seed=given(search)["seed"]) if mean else None
    method = method or inverse.Search(**given(search))
    start = time.monotonic()
    parts = list(_solved(np.stack(seen), prior, told, (tau, method)))
    spent = time.monotonic() - start
    restored = np.concatenate([part.images for part in parts])
    out.mkdir(parents=True, exist_ok=True)
    for path, image in zip(files, restored, strict=True):
        _write(out / path.name, image, told.white)
    _draw(out / "before-after.png", np.stack(seen), restored, told.white)
    for sentence in dict.fromkeys(str(part.outcome) for part in parts):
        print(sentence)
    print(f"Restored {len(files)} images in {spent:.1f} s, {1e3 * spent / len(files):.0f} ms each")
    print(f"Wrote {out}")


def _solved(
    y: np.ndarray, prior: Any, told: Degradation, how: tuple[float | None, Any]
) -> Iterator[Any]:
    tau, method = how
    error: Any = "auto" if tau is None else tau
    kernels = None if told.kernels is None else _kernels(told.kernels, prior)
    layout = _layout_of(prior, Path("the model"))
    with progress("restoring") as advance:
        for top in range(0, len(y), _BATCH):
            some = y[top : top + _BATCH]
            if kernels is not None:
                padding: Any = told.padding
                blind = inverse.BlindSearch(method) if isinstance(method, inverse.Search) else None
                yield inverse.reconstruct_blind(
                    some, prior, kernels,
                    noise=told.noise, tau=error, padding=padding, method=blind,
                )  # fmt: skip
            else:
                assert told.operator is not None
                yield inverse.reconstruct(
                    some, told.operator(layout.planes), prior,
                    noise=told.noise, tau=error, method=method,
                )  # fmt: skip
            advance(top + len(some), len(y), "")


def _layout_of(prior: Any, path: Path) -> Layout:
    schema = prior.plan.schema if isinstance(prior, sl.Sketch) else getattr(prior, "schema", None)
    if schema is None or schema.image is None:
        raise FileFormatError(
            f"{path} holds a {type(prior).__name__} that is none of images. Give a model or a "
            "sketch of images, (n, height, width)."
        )
    return Layout(schema.image)


def _kernels(path: Path, prior: Any) -> GenerativeModel:
    kernels = sl.load(path)
    if not isinstance(kernels, GenerativeModel) or not isinstance(prior, GenerativeModel):
        raise OptionError("Unknown blur needs generators, both of images and of kernels.")
    return kernels


def _read(path: Path, white: float, layout: Layout) -> np.ndarray:
    """Return the measurements in a file, of a picture in units in which white is as given."""
    if path.suffix == ".npy":
        try:
            return np.load(path, allow_pickle=False)
        except ValueError as error:
            raise FileFormatError(f"{path} is no .npy file of numbers.") from error
    picture = _pictures().imread(path)  # 0 to 1
    if picture.ndim == 3:
        picture = picture[..., :3]  # without opacity
        if layout.planes[0] == 1 and (picture == picture[..., :1]).all():
            picture = picture[..., 0]
    return picture * white


def _write(path: Path, image: np.ndarray, white: float) -> None:
    if path.suffix == ".npy":
        np.save(path, image)
    else:
        _pictures().imsave(path, _shown(image, white), cmap="gray", vmin=0, vmax=1)


def _draw(path: Path, seen: np.ndarray, restored: np.ndarray, white: float) -> None:
    """Write a picture of what was measured, where that is images, above what was restored."""
    rows = [restored] if seen.shape[-2:] != restored.shape[-2:] else [seen, restored]
    bands = [
        np.concatenate([_framed(_shown(image, white)) for image in row[:_SHOWN]], axis=1)
        for row in rows
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
