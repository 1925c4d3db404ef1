"""Opening whatever the user has as a source."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from sketchlearn.errors import OptionError, UnsupportedSourceError
from sketchlearn.sources.arrays import ArraySource, open_npy, open_pair
from sketchlearn.sources.batch import Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.csv_files import CsvSource
from sketchlearn.sources.json_lines import JsonSource
from sketchlearn.sources.parquet_files import ParquetSource
from sketchlearn.sources.paths import Found, expand, kind_of
from sketchlearn.sources.records import is_array, is_tensor
from sketchlearn.sources.sql import open_sql
from sketchlearn.sources.streams import open_stream
from sketchlearn.sources.tables import TableSource, is_table
from sketchlearn.sources.torch_data import is_torch_data, open_torch

KINDS = (
    "a numpy array or torch tensor of shape (n, d), a pair (records, labels), a pandas, polars or "
    "Arrow table, a path, glob, list or folder of .parquet, .csv, .jsonl or .npy files, a query "
    "with its database, a torch dataset or data loader, or an iterable of batches"
)


def open_source(
    source: object,
    *,
    columns: Sequence[str] | None = None,
    label: str | None = None,
    image: tuple[int, ...] | None = None,
    database: object = None,
) -> Source:
    """Open records of any kind for reading in batches.

    Args:
        source: records: an array, table, path, torch dataset or iterable of batches; with
            `database` the text of a query; an already open source is returned as it is.
        columns: names of the columns to read, in order; those of an array are "x0", "x1", ...
            By default all columns but the label.
        label: name of the label column. For pairs (records, labels), the name they get.
        image: shape of one record when columns are pixels, such as (8, 8). Arrays of more than
            two dimensions need none.
        database: where the query is run: the path of a DuckDB or SQLite file, ":memory:" for
            queries over files such as "select * from 'data/*.parquet'", an open duckdb
            connection, or a URI postgresql://user@host/name. It is only read.

    Returns:
        The source. Little of it has been read: at most its first batch.

    Raises:
        UnsupportedSourceError: the object is of no kind that can be read.
        EmptySourceError: a file has no byte.
        SourceError: it cannot be read as records.
        ColumnError: a column is absent or of the wrong number, or an array holds no numbers.
        LabelError: there is not one label per record.
        OptionError: an option is of the wrong type.
        MissingExtraError: the driver of the database is not installed.
    """
    choice = Choice.checked(columns, label, image)
    if database is not None:
        return open_sql(source, database, choice)
    return _open_records(source, choice)


def _open_records(source: object, choice: Choice) -> Source:
    if isinstance(source, Source):
        return _already_open(source, choice)
    if isinstance(source, str | os.PathLike):
        return _open_files(expand(source), choice)
    if is_torch_data(source):
        return open_torch(source, choice)
    if is_table(source) and not is_tensor(source):
        return TableSource(source, choice)
    if is_array(source):
        return ArraySource(source, None, choice)
    return _open_collection(source, choice)


def _open_collection(source: object, choice: Choice) -> Source:
    if isinstance(source, list | tuple) and source:
        if all(isinstance(part, str | os.PathLike) for part in source):
            return _open_files([file for part in source for file in expand(part)], choice)
        if isinstance(source, tuple):
            return open_pair(source, choice)
    if hasattr(source, "toarray"):
        raise UnsupportedSourceError(
            f"A sparse matrix ({type(source).__name__}) cannot be read. Use .toarray(), or give a "
            f"generator of dense slices such as (x[i:i+1000].toarray() for i in ...)."
        )
    refused = isinstance(source, dict | bytes | bytearray | set | frozenset)
    if refused or not isinstance(source, Iterable):
        remedy = " Make a table of it, for instance with pandas.DataFrame(...)."
        raise UnsupportedSourceError(
            f"A source of type {type(source).__name__} cannot be read; expected {KINDS}."
            f"{remedy if isinstance(source, dict) else ''}"
        )
    return open_stream(source, choice)


def _already_open(source: Source, choice: Choice) -> Source:
    schema = source.schema
    asked = {"columns": choice.columns, "label": choice.label, "image": choice.image}
    for option, value in asked.items():
        if value is not None and value != getattr(schema, option):
            raise OptionError(
                f"{option}={value!r} was asked of a source that is already open with "
                f"{getattr(schema, option)!r}. Give {option} where it is opened."
            )
    return source


def _open_files(files: list[Found], choice: Choice) -> Source:
    paths = [file.path for file in files]
    kind = kind_of(paths)
    if kind == ".npy":
        return open_npy(paths[0], choice)
    if kind == ".parquet":
        return ParquetSource(files, choice)
    return (CsvSource if kind == ".csv" else JsonSource)(paths, choice)
