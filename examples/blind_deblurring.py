"""Images and the kernels that blurred them, from blurred images alone, by two generators.

Run from the root of the project: python -m examples.blind_deblurring --out deblurring.png

Neither generator saw an image or a kernel: one was learnt from a sketch of digits, the other from a
sketch of simulated motion. Source: Asim, Shamshad and Ahmed, "Blind Image Deconvolution using Deep
Generative Priors", IEEE TCI 2020.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import torch
from examples.restoration import decibels, draw_rows, learnt, parser_of, with_progress

import sketchlearn as sl
from sketchlearn import inverse
from sketchlearn.models import GenerativeModel

SHOWN, NOISE, KERNELS = 10, 0.02, 20_000


def main() -> None:
    """Learn both generators, blur, deblur, and draw the first ten images with their kernels."""
    parser = parser_of(__doc__, "deblurring.png")
    parser.add_argument("--images", type=int, default=20)
    options = parser.parse_args()
    side = 21 if options.mnist else 5
    known, kernels = learnt(options), learnt_kernels(options, side)
    clean = known.test[: options.images]
    true = inverse.motion_kernels(len(clean), side, seed=1)
    x = torch.as_tensor(clean, dtype=torch.float32)[:, None]
    y = inverse.Convolution(true, "zero").A(x)[:, 0].numpy()
    y = y + NOISE * np.random.default_rng(0).normal(size=y.shape)
    usual = inverse.BlindSearch().search
    search = replace(usual, steps=min(usual.steps, options.steps or usual.steps))
    found = inverse.reconstruct_blind(
        y, known.model, kernels,
        noise=NOISE, padding="zero", method=inverse.BlindSearch(search),
    )  # fmt: skip
    for name, images in (("blurred", y), ("deblurred", found.images)):
        shifted, _ = inverse.aligned(np.clip(images, 0, 1), clean)
        print(f"{name}: {decibels(images, clean):.2f} dB, aligned {decibels(shifted, clean):.2f}")
    rows = {
        "clean": clean,
        "its kernel": _framed(true, clean.shape[1]),
        "blurred": y,
        "deblurred": found.images,
        "kernel found": _framed(found.kernels, clean.shape[1]),
    }
    draw_rows({name: images[:SHOWN] for name, images in rows.items()}, options.out)
    print(f"Wrote {options.out}.")


def learnt_kernels(options: argparse.Namespace, side: int) -> GenerativeModel:
    """Sketch simulated kernels once, drop them, and learn a generator of them."""
    kept = options.keep / "kernels" if options.keep else None
    if kept and kept.exists():
        return sl.load(kept)
    kernels = inverse.motion_kernels(KERNELS if not options.steps else 1000, side, seed=0)
    sketch = sl.sketch(kernels, sl.plan(kernels, network="none"))
    del kernels
    generator = inverse.kernel_generator(sketch, latent=12)
    learner = sl.GenerativeNetwork(
        generator=generator, latent=12, steps=options.steps or 4000, batch=256
    )
    fit = with_progress(learner, sketch)
    if kept:
        fit.save(kept)
    return fit.model


def _framed(kernels: np.ndarray, side: int) -> np.ndarray:
    """Return kernels in the middle of images of a side, the largest number white."""
    before = (side - kernels.shape[1]) // 2
    around = (before, side - kernels.shape[1] - before)
    return np.pad(kernels / kernels.max(axis=(1, 2), keepdims=True), ((0, 0), around, around))


if __name__ == "__main__":
    main()
