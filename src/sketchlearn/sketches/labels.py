"""The classes of a label: declared, or those of the pilot."""

from __future__ import annotations

import numpy as np

from sketchlearn.encoding import Label
from sketchlearn.encoding.schema import as_class
from sketchlearn.errors import LabelError, OptionError
from sketchlearn.sketches.options import PlanOptions
from sketchlearn.sources import Batch, SourceSchema


def label_of(
    source: SourceSchema, pilot: Batch, options: PlanOptions
) -> tuple[Label | None, list[str]]:
    """Return the label with its classes, and why these.

    Raises:
        OptionError: the classes declared are not distinct, or none.
        LabelError: the pilot's labels are no classes.
    """
    if source.label is None:
        return None, []
    try:
        found = [as_class(name) for name in np.unique(np.asarray(pilot.labels))]
    except TypeError as error:
        raise LabelError(
            f"Label {source.label!r} mixes numbers and text. Make it one or the other."
        ) from error
    known = options.known_classes
    if known is not None:
        # a class is the one found that is written the same: a command line knows only text
        same = {str(name): name for name in found}
        text = bool(found) and all(isinstance(name, str) for name in found)
        classes = tuple(
            same.get(str(name), str(name) if text else as_class(name)) for name in known
        )
        if len(set(classes)) != len(classes) or not classes:
            raise OptionError(f"classes={list(classes)!r} must be distinct names, at least one.")
        return Label(source.label, classes, learnt=False), [
            f"Classes of {source.label!r}: declared."
        ]
    if len(found) > 1000 or any(not isinstance(name, str | int | bool) for name in found):
        raise LabelError(
            f"Label {source.label!r} has {len(found)} distinct values in the pilot, such as "
            f"{found[0]!r}; a label is one of at most 1,000 integers or strings. Choose a "
            "column that names classes, or leave label out."
        )
    reason = (
        f"Classes of {source.label!r}: the {len(found)} found in the pilot; "
        "declare others with classes=[...]."
    )
    return Label(source.label, tuple(found)), [reason]
