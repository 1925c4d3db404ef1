"""What the caller asked of a source: which columns, which label, which image shape."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sketchlearn.errors import ColumnError, OptionError


@dataclass(frozen=True)
class Choice:
    """The options of `open_source`, checked.

    Attributes:
        columns: names of the columns to read, in order; None for all of them.
        label: name of the label column, or None.
        image: shape of one record, or None for vectors.
    """

    columns: tuple[str, ...] | None = None
    label: str | None = None
    image: tuple[int, ...] | None = None

    @classmethod
    def checked(
        cls,
        columns: Sequence[str] | None,
        label: str | None,
        image: Sequence[int] | None,
    ) -> Choice:
        """Build a choice from what the caller wrote.

        Raises:
            OptionError: an option is of the wrong type.
            ColumnError: a column is named twice, or is also the label.
        """
        if label is not None and not isinstance(label, str):
            raise OptionError(f"label={label!r} is no name; give the label column as a string.")
        return cls(
            columns=None if columns is None else _checked_columns(columns, label),
            label=label,
            image=None if image is None else _checked_image(image),
        )

    def names(
        self, available: Sequence[str], *, label_apart: bool, hidden: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Return the names of the value columns to read.

        Args:
            available: every column of the source.
            label_apart: True when the labels come beside the records, so that the label is
                only a name; False when it must be one of `available`.
            hidden: columns that are read only when named, such as the index of a data frame.

        Raises:
            ColumnError: a column is absent or named twice in the source, or none is left.
        """
        inside = None if label_apart else self.label
        wanted = self.columns
        if wanted is None:
            wanted = tuple(n for n in available if n != inside and n not in hidden)
        counts = Counter(available)
        for name in (*wanted, *(() if inside is None else (inside,))):
            if not counts[name]:
                raise ColumnError.absent(name, available)
            if counts[name] > 1:
                raise ColumnError(
                    f"The source has {counts[name]} columns named {name!r}, and one was "
                    f"expected. Rename them so that every name is used once."
                )
        if not wanted:
            raise ColumnError(
                "The source has no column of values, and at least one was expected. "
                "Check its shape, and that label= does not name its only column."
            )
        return wanted

    def image_for(self, width: int, found: tuple[int, ...] | None) -> tuple[int, ...] | None:
        """Return the image shape of records of `width` values.

        Args:
            width: number of value columns read.
            found: shape the source itself declares, or None.

        Raises:
            ColumnError: the declared shape does not hold `width` values, or is not the source's.
        """
        if self.image is None:
            # Some pixels of an image are no image.
            return found if found is not None and math.prod(found) == width else None
        if math.prod(self.image) != width:
            raise ColumnError(
                f"image={self.image} holds {math.prod(self.image)} values, but each record has "
                f"{width}. Give the shape of one record, or choose its columns with columns=[...]."
            )
        if found is not None and _without_ones(found) != _without_ones(self.image):
            raise ColumnError(
                f"Records of shape {found} were given where image={self.image} was expected, as "
                "when planes come first instead of last. Move the axes (numpy.moveaxis), or give "
                "records of one axis if their order is right."
            )
        return self.image


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(side for side in shape if side != 1)


def _checked_columns(columns: Sequence[str], label: str | None) -> tuple[str, ...]:
    if isinstance(columns, str) or not all(isinstance(name, str) for name in columns):
        raise OptionError(
            f"columns={columns!r} is not a sequence of names. Write for instance "
            f"columns=['x0', 'x1']."
        )
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise ColumnError(f"columns names {twice[0]!r} twice; name every column once.")
    if label in columns:
        raise ColumnError(
            f"Column {label!r} is both in columns and the label. Take it out of one of the two."
        )
    return tuple(columns)


def _checked_image(image: Sequence[int]) -> tuple[int, ...]:
    try:
        shape = tuple(int(side) for side in image)
    except (TypeError, ValueError):
        shape = ()
    if not shape or min(shape) < 1:
        raise OptionError(
            f"image={image!r} is not a shape. Give positive sizes, such as image=(8, 8)."
        )
    return shape
