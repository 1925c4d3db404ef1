"""Columns of any type coded as numbers, alike in every table that is compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sketchlearn.errors import ColumnError, EmptySourceError
from sketchlearn.evaluation.tables.columns import Coded, Column

LEAST_ROWS = 20
# Numbers are compared in this many cells of equal share; at most so many values are cells each.
CELLS = 20


def code_tables(tables: Mapping[str, pa.Table], reference: str) -> dict[str, Coded]:
    """Code tables alike, on the columns of one of them.

    Integers, floats, decimals, dates and times are numbers; text, booleans and dictionaries
    are categories. The cells of a number are its values in the reference when they are at
    most 20, else 20 cells between quantiles of the reference, equal quantiles merged.

    Args:
        tables: by the name that an error message calls them.
        reference: which of them gives columns, types and quantiles; columns that only
            another has are left out.

    Returns:
        The coded tables, by the same names.

    Raises:
        ColumnError: if a column is absent, doubled, or of a type that cannot be compared.
        EmptySourceError: if a table has fewer than 20 rows.
    """
    _check(tables, reference)
    columns, values = [], {role: [] for role in tables}
    for field in tables[reference].schema:
        parts = {role: table.column(field.name) for role, table in tables.items()}
        column, coded = _code(field, parts, reference)
        columns.append(column)
        for role in tables:
            values[role].append(coded[role])
    return {role: Coded(tuple(columns), np.stack(values[role], axis=1)) for role in tables}


def _check(tables: Mapping[str, pa.Table], reference: str) -> None:
    """Refuse tables with too few rows or without the columns of the reference."""
    names = tables[reference].column_names
    if not names:
        raise ColumnError(f"The {reference} table has no column; expected at least one.")
    for role, table in tables.items():
        if len(table) < LEAST_ROWS:
            raise EmptySourceError(
                f"The {role} table has {len(table)} rows; a comparison needs at least "
                f"{LEAST_ROWS}, and several hundred to say much. Give more rows."
            )
        for name in names:
            count = table.column_names.count(name)
            if count == 0:
                raise ColumnError.absent(name, table.column_names)
            if count > 1:
                raise ColumnError(
                    f"The {role} table has {count} columns named {name!r}; expected one. "
                    "Rename or drop the others."
                )


def _code(
    field: pa.Field, parts: Mapping[str, pa.ChunkedArray], reference: str
) -> tuple[Column, dict[str, np.ndarray]]:
    """Code one column in every table."""
    kind = _value_type(field.type)
    if _is_number(kind):
        coded = {role: _numbers(part, kind, field.name, role) for role, part in parts.items()}
        return _number_column(field.name, coded[reference]), coded
    if not (_is_text(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind)):
        raise ColumnError(
            f"Column {field.name!r} of the {reference} table holds {field.type}; expected "
            "numbers, dates, booleans or text. Convert it or leave it out."
        )
    texts = {role: _texts(part, field.name, role) for role, part in parts.items()}
    seen = pa.chunked_array([c for text in texts.values() for c in text.chunks], pa.string())
    known = seen.unique().drop_null().sort()
    coded = {role: _codes(text, known) for role, text in texts.items()}
    return Column(field.name, False, len(known) + 1, np.empty(0), True), coded


def _value_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values, also of a dictionary's."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_number(kind: pa.DataType) -> bool:
    """Tell whether values of a type have an order and distances."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_temporal(kind)
    )


def _is_text(kind: pa.DataType) -> bool:
    """Tell whether a type is one of text."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _numbers(part: pa.ChunkedArray, kind: pa.DataType, name: str, role: str) -> np.ndarray:
    """Return numbers as floats; dates and times in the units of the reference."""
    found = _value_type(part.type)
    if not (_is_number(found) or pa.types.is_null(found)):
        raise _other_kind(name, role, part.type, "numbers or dates")
    try:
        part = part.cast(found)
        if pa.types.is_temporal(kind):
            whole = pa.int32() if kind.bit_width == 32 else pa.int64()
            part = part.cast(kind, safe=False).cast(whole)
        floats = part.cast(pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _other_kind(name, role, part.type, str(kind)) from error
    values = np.array(pc.fill_null(floats, np.nan).to_numpy(), dtype=np.float64)
    # Zeros of both signs are one value.
    return values + 0.0


def _texts(part: pa.ChunkedArray, name: str, role: str) -> pa.ChunkedArray:
    """Return categories as text."""
    found = _value_type(part.type)
    if _is_number(found):
        raise _other_kind(name, role, part.type, "text or booleans")
    try:
        return part.cast(found).cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _other_kind(name, role, part.type, "text or booleans") from error


def _codes(text: pa.ChunkedArray, known: pa.Array) -> np.ndarray:
    """Return the position of every text among the known ones, the last where missing."""
    codes = pc.call_function("index_in", [text], pc.SetLookupOptions(known))
    return pc.fill_null(codes, len(known)).to_numpy().astype(np.float64)


def _other_kind(name: str, role: str, found: pa.DataType, wanted: str) -> ColumnError:
    """Build the error for a column of another kind than in the reference."""
    return ColumnError(
        f"Column {name!r} of the {role} table holds {found}, where the training table holds "
        f"{wanted}. Give it the same type in all tables."
    )


def _number_column(name: str, values: np.ndarray) -> Column:
    """Choose the cells of a number from its values in the reference."""
    present = values[~np.isnan(values)]
    edges = np.unique(present)
    discrete = len(edges) <= CELLS
    if not discrete:
        shares = np.arange(1, CELLS) / CELLS
        edges = np.unique(np.quantile(present, shares, method="inverted_cdf"))
    # One cell above the last edge, one for missing values.
    return Column(name, True, len(edges) + 2, edges, discrete)
