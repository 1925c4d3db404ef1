"""Columns of numbers and moments: their scale, the values that stand out, their step."""

from __future__ import annotations

import numpy as np

from sketchlearn.encoding.arrow_numbers import is_moment, units_of
from sketchlearn.encoding.columns import Column, Kind, Outside
from sketchlearn.encoding.evidence import Evidence
from sketchlearn.encoding.scales import multiples_within, normal_levels
from sketchlearn.errors import PlanError

# Whole numbers of at most so many values are categories that happen to be numbers.
_FEW_NUMBERS = 32

# A number stands out when this share of rows holds it, and it is so many times as frequent as the
# middle one of the column's values.
_SPIKE, _SPIKE_OVER_MEDIAN, _MOST_SPIKES = 0.01, 3.0, 16

# Whole numbers below this are told apart by 64 bits.
_LAST_WHOLE = 2**53

# Knots of the normal scale: with more, the ends would rest on single records.
_MOST_KNOTS = 256

# Knots between declared bounds: as many as it takes to bend a straight scale into a normal one.
_BOUND_KNOTS = 33


def number_column(seen: Evidence, kind: Kind) -> tuple[Column, str]:
    """Decide the encoding of a column of numbers; return it and what was seen.

    Where bounds are declared nothing of the scale comes from rows, and no value has a slot of its
    own unless it is declared.

    Raises:
        OptionError: what was declared does not fit the column.
        PlanError: there are no bounds, and no two values in the pilot.
    """
    declared = seen.declared
    whole = is_moment(seen.type) or _is_integer(seen) or seen.whole
    parts = ["bounds", "missing"]
    why = "declared"
    if declared.bounds is None:
        parts.append("categories")
        own, knots, levels, why = _seen_scale(seen, whole=whole)
    else:
        own, (knots, levels) = _declared_categories(seen), _declared_scale(seen)
    step = _declared_step(seen, kind, whole=_is_integer(seen) or is_moment(seen.type))
    if step is None:
        parts.append("step")
        step = _step(_within(seen, knots), whole=whole)
    outside: Outside = "extend"
    if declared.bounds is not None:
        outside = "clip" if declared.clip else "refuse"
        first, last = multiples_within(float(knots[0]), float(knots[-1]), step)
        if first > last:
            raise declared.refusal(f"has no multiple of its step {step:.15g} within its bounds")
    found = Column(
        seen.name,
        kind,
        tuple(own.tolist()),
        missing=seen.missing,
        knots=tuple(knots.tolist()),
        levels=tuple(levels.tolist()),
        step=step,
        outside=outside,
        learnt=seen.learnt(parts),
    )
    return found, why


def _is_integer(seen: Evidence) -> bool:
    import pyarrow as pa

    return pa.types.is_integer(seen.type)


def _seen_scale(seen: Evidence, *, whole: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Return the values that stand out, the knots and levels of the others, and what was seen."""
    present = seen.numbers[np.isfinite(seen.numbers)]
    found, counts = np.unique(present, return_counts=True)
    if len(found) == 1 and seen.missing and abs(found[0]) < _LAST_WHOLE:
        # set or missing: the one value has a slot, and a scale around it is there for others
        return found, found[0] + np.array([-1.0, 1.0]), np.array([-1.0, 1.0]), "one value"
    if len(found) < 2:
        raise PlanError(
            f"Column {seen.name!r} holds no two finite values in the pilot that 64 bits tell "
            "apart. Leave it out, or declare its bounds."
        )
    few = whole and len(found) <= _FEW_NUMBERS
    why = f"{len(found)} distinct values of type {seen.type}" + (", few enough" if few else "")
    if whole and not is_moment(seen.type) and np.abs(present).max() >= _LAST_WHOLE:
        why += ", whose digits beyond 2⁵³ are lost"
    if seen.declared.categories is not None:
        own, few = _declared_categories(seen), False
    elif few:
        own = found
    else:
        share = counts / len(present)
        spikes = (share >= _SPIKE) & (counts >= _SPIKE_OVER_MEDIAN * np.median(counts))
        spikes &= counts >= 10
        chosen = np.flatnonzero(spikes)[np.argsort(-counts[spikes])][:_MOST_SPIKES]
        own = np.sort(found[chosen])
    rest = present if few else present[~np.isin(present, own)]
    if len(np.unique(rest)) < 2:
        rest = present
    return own, *_quantiles(rest), why


def _declared_categories(seen: Evidence) -> np.ndarray:
    declared = seen.declared.categories or ()
    return np.array([seen.as_number(one, "categories") for one in declared], dtype=np.float64)


def _quantiles(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return knots and their normal scores: quantiles, the ends among them; ties get their mean."""
    count = min(_MOST_KNOTS, len(numbers))
    levels = normal_levels(count)
    knots = np.quantile(numbers, np.linspace(0, 1, count))
    values, first, counts = np.unique(knots, return_index=True, return_counts=True)
    sums = np.add.reduceat(levels, first)
    return values, sums / counts


def _declared_scale(seen: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Return knots evenly spread between the bounds, with the normal scores of an even law.

    Straight pieces between few knots decode as exactly as numbers allow, and the scale is steeper
    towards the bounds, where columns with a long tail have most of their values.
    """
    assert seen.declared.bounds is not None
    low, high = (seen.as_number(end, "bounds") for end in seen.declared.bounds)
    knots = np.unique(np.linspace(low, high, _BOUND_KNOTS)) if np.isfinite(high - low) else ()
    if len(knots) < 2:
        raise seen.declared.refusal(
            f"has bounds that numbers of 64 bits cannot tell apart or span: {low:.15g} to "
            f"{high:.15g}"
        )
    return np.asarray(knots), normal_levels(len(knots))


def _declared_step(seen: Evidence, kind: Kind, *, whole: bool) -> float | None:
    """Return the step that was declared or that the type implies; None where rows decide."""
    step = seen.declared.step
    if step is None:
        return 1.0 if whole or kind == "integer" else None
    if is_moment(seen.type):
        step = units_of(step, seen.type)
    if kind != "continuous" and (step < 1 or step != round(step)):
        raise seen.declared.refusal(
            f"has the step {seen.declared.step:.15g}; a column of kind {kind!r} and type "
            f"{seen.type} has a step of whole units, one or more"
        )
    return step


def _within(seen: Evidence, knots: np.ndarray) -> np.ndarray:
    """Return the values of the pilot that the scale is for."""
    found = np.unique(seen.numbers[np.isfinite(seen.numbers)])
    if seen.declared.bounds is None:
        return found
    return found[(found >= knots[0]) & (found <= knots[-1])]


def _step(found: np.ndarray, *, whole: bool) -> float:
    """Return the step that all values are multiples of, 0 when there is none of 1 to 10⁻⁴."""
    if whole:
        return 1.0
    for digits in range(5):
        step = 10.0**-digits
        if len(found) and np.allclose(found, np.rint(found / step) * step, rtol=0, atol=1e-9):
            return step
    return 0.0
