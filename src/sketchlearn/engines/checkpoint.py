"""Checkpoints of a pass: what lets a killed one go on and end in the same bits."""

from __future__ import annotations

import time
from pathlib import Path

from sketchlearn.encoding import Missing
from sketchlearn.errors import CheckpointError, FileFormatError
from sketchlearn.sketches import Plan, Sketch
from sketchlearn.sources import Source
from sketchlearn.storage import digest_of, read_tensors, write_tensors

# Seconds between two writings: a killed pass loses less than that.
_INTERVAL = 30.0


class PassCheckpoint:
    """One file that holds the sketch of the first records of one source.

    Args:
        path: the file; it need not exist.
        plan: the plan of the pass.
        source: what is read; told again by its columns, its number of records and its files, with
            sizes and times, as far as these are known.
        missing: what the pass does with missing values.
    """

    def __init__(self, path: str | Path, plan: Plan, source: Source, missing: Missing) -> None:
        self._path = Path(path)
        self._plan = plan
        self._identity = digest_of(
            {
                "plan": plan.digest,
                "frequencies": plan.frequencies_digest,
                "columns": list(source.schema.columns),
                "rows": source.rows,
                "origin": list(source.origin),
                "missing": missing,
            }
        )
        self._next = time.monotonic() + _INTERVAL

    def exists(self) -> bool:
        """Say whether there is a state to go on from."""
        return self._path.is_file()

    def due(self) -> bool:
        """Say whether the state should be written again."""
        return time.monotonic() >= self._next

    def write(self, sketch: Sketch, read: int) -> None:
        """Replace the state, whole or not at all: the sketch of the first `read` records."""
        document = {"identity": self._identity, "read": read, "dropped": sketch.dropped}
        write_tensors(self._path, "pass", document, sketch.tensors())
        self._next = time.monotonic() + _INTERVAL

    def read(self) -> tuple[Sketch, int]:
        """Return the sketch so far and how many records it has read.

        Raises:
            CheckpointError: it belongs to another pass, or cannot be read.
        """
        remedy = "Remove it to start the pass again."
        try:
            document, tensors = read_tensors(self._path, "pass")
            if document.get("identity") != self._identity:
                raise CheckpointError(
                    f"{self._path} is the checkpoint of a pass with another plan, over another "
                    "source (or files that were changed since), or that treats missing values "
                    f"otherwise. Give those again to go on. {remedy}"
                )
            dropped = int(document["dropped"])
            return Sketch.of_tensors(self._plan, tensors, dropped, self._path), int(
                document["read"]
            )
        except (FileFormatError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{self._path} holds no whole state of a pass. {remedy}"
            ) from error
