"""Classical restoration, each method with the option that was best on training images.

Sources: scikit-image's wavelet shrinkage (Donoho and Johnstone 1994), cycle spinning (Coifman and
Donoho 1995), total variation (Chambolle 2004), non-local means (Buades et al. 2005), biharmonic
inpainting, Wiener filters and Richardson-Lucy; scikit-learn's Lasso.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from skimage import restoration, transform
from sklearn.linear_model import Lasso

from benchmarks.restoration_tasks import Task
from sketchlearn import inverse

# One image from its measurements.
One = Callable[[np.ndarray, Any], np.ndarray]


@dataclass(frozen=True)
class Method:
    """A method with the options it may have.

    Attributes:
        name: of the method.
        candidates: the method with each of its options.
    """

    name: str
    candidates: list[One]


def methods_for(task: Task) -> list[Method]:
    """Return the classical methods of a task."""
    makers = {
        "denoise": _denoisers,
        "inpaint": lambda _: [Method("biharmonic", [_biharmonic])],
        "sense": lambda _: _lassos(),
        "enlarge": lambda _: [Method("bicubic", [_bicubic])],
        "deblur": lambda _: _deblurrers(),
    }
    return makers[task.kind](task.noise)


def measured(task: Task, tune: np.ndarray, test: np.ndarray, seed: int) -> dict[str, Any]:
    """Return PSNR and milliseconds per image of each method, tuned on other images and noise."""
    figures: dict[str, Any] = {}
    y, operator = task.measure(tune, seed + 1000)
    seen, acting = task.measure(test, seed)
    for method in methods_for(task):
        scores = [psnr(_all(one, y, operator), tune) for one in method.candidates]
        chosen = method.candidates[int(np.argmax(scores))]
        start = time.perf_counter()
        images = _all(chosen, seen, acting)
        spent = time.perf_counter() - start
        figures[method.name] = {"dB": psnr(images, test), "ms": 1e3 * spent / len(test)}
    return figures


def psnr(images: np.ndarray, clean: np.ndarray) -> float:
    """Return the mean over images of the peak signal-to-noise ratio, clipped to [0, 1]."""
    errors = np.square(np.clip(images, 0, 1) - clean).reshape(len(clean), -1).mean(axis=1)
    return float(np.mean(-10 * np.log10(np.maximum(errors, 1e-12))))


def _all(one: One, y: np.ndarray, operator: Any) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # small images, unconverged Lassos
        return np.stack(
            [one(some, operator.of_images(slice(i, i + 1))) for i, some in enumerate(y)]
        )


def _denoisers(noise: float) -> list[Method]:
    wavelet = partial(restoration.denoise_wavelet, rescale_sigma=True)
    options = [
        {"sigma": factor * noise, "wavelet": name, "mode": mode}
        for factor in (0.5, 0.7, 1.0, 1.4)
        for name in ("db1", "sym4")
        for mode in ("soft", "hard")
    ]
    visu = {"sigma": noise, "wavelet": "db1", "mode": "soft", "method": "VisuShrink"}

    def plain(options: dict[str, Any], y: np.ndarray, _: Any) -> np.ndarray:
        return wavelet(y[0], **options)

    def spun(options: dict[str, Any], y: np.ndarray, _: Any) -> np.ndarray:
        spin = restoration.cycle_spin
        return spin(y[0], func=wavelet, max_shifts=3, func_kw=options, workers=1)

    def varied(weight: float, y: np.ndarray, _: Any) -> np.ndarray:
        return restoration.denoise_tv_chambolle(y[0], weight=weight)

    def averaged(options: dict[str, Any], y: np.ndarray, _: Any) -> np.ndarray:
        known = {"sigma": noise, "fast_mode": False, "patch_distance": 6}
        return restoration.denoise_nl_means(y[0], **options, **known)

    means = [{"h": h * noise, "patch_size": s} for h in (0.4, 0.6, 0.8, 1.0) for s in (3, 5)]
    weights = noise * np.array([0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0])
    return [
        Method("VisuShrink", [partial(plain, visu)]),
        Method("wavelet", [partial(plain, one) for one in options]),
        Method("cycle spinning", [partial(spun, one) for one in options[::2]]),
        Method("total variation", [partial(varied, weight) for weight in weights]),
        Method("non-local means", [partial(averaged, one) for one in means]),
    ]


def _biharmonic(y: np.ndarray, operator: Any) -> np.ndarray:
    seen = operator.seen[0, 0] if operator.seen.ndim == 4 else operator.seen[0]
    return restoration.inpaint_biharmonic(y[0], seen.numpy() == 0)


def _bicubic(y: np.ndarray, operator: Any) -> np.ndarray:
    sides = [side * operator.factor for side in y.shape[-2:]]
    return transform.resize(y[0], sides, order=3)


def _lassos() -> list[Method]:
    def fitted(alpha: float, options: dict[str, Any], y: np.ndarray, operator: Any) -> np.ndarray:
        found = Lasso(alpha=alpha, max_iter=5000, **options)
        found.fit(operator.matrix.numpy().astype(float), y)
        return np.clip(found.coef_, 0, 1).reshape(operator.planes[1:])

    signed = {"positive": True, "fit_intercept": False}
    return [
        Method("Lasso of Bora et al.", [partial(fitted, 0.1, {})]),
        Method(
            "Lasso, non-negative",
            [partial(fitted, alpha, signed) for alpha in 10.0 ** np.arange(-5, 0)],
        ),
    ]


def _deblurrers() -> list[Method]:
    def padded(restore: Callable[..., np.ndarray], y: np.ndarray, operator: Any) -> np.ndarray:
        kernel = operator.kernels.numpy().astype(float)
        reach = kernel.shape[0] // 2
        wide = np.pad(y[0], reach)  # its borders are dark, and filters take them for periodic
        return restore(wide, kernel)[reach:-reach, reach:-reach]

    def unsupervised(y: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(0)
        return restoration.unsupervised_wiener(y, kernel, clip=False, rng=rng)[0]

    def wiener(balance: float, y: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        return restoration.wiener(y, kernel, balance, clip=False)

    def iterated(steps: int, y: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        return restoration.richardson_lucy(np.clip(y, 1e-6, None), kernel, num_iter=steps)

    balances, counts = 10.0 ** np.arange(-4, 1.5, 0.5), (2, 5, 10, 15, 30)
    return [
        Method("unsupervised Wiener", [partial(padded, unsupervised)]),
        Method("Wiener", [partial(padded, partial(wiener, b)) for b in balances]),
        Method("Richardson-Lucy", [partial(padded, partial(iterated, n)) for n in counts]),
    ]


def blind_richardson_lucy(y: np.ndarray, side: int, steps: int = 50) -> np.ndarray:
    """Return an image, by turns of Richardson-Lucy steps in the image and the kernel.

    Source: Fish, Brinicombe, Pike and Walker, "Blind deconvolution by means of the Richardson-Lucy
    algorithm", JOSA A 1995.
    """
    from scipy.signal import fftconvolve

    y = np.clip(y, 1e-6, None)
    image, kernel = y.copy(), np.full((side, side), 1 / side**2)
    reach = side // 2
    for _ in range(steps):
        ratio = y / np.clip(fftconvolve(image, kernel, "same"), 1e-6, None)
        wide = np.pad(image, reach)
        gain = fftconvolve(wide, ratio[::-1, ::-1], "valid")[::-1, ::-1] / image.sum()
        kernel = np.clip(kernel * gain, 0, None)
        kernel /= kernel.sum()
        ratio = y / np.clip(fftconvolve(image, kernel, "same"), 1e-6, None)
        image = np.clip(image * fftconvolve(ratio, kernel[::-1, ::-1], "same"), 1e-6, None)
    return image


def degraded(y: np.ndarray, operator: Any) -> np.ndarray:
    """Return what is seen without any method: the adjoint's images, of the scale that fits y."""
    import torch

    seen = torch.as_tensor(y, dtype=torch.float32)
    images = operator.A_adjoint(seen)
    if isinstance(operator, inverse.BoxDownsampling):
        return images[:, 0].numpy() * operator.factor**2
    if isinstance(operator, inverse.Convolution):
        return y[:, 0]
    again = operator.A(images).flatten(1)
    scale = (seen.flatten(1) * again).sum(1) / again.square().sum(1).clamp_min(1e-12)
    return (images[:, 0] * scale[:, None, None]).numpy()
