"""What the restoration benchmark learns: from a sketch, and with the data for reference."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

import sketchlearn as sl
from benchmarks import peer_vae
from benchmarks.image_peers import default_factory
from benchmarks.image_sets import ImageSet
from benchmarks.peer_training import Settings
from benchmarks.restoration_classical import psnr
from sketchlearn import inverse
from sketchlearn.encoding import VectorSchema
from sketchlearn.encoding.schema import Label
from sketchlearn.models import GenerativeModel
from sketchlearn.models.movements import MOVEMENTS

_LATENTS: dict[str, int | Literal["auto"]] = {"digits": 12, "mnist": "auto"}
_PLANS: dict[str, dict[str, Any]] = {"digits": {"size": 8000}, "mnist": {"moments": "full"}}

# Of the autoencoders: as many images as ours see. Latents of those that stay where they are drawn,
# and of those that move; the decoder that comes closer to some training images is the reference.
_VAE = {"digits": {"steps": 8000}, "mnist": {"steps": 3000, "batch": 320}}
_DECODERS = {"digits": {"still": 12}, "mnist": {"still": 20, "moved": 16 + MOVEMENTS}}
_COMPARED = 40

# Motion kernels: simulated ones that are sketched, their side, and latents of their generator.
KERNEL_SIDE, _KERNELS, _KERNEL_LATENT = 21, 20_000, 12


@dataclass(frozen=True)
class Priors:
    """The priors of one set.

    Attributes:
        sketch: of the training images, in the set's own units.
        ours: generator learnt from the sketch.
        vae: decoder of the same architecture, trained with the images.
        top: the largest value of a pixel.
        told: seconds that each took to learn, and how close decoders come to training images, dB.
    """

    sketch: sl.Sketch
    ours: GenerativeModel
    vae: GenerativeModel
    top: int
    told: dict[str, dict[str, float]]

    @classmethod
    def of(cls, name: str, data: ImageSet, folder: Path) -> Priors:
        """Read the priors of a set, or learn them and write them."""
        place = folder / name
        if not (place / "told.json").exists():
            place.mkdir(parents=True, exist_ok=True)
            _learn(name, data, place)
        told = json.loads((place / "told.json").read_text())
        parts = (sl.load(place / part) for part in ("sketch", "ours", "vae"))
        return cls(*parts, data.top, told)


def kernel_model(folder: Path) -> GenerativeModel:
    """Read the generator of motion kernels, or learn it from a sketch and write it."""
    place = folder / "kernels"
    if not place.exists():
        kernels = inverse.motion_kernels(_KERNELS, KERNEL_SIDE, seed=0)
        sketch = sl.sketch(kernels, sl.plan(kernels, network="none"))
        generator = inverse.kernel_generator(sketch, _KERNEL_LATENT)
        learner = sl.GenerativeNetwork(
            generator=generator, latent=_KERNEL_LATENT, steps=4000, batch=256
        )
        learner.fit(sketch).save(place)
    return sl.load(place)


def _learn(name: str, data: ImageSet, place: Path) -> None:
    source, start = (data.train_images, data.train_labels), time.process_time()
    sketch = sl.sketch(source, sl.plan(source, label="digit", **_PLANS[name]))
    sketch.save(place / "sketch")
    sl.GenerativeNetwork(latent=_LATENTS[name]).fit(sketch).save(place / "ours")
    middle = time.process_time()
    decoders = {kind: _autoencoder(name, data, kind) for kind in _DECODERS[name]}
    end = time.process_time()
    some = data.train_images[:_COMPARED]
    close = {kind: _closeness(decoder, some, data) for kind, decoder in decoders.items()}
    decoders[max(close, key=lambda kind: close[kind])].save(place / "vae")
    seconds = {"ours": middle - start, "VAE": (end - middle) / len(decoders)}
    told = {"seconds to learn": seconds, "decoders on training images, dB": close}
    (place / "told.json").write_text(json.dumps(told))


def _closeness(decoder: GenerativeModel, images: np.ndarray, data: ImageSet) -> float:
    near = inverse.project(images, decoder).images
    return psnr(near / data.top, data.unit(images))


def _autoencoder(name: str, data: ImageSet, kind: str) -> GenerativeModel:
    """Train a decoder with the data, and give it the units of the set."""
    images = data.unit(data.train_images)
    factory = default_factory(images, moves=kind == "moved")
    settings = Settings(factory, latent=_DECODERS[name][kind], **_VAE[name])
    trained = peer_vae.fit(images, data.train_labels, settings)
    size, counts = images[0].size, np.bincount(data.train_labels)
    schema = VectorSchema(
        columns=tuple(f"x{j}" for j in range(size)),
        dtypes=("float64",) * size,
        center=(0.0,) * size,
        spread=(float(data.top),) * size,
        image=images.shape[1:],
        label=Label("digit", tuple(range(trained.classes))),
    )
    bounds = np.zeros(size), np.ones(size)
    return GenerativeModel(
        trained.generator, schema, trained.latent, counts / counts.sum(), *bounds
    )
