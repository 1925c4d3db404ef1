"""Reading what a word on the command line names."""

from __future__ import annotations

from pathlib import Path

import sketchlearn as sl
from sketchlearn.errors import FileFormatError


def read_sketch(path: Path) -> sl.Sketch:
    """Read a sketch file.

    Raises:
        FileFormatError: the file is something else.
    """
    loaded = sl.load(path)
    if not isinstance(loaded, sl.Sketch):
        raise FileFormatError(f"{path} is no sketch. Give a file that `sketch` wrote.")
    return loaded
