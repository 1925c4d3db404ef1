"""Columns that another one decides: a table of values instead of slots of their own.

A code and its name, a town and its country: where one column says what the other holds, rows that
are drawn must never break it, and no learner does as well as a table of the values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.encoding.arrow_numbers import as_numbers, is_moment
from sketchlearn.encoding.columns import UNKNOWN, Column

if TYPE_CHECKING:
    import pyarrow as pa

# Rows that must hold another value than the most frequent one, in categories of a few rows: fewer
# may be decided by chance.
_EVIDENCE, _FEW = 50, 5


def with_dependencies(
    columns: Sequence[Column], pilot: pa.RecordBatch, fixed: frozenset[str]
) -> list[Column]:
    """Return the columns, those that another one decides in every pilot row as derived ones.

    Of columns that decide each other the first one is kept.

    Args:
        columns: what each column is taken for.
        pilot: the rows.
        fixed: names of columns that are declared, and stay as they are.
    """
    plain = [column for column in columns if column.kind != "flags"]
    codes = {c.name: _codes(c, pilot) for c in plain if c.slots and not c.buckets}
    kept = {name: found for name, found in codes.items() if found is not None}
    holds = {c.name: _numbered(pilot.column(c.name)) for c in plain if c.width}
    order = {column.name: place for place, column in enumerate(columns)}
    finest = sorted(kept, key=lambda name: (-_count(holds[name]), order[name]))
    derived: dict[str, Column] = {}
    # the coarsest first, so that what decides others is there to the last
    for name in sorted(holds, key=lambda name: (_count(holds[name]), -order[name])):
        if name in fixed:
            continue
        for source in finest:
            finer = (-_count(holds[source]), order[source]) < (-_count(holds[name]), order[name])
            if source not in derived and finer and _decides(kept[source], holds[name]):
                original = columns[order[source]]
                made = _derived(columns[order[name]], original, kept[source], pilot)
                derived[name] = made
                break
    return [derived.get(column.name, column) for column in columns]


def _codes(column: Column, pilot: pa.RecordBatch) -> np.ndarray | None:
    """Return the slot of each pilot row, None where a slot holds several values."""
    values = pilot.column(column.name)
    codes = column.codes(values, as_numbers(values, column.name) if column.numeric else None)
    several = [UNKNOWN]
    if column.number:
        several.append(column.slots - 1)
    if column.tail:
        several.append(column.named)
    return None if np.isin(codes, several).any() else codes


def _numbered(values: pa.Array) -> np.ndarray:
    """Return a number for each value, equal for equal ones; missing is a value."""
    return np.asarray(values.dictionary_encode(null_encoding="encode").indices)


def _count(numbered: np.ndarray) -> int:
    return int(numbered.max()) + 1


def _decides(codes: np.ndarray, numbered: np.ndarray) -> bool:
    """Tell whether equal codes go with equal values in every row, on enough evidence."""
    pairs = np.unique(np.stack([codes, numbered]), axis=1)
    if len(np.unique(pairs[0])) < pairs.shape[1]:
        return False
    usual = np.bincount(numbered).argmax()
    told = (np.bincount(codes)[codes] >= _FEW) & (numbered != usual)
    return int(told.sum()) >= _EVIDENCE


def _derived(column: Column, source: Column, codes: np.ndarray, pilot: pa.RecordBatch) -> Column:
    """Return a derived column; slots that the pilot does not show get the most frequent value."""
    values = pilot.column(column.name)
    usual = int(np.bincount(_numbered(values)).argmax())
    rows = np.full(source.slots, int(np.flatnonzero(_numbered(values) == usual)[0]))
    seen, first = np.unique(codes, return_index=True)
    rows[seen] = first
    return replace(
        Column(column.name, "derived", value=source.name, learnt=("kind", "of")),
        values=tuple(_stored(values, row) for row in rows),
    )


def _stored(values: pa.Array, row: int) -> Any:
    """Return a value as JSON has it: moments as numbers of their unit."""
    value = values[row].as_py()
    if value is None or not is_moment(values.type):
        return float(value) if isinstance(value, Decimal) else value
    return int(as_numbers(values[row : row + 1], "")[0])
