"""Every exception of the library.

Each message says what was seen, what was expected, and what to do. All of them
derive from `SketchlearnError`, so one `except` catches whatever the library refuses.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SketchlearnError(Exception):
    """Anything the library refuses, with the remedy in its message."""


class SourceError(SketchlearnError):
    """A source could not be opened or read as records."""


class UnsupportedSourceError(SourceError):
    """The object given as a source is of no kind that can be read."""


class EmptySourceError(SourceError):
    """The source holds no record, or fewer than a plan needs."""


class ColumnError(SourceError):
    """A column is absent, of the wrong type, constant, or of the wrong number."""

    @classmethod
    def absent(cls, name: str, available: Iterable[str]) -> ColumnError:
        """Build the error for a column that is not in the source, with the nearest names."""
        names = list(available)
        near = difflib.get_close_matches(name, names, n=3)
        hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        return cls(f"The source has no column {name!r}; it has: {shown}.{hint}")

    @classmethod
    def not_numeric(cls, name: str, kind: str) -> ColumnError:
        """Build the error for a column that holds no numbers."""
        return cls(
            f"Column {name!r} holds {kind}, but a sketch needs numbers. "
            f"Leave it out with columns=[...], or name it as the label with label={name!r}."
        )


class MissingValuesError(SourceError):
    """Records hold missing or non-finite values and the user did not ask to drop them."""


class LabelError(SketchlearnError):
    """A label is absent where the plan has one, or was never seen by the plan."""


class PlanError(SketchlearnError):
    """A plan cannot be made from what was declared, or does not fit the data."""


class PlanMismatchError(SketchlearnError):
    """Two things made under different plans were combined."""


class ForgetError(SketchlearnError):
    """More records would be forgotten than were ever added."""


class OverflowSketchError(SketchlearnError):
    """Integer sums would exceed 64 bits."""


class FileFormatError(SketchlearnError):
    """A file is not what it should be: truncated, edited, of another kind or version."""


class StorageError(SketchlearnError):
    """A file could not be written or read (full disk, permission, no such folder)."""


class OptionError(SketchlearnError, ValueError):
    """An option has a value that cannot be used."""


class PrivacyError(SketchlearnError):
    """A release cannot be made as asked, or a released sketch cannot do what was asked of it."""


class BudgetError(PrivacyError):
    """A release would cost more than the budget of its records."""


class EngineError(SketchlearnError):
    """A cluster could not finish its part of the work, for a reason of its own."""


class FitError(SketchlearnError):
    """A model cannot be learnt from this sketch with these options."""


class MeasurementError(SketchlearnError):
    """Measurements do not fit their operator or the model, or hold what cannot be used."""


class OperatorError(SketchlearnError):
    """An operator does not fit the images of the model, or is not linear."""


class CheckpointError(SketchlearnError):
    """A checkpoint belongs to another fit, or cannot be read."""


class MissingExtraError(SketchlearnError, ImportError):
    """A library that belongs to an optional extra is not installed."""

    @classmethod
    def needs(cls, library: str, extra: str, purpose: str) -> MissingExtraError:
        """Build the error naming the extra that brings `library`."""
        return cls(
            f"{purpose} needs {library}, which is not installed. "
            f"Install it with: pip install 'sketchlearn[{extra}]'"
        )


class PrivacyWarning(UserWarning):
    """A release promises less than it seems to."""


class PlanWarning(UserWarning):
    """The data contradict what the pilot of a plan showed; the pass goes on."""
