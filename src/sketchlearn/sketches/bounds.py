"""Bounds of columns: declared, those of public records, or those of a type."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sketchlearn.errors import ColumnError, OptionError
from sketchlearn.sketches.noisy_bounds import NoisyBounds
from sketchlearn.sketches.options import PlanOptions
from sketchlearn.sources import SourceSchema

Pairs = tuple[tuple[float, float], ...]


def declared_bounds(source: SourceSchema, options: PlanOptions) -> Pairs | None:
    """Return least and greatest value of each column as declared, or None.

    Raises:
        OptionError: they are no pairs of a smaller and a greater number, or too few.
        ColumnError: a name is no column's.
    """
    given = options.bounds
    if given is None:
        return None
    names = source.columns
    if isinstance(given, NoisyBounds):
        given = given.pairs
    if isinstance(given, Mapping):
        for name in given:
            if name not in names:
                raise ColumnError.absent(str(name), names)
        missing = [name for name in names if name not in given]
        if missing:
            raise OptionError(
                f"bounds were given without those of column {missing[0]!r}"
                + (f" and {len(missing) - 1} others" if len(missing) > 1 else "")
                + ". Give a pair for each column, or leave columns out with columns=[...]."
            )
        pairs = [given[name] for name in names]
    else:
        pairs = _in_turn(list(given), len(names))
    return tuple(_pair(pair, name) for pair, name in zip(pairs, names, strict=True))


def bounds_of_types(source: SourceSchema) -> Pairs:
    """Return the bounds that 8-bit types of columns have.

    Raises:
        OptionError: a column is of another type.
    """
    for name, dtype in zip(source.columns, source.dtypes, strict=True):
        if dtype not in ("int8", "uint8", "bool"):
            raise OptionError(
                f"origin='declared' reads no record, and column {name!r} is of type {dtype}, so "
                "that its bounds are not known. Declare them with bounds=(least, greatest) for all "
                "columns, or bounds={name: (least, greatest), ...}."
            )
    infos = [np.iinfo("uint8" if name == "bool" else name) for name in source.dtypes]
    return tuple(
        (float(info.min), 1.0 if name == "bool" else float(info.max))
        for name, info in zip(source.dtypes, infos, strict=True)
    )


def bounds_of_records(values: np.ndarray) -> Pairs:
    """Return least and greatest values of columns (n, d), or one for all where all are alike."""
    lower, upper = values.min(axis=0), values.max(axis=0)
    # a column that is constant among public records may vary among others, as pixels do
    flat = lower == upper
    lower, upper = np.where(flat, lower.min(), lower), np.where(flat, upper.max(), upper)
    return tuple(zip(lower.tolist(), upper.tolist(), strict=True))


def _in_turn(given: list[object], count: int) -> list[object]:
    numbers = all(isinstance(value, int | float | np.number) for value in given)
    if numbers and len(given) == 2:
        return [given] * count
    if numbers and len(given) == 2 * count:
        return [given[2 * number : 2 * number + 2] for number in range(count)]
    if not numbers and len(given) == count:
        return given
    raise OptionError(
        f"bounds={given!r} was given; one pair (least, greatest) was expected, or one for each of "
        f"{count} columns."
    )


def _pair(pair: object, name: str) -> tuple[float, float]:
    try:
        low, high = (float(value) for value in pair)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        raise OptionError(
            f"The bounds of column {name!r} are {pair!r}; a least and a greater number were "
            "expected."
        )
    return low, high
