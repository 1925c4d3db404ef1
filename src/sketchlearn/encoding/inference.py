"""What the columns of a table are taken for, from declarations and a pilot, and why."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sketchlearn.encoding.columns import Column, Kind
from sketchlearn.encoding.declarations import Declaration
from sketchlearn.encoding.dependencies import with_dependencies
from sketchlearn.encoding.evidence import Evidence
from sketchlearn.encoding.flags import with_flags
from sketchlearn.encoding.kinds import kind_of
from sketchlearn.encoding.named_columns import (
    boolean_column,
    category_column,
    constant_column,
    hashed_column,
)
from sketchlearn.encoding.number_columns import number_column
from sketchlearn.errors import ColumnError
from sketchlearn.sources.arrow_columns import STORED

if TYPE_CHECKING:
    import pyarrow as pa


def infer_columns(
    arrow: pa.Schema, pilot: pa.RecordBatch, declared: Mapping[str, Declaration]
) -> tuple[tuple[Column, ...], list[str]]:
    """Decide how each column of a table is encoded.

    Args:
        arrow: the types of the columns.
        pilot: some rows; none where everything is declared.
        declared: what is declared of columns, by name; the rest is decided from the pilot.

    Returns:
        The columns, and for each a sentence on what was seen, what it is taken for and why.

    Raises:
        OptionError: what was declared does not fit its column.
        ColumnError: a declared column does not exist.
        PlanError: nothing can be learnt of a column from this pilot.
    """
    for name in declared:
        if name not in arrow.names:
            raise ColumnError.absent(name, arrow.names)
    columns: list[Column] = []
    reasons: list[str] = []
    told = {name: declared.get(name, Declaration(name)) for name in arrow.names}
    for name in arrow.names:
        whole = (arrow.field(name).metadata or {}).get(b"whole") == b"1"
        column, why = _column(Evidence(pilot.column(name), whole, told[name]), pilot, columns)
        columns.append(column)
        reasons.append(why)
    _require_originals(columns, arrow, declared)
    fixed = frozenset(name for name in declared if declared[name].parts)
    if pilot.num_rows:
        columns = with_dependencies(with_flags(columns, pilot, fixed), pilot, fixed)
    flags = {column.name for column in columns if column.kind == "flags"}
    sentences = [
        _sentence(column, why, told[column.name], of_flags=column.value in flags)
        for column, why in zip(columns, reasons, strict=True)
    ]
    return tuple(columns), sentences


def types_of(arrow: pa.Schema) -> str:
    """Return an Arrow schema as text, without metadata other than ways of storage."""
    import pyarrow as pa

    plain = pa.schema([pa.field(field.name, field.type, metadata=_kept(field)) for field in arrow])
    return base64.b64encode(plain.serialize()).decode()


def _kept(field: pa.Field) -> dict[bytes, bytes] | None:
    told = (field.metadata or {}).get(STORED)
    return None if told is None else {STORED: told}


def _column(seen: Evidence, pilot: pa.RecordBatch, earlier: list[Column]) -> tuple[Column, str]:
    declared = seen.declared
    copied = None if declared.parts else _copied(seen.values, pilot, earlier)
    if copied:
        return (
            Column(seen.name, "copy", value=copied, learnt=("kind", "of")),
            f"equal to {copied!r} in every pilot row",
        )
    kind, why, from_rows = kind_of(seen)
    column, found = _BUILD.get(kind, number_column)(seen, kind)
    order = column.learnable
    learnt = {*column.learnt, *(part for part in declared.learnt or () if part in order)}
    if from_rows:
        learnt.add("kind")
    return replace(column, learnt=tuple(sorted(learnt, key=order.index))), why or found


def _copied(values: pa.Array, pilot: pa.RecordBatch, columns: list[Column]) -> str | None:
    if len(values) < 20:
        return None
    for column in columns:
        if column.width and pilot.column(column.name).equals(values):
            return column.name
    return None


def _left_out(seen: Evidence, _: Kind) -> tuple[Column, str]:
    return Column(seen.name, "left out"), "declared"


def _copy(seen: Evidence, _: Kind) -> tuple[Column, str]:
    if seen.declared.of is None:
        raise seen.declared.refusal('is a copy; declare of which column, with of = "NAME"')
    return Column(seen.name, "copy", value=seen.declared.of), "declared"


_BUILD: dict[Kind, Callable[[Evidence, Kind], tuple[Column, str]]] = {
    "boolean": boolean_column,
    "category": category_column,
    "hashed": hashed_column,
    "constant": constant_column,
    "copy": _copy,
    "left out": _left_out,
}


def _require_originals(
    columns: list[Column], arrow: pa.Schema, declared: Mapping[str, Declaration]
) -> None:
    """Refuse declared copies of what is not given back before them, or is of another type."""
    before: dict[str, Column] = {}
    for column in columns:
        if column.kind == "copy":
            original = before.get(column.value)
            if original is None:
                raise declared[column.name].refusal(
                    f"is a copy of {column.value!r}; a copy is of a column that comes before it "
                    "and is not left out"
                )
            types = [arrow.field(name).type for name in (column.name, original.name)]
            if types[0] != types[1]:
                raise declared[column.name].refusal(
                    f"holds values of type {types[0]}, and is declared a copy of "
                    f"{original.name!r}, which holds {types[1]}"
                )
        if column.kind != "left out":
            before[column.name] = column


def _sentence(column: Column, why: str, declared: Declaration, *, of_flags: bool) -> str:
    kind = column.kind if column.kind != "copy" else f"copy of {column.value!r}"
    if column.kind == "derived":
        kind = f"derived from {column.value!r}"
        why = f"{column.value!r} decides it in every pilot row, and rows come back so"
        if of_flags:
            why = f"one of the flags that {column.value!r} starts"
    if column.kind == "flags":
        last, count = column.categories[-1], len(column.categories)
        why = f"of it and those to {last!r}, {count} in all, one is set in every pilot row"
    parts = [f"Column {column.name!r}: {kind} ({why})", *_slots_told(column)]
    told = [part for part in declared.parts if part not in column.learnt]
    if told:
        parts.append(f"declared: {', '.join(told)}")
    if column.learnt:
        parts.append(f"learnt from rows: {', '.join(column.learnt)}")
    return "; ".join(parts) + "."


def _slots_told(column: Column) -> list[str]:
    """Say what has slots of its own, and what becomes of the rest."""
    parts: list[str] = []
    if column.buckets:
        parts.append(
            f"a hash puts its values into {column.buckets} buckets, on purpose: values of one "
            "bucket cannot be told apart, and rows come back with '(bucket 0)' and so on"
        )
    elif column.kind == "flags":
        parts.append("learnt as one category, with one more for rows with none or several set")
    elif column.tail:
        parts.append(f"{len(column.categories)} categories and '(other)' for the rest")
    elif column.categories and column.number:
        which = "that stand out " if "categories" in column.learnt else ""
        parts.append(f"{len(column.categories)} values {which}have a category each")
    elif column.categories:
        parts.append(f"{len(column.categories)} categories")
    if column.outside != "extend":
        done = "taken for the nearest" if column.outside == "clip" else "refused"
        parts.append(f"on a scale between its bounds, values outside are {done}")
    if column.missing:
        parts.append("missing values are a category of their own")
    return parts
