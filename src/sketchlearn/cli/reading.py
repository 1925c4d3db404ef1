"""Reading what a word on the command line names."""

from __future__ import annotations

from pathlib import Path

import sketchlearn as sl
from sketchlearn.errors import BudgetError, FileFormatError, StorageError
from sketchlearn.privacy import Ledger
from sketchlearn.sketches.sketch_document import release_in
from sketchlearn.storage import read_tensors


def read_sketch(path: Path) -> sl.Sketch:
    """Read a sketch file.

    Raises:
        FileFormatError: the file is something else.
    """
    loaded = sl.load(path)
    if not isinstance(loaded, sl.Sketch):
        raise FileFormatError(f"{path} is no sketch. Give a file that `sketch` wrote.")
    return loaded


def require_releases_kept(out: Path, ledger: Ledger) -> None:
    """Refuse to write over an exact sketch whose releases would then stand in no ledger.

    Raises:
        BudgetError: the file at `out` bears releases that `ledger` does not.
    """
    try:
        document, tensors = read_tensors(out, "sketch")
        there, noise = release_in(document, tensors, str(out))
    except (StorageError, FileFormatError):  # nothing is there, or something else
        return
    if noise is None and not set(there.charges) <= set(ledger.charges):
        raise BudgetError(
            f"{out} is a sketch of which releases were made, and its ledger with what they cost "
            "would be lost. Learn from what was released, which costs nothing more; or name "
            "another file to write, and count both against these records."
        )
