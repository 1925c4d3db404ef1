"""Digits under heavy noise, denoised by wavelets, total variation, and a generator of a sketch.

Run from the root of the project: python -m examples.denoising --out denoising.png

Source: Jin, Mixon and Villar, "SUNLayer: Stable denoising with generative networks", 2018,
figure 1.
"""

from __future__ import annotations

import numpy as np
from examples.restoration import decibels, draw_rows, learnt, parser_of
from skimage import restoration

from sketchlearn import inverse

SHOWN = 10


def main() -> None:
    """Learn, add noise, denoise, and draw the first ten images."""
    parser = parser_of(__doc__, "denoising.png")
    parser.add_argument("--noise", type=float, default=0.3)
    parser.add_argument("--images", type=int, default=100)
    options = parser.parse_args()
    known = learnt(options)
    clean = known.test[: options.images]
    y = clean + options.noise * np.random.default_rng(0).normal(size=clean.shape)

    def found(model, **how):
        return inverse.reconstruct(y, inverse.Identity(), model, noise=options.noise, **how)

    spin = {"max_shifts": 3, "func_kw": {"sigma": options.noise, "wavelet": "db1"}, "workers": 1}
    chains = found(known.model, method=inverse.Langevin(steps=200, warm_up=100))
    rows = {
        "clean": clean,
        "noisy": y,
        "wavelets": np.stack(
            [restoration.cycle_spin(one, restoration.denoise_wavelet, **spin) for one in y]
        ),
        "total variation": np.stack(
            [restoration.denoise_tv_chambolle(one, weight=options.noise) for one in y]
        ),
        "mean and covariance": found(known.sketch).images,
        "generator": found(known.model).images,
        "its posterior mean": chains.images,
    }
    for name, images in rows.items():
        if name != "clean":
            print(f"{name}: {decibels(images, clean):.2f} dB")
    rows["how unsure it is"] = chains.deviations / chains.deviations.max()
    draw_rows({name: images[:SHOWN] for name, images in rows.items()}, options.out)
    print(f"Wrote {options.out}.")


if __name__ == "__main__":
    main()
