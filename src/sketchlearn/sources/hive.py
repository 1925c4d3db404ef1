"""Columns that folder names give, as in year=2024/part.parquet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final
from urllib.parse import unquote

from sketchlearn.errors import ColumnError
from sketchlearn.sources.paths import Found

if TYPE_CHECKING:
    import pyarrow as pa

# What Hive, Spark and pyarrow name the folder of records without a value.
_NULL = "__HIVE_DEFAULT_PARTITION__"
_INT32 = 1 << 31


@final
@dataclass(frozen=True)
class Partitions:
    """The columns that the folders of several files give, each constant in a file.

    Attributes:
        fields: names and types of those columns: int32 where every value is such a number,
            text otherwise.
        values: the values of each file, in the order of the files.
    """

    fields: pa.Schema
    values: tuple[tuple[int | str | None, ...], ...]

    @classmethod
    def of(cls, files: Sequence[Found], inside: Sequence[str]) -> Partitions:
        """Read the columns from the folders of files.

        Args:
            files: the files.
            inside: columns the files hold themselves, which their folders only repeat.

        Raises:
            ColumnError: the files lie in folders of different names.
        """
        import pyarrow as pa

        told = [_told(file.folders) for file in files]
        for file, texts in zip(files, told, strict=True):
            if texts.keys() != told[0].keys():
                raise ColumnError(
                    f"The folders of {file.path} give the columns {sorted(texts)}, where those of "
                    f"the first file give {sorted(told[0])}. Lay all files out in the same way."
                )
        names = [name for name in told[0] if name not in inside]
        columns = [_typed([texts[name] for texts in told]) for name in names]
        kinds = [pa.string() if _is_text(column) else pa.int32() for column in columns]
        rows = tuple(zip(*columns, strict=True)) if names else ((),) * len(files)
        return cls(pa.schema(list(zip(names, kinds, strict=True))), rows)

    def declare(self, arrow: pa.Schema) -> pa.Schema:
        """Return the schema of a file with the columns of its folders."""
        for field in self.fields:
            arrow = arrow.append(field)
        return arrow

    def add(self, part: pa.RecordBatch, file: int, names: Sequence[str]) -> pa.RecordBatch:
        """Return records of a file, by its number, with those columns of its folders."""
        import pyarrow as pa

        given = dict(zip(self.fields.names, self.values[file], strict=True))
        for field in self.fields:
            if field.name in names:
                column = pa.repeat(pa.scalar(given[field.name], field.type), len(part))
                part = part.append_column(field, column)
        return part


def _told(folders: Sequence[str]) -> dict[str, str | None]:
    pairs = [folder.split("=", 1) for folder in folders if "=" in folder[1:]]
    return {unquote(name): None if text == _NULL else unquote(text) for name, text in pairs}


def _typed(texts: list[str | None]) -> list[int | str | None]:
    if all(text is None or _is_int(text) for text in texts) and any(texts):
        return [None if text is None else int(text) for text in texts]
    return list(texts)


def _is_int(text: str) -> bool:
    plain = text.removeprefix("-")
    if not (plain.isascii() and plain.isdigit()):
        return False
    return -_INT32 <= int(text) < _INT32


def _is_text(column: list[int | str | None]) -> bool:
    return not any(isinstance(value, int) for value in column)
