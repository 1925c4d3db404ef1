"""Moments of JSON lines, which are text there, with a time zone or without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa

# A zone ends a moment; the day of a date ends in -dd too.
_ZONE = r":.*(Z|[+-]\d\d(:?\d\d)?)$"


def moments_of(column: pa.ChunkedArray, kind: pa.DataType | None, name: str, path: Path) -> Any:
    """Return text as moments of a type, or of the one that its first value shows.

    Moments with time zones, whichever, are instants in UTC.

    Args:
        column: text.
        kind: type of the moments before, None where these are the first.
        name: of the column.
        path: of the file.

    Raises:
        SourceError: a moment has a time zone where others have none or the reverse, or a text is
            no moment.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    known = column.drop_null()
    asked = pc.MatchSubstringOptions(_ZONE)
    zoned = np.asarray(pc.call_function("match_substring_regex", [known], asked), dtype=bool)
    expected = bool(zoned[:1].any()) if kind is None else kind.tz is not None
    odd = np.flatnonzero(zoned != expected)
    if len(odd):
        has, had = ("no time zone", "one") if expected else ("a time zone", "none")
        raise SourceError(
            f"{path} cannot be read: in field {name!r} the moment {known[odd[0]].as_py()!r} has "
            f"{has}, where the first had {had}. Write all of them with a zone (as "
            "2024-05-01T12:00:00Z), or all without."
        )
    try:
        return column.cast(kind or pa.timestamp("us", "UTC" if expected else None))
    except pa.ArrowInvalid as error:
        raise SourceError(
            f"{path} cannot be read: field {name!r} held moments at first, and later not "
            f"({error}). Correct the value, or leave the field out with columns=[...]."
        ) from error
