"""The verb that restores images: restore."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

import sketchlearn as sl
from sketchlearn import inverse
from sketchlearn.cli.options import flags_of, given
from sketchlearn.cli.pictures import (
    BEFORE_AFTER,
    draw_before_after,
    image_files,
    read_image,
    write_image,
)
from sketchlearn.cli.progress import progress
from sketchlearn.errors import FileFormatError, MeasurementError, OptionError, StorageError
from sketchlearn.inverse.degradations import Degradation, read_degradation
from sketchlearn.inverse.images import Layout
from sketchlearn.models import GenerativeModel

SearchFlags = flags_of(inverse.Search)

# Images solved at once.
_BATCH = 64


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
        out: folder for the restored images, under the names they had, and before-after.png; not
            that of the images.
        tau: deviation of the generator's own error in a pixel; by default a quarter of its pixels'.
        mean: the posterior mean, for heavy noise, instead of the most probable image. Of the
            options of the search it takes `draws` (100,000 by default) and `seed`.
        search: see `sketchlearn.inverse.Search`. Unknown blur is looked for with more starts and
            draws by default, see `sketchlearn.inverse.BlindSearch`.
    """
    _require_folder(out, images)
    told, prior = read_degradation(degradation), sl.load(model)
    layout = _layout_of(prior, model)
    files = image_files(images)
    seen = [read_image(path, told.white, layout) for path in files]
    if len({array.shape for array in seen}) > 1:
        raise MeasurementError(f"The images in {images} differ in size. Restore each size apart.")
    method = _method(search, mean, blind=told.kernels is not None)
    if not isinstance(prior, GenerativeModel) and (method is not None or tau is not None):
        raise OptionError(
            f"{model} holds a {type(prior).__name__}, whose estimate is in closed form: leave out "
            "--tau, --mean and the options of the search, or give a generator."
        )
    start = time.monotonic()
    parts = list(_solved(np.stack(seen), prior, told, (tau, method)))
    spent = time.monotonic() - start
    restored = np.concatenate([part.images for part in parts])
    out.mkdir(parents=True, exist_ok=True)
    for path, image in zip(files, restored, strict=True):
        write_image(out / path.name, image, told.white)
    draw_before_after(out / BEFORE_AFTER, np.stack(seen), restored, told.white)
    for sentence in dict.fromkeys(str(part.outcome) for part in parts):
        print(sentence)
    print(f"Restored {len(files)} images in {spent:.1f} s, {1e3 * spent / len(files):.0f} ms each")
    print(f"Wrote {out}")


def _require_folder(out: Path, images: Path) -> None:
    """Raise unless restored images may be written to `out`; before anything is solved."""
    if out.exists() and not out.is_dir():
        raise StorageError(f"{out} exists and is no folder. Choose another place with --out.")
    if out.exists() and images.exists() and out.samefile(images):
        raise OptionError(
            f"--out {out} is the folder of the images, which would be overwritten. Choose another."
        )


def _method(search: Any, mean: bool, *, blind: bool) -> Any:
    """Return how images are looked for; None for the defaults.

    Raises:
        OptionError: options were given that the method does not have.
    """
    chosen, usual = given(search), given(SearchFlags())
    changed = {name for name, value in chosen.items() if value != usual[name]}
    if mean:
        if blind or changed - {"draws", "seed"}:
            raise OptionError(
                "--mean was given for unknown blur, or with options of the search: it looks for "
                "nothing, and takes --draws and --seed alone. Leave --mean out, or the others."
            )
        return inverse.PosteriorMean(**{name: chosen[name] for name in changed})
    if not changed:
        return None
    if blind:
        usual_search = inverse.BlindSearch().search
        return inverse.BlindSearch(replace(usual_search, **{k: chosen[k] for k in changed}))
    return inverse.Search(**chosen)


def _solved(
    y: np.ndarray, prior: Any, told: Degradation, how: tuple[float | None, Any]
) -> Iterator[Any]:
    tau, method = how
    error: Any = "auto" if tau is None else tau
    kernels = None if told.kernels is None else _kernels(told.kernels, prior)
    operator = None
    if told.operator is not None:
        operator = told.operator(_layout_of(prior, Path("the model")).planes)
    with progress("restoring") as advance:
        for top in range(0, len(y), _BATCH):
            some = y[top : top + _BATCH]
            if kernels is not None:
                padding: Any = told.padding
                yield inverse.reconstruct_blind(
                    some, prior, kernels,
                    noise=told.noise, tau=error, padding=padding, method=method,
                )  # fmt: skip
            else:
                assert operator is not None
                if operator.images not in (None, len(y)):
                    raise MeasurementError(
                        f"The degradation describes {operator.images} images, and there are "
                        f"{len(y)}. Describe as many, or one for all."
                    )
                own = operator.of_images(slice(top, top + len(some)))
                yield inverse.reconstruct(
                    some, own, prior, noise=told.noise, tau=error, method=method
                )
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
