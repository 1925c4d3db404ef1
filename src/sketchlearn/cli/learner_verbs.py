"""The verbs that learn anything but a network: kmeans, mixtures, pca, ica."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import sketchlearn as sl
from sketchlearn.cli.options import flags_of, given
from sketchlearn.cli.progress import progress
from sketchlearn.cli.reading import read_sketch
from sketchlearn.models import Model

Flat = Parameter(name="*")
KMeansFlags = flags_of(sl.KMeans)
GaussianMixtureFlags = flags_of(sl.GaussianMixture)
StableMixtureFlags = flags_of(sl.StableMixture)
PCAFlags = flags_of(sl.PCA)
ICAFlags = flags_of(sl.ICA)


def kmeans(
    sketch: Path,
    /,
    *,
    out: Path,
    options: Annotated[KMeansFlags, Flat],  # type: ignore[valid-type]
) -> None:
    """Learn centroids from a sketch alone.

    Example: sketchlearn kmeans trips.sketch --clusters 10 --out clusters

    Args:
        sketch: the sketch file.
        out: the folder of the model to write.
        options: see `KMeans`.
    """
    _learn(sl.KMeans(**given(options)), sketch, out)


def gaussian_mixture(
    sketch: Path,
    /,
    *,
    out: Path,
    options: Annotated[GaussianMixtureFlags, Flat],  # type: ignore[valid-type]
) -> None:
    """Learn a mixture of Gaussian laws from a sketch alone.

    Example: sketchlearn gaussian-mixture trips.sketch --components 5 --out mixture
             sketchlearn sample mixture --count 1000 --out synthetic.parquet

    Args:
        sketch: the sketch file.
        out: the folder of the model to write.
        options: see `GaussianMixture`.
    """
    _learn(sl.GaussianMixture(**given(options)), sketch, out)


def stable_mixture(
    sketch: Path,
    /,
    *,
    out: Path,
    options: Annotated[StableMixtureFlags, Flat],  # type: ignore[valid-type]
) -> None:
    """Learn a mixture of laws with heavy tails from a sketch alone.

    Example: sketchlearn stable-mixture returns.sketch --components 3 --out mixture

    Args:
        sketch: the sketch file.
        out: the folder of the model to write.
        options: see `StableMixture`.
    """
    _learn(sl.StableMixture(**given(options)), sketch, out)


def pca(
    sketch: Path,
    /,
    *,
    out: Path,
    options: Annotated[PCAFlags, Flat],  # type: ignore[valid-type]
) -> None:
    """Learn principal components from a sketch alone.

    Of more than 256 columns the sketch needs --features fourier quadratic.

    Example: sketchlearn pca genes.sketch --components 10 --out components

    Args:
        sketch: the sketch file.
        out: the folder of the model to write.
        options: see `PCA`.
    """
    _learn(sl.PCA(**given(options)), sketch, out)


def ica(
    sketch: Path,
    /,
    *,
    out: Path,
    options: Annotated[ICAFlags, Flat] = ICAFlags(),  # type: ignore[valid-type]
) -> None:
    """Learn independent components from a sketch alone.

    The sketch needs --features contrasts, alone or with others.

    Example: sketchlearn sketch eeg.parquet --features fourier contrasts --out eeg.sketch
             sketchlearn ica eeg.sketch --out sources

    Args:
        sketch: the sketch file.
        out: the folder of the model to write.
        options: see `ICA`.
    """
    _learn(sl.ICA(**given(options)), sketch, out)


def _learn(learner: Any, sketch: Path, out: Path) -> None:
    loaded = read_sketch(sketch)
    Model.require_target(out)
    with progress("learning") as advance:
        advance(0, None, "")
        fitted = learner.fit(loaded)
    fitted.save(out)
    print(fitted.status)
    for key, value in fitted.history[-1].items():
        print(f"{key}: {_short(value)}")
    print(f"Wrote {out}")


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)
