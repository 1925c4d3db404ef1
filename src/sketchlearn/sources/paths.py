"""Which files a path, a glob or a folder stands for."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import final

from sketchlearn.errors import SourceError, UnsupportedSourceError

_TEXT = {".csv": ".csv", ".jsonl": ".jsonl", ".ndjson": ".jsonl"}
_COMPRESSED = ("", ".gz", ".zst", ".bz2")
# Every suffix that can be read, with the kind of file it means.
SUFFIXES = {
    ".parquet": ".parquet",
    ".pq": ".parquet",
    **{text + packed: kind for text, kind in _TEXT.items() for packed in _COMPRESSED},
    ".npy": ".npy",
}

_QUERY = re.compile(r"\s*(select|with|from|values)\s.*\S", re.IGNORECASE | re.DOTALL)


@final
@dataclass(frozen=True)
class Found:
    """A file that was found.

    Attributes:
        path: where it is.
        folders: names of the folders that lead to it from the folder, or the first wildcard,
            that was given; empty for a file named in full.
    """

    path: Path
    folders: tuple[str, ...] = ()


def expand(source: str | os.PathLike[str]) -> list[Found]:
    """Return the files of a path, a glob or a folder, in the order of their names.

    Raises:
        SourceError: there is no such file, or none that can be read.
    """
    _refuse_query(str(source))
    path = Path(source).expanduser()
    if path.is_dir():
        return _folder(path)
    if path.exists():
        return [Found(path)]
    if glob.has_magic(str(path)):
        found = [file for name in sorted(glob.glob(str(path), recursive=True))
                 for file in _match(path, Path(name))]  # fmt: skip
        if found:
            return found
        raise SourceError(f"No file matches {str(source)!r}. Check the pattern and the folder.")
    raise SourceError(
        f"There is no file or folder {str(source)!r}. Check the path (seen from {Path.cwd()})."
    )


def kind_of(paths: list[Path]) -> str:
    """Return what kind of files these are: ".parquet", ".csv", ".jsonl" or ".npy".

    Raises:
        UnsupportedSourceError: a file is of no kind that can be read.
        SourceError: they are of several kinds, or several .npy files.
    """
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
            f"one kind, .parquet, .csv or .jsonl, or a single .npy. Give them one kind at a time."
        )
    return kinds.pop()


def _match(pattern: Path, match: Path) -> list[Found]:
    fixed = next(i for i, part in enumerate(pattern.parts) if glob.has_magic(part))
    if match.is_dir():
        below = match.parts[fixed:]
        return [Found(file.path, (*below, *file.folders)) for file in _folder(match)]
    return [Found(match, match.parts[fixed:-1])]


def _folder(folder: Path) -> list[Found]:
    # Names in "_" and "." are what writers leave beside the data, such as _SUCCESS.
    files = [
        Found(path, path.relative_to(folder).parts[:-1])
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


def _refuse_query(source: str) -> None:
    if _QUERY.match(source) and _suffix(Path(source)) not in SUFFIXES:
        shown = " ".join(source.split())
        raise SourceError(
            f"{shown if len(shown) < 60 else shown[:57] + '...'!r} reads like an SQL query, and no "
            f"database was named. Name one with database= (on the command line: --db): a DuckDB "
            f"or SQLite file, a postgresql:// URI, or :memory: for a query over files."
        )
