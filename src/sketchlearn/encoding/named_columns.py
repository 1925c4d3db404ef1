"""Columns of names rather than numbers: categories, booleans, hashed text, constants."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from sketchlearn.encoding.arrow_numbers import as_numbers, is_moment
from sketchlearn.encoding.columns import Column, Kind
from sketchlearn.encoding.evidence import Evidence

# Categories of the pilot with a slot of their own; the others share one.
_MOST_CATEGORIES = 64

_BUCKETS = 64


def boolean_column(seen: Evidence, kind: Kind) -> tuple[Column, str]:
    """Decide the encoding of a column of truth values."""
    learnt = seen.learnt(["missing"])
    found = Column(seen.name, kind, (False, True), missing=seen.missing, learnt=learnt)
    return found, "true or false"


def category_column(seen: Evidence, kind: Kind) -> tuple[Column, str]:
    """Decide the encoding of a column of categories: those declared, or the pilot's most frequent.

    Raises:
        OptionError: the categories are none, are of another type than the column, or are to be
            learnt without a slot for others and are too many.
    """
    declared = seen.declared
    tail = declared.other is not False
    kept = _declared(seen) if declared.categories is not None else _frequent(seen, tail=tail)
    if not kept:
        raise declared.refusal("has no categories. Declare at least one, or leave it out")
    found = Column(
        seen.name,
        kind,
        kept,
        tail=tail,
        missing=seen.missing,
        learnt=seen.learnt(["categories", "missing"]),
    )
    told = declared.kind is not None or declared.categories is not None
    return found, "declared" if told else f"{len(seen.distinct)} distinct values"


def _declared(seen: Evidence) -> tuple[Any, ...]:
    import pyarrow as pa

    text = pa.types.is_string(seen.type)
    for one in seen.declared.categories or ():
        if text != isinstance(one, str) or not (text or _is_whole(one)):
            expected = "text" if text else "whole numbers"
            raise seen.declared.refusal(
                f"has {one!r} among its categories, and the column holds values of type "
                f"{seen.type}; expected {expected}"
            )
    named = seen.declared.categories or ()
    return named if text else tuple(int(one) for one in named)


def _is_whole(value: Any) -> bool:
    real = isinstance(value, int | float) and not isinstance(value, bool)
    return real and float(value).is_integer()


def _frequent(seen: Evidence, *, tail: bool) -> tuple[Any, ...]:
    if not tail and len(seen.distinct) > _MOST_CATEGORIES:
        raise seen.declared.refusal(
            f"has other = false, and {len(seen.distinct)} categories in the pilot, of which "
            f"{_MOST_CATEGORIES} would be kept. Declare its categories"
        )
    counts = seen.values.drop_null().value_counts()
    order = np.argsort(-np.asarray(counts.field("counts")), kind="stable")[:_MOST_CATEGORIES]
    kept = counts.field("values").take(order).to_pylist()
    if not all(isinstance(one, str) or _is_whole(one) for one in kept):
        raise seen.declared.refusal("holds numbers with fractions, which are no categories")
    return tuple(sorted((one if isinstance(one, str) else int(one) for one in kept), key=str))


def hashed_column(seen: Evidence, kind: Kind) -> tuple[Column, str]:
    """Decide the encoding of a column of text that a hash puts into buckets."""
    found = Column(
        seen.name,
        kind,
        missing=seen.missing,
        buckets=seen.declared.buckets or _BUCKETS,
        learnt=seen.learnt(["missing"]),
    )
    return found, "declared"


def constant_column(seen: Evidence, kind: Kind) -> tuple[Column, str]:
    """Decide what a constant column is given back as: what was declared, or the pilot's value.

    Raises:
        OptionError: a value was declared of another type, or beside missing values; or none was,
            and the pilot holds several.
    """
    declared = seen.declared
    if declared.value is not None:
        if declared.missing:
            raise declared.refusal("is constant with a value, and missing too. Declare one of them")
        return Column(seen.name, kind, value=_stored(seen, declared.value)), "declared"
    if declared.missing:
        return Column(seen.name, kind), "declared"
    if len(seen.distinct) > 1 or (len(seen.distinct) == 1 and seen.values.null_count):
        raise declared.refusal(
            "was declared constant, and the pilot holds several values. Declare its value"
        )
    return Column(seen.name, kind, value=_seen_value(seen), learnt=("value",)), "declared"


def _seen_value(seen: Evidence) -> Any:
    if not len(seen.distinct):
        return None
    if is_moment(seen.type):  # JSON has no moments
        return int(as_numbers(seen.values[:1], seen.name)[0])
    value = seen.distinct[0].as_py()
    return float(value) if isinstance(value, Decimal) else value


def _stored(seen: Evidence, value: Any) -> Any:
    """Return a declared value as the plan keeps it: moments as numbers."""
    import pyarrow as pa

    if pa.types.is_string(seen.type) or pa.types.is_boolean(seen.type):
        wanted = str if pa.types.is_string(seen.type) else bool
        if not isinstance(value, wanted):
            named = "text" if wanted is str else "true or false"
            raise seen.declared.refusal(
                f"has the value {value!r}, and the column holds values of type {seen.type}; "
                f"expected {named}"
            )
        return value
    if pa.types.is_integer(seen.type) and isinstance(value, int):
        return value  # exact beyond 2⁵³ too
    number = seen.as_number(value, "values")
    return int(number) if is_moment(seen.type) or pa.types.is_integer(seen.type) else number
