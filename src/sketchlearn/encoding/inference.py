"""What a pilot shows of a table's columns, what they are taken for, and why."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from sketchlearn.encoding.arrow_numbers import as_numbers, is_moment
from sketchlearn.encoding.columns import KINDS, Column, Kind, normal_levels
from sketchlearn.errors import ColumnError, OptionError, PlanError

if TYPE_CHECKING:
    import pyarrow as pa

# Categories with a slot of their own; the others share one.
_MOST_CATEGORIES = 64

# A column of text with so large a share of distinct values names its rows; it has no categories.
_DISTINCT = 0.5

# Whole numbers of at most so many values are categories that happen to be numbers.
_FEW_NUMBERS = 32

# A number stands out when this share of rows holds it, and it is so many times as frequent as the
# middle one of the column's values.
_SPIKE, _SPIKE_OVER_MEDIAN, _MOST_SPIKES = 0.01, 3.0, 16

# Knots of the normal scale: with more, the ends would rest on single records.
_MOST_KNOTS = 256


def infer_columns(
    arrow: pa.Schema, pilot: pa.RecordBatch, kinds: Mapping[str, Kind]
) -> tuple[tuple[Column, ...], list[str]]:
    """Decide how each column of a table is encoded.

    Args:
        arrow: the types of the columns.
        pilot: some rows.
        kinds: kinds that the caller declares, by column.

    Returns:
        The columns, and for each a sentence on what was seen, what it is taken for and why.

    Raises:
        OptionError: a kind is unknown, or does not fit its column.
        ColumnError: a declared column does not exist.
    """
    for name, kind in kinds.items():
        if name not in arrow.names:
            raise ColumnError.absent(name, arrow.names)
        if kind not in KINDS or kind in ("copy", "constant"):
            allowed = [known for known in KINDS if known not in ("copy", "constant")]
            raise OptionError(
                f"Column {name!r} was declared {kind!r}; it must be one of {', '.join(allowed)}."
            )
    columns: list[Column] = []
    reasons: list[str] = []
    for name in arrow.names:
        values = pilot.column(name)
        earlier = None if name in kinds else _copied(values, pilot, columns)
        if earlier:
            found = Column(name, "copy", value=earlier), f"equal to {earlier!r} in every pilot row"
        else:
            whole = (arrow.field(name).metadata or {}).get(b"whole") == b"1"
            found = _column(name, values, kinds.get(name), whole=whole)
        columns.append(found[0])
        reasons.append(_sentence(*found))
    return tuple(columns), reasons


def types_of(arrow: pa.Schema) -> str:
    """Return an Arrow schema as text, without metadata of tables or fields."""
    import pyarrow as pa

    plain = pa.schema([pa.field(field.name, field.type) for field in arrow])
    return base64.b64encode(plain.serialize()).decode()


def _sentence(column: Column, why: str) -> str:
    kind = column.kind if column.kind != "copy" else f"copy of {column.value!r}"
    parts = [f"Column {column.name!r}: {kind} ({why})"]
    if column.tail:
        parts.append(f"{len(column.categories)} categories and '(other)' for the rest")
    elif column.categories and column.number:
        parts.append(f"{len(column.categories)} values that stand out have a category each")
    elif column.categories:
        parts.append(f"{len(column.categories)} categories")
    if column.missing:
        parts.append("missing values are a category of their own")
    return "; ".join(parts) + "."


def _copied(values: pa.Array, pilot: pa.RecordBatch, columns: list[Column]) -> str | None:
    if len(values) < 20:
        return None
    for column in columns:
        if column.width and pilot.column(column.name).equals(values):
            return column.name
    return None


def _column(
    name: str, values: pa.Array, declared: Kind | None, *, whole: bool
) -> tuple[Column, str]:
    import pyarrow as pa

    kind = values.type
    if declared == "left out":
        return Column(name, "left out"), "declared"
    nested = pa.types.is_nested(kind) or pa.types.is_binary(kind)
    if nested:
        return Column(name, "left out"), f"values of type {kind} are not learnt"
    distinct = values.drop_null().unique()
    if len(distinct) == 0 or (len(distinct) == 1 and not values.null_count):
        value = distinct[0].as_py() if len(distinct) else None
        if is_moment(kind):  # JSON has no moments
            value = None if value is None else int(as_numbers(values[:1], name)[0])
        return Column(name, "constant", value=value), "one value in every pilot row"
    if pa.types.is_boolean(kind):
        found = Column(name, "boolean", (False, True), missing=values.null_count > 0)
        return found, "true or false"
    named = pa.types.is_string(kind) or pa.types.is_integer(kind)
    if declared == "category" and not named:
        raise OptionError(
            f"Column {name!r} was declared a category, but holds values of type {kind}. Make it "
            "text or whole numbers first."
        )
    if pa.types.is_string(kind) or declared == "category":
        return _category(name, values, distinct, declared)
    return _number(name, values, declared, whole=whole)


def _category(
    name: str, values: pa.Array, distinct: pa.Array, declared: Kind | None
) -> tuple[Column, str]:
    present = len(values) - values.null_count
    if declared not in (None, "category"):
        raise OptionError(
            f"Column {name!r} was declared {declared!r}, but holds values of type {values.type}. "
            "Declare it a category, or leave it out."
        )
    if declared is None and len(distinct) > max(_MOST_CATEGORIES, _DISTINCT * present):
        why = f"{len(distinct)} distinct values in {present} rows: names or free text"
        return Column(name, "left out"), why
    counts = values.drop_null().value_counts()
    order = np.argsort(-np.asarray(counts.field("counts")), kind="stable")[:_MOST_CATEGORIES]
    kept = counts.field("values").take(order).to_pylist()
    kept.sort(key=str)
    found = Column(name, "category", tuple(kept), tail=True, missing=values.null_count > 0)
    return found, f"{len(distinct)} distinct values" if declared is None else "declared"


def _number(
    name: str, values: pa.Array, declared: Kind | None, *, whole: bool
) -> tuple[Column, str]:
    import pyarrow as pa

    kind = values.type
    moment = is_moment(kind)
    numbers = as_numbers(values, name)
    present = numbers[np.isfinite(numbers)]
    missing = bool(np.isnan(numbers).any())
    found, counts = np.unique(present, return_counts=True)
    if len(found) < 2:
        raise PlanError(f"Column {name!r} holds no two finite values. Leave it out.")
    whole = whole or pa.types.is_integer(kind)
    if declared is None and whole and not moment and _names_rows(present):
        why = "whole numbers that count the rows"
        return Column(name, "left out"), why
    taken: Kind = _moment_kind(kind) if moment else "integer" if whole else "continuous"
    if declared is not None and declared not in (taken, "continuous", "integer"):
        raise OptionError(
            f"Column {name!r} was declared {declared!r}, but holds values of type {kind}."
        )
    few = whole and len(found) <= _FEW_NUMBERS
    share = counts / len(present)
    spikes = (share >= _SPIKE) & (counts >= _SPIKE_OVER_MEDIAN * np.median(counts))
    spikes &= counts >= 10
    chosen = np.flatnonzero(spikes)[np.argsort(-counts[spikes])][:_MOST_SPIKES]
    own = found if few else np.sort(found[chosen])
    rest = present if few else present[~np.isin(present, own)]
    if len(np.unique(rest)) < 2:
        rest = present
    knots, levels = _scale(rest)
    why = f"{len(found)} distinct values of type {kind}" + (", few enough" if few else "")
    return (
        Column(
            name,
            declared or taken,
            tuple(own.tolist()),
            missing=missing,
            knots=tuple(knots.tolist()),
            levels=tuple(levels.tolist()),
            step=_step(found, whole=whole or moment),
        ),
        why,
    )


def _moment_kind(kind: pa.DataType) -> Kind:
    import pyarrow as pa

    if pa.types.is_duration(kind):
        return "duration"
    return "time" if pa.types.is_time(kind) else "date"


def _names_rows(present: np.ndarray) -> bool:
    """Tell whether whole numbers count the rows: all distinct, and in order."""
    return len(present) >= 100 and bool((np.diff(present) > 0).all())


def _scale(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return knots and their normal scores: quantiles, the ends among them; ties get their mean."""
    count = min(_MOST_KNOTS, len(numbers))
    levels = normal_levels(count)
    knots = np.quantile(numbers, np.linspace(0, 1, count))
    values, first, counts = np.unique(knots, return_index=True, return_counts=True)
    sums = np.add.reduceat(levels, first)
    return values, sums / counts


def _step(found: np.ndarray, *, whole: bool) -> float:
    """Return the step that all values are multiples of, 0 when there is none of 1 to 10⁻⁴."""
    if whole:
        return 1.0
    for digits in range(5):
        step = 10.0**-digits
        if np.allclose(found, np.rint(found / step) * step, rtol=0, atol=1e-9):
            return step
    return 0.0
