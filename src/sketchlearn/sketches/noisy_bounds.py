"""Bounds of columns bought with a part of the budget, where they cannot be declared.

A noised histogram of each column says where records are: bounds reach over the bins whose counts
stand out of the noise. Bins are even on a logarithmic scale about 0, so that records may lie
anywhere in a range that is declared generously.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from sketchlearn.errors import OptionError, PrivacyError
from sketchlearn.privacy import Charge, Ledger
from sketchlearn.privacy.accounting import gaussian_multiplier
from sketchlearn.privacy.noise import gaussian_noise
from sketchlearn.sources import open_source

# Bins of a column, and the part of the range that counts as 0.
_BINS, _ZERO = 400, 1e-6

# Deviations of the noise that a count stands out by; among a million bins none does by chance.
_STANDS_OUT = 6.0


@final
@dataclass(frozen=True)
class NoisyBounds:
    """Bounds that cost their part of the budget.

    Attributes:
        pairs: least and greatest value by column.
        charge: what they cost every record; plans made with them, and their sketches, bear it.
    """

    pairs: dict[str, tuple[float, float]]
    charge: Charge

    @property
    def ledger(self) -> Ledger:
        """The ledger of whatever is made with these bounds."""
        return Ledger(((self.charge,),))


def noisy_bounds(
    source: Any,
    *,
    within: tuple[float, float],
    epsilon: float,
    delta: float,
    columns: Sequence[str] | None = None,
    label: str | None = None,
) -> NoisyBounds:
    """Return bounds of numeric columns from noised histograms, in a pass of their own.

    Give them to `plan(origin="declared", bounds=...)`: what they cost is in the ledger of the
    sketch. To replace one record changes one count of each column into another, by √2d in all. Bins
    with fewer records than the noise hides, 6 σ √2d, are left out, and the records in them moved to
    the bounds: at ε = .1 of eight normal columns they reach some two deviations to each side for
    200,000 records, one for 20,000, and none are found for 5,000.

    Args:
        source: anything with records on this machine that can be read more than once.
        within: a range that values surely lie in, which depends on no record.
        epsilon: ε of the histograms.
        delta: δ of their noise.
        columns: names of the columns; all by default.
        label: name of the label column, which has no bounds.

    Raises:
        OptionError: `within` is no range, or `epsilon` or `delta` is out of range.
        PrivacyError: no count of a column stands out: too few records, or too small an ε.
        MissingExtraError: OpenDP or dp-accounting is not installed.
    """
    low, high = _range(within)
    charge = Charge("gaussian", gaussian_multiplier(epsilon, delta), delta, "replace-one")
    opened = open_source(source, columns=columns, label=label)
    if opened.one_shot:
        raise OptionError(
            "This source can be read only once, and bounds take a pass of their own. Declare them, "
            "or give a file."
        )
    names = opened.schema.columns
    edges = _edges(low, high)
    counts = np.zeros((len(names), _BINS), dtype=np.int64)
    for batch in opened.batches():
        values = np.asarray(batch.values, dtype=np.float64)
        where = np.searchsorted(edges, np.nan_to_num(values), side="right") - 1
        where = where.clip(0, _BINS - 1) + _BINS * np.arange(len(names))
        counts += np.bincount(where.ravel(), minlength=counts.size).reshape(counts.shape)
    scale = charge.multiplier * math.sqrt(2 * len(names))
    noised = counts + gaussian_noise(counts.shape, scale)
    pairs = {
        name: _pair(row > _STANDS_OUT * scale, edges, name)
        for name, row in zip(names, noised, strict=True)
    }
    return NoisyBounds(pairs, charge)


def _range(within: Any) -> tuple[float, float]:
    try:
        low, high = (float(edge) for edge in within)
    except (TypeError, ValueError, OverflowError):
        low, high = math.nan, math.nan
    if not (math.isfinite(high - low) and low < high):
        raise OptionError(f"within={within!r} was given; a least and a greater number are needed.")
    return low, high


def _edges(low: float, high: float) -> np.ndarray:
    """Return edges of bins, even in the logarithm of the distance from 0, or from the nearest."""
    center, unit = min(max(0.0, low), high), (high - low) * _ZERO
    ends = np.array([low, high]) - center
    first, last = np.sign(ends) * np.log1p(np.abs(ends) / unit)
    even = np.linspace(first, last, _BINS + 1)
    return center + np.sign(even) * np.expm1(np.abs(even)) * unit


def _pair(stands_out: np.ndarray, edges: np.ndarray, name: str) -> tuple[float, float]:
    found = np.flatnonzero(stands_out)
    if not len(found):
        raise PrivacyError(
            f"No part of the range of column {name!r} has more records than the noise hides. Use "
            "more records, a larger epsilon or fewer columns; or declare its bounds."
        )
    return float(edges[found[0]]), float(edges[found[-1] + 1])
