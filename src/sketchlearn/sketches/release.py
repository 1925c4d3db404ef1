"""A release: sums of a sketch with the noise that hides any one record."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from sketchlearn.errors import OptionError, PrivacyError, PrivacyWarning
from sketchlearn.features.statistic import STATISTIC_UNIT
from sketchlearn.privacy import (
    MECHANISMS,
    RELATIONS,
    Block,
    Budget,
    Charge,
    Ledger,
    Mechanism,
    Relation,
    noise_scales,
)
from sketchlearn.privacy.accounting import gaussian_multiplier, is_number, require_epsilon
from sketchlearn.privacy.blocks import COUNTS
from sketchlearn.privacy.noise import gaussian_noise, laplace_noise, require_scale
from sketchlearn.sketches.moments import SideSums
from sketchlearn.sketches.plan import Plan
from sketchlearn.sketches.totals import Totals

Moments = Literal["auto", "keep", "drop"]
MOMENTS: tuple[Moments, ...] = get_args(Moments)

# Shares of the budget, over their sum: moments are few numbers, and told well by little.
_WAVES, _STATISTIC, _MOMENTS = 16, 8, 1

# Least scale of a share: sums of discrete Gaussians as wide as this are one, to 10⁻¹⁵ and less.
_LEAST_SHARE = 2.0

# Columns above which second moments are more numbers than their share of the budget tells.
_MOST_MOMENTS = 256


@dataclass(frozen=True)
class ReleaseOptions:
    """How a sketch is released.

    Attributes:
        epsilon: ε of this release.
        delta: δ of Gaussian noise, far below one in the number of records; 0 for Laplace noise.
        relation: what is hard to tell apart: data sets that differ in one record, their number
            being public ("replace-one"), or with and without one record ("add-remove"), which
            protects the number too and is the weaker promise at the same ε.
        mechanism: "gaussian", or "laplace" for δ = 0, whose noise grows with the size of the sketch
            and not with its root: for a dozen frequencies.
        moments: "keep" releases first and second moments beside the features, for about a tenth of
            the budget, "drop" does not; "auto" keeps those of up to 256 bounded columns that are no
            pixels.
        parties: among how many the noise is shared out. Each releases its own sketch with a part of
            the noise, and only their sum bears the guarantee.
        budget: (ε, δ) that all releases of this sketch may cost together; by default what the first
            one costs, so that there is no second.
    """

    epsilon: float
    delta: float = 0.0
    relation: Relation = "replace-one"
    mechanism: Mechanism = "gaussian"
    moments: Moments = "auto"
    parties: int = 1
    budget: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name in ("epsilon", "delta"):
            if not is_number(getattr(self, name)):
                raise PrivacyError(f"{name}={getattr(self, name)!r} was given; it is a number.")
        require_epsilon(self.epsilon)
        words = {"relation": RELATIONS, "mechanism": MECHANISMS, "moments": MOMENTS}
        for name, known in words.items():
            if getattr(self, name) not in known:
                raise OptionError(
                    f"{name}={getattr(self, name)!r} was given; it must be one of "
                    f"{', '.join(known)}."
                )
        whole = is_number(self.parties) and math.isfinite(self.parties)
        if not whole or self.parties != int(self.parties) or self.parties < 1:
            raise OptionError(
                f"parties={self.parties!r} was given; it must be a whole number, 1 or more."
            )
        pair = self.budget
        if pair is not None and not (
            isinstance(pair, tuple | list) and len(pair) == 2 and all(map(is_number, pair))
        ):
            raise OptionError(f"budget={pair!r} was given; it is a pair (epsilon, delta).")
        if self.mechanism == "laplace" and (self.delta or self.parties > 1):
            raise PrivacyError(
                "Laplace noise has delta = 0, and is not shared out among parties. Leave delta and "
                "parties out, or ask for mechanism='gaussian'."
            )

    def charge(self) -> Charge:
        """Return what the release costs, under an identity of its own."""
        multiplier = 1 / self.epsilon
        if self.mechanism == "gaussian":
            multiplier = gaussian_multiplier(self.epsilon, self.delta)
        return Charge(self.mechanism, multiplier, self.delta, self.relation, int(self.parties))

    def charged(self, ledger: Ledger, charge: Charge) -> Ledger:
        """Return a ledger with the charge of this release in it.

        Raises:
            BudgetError: the charge overdraws the budget, or another budget was declared before.
        """
        if self.budget is not None:
            ledger = ledger.with_budget(Budget(*self.budget))
        return ledger.charged(charge).with_budget()


def scales_of(plan: Plan, charge: Charge, moments: Moments) -> dict[str, float]:
    """Return the scale of the noise of each sum that is released, once all can be released.

    Raises:
        PrivacyError: the plan saw the records, moments were asked for of columns without bounds,
            or the noise is too large for 64 bits, or too little for so many parties.
        MissingExtraError: OpenDP is not installed.
    """
    require_public(plan)
    blocks = blocks_of(plan, moments)
    scales = noise_scales(
        blocks,
        charge.multiplier,
        charge.mechanism,
        charge.relation,
        classes=plan.schema.class_count,
    )
    # shares of independent discrete Gaussians add up in variance, where none is nearly a point
    part = 1 / math.sqrt(charge.parties)
    scales = {name: part * scale for name, scale in scales.items()}
    least = min(scales, key=lambda name: scales[name])
    if charge.parties > 1 and scales[least] < _LEAST_SHARE:
        most = int(charge.parties * (scales[least] / _LEAST_SHARE) ** 2)
        raise PrivacyError(
            f"Noise for {charge.parties} parties leaves each a deviation of {scales[least]:.3g} in "
            f"the {least}, which are whole numbers: their sum would not have the noise of one "
            f"release. At most {most} parties can share it."
        )
    for scale in scales.values():
        require_scale(scale)
    return scales


def noised(
    totals: Totals, scales: Mapping[str, float], charge: Charge
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Return sums with noise, and the deviation of the noise, by the name of each sum.

    The counts of records come with that of dropped ones as their last.
    """
    draw = gaussian_noise if charge.mechanism == "gaussian" else laplace_noise
    exact = {**totals.tensors(), COUNTS: np.append(totals.counts, totals.dropped)}
    made = {name: exact[name] + draw(exact[name].shape, scale) for name, scale in scales.items()}
    if charge.relation == "replace-one":
        size = int(exact[COUNTS].sum())  # of all records, kept or not, which is public
        made[COUNTS] = _balanced(made[COUNTS], size)
    spread = 1.0 if charge.mechanism == "gaussian" else math.sqrt(2)
    return made, {name: spread * scale for name, scale in scales.items()}


def _balanced(counts: np.ndarray, size: int) -> np.ndarray:
    """Return counts moved alike, up to rounding, to sum to the public number of records."""
    each, rest = divmod(size - int(counts.sum()), len(counts))
    return counts + each + (np.arange(len(counts)) < rest)


def require_public(plan: Plan) -> None:
    """Raise PrivacyError unless the plan was made without the records."""
    if plan.origin == "records":
        raise PrivacyError(
            "The plan was learnt from records of the data, so what it says of them (scales, "
            "columns' means, categories) would be released without noise. Make a plan with "
            "origin='declared' and bounds=... (of a table schema=...), or with origin='public' "
            "from records that are public, and sketch again."
        )


def noise_of_sum(
    first: Mapping[str, float] | None, second: Mapping[str, float] | None, *, same: bool
) -> dict[str, float] | None:
    """Return the deviations of the noise in the sum of two sketches.

    Args:
        first: deviations of one.
        second: of the other.
        same: whether a release is in both, so that noise may be the same.

    Raises:
        PrivacyError: one was released and the other not, or other sums were kept.
    """
    if first is None and second is None:
        return None
    if first is None or second is None or first.keys() != second.keys():
        raise PrivacyError(
            "A released sketch merges with sketches that were released with the same options, and "
            "with no other. Release both, or merge both before one release."
        )
    return {
        name: value + second[name] if same else math.hypot(value, second[name])
        for name, value in first.items()
    }


def warn_of_delta(delta: float, count: int) -> None:
    """Warn of a δ with which a release may give a whole record away.

    The number of records, which may be private, is not told.
    """
    if delta * count >= 1:
        warnings.warn(
            f"delta = {delta:g} is not far below one in the number of records: a mechanism that "
            "publishes one of them at random keeps such a promise. Use at most a hundredth of one "
            "in their number.",
            PrivacyWarning,
            stacklevel=3,
        )


def blocks_of(plan: Plan, moments: Moments) -> list[Block]:
    """Return what is released of a plan's sums beside the counts, and bounds on one record's part.

    Raises:
        PrivacyError: moments were asked for, of columns that have no bounds.
    """
    parts: list[Block] = []
    if plan.size:
        waves = plan.projection
        largest = waves.record_square, waves.record_total
        parts.append(Block("sums", *largest, waves.record_difference, _WAVES))
    for kept in plan.statistics:
        most, numbers = round(1 / STATISTIC_UNIT), math.prod(kept.shape)
        # squares lie between 0 and 1, so that two records differ by no more than each has
        difference = 1.0 if kept.name == "quadratic" else 4.0
        parts.append(Block(kept.name, numbers * most**2, numbers * most, difference, _STATISTIC))
    if _with_moments(plan, moments):
        lower, upper = plan.schema.encoded_bounds
        first, second = SideSums.record_bounds(lower, upper, full=plan.full_moments)
        parts.append(Block("first_moments", *first, 4.0, _MOMENTS, rows=False))
        # of one record they are a matrix x xᵀ, and the product of two such is never negative; or
        # squares between 0 and the bounds
        difference = 2.0 if plan.full_moments else 1.0
        parts.append(Block("second_moments", *second, difference, _MOMENTS, rows=False))
    whole = sum(part.share for part in parts)
    return [replace(part, share=part.share / whole) for part in parts]


def _with_moments(plan: Plan, moments: Moments) -> bool:
    bounded = bool(np.isfinite(plan.schema.encoded_bounds).all())
    if moments == "auto":
        few = plan.schema.dimension <= _MOST_MOMENTS
        return bounded and few and plan.schema.image is None and plan.network is None
    if moments == "keep" and plan.structure == "columns":
        raise PrivacyError(
            "Moments were asked for of a table, whose releases have none: learners of tables take "
            "them from the waves. Leave moments out."
        )
    if moments == "keep" and not bounded:
        raise PrivacyError(
            "Moments were asked for, but columns have no bounds, so that one record could change "
            "them without limit. Make the plan with bounds=..., or release with moments='drop'."
        )
    return moments == "keep"
