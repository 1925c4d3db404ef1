"""Opening whatever the user has as a source."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from sketchlearn.errors import OptionError, SourceError, UnsupportedSourceError
from sketchlearn.sources.arrays import ArraySource, open_npy, open_pair
from sketchlearn.sources.batch import Source
from sketchlearn.sources.choice import Choice
from sketchlearn.sources.csv_files import CsvSource
from sketchlearn.sources.parquet_files import ParquetSource
from sketchlearn.sources.records import is_array, is_tensor
from sketchlearn.sources.streams import open_stream
from sketchlearn.sources.tables import TableSource, is_table
from sketchlearn.sources.torch_data import is_torch_data, open_torch

KINDS = (
    "a numpy array or torch tensor of shape (n, d), a pair (records, labels), a pandas, polars or "
    "Arrow table, a path, glob, list or folder of .parquet, .csv or .npy files, a torch dataset "
    "or data loader, or an iterable of batches"
)
SUFFIXES = {
    ".parquet": ".parquet",
    ".pq": ".parquet",
    ".csv": ".csv",
    ".csv.gz": ".csv",
    ".npy": ".npy",
}


def open_source(
    source: object,
    *,
    columns: Sequence[str] | None = None,
    label: str | None = None,
    image: tuple[int, ...] | None = None,
) -> Source:
    """Open records of any kind for reading in batches.

    Args:
        source: records: an array, table, path, torch dataset or iterable of batches; an
            already open source is returned as it is.
        columns: names of the columns to read, in order; those of an array are "x0", "x1", ...
            By default all columns but the label.
        label: name of the label column. For pairs (records, labels), the name they get.
        image: shape of one record when columns are pixels, such as (8, 8). Arrays of more than
            two dimensions need none.

    Returns:
        The source. Little of it has been read: at most its first batch.

    Raises:
        UnsupportedSourceError: the object is of no kind that can be read.
        EmptySourceError: a file has no byte.
        SourceError: it cannot be read as records.
        ColumnError: a column is absent or of the wrong number, or an array holds no numbers.
        LabelError: there is not one label per record.
        OptionError: an option is of the wrong type.
    """
    choice = Choice.checked(columns, label, image)
    if isinstance(source, Source):
        return _already_open(source, choice)
    if isinstance(source, str | os.PathLike):
        return _open_paths(_expand(source), choice)
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
            return _open_paths([path for part in source for path in _expand(part)], choice)
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


def _expand(source: str | os.PathLike[str]) -> list[Path]:
    path = Path(source).expanduser()
    if path.is_dir():
        return _folder(path)
    if path.exists():
        return [path]
    if glob.has_magic(str(path)):
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))
        if found:
            return [file for match in found for file in _expand(match)]
        raise SourceError(f"No file matches {str(source)!r}. Check the pattern and the folder.")
    raise SourceError(
        f"There is no file or folder {str(source)!r}. Check the path (seen from {Path.cwd()})."
    )


def _folder(folder: Path) -> list[Path]:
    # Names in "_" and "." are what writers leave beside the data, such as _SUCCESS.
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and _suffix(path) in SUFFIXES
        and not any(part[0] in "_." for part in path.relative_to(folder).parts)
    ]
    if not files:
        raise SourceError(
            f"The folder {str(folder)!r} holds no file that can be read; expected "
            f"{', '.join(SUFFIXES)}. Check the path."
        )
    return files


def _suffix(path: Path) -> str:
    double = "".join(path.suffixes[-2:]).lower()
    return double if double in SUFFIXES else path.suffix.lower()


def _open_paths(paths: list[Path], choice: Choice) -> Source:
    for path in paths:
        if _suffix(path) not in SUFFIXES:
            raise UnsupportedSourceError(
                f"{str(path)!r} has the suffix {path.suffix!r}, which cannot be read; expected "
                f"{', '.join(SUFFIXES)}. Convert it, or load it and give an array or a table."
            )
    kinds = {SUFFIXES[_suffix(path)] for path in paths}
    if len(kinds) > 1 or (kinds == {".npy"} and len(paths) > 1):
        raise SourceError(
            f"{len(paths)} files of kinds {sorted(kinds)} were given together; expected files of "
            f"one kind, .parquet or .csv, or a single .npy. Give them one kind at a time."
        )
    if kinds == {".npy"}:
        return open_npy(paths[0], choice)
    return (ParquetSource if kinds == {".parquet"} else CsvSource)(paths, choice)
