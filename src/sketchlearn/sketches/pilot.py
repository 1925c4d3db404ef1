"""Making a plan: what a pilot of the data decides, and what the user declares."""

from __future__ import annotations

from typing import Any

import numpy as np

from sketchlearn.encoding import Label, Missing, TableSchema, VectorSchema
from sketchlearn.encoding.arrow_numbers import as_numbers
from sketchlearn.encoding.inference import infer_columns, types_of
from sketchlearn.encoding.schema import as_class
from sketchlearn.errors import (
    ColumnError,
    EmptySourceError,
    LabelError,
    MissingValuesError,
    OptionError,
    PlanError,
)
from sketchlearn.features import LAWS
from sketchlearn.features.hadamard import require_columns
from sketchlearn.sketches.options import PlanOptions
from sketchlearn.sketches.plan import (
    Moments,
    Plan,
    Structure,
)
from sketchlearn.sources import Batch, Source, SourceSchema, open_source

# The kernel means (see `_scales`) between which the scales of a mixture are spread. Below 0.01
# a frequency sees almost nothing of the data; above 0.7 it sees little but their mean.
_FINEST, _COARSEST = 0.01, 0.7
_SCALE_COUNT = 5

# Sketch sizes between which the number of pairs of columns decides.
_TABLE_SIZES = (2_000, 20_000)

# From here on full second moments would cost a notable part of a pass, d²/2 products a record.
_FULL_MOMENTS = 256


def plan(source: Any, **options: Any) -> Plan:
    """Make a plan from a pilot of the source.

    Args:
        source: anything with records; see `sketchlearn.sources.open_source`.
        **options: the fields of `PlanOptions`.

    Raises:
        SourceError: the source cannot be read, holds fewer than two records, a constant or
            non-numeric column, or missing values.
        PlanError: the source is an iterator, whose pilot would be lost to the pass.
        OptionError: an option has a value that cannot be used.
        FileFormatError: the schema file is not TOML.
        StorageError: the schema file cannot be read.
    """
    settings = PlanOptions(**options)
    settings.declared  # noqa: B018 (a mistake in a schema is told before a pilot is read)
    opened = open_source(
        source, columns=settings.columns, label=settings.label, image=settings.image
    )
    if opened.one_shot and not isinstance(source, Source):
        raise PlanError(
            "This source can be read only once, so the records a plan reads would be lost to "
            "the pass. Call sketch(source, ...) without a plan, which plans from the first "
            "records and still sketches them, or give a list of batches or a file."
        )
    return plan_from_pilot(opened.schema, opened.pilot(settings.pilot, settings.seed), settings)


def plan_from_pilot(source: SourceSchema, pilot: Batch, options: PlanOptions) -> Plan:
    """Decide the plan from pilot records that were already read."""
    if _is_table(source, pilot, options):
        return _table_plan(source, pilot, options)
    pilot = _clean(pilot, options.missing)
    schema, reasons = _schema(source, pilot, options)
    encoded = schema.encode(pilot).values
    scales, scale_reason = _scales(encoded, options)
    size = options.size
    if size == "auto":
        size = int(np.clip(round(250 * schema.dimension**0.5), 2_000, 10_000))
        reasons.append(
            f"Sketch size: 250 √d within 2,000 to 10,000, for d = {schema.dimension} columns."
        )
    law = LAWS[options.law](scales=scales)
    structure: Structure = "dense" if options.structure == "auto" else options.structure
    if structure != "dense":
        require_columns(structure, schema.dimension)
    return Plan(
        schema,
        law,
        size,
        options.seed,
        structure=structure,
        features=options.features,
        moments=_moments(options, schema.dimension),
        reasons=(*reasons, scale_reason),
    )


def _is_table(source: SourceSchema, pilot: Batch, options: PlanOptions) -> bool:
    if options.declared and (
        options.encoding == "vector" or options.structure not in ("auto", "columns")
    ):
        raise OptionError(
            "schema and kinds declare columns of a table, and encoding='vector', or a structure "
            "other than 'columns', sketches arrays of numbers. Give one or the other."
        )
    if options.encoding == "vector":
        return False
    mixed = any(dtype in ("object", "bool") for dtype in source.dtypes)
    asked = options.encoding == "table" or bool(options.declared)
    if not asked and not mixed and not _needs_slots(source, pilot, options):
        return False
    if source.arrow is None:
        raise OptionError(
            "encoding='table' needs named columns, and the source is an array. Make a data frame "
            "or an Arrow table of it."
        )
    return options.structure in ("auto", "columns")


def _needs_slots(source: SourceSchema, pilot: Batch, options: PlanOptions) -> bool:
    """Tell whether numbers are missing that may not be dropped: a vector has no place for them."""
    if source.arrow is None or pilot.table is None or source.image or options.missing == "drop":
        return False
    columns = (
        as_numbers(column, name)
        for name, column in zip(pilot.table.schema.names, pilot.table.columns, strict=True)
    )
    return any(np.isnan(numbers).any() for numbers in columns)


def _table_plan(source: SourceSchema, pilot: Batch, options: PlanOptions) -> Plan:
    """Decide the plan of a table with columns of every kind."""
    assert source.arrow is not None
    assert pilot.table is not None
    if len(pilot) < 2:
        raise EmptySourceError(
            f"The source gave {len(pilot)} rows, but a plan needs at least 2 (and a few hundred "
            "to be of use). Check the path or the filter."
        )
    declared = options.declared
    if source.label in declared:
        raise declared[source.label].refusal(
            "is the label. Leave it out there, and declare its classes with classes=[...]"
        )
    columns, reasons = infer_columns(source.arrow, pilot.table, declared)
    label, label_reason = _label(source, pilot, options)
    if not any(column.width for column in columns):
        raise ColumnError("Every column of the table is constant or left out: " + " ".join(reasons))
    schema = TableSchema(columns, types_of(source.arrow), label)
    count = len(schema.encoded)
    size = options.size
    if size == "auto":
        size = int(np.clip(32 * count * (count - 1), *_TABLE_SIZES))
        reasons.append(
            f"Sketch size: 64 for each pair of the {count} columns learnt, within "
            f"{_TABLE_SIZES[0]:,} to {_TABLE_SIZES[1]:,}."
        )
    return Plan(
        schema,
        None,
        size,
        options.seed,
        structure="columns",
        features=options.features,
        moments=_moments(options, schema.dimension),
        reasons=(*reasons, *label_reason),
    )


def _moments(options: PlanOptions, dimension: int) -> Moments | None:
    """Return what to keep; None, as in the first plans, where few columns leave nothing to say."""
    if options.moments != "auto":
        return options.moments
    return None if dimension <= _FULL_MOMENTS else "diagonal"


def _clean(pilot: Batch, missing: Missing) -> Batch:
    values = np.asarray(pilot.values, dtype=np.float64)
    finite = np.asarray(np.isfinite(values).all(axis=1))
    if not finite.all() and missing == "refuse":
        raise MissingValuesError(
            f"{int((~finite).sum())} of {len(finite)} pilot records have missing or non-finite "
            "values. Clean them, or drop and count them with missing='drop' "
            "(on the command line: --missing drop)."
        )
    pilot = pilot.take(np.flatnonzero(finite))
    if len(pilot) < 2:
        raise EmptySourceError(
            f"The source gave {len(pilot)} usable records, but a plan needs at least 2 "
            "(and a few hundred to be of use). Check the path or the filter."
        )
    return pilot


def _schema(
    source: SourceSchema, pilot: Batch, options: PlanOptions
) -> tuple[VectorSchema, list[str]]:
    values = np.asarray(pilot.values, dtype=np.float64)
    how = options.standardise
    if how == "auto":
        how = "common" if source.image else "columns"
    center, spread = values.mean(axis=0), values.std(axis=0)
    same_value = values.min(axis=0) == values.max(axis=0)
    constant = [
        name
        for name, same, deviation in zip(source.columns, same_value, spread, strict=True)
        if same or deviation == 0
    ]
    if len(constant) == len(source.columns) or (constant and how == "columns"):
        raise ColumnError(
            f"Column {constant[0]!r} has the same value in all {len(values)} pilot records"
            + (f", and so have {len(constant) - 1} others" if len(constant) > 1 else "")
            + ". Leave constant columns out with columns=[...]; if all columns share one unit "
            "(pixels, say), use standardise='common' or image=(height, width)."
        )
    if how == "common":
        spread = np.full_like(spread, np.sqrt(np.mean(spread**2)))
        reason = f"All columns share one unit: divided by their common deviation {spread[0]:.4g}."
    elif how == "columns":
        reason = f"Each column is given mean 0 and deviation 1 over {len(values)} pilot records."
    else:
        center, spread = np.zeros_like(center), np.ones_like(spread)
        reason = "Columns are taken as they are (standardise='none')."
    label, label_reason = _label(source, pilot, options)
    schema = VectorSchema(
        columns=source.columns,
        dtypes=source.dtypes,
        center=tuple(center.tolist()),
        spread=tuple(spread.tolist()),
        image=source.image,
        label=label,
    )
    return schema, [f"Standardisation: {reason}", *label_reason]


def _label(
    source: SourceSchema, pilot: Batch, options: PlanOptions
) -> tuple[Label | None, list[str]]:
    if source.label is None:
        return None, []
    try:
        found = [as_class(name) for name in np.unique(np.asarray(pilot.labels))]
    except TypeError as error:
        raise LabelError(
            f"Label {source.label!r} mixes numbers and text. Make it one or the other."
        ) from error
    if options.classes is not None:
        # a class is the one found that is written the same: a command line knows only text
        same = {str(name): name for name in found}
        text = bool(found) and all(isinstance(name, str) for name in found)
        classes = tuple(
            same.get(str(name), str(name) if text else as_class(name)) for name in options.classes
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


def _scales(encoded: np.ndarray, options: PlanOptions) -> tuple[tuple[float, ...], str]:
    """Return the scales, and why.

    The kernel mean E k_s(x, x') over pairs of records equals E|z(ω)|² over frequencies of
    scale s: the share of the features' energy that the sketch keeps. It falls from 1 (coarse:
    only the mean is seen) to 0 (fine: only sampling noise is seen), in every dimension and
    unit, so the useful scales are those where it is neither.
    """
    if options.scales is not None:
        try:
            return tuple(float(value) for value in options.scales), "Scales: declared."
        except (TypeError, ValueError) as error:
            raise OptionError(
                f"scales={options.scales!r} was given; it must be a list of positive numbers."
            ) from error
    distance = _pair_distances(encoded, options.seed)
    # equal records tell nothing of scale, and in tables of few values most pairs are equal
    distance = distance[distance > 0] if distance.any() else distance
    median = float(np.median(distance))
    curve = _KernelMean(distance, options.law, encoded.shape[1])
    finest, coarsest = curve.scale_at(_FINEST), curve.scale_at(_COARSEST)
    # four digits: data in other units then give the very same frequencies
    scales = tuple(float(f"{s:.4g}") for s in np.geomspace(finest, coarsest, _SCALE_COUNT))
    return scales, (
        f"Scales: {_SCALE_COUNT}, from {finest / median:.2g} to {coarsest / median:.2g} times the "
        f"median distance {median:.3g} between pilot records; there the mean kernel between two "
        f"records goes from {_FINEST} (finer would see noise) to {_COARSEST} (coarser would see "
        "the mean only)."
    )


def _pair_distances(encoded: np.ndarray, seed: int) -> np.ndarray:
    """Return distances of up to 100,000 random pairs of distinct positions."""
    rng = np.random.default_rng(seed)
    count = len(encoded)
    pairs = min(100_000, count * (count - 1) // 2, max(10_000, 2**25 // encoded.shape[1]))
    first = rng.integers(0, count, pairs)
    second = (first + rng.integers(1, count, pairs)) % count
    # in parts, so that wide records never make a large array of differences
    parts = np.array_split(np.arange(pairs), max(1, pairs * encoded.shape[1] // 2**22))
    distance = [np.linalg.norm(encoded[first[p]] - encoded[second[p]], axis=1) for p in parts]
    return np.concatenate(distance)


class _KernelMean:
    """The mean kernel over pairs, as a function of the scale."""

    def __init__(self, distance: np.ndarray, law: str, dimension: int) -> None:
        self._distance = distance
        self._grid = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 300)])
        self._kernel = LAWS[law]().kernel(self._grid, dimension)

    def __call__(self, scale: float) -> float:
        return float(np.interp(self._distance / scale, self._grid, self._kernel).mean())

    def scale_at(self, target: float) -> float:
        """Return the scale where the mean kernel is `target`, by bisection on a log axis."""
        median = float(np.median(self._distance)) or float(self._distance.max())
        if median == 0:
            raise PlanError("All pilot records are equal: there is nothing to learn from them.")
        low, high = 1e-4 * median, 1e4 * median
        for _ in range(40):
            middle = float(np.sqrt(low * high))
            low, high = (middle, high) if self(middle) < target else (low, middle)
        return low
