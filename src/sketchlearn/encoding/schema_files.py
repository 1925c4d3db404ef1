"""Schema files: what columns are declared to be, in TOML."""

from __future__ import annotations

import contextlib
import datetime as dt
import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sketchlearn.encoding.arrow_numbers import is_moment, number_of, seconds_of, value_of
from sketchlearn.encoding.columns import Column
from sketchlearn.encoding.schema import Schema
from sketchlearn.encoding.table_schema import TableSchema
from sketchlearn.errors import FileFormatError, OptionError, StorageError
from sketchlearn.storage import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

_HEAD = """\
# What each column is declared to be; `sketchlearn plan SOURCE --schema FILE` reads it.
# What is listed as learnt was read off rows, and is nothing that a release may tell: where you know
# better put that, and take it off the list.
# Quantiles are not kept: numbers are put on a scale from their bounds. Values outside the bounds
# are refused; clip = true takes them for the nearest bound.
"""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def read_schema(path: str | os.PathLike[str]) -> dict[str, Mapping[str, Any]]:
    """Return what a schema file declares of each column.

    Raises:
        StorageError: the file cannot be read.
        FileFormatError: it is not TOML; the message names the line.
        OptionError: it holds anything else than tables [columns.NAME].
    """
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise StorageError(
            f"Could not read the schema file {os.fspath(path)}: {error.strerror}. Check the path; "
            "`sketchlearn plan SOURCE --write-schema FILE` writes one to start from."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileFormatError(
            f"{os.fspath(path)} is not a TOML file: {error}. Correct it there; text stands in "
            "double quotes, and truth is true or false."
        ) from error
    columns = content.pop("columns", {})
    for key in content:
        near = difflib.get_close_matches(key, ["columns"])
        hint = " Did you mean [columns.NAME]?" if near else ""
        raise OptionError(
            f"{os.fspath(path)} has {key!r} beside its columns; a schema file holds one table "
            f"[columns.NAME] for each column and nothing else.{hint}"
        )
    if not isinstance(columns, dict):
        raise OptionError(
            f"{os.fspath(path)} has columns = {columns!r}; expected one table [columns.NAME] for "
            "each column."
        )
    return columns


def write_schema(schema: Schema, path: str | os.PathLike[str]) -> None:
    """Write the columns of a table's schema to a TOML file, to be edited and declared.

    A plan made with that file has the same columns, in kinds, categories, slots and steps; the
    scales of numbers then come from their bounds, since a schema file holds no quantiles. Derived
    columns are not written: the rows of the new plan's pilot show them again.

    Raises:
        OptionError: the schema is not a table's.
        StorageError: the file cannot be written.
    """
    if not isinstance(schema, TableSchema):
        raise OptionError(
            "The plan is of an array of numbers, which needs no schema. Plan it as a table with "
            "encoding='table' to write one."
        )
    tables = {
        column.name: _with_learnt(column, schema.arrow.field(column.name).type)
        for column in schema.fields
        if column.kind not in ("derived", "flags")
    }
    write_whole(Path(path), (_HEAD + toml_of(tables)).encode())


def _with_learnt(column: Column, kind: pa.DataType) -> dict[str, Any]:
    made = declared_as(column, kind)
    learnt = [part for part in column.learnt if part in made]
    return {**made, "learnt": learnt} if learnt else made


def declared_as(column: Column, kind: pa.DataType) -> dict[str, Any]:
    """Return what declares such a column, of an Arrow type, as a schema file would."""
    made: dict[str, Any] = {"kind": column.kind}
    if column.kind == "copy":
        return {**made, "of": column.value}
    if column.kind == "constant":
        if column.value is None:
            return {**made, "missing": True}
        value = value_of(column.value, kind) if is_moment(kind) else column.value
        return {**made, "value": value}
    if column.kind == "left out":
        return made
    if column.kind == "category":
        made["categories"] = list(column.categories)
    if column.number:
        # where TOML cannot say a moment, the pilot decides, as before
        with contextlib.suppress(OverflowError):
            made |= _scale(column, kind)
    if column.kind == "category":
        made["other"] = column.tail
    if column.buckets:
        made["buckets"] = column.buckets
    return {**made, "missing": column.missing}


def _scale(column: Column, kind: pa.DataType) -> dict[str, Any]:
    low, high = column.bounds
    made: dict[str, Any] = {
        "bounds": [_number(column, low, kind), _number(column, high, kind, up=True)]
    }
    if column.outside == "clip":
        made["clip"] = True
    if column.kind == "continuous":
        made["step"] = column.step
    elif column.step != 1:
        made["step"] = seconds_of(column.step, kind) if is_moment(kind) else column.step
    if column.categories:
        made["categories"] = [_exact(column, one, kind) for one in column.categories]
    return made


def _exact(column: Column, number: float, kind: pa.DataType) -> Any:
    value = _number(column, number, kind)
    if number_of(value, kind) != number:
        raise OverflowError("a moment with digits below the microsecond")
    return value


def _number(column: Column, number: float, kind: pa.DataType, *, up: bool = False) -> Any:
    if column.kind == "integer" and float(number).is_integer():
        return int(number)
    return value_of(number, kind, up=up)


def toml_of(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the TOML text of tables [columns.NAME] with plain values or lists of them."""
    parts: list[str] = []
    for name, table in tables.items():
        lines = [f"{_key(key)} = {_toml(value)}" for key, value in table.items()]
        parts.append("\n".join([f"\n[columns.{_key(name)}]", *lines]) + "\n")
    return "".join(parts)


def _key(word: str) -> str:
    return word if _BARE_KEY.fullmatch(word) else _text(word)


def _text(value: str) -> str:
    # JSON's escapes are TOML's, but for a control character that JSON leaves as it is
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dt.date | dt.time):  # a moment is a date too
        return value.isoformat()
    return repr(value)
