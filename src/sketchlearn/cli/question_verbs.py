"""The verbs that ask sketches: ask, drift."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import sketchlearn as sl
from sketchlearn.cli.progress import progress
from sketchlearn.cli.reading import read_sketch
from sketchlearn.errors import OptionError


def ask(
    sketch: Path,
    /,
    *,
    histogram: str | None = None,
    bins: int = 10,
    within: list[str] | None = None,
    seed: int = 0,
) -> None:
    """Ask a sketch about its records: a histogram, or how many lie within bounds.

    Example: sketchlearn ask people.sketch --histogram age --bins 8
             sketchlearn ask people.sketch --within age=20..40 pay=1000..

    Args:
        sketch: the sketch file, of numeric columns.
        histogram: a column to show the shares of.
        bins: of the histogram.
        within: bounds of columns, as NAME=LOW..HIGH; either may be left out. Of integers they count
            as within; of other columns put them between the values that records have.
        seed: of the points that answers are corrected from.
    """
    if (histogram is None) == (within is None):
        both = "not both" if within is not None else "one of them"
        raise OptionError(f"Give --histogram COLUMN, or --within NAME=LOW..HIGH: {both}.")
    loaded, bounds = read_sketch(sketch), list(map(_bounds, within or ()))
    box = dict(bounds)
    if len(box) < len(bounds):
        raise OptionError("--within names a column twice. Give both of its bounds at once.")
    with progress("asking") as advance:
        advance(0, None, "")
        answers = sl.ask(loaded, seed)
        if histogram is None:
            found = answers.count(box)
            said = [f"{found.value:,.0f} of {loaded.count:,} records, ± {found.error:,.0f}"]
        else:
            shown = answers.histogram(histogram, bins)
            said = _bars(shown.edges, shown.shares, shown.errors)
    print("\n".join(said))


def drift(first: Path, second: Path, /, *, seed: int = 0) -> None:
    """Say whether the records of two sketches of one plan may have one law.

    Example: sketchlearn drift january.sketch february.sketch

    Args:
        first: a sketch file, of numeric columns.
        second: another, of other records: none may be in both.
        seed: of the points that chance is told from.
    """
    with progress("comparing") as advance:
        advance(0, None, "")
        found = sl.drift(read_sketch(first), read_sketch(second), seed)
    print(f"Squared kernel distance: {found.distance:.3g} (chance alone: ± {found.deviation:.2g})")
    print(f"Probability of as much, were the laws one: {found.p_value:.3g}")
    widest = sorted(found.shifts.items(), key=lambda shift: -abs(shift[1]))[:5]
    print("Means that moved most, in standard errors:")
    print("\n".join(f"  {name}: {score:+.1f}" for name, score in widest))


def _bounds(word: str) -> tuple[str, tuple[float, float]]:
    name, is_given, bounds = word.rpartition("=")
    low, dots, high = bounds.partition("..")
    try:
        if name and is_given and dots:
            return name, (float(low or "-inf"), float(high or "inf"))
    except ValueError:
        pass
    raise OptionError(f"--within {word} was given; it is NAME=LOW..HIGH, as in age=20..40.")


def _bars(edges: np.ndarray, shares: np.ndarray, errors: np.ndarray) -> list[str]:
    width = 40 / max(shares.max(), 1e-9)
    return [
        f"{low:>10.4g} to {high:<10.4g} {share:6.3f} ± {error:.3f} {'█' * round(share * width)}"
        for low, high, share, error in zip(edges[:-1], edges[1:], shares, errors, strict=True)
    ]
