"""Which kind a column is: as declared, as other declarations imply, or as the pilot shows."""

from __future__ import annotations

import numpy as np

from sketchlearn.encoding.columns import NUMBERS, Kind
from sketchlearn.encoding.evidence import Evidence

# A column of text with more distinct values than this, and than this share of its rows, names its
# rows; it has no categories.
_MOST_CATEGORIES, _DISTINCT = 64, 0.5

# Kinds that a column of any type can be declared.
_ANY_TYPE: tuple[Kind, ...] = ("constant", "copy", "left out")

# Parts that only columns of one kind have.
_IMPLIED: tuple[tuple[str, Kind], ...] = (
    ("of", "copy"), ("value", "constant"), ("buckets", "hashed"), ("other", "category"),
)  # fmt: skip

_REMEDIES = {
    "category": ". Make it text or whole numbers first",
    "hashed": ". Make it text first",
}


def kind_of(seen: Evidence) -> tuple[Kind, str, bool]:
    """Decide the kind of a column.

    Returns:
        The kind, why if there is more to say than its values will, and whether rows decided.

    Raises:
        OptionError: what was declared does not fit the column's type, or the kind.
    """
    kind, why, from_rows = seen.declared.kind or _implied(seen), "", False
    if kind is None:
        kind, why, from_rows = _shown(seen)
    elif seen.declared.kind is None:
        from_rows = seen.whole and kind in NUMBERS
    if kind not in (*seen.type_kinds, *_ANY_TYPE):
        raise seen.declared.refusal(
            f"was declared {kind!r}, but holds values of type {seen.type}, which can be "
            f"{', '.join([*seen.type_kinds, *_ANY_TYPE])}{_REMEDIES.get(kind, '')}"
        )
    seen.declared.require_fit(kind)
    return kind, why, from_rows


def _implied(seen: Evidence) -> Kind | None:
    declared = seen.declared
    for part, kind in _IMPLIED:
        if getattr(declared, part) is not None:
            return kind
    scaled = declared.bounds is not None or declared.categories is not None
    return seen.type_kinds[0] if scaled and seen.type_kinds else None


def _shown(seen: Evidence) -> tuple[Kind, str, bool]:
    import pyarrow as pa

    if not seen.type_kinds and not pa.types.is_null(seen.type):
        return "left out", f"values of type {seen.type} are not learnt", False
    count, present = len(seen.distinct), len(seen.values) - seen.values.null_count
    constant = count == 0 or (count == 1 and present == len(seen.values))
    if constant and not seen.declared.missing:  # a slot for missing values makes two values
        return "constant", "one value in every pilot row", True
    kind = seen.type_kinds[0] if seen.type_kinds else "constant"
    if kind == "category" and count > max(_MOST_CATEGORIES, _DISTINCT * present):
        return "left out", f"{count} distinct values in {present} rows: names or free text", True
    if kind == "integer" and _counts_rows(seen):
        return "left out", "whole numbers that count the rows", True
    return kind, "", True


def _counts_rows(seen: Evidence) -> bool:
    """Tell whether whole numbers count the rows of the pilot: all distinct, and in order."""
    present = seen.numbers[np.isfinite(seen.numbers)]
    return len(present) >= 100 and bool((np.diff(present) > 0).all())
