"""Columns of Arrow tables: their types without ways of storage, and their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.errors import ColumnError

if TYPE_CHECKING:
    import pyarrow as pa

# One meaning, several ways of storing it: the first is what batches hold.
_STORED = (
    ("string", ("large_string", "string_view")),
    ("binary", ("large_binary", "binary_view")),
    ("date32", ("date64",)),
)

# Metadata of a field that tell its way of storage: a schema of one field, as Arrow writes it.
STORED = b"stored"


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return a type without its way of storage: dictionary, runs, views or wide offsets."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        # Text under another name, as JSON is; what else extends a type is no text or number.
        stored = plain_type(kind.storage_type)
        return stored if pa.types.is_string(stored) else kind
    for plain, ways in _STORED:
        if any(kind == getattr(pa, way)() for way in ways):
            return getattr(pa, plain)()
    return kind


def given_back(kind: pa.DataType) -> bool:
    """Tell whether plain columns can be stored as this type again: text or codes, no runs."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return not pa.types.is_nested(kind.value_type)
    return any(kind == getattr(pa, way)() for _, ways in _STORED for way in ways)


def as_stored(column: Any, field: pa.Field) -> Any:
    """Return a plain chunked column in the way of storage that its field tells, if any.

    Categories come in the order in which they appear, so that their order, if they had one, is
    not claimed.
    """
    import pyarrow as pa

    told = (field.metadata or {}).get(STORED)
    if told is None:
        return column
    kind = pa.ipc.read_schema(pa.py_buffer(told)).field(0).type
    if not pa.types.is_dictionary(kind):
        return column.cast(kind)
    coded = column.combine_chunks().dictionary_encode()
    codes, words = coded.indices, coded.dictionary.cast(kind.value_type)
    most = np.iinfo(kind.index_type.to_pandas_dtype()).max
    if len(words) <= most:  # a tail makes one value more than the source had
        codes = codes.cast(kind.index_type)
    return pa.DictionaryArray.from_arrays(codes, words)


def same_type(first: pa.DataType, later: pa.DataType) -> bool:
    """Tell whether two plain types may meet in one column.

    All widths of numbers may, and all units of one kind of time, but no two time zones.
    A column without any value fits everywhere.
    """
    import pyarrow as pa

    if pa.types.is_null(first) or pa.types.is_null(later) or first == later:
        return True
    if pa.types.is_timestamp(first) and pa.types.is_timestamp(later):
        return first.tz == later.tz
    kinds = (is_number, pa.types.is_time, pa.types.is_duration)
    return any(kind(first) and kind(later) for kind in kinds)


def is_number(kind: pa.DataType) -> bool:
    """Tell whether a type holds numbers; truth values are none."""
    import pyarrow as pa

    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def plain_column(column: Any, kind: pa.DataType) -> Any:
    """Return a column as the plain type its source declares; numbers keep their width.

    Raises:
        pyarrow.ArrowException: the type does not hold a value, as whole seconds no fraction.
    """
    import pyarrow as pa

    if column.type == kind:
        return column
    if isinstance(column, pa.DictionaryArray):
        # The dictionary is short, and not every kind of text can be decoded as it is.
        words = column.dictionary.cast(plain_type(column.type))
        column = pa.DictionaryArray.from_arrays(column.indices, words).dictionary_decode()
    elif pa.types.is_run_end_encoded(column.type):
        from pyarrow.compute import call_function

        column = plain_column(call_function("run_end_decode", [column]), kind)
    elif isinstance(column, pa.ExtensionArray):
        column = column.storage
    if is_number(column.type) or pa.types.is_null(kind):
        kind = plain_type(column.type)
    return column if column.type == kind else column.cast(kind)


@lru_cache(maxsize=256)
def dtype_name(kind: pa.DataType) -> str:
    """Return the numpy dtype of a column's numbers, "object" for a column of other things."""
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return "float64"
    if is_number(kind) or pa.types.is_boolean(kind):
        return np.dtype(kind.to_pandas_dtype()).name
    return "object"


def numbers(table: pa.RecordBatch) -> np.ndarray:
    """Return the columns of a table as one array, shape (n, d); NaN where a value is missing.

    Raises:
        ColumnError: a column holds no numbers.
    """
    names = table.schema.names
    columns = [_numbers(*named) for named in zip(names, table.columns, strict=True)]
    dtypes = {column.dtype for column in columns}
    # Columns of one dtype keep it; float64 holds any mixture, and the NaN of nulls.
    dtype = dtypes.pop() if len(dtypes) == 1 else np.dtype(np.float64)
    values = np.empty((len(table), len(columns)), dtype)
    for i, column in enumerate(columns):
        values[:, i] = column
    return values


def joined(tables: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Return the records of tables of one source, whose numbers may be of several widths."""
    import pyarrow as pa

    columns = []
    for i, field in enumerate(tables[0].schema):
        parts = [table.column(i) for table in tables]
        kind = _common(field.name, {part.type for part in parts})
        columns.append(pa.concat_arrays([_cast(part, kind) for part in parts]))
    return pa.RecordBatch.from_arrays(columns, names=tables[0].schema.names)


def without_rows(types: pa.Schema | None) -> pa.RecordBatch:
    """Return a table of no row, with columns of these types or with none."""
    import pyarrow as pa

    schema = pa.schema([]) if types is None else types
    columns = [pa.array([], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _cast(column: Any, kind: pa.DataType) -> Any:
    # Whole numbers beyond 2**53 are rounded, as in any mixture of numbers.
    return column if column.type == kind else column.cast(kind, safe=False)


def _common(name: str, kinds: set[pa.DataType]) -> pa.DataType:
    import pyarrow as pa

    filled = [kind for kind in kinds if not pa.types.is_null(kind)]
    if len(filled) < 2:
        return filled[0] if filled else pa.null()
    if not all(map(is_number, filled)):
        # Each of them followed a first table without any value in this column.
        raise ColumnError(
            f"Column {name!r} holds values of types {', '.join(sorted(map(str, filled)))}, and "
            f"one type was expected. Convert it, so that its type is the same everywhere."
        )
    return pa.from_numpy_dtype(np.result_type(*map(dtype_name, filled)))


def _numbers(name: str, column: Any) -> np.ndarray:
    import pyarrow as pa

    kind = column.type
    if dtype_name(kind) == "object":
        raise ColumnError.not_numeric(name, f"values of type {kind}")
    if pa.types.is_boolean(kind):
        column = column.cast(pa.uint8())  # booleans with nulls would become Python objects
    elif pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    return column.to_numpy(zero_copy_only=False)
