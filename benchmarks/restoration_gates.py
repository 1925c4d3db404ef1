"""What the restoration benchmark must reach, and whether it does."""

from __future__ import annotations

from typing import Any

import numpy as np

_DENOISERS = ("VisuShrink", "wavelet", "cycle spinning", "total variation", "non-local means")
_WIENER = ("unsupervised Wiener", "Wiener")

# (task, methods of ours, rows to beat, margin in dB); of several methods or rows the best counts.
_OURS = ("ours", "ours, posterior mean", "ours, Langevin")
_DIGITS = [
    ("denoise, σ 0.3", _OURS, _DENOISERS, 0.8),
    ("denoise, σ 0.3", _OURS, ("LMMSE",), 0.0),
    ("denoise, σ 0.5", _OURS, _DENOISERS, 1.2),
    ("denoise, σ 0.5", _OURS, ("LMMSE",), 0.5),
    ("denoise, σ 0.1", ("ours",), ("degraded",), -0.5),
    ("inpaint centre 4×4", ("ours",), ("biharmonic",), 0.7),
    ("inpaint centre 4×4", ("ours",), ("LMMSE",), 0.0),
    ("sense, m = 12", ("ours",), ("Lasso, non-negative", "Lasso of Bora et al."), 3.0),
    ("sense, m = 12", ("ours",), ("LMMSE",), 0.0),
    ("enlarge ×2", ("ours",), ("bicubic",), 1.0),
    ("enlarge ×4", ("ours",), ("bicubic",), 2.0),
    ("deblur, σ 0.05", ("ours",), _WIENER, 0.5),
]
_MNIST = [
    ("denoise, σ 0.3", _OURS, ("total variation", "cycle spinning"), 0.5),
    ("denoise, σ 0.3", _OURS, _DENOISERS, 0.0),
    ("denoise, σ 0.3", _OURS, ("LMMSE",), 0.0),
    ("denoise, σ 0.5", _OURS, ("total variation", "cycle spinning"), 1.0),
    ("denoise, σ 0.5", _OURS, _DENOISERS, 0.0),
    ("denoise, σ 0.5", _OURS, ("LMMSE",), 0.0),
    ("denoise, σ 0.1", ("ours",), ("degraded",), -0.5),
    ("inpaint centre 10×10", _OURS, ("LMMSE",), 0.0),
    *((f"sense, m = {m}", ("ours",), ("LMMSE",), 0.0) for m in (50, 100)),
]


def gates(name: str, figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each gate with what was measured, the bar, and whether it is met."""
    means = {task: mean_row(rows) for task, rows in figures.get("tasks", {}).items()}
    made = []
    if "range" in figures:
        bar = {"digits": 24.0, "mnist": 23.0}[name]
        made.append(_gate("clean images projected", figures["range"]["ours"]["dB"], bar))
    for task, ours, others, margin in _DIGITS if name == "digits" else _MNIST:
        if task in means:
            best, row = _best(means[task], ours)[1], means[task]
            who, bar = _best(row, others)
            made.append(_gate(f"{task}: {margin:+.1f} dB on {who}", best, bar + margin))
    made += _sensing(name, means)
    if means:
        made.append(_reference(means))
        made.append(_slack(means))
    if "blind" in figures:
        made += _blind(figures["blind"])
    return made


def mean_row(rows: dict[str, Any]) -> dict[str, float]:
    """Return the mean over seeds of each method's PSNR."""
    first = next(iter(rows.values()))
    return {who: float(np.mean([row[who]["dB"] for row in rows.values()])) for who in first}


def _best(row: dict[str, float], names: tuple[str, ...]) -> tuple[str, float]:
    who = max((name for name in names if name in row), key=lambda name: row[name])
    return who, row[who]


def _gate(what: str, measured: float, bar: float) -> dict[str, Any]:
    met = bool(measured >= bar)
    return {"gate": what, "measured": round(measured, 2), "bar": round(bar, 2), "met": met}


def _sensing(name: str, means: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """Gates that compare different numbers of measurements."""
    few, many, lasso, margin = {
        "digits": ("sense, m = 12", "sense, m = 32", "Lasso, non-negative", 3.0),
        "mnist": ("sense, m = 80", "sense, m = 400", "Lasso of Bora et al.", 0.0),
    }[name]
    if few not in means or many not in means:
        return []
    what = f"{few}: {margin:+.1f} dB on {lasso} at {many.removeprefix('sense, ')}"
    return [_gate(what, means[few]["ours"], means[many][lasso] + margin)]


def _reference(means: dict[str, dict[str, float]]) -> dict[str, Any]:
    """The mean over tasks, each with the better of mode and posterior mean, against the VAE's."""
    ours = np.mean([_best(row, _OURS)[1] for row in means.values()])
    vae = np.mean([_best(row, ("VAE", "VAE, posterior mean"))[1] for row in means.values()])
    return _gate("mean over tasks: within 0.5 dB of the VAE", float(ours), float(vae) - 0.5)


def _slack(means: dict[str, dict[str, float]]) -> dict[str, Any]:
    """What the generator's error, integrated out, gains at the least."""
    worst = min(row["ours"] - row["ours, τ = 0"] for row in means.values())
    return _gate("with τ over τ = 0, at the worst task", worst, -0.1)


def _blind(row: dict[str, Any]) -> list[dict[str, Any]]:
    ours = row["ours"]["aligned dB"]
    simple = max(
        row[who]["aligned dB"] for who in ("blurry", "blind Richardson-Lucy", "LMMSE, mean kernel")
    )
    plain = row["ours"]["dB"]
    return [
        _gate("blind deblurring, aligned", ours, 19.5),
        _gate("blind deblurring, aligned: +2 dB on the best simple one", ours, simple + 2),
        _gate("blind deblurring as it is: +2 dB on blurry", plain, row["blurry"]["dB"] + 2),
        _gate("blind deblurring: slack", ours, row["ours, no slack"]["aligned dB"]),
        _gate("blind deblurring: within 1 dB of the VAE", ours, row["VAE"]["aligned dB"] - 1),
    ]
