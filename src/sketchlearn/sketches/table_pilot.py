"""Plans of tables: when a source is one, and what its pilot decides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sketchlearn.encoding import TableSchema
from sketchlearn.encoding.arrow_numbers import as_numbers
from sketchlearn.encoding.declarations import Declaration
from sketchlearn.encoding.inference import infer_columns, types_of
from sketchlearn.errors import ColumnError, EmptySourceError, OptionError
from sketchlearn.features import pair_cells
from sketchlearn.features.statistics import STATISTICS
from sketchlearn.sketches.labels import label_of
from sketchlearn.sketches.options import PlanOptions, moments_of
from sketchlearn.sketches.plan import Plan, blocks_of
from sketchlearn.sources import Batch, SourceSchema

_ORIGINS = {
    "records": [],
    "public": ["Origin: public rows; sketches of others under this plan can be released."],
    "declared": ["Origin: declared; no row was read."],
}

# Sketch sizes between which the number of cells of pairs of columns decides.
_TABLE_SIZES = (2_000, 20_000)

# A file of more columns of numbers is not taken for a table because some of them are constant.
_MOST_FLAGS = 128

# Rows below which two values in a column do not yet make it a flag.
_TELLING = 20


def is_table(source: SourceSchema, pilot: Batch, options: PlanOptions) -> bool:
    """Tell whether to take records for rows of a table, or for vectors.

    Raises:
        OptionError: options ask for both, or for a table of an array without names.
    """
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
    if mixed and options.structure not in ("auto", "columns"):
        raise OptionError(
            f"structure={options.structure!r} is for records of numbers alone, and the source has "
            "columns of text or truth values. Leave structure out, or choose the numbers with "
            "columns=[...]."
        )
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
    """Tell whether columns of numbers hold what a vector has no place for.

    That is: missing numbers, unless they may be dropped; and, unless it is said how to standardise
    or there are as many columns as pixels, flags and constants.
    """
    if source.arrow is None or pilot.table is None or source.image or options.network_given:
        return False
    columns = [
        as_numbers(column, name)
        for name, column in zip(pilot.table.schema.names, pilot.table.columns, strict=True)
    ]
    if options.missing != "drop" and any(np.isnan(numbers).any() for numbers in columns):
        return True
    if options.standardise != "auto" or options.scales is not None or len(columns) > _MOST_FLAGS:
        return False
    return len(pilot) > _TELLING and any(len(np.unique(numbers)) <= 2 for numbers in columns)


def table_plan(source: SourceSchema, pilot: Batch, options: PlanOptions) -> Plan:
    """Decide the plan of a table with columns of every kind.

    Raises:
        EmptySourceError: the pilot has fewer than two rows, and not all is declared.
        OptionError: an option has no meaning for a table, or a part of a column would be learnt
            where all is to be declared.
        ColumnError: no column says anything.
    """
    assert source.arrow is not None
    assert pilot.table is not None
    declared = options.declared
    if options.origin == "declared":
        _require_declared(source, declared)
    elif len(pilot) < 2:
        raise EmptySourceError(
            f"The source gave {len(pilot)} rows, but a plan needs at least 2 (and a few hundred "
            "to be of use). Check the path or the filter."
        )
    if options.network_given:
        raise OptionError(
            "network was given, but the source is a table with columns of several kinds, which "
            "no network sees. Choose the numbers with columns=[...] and encoding='vector'."
        )
    if set(options.feature_names) & STATISTICS.keys():
        raise OptionError(
            f"features={options.features!r} was given, but the source is a table with columns of "
            "several kinds, whose rows have no axes. Choose the numbers with columns=[...] and "
            "encoding='vector'."
        )
    if options.bounds is not None:
        raise OptionError(
            "bounds were given for a table. Declare those of its columns in a schema; or choose "
            "numbers, with columns=[...] and encoding='vector'."
        )
    columns, reasons = infer_columns(source.arrow, pilot.table, declared)
    label, label_reason = label_of(source, pilot, options)
    if not any(column.width for column in columns):
        raise ColumnError("Every column of the table is constant or left out: " + " ".join(reasons))
    schema = TableSchema(columns, types_of(source.arrow), label)
    if options.origin == "declared":
        _require_nothing_learnt(schema, declared)
    size = options.size
    if size == "auto":
        cells = pair_cells(blocks_of(schema))
        size = int(np.clip(2 * cells, *_TABLE_SIZES))
        reasons.append(
            f"Sketch size: two for each of the {cells:,} cells that pairs of columns have, within "
            f"{_TABLE_SIZES[0]:,} to {_TABLE_SIZES[1]:,}."
        )
    return Plan(
        schema,
        None,
        int(size),
        int(options.seed),
        structure="columns",
        features=options.waves or "fourier",
        moments=moments_of(options, schema.dimension),
        origin=options.origin,
        reasons=(*_ORIGINS[options.origin], *reasons, *label_reason),
    )


_OFF_THE_LIST = (
    " What the schema lists as learnt was read off rows: put what you know without them in its "
    "place, and take it off that list."
)


def _require_declared(source: SourceSchema, declared: Mapping[str, Declaration]) -> None:
    """Raise OptionError unless each column is declared; an unknown one is refused elsewhere."""
    silent = [name for name in source.columns if name not in declared]
    if silent:
        others = f" and {len(silent) - 1} others" if len(silent) > 1 else ""
        raise OptionError(
            f"origin='declared' reads no record, so what column {silent[0]!r}{others} of this table"
            " can hold is not known. Declare every column in a schema (kind, bounds or categories, "
            "missing), choose some with columns=[...], or make the plan from public records with "
            "origin='public'."
        )


def _require_nothing_learnt(schema: TableSchema, declared: Mapping[str, Declaration]) -> None:
    """Raise OptionError where a part of a column would come from records."""
    if schema.learnt:
        silent = "; ".join(
            f"{name!r}: {', '.join(map(repr, parts))}" for name, parts in schema.learnt.items()
        )
        raise OptionError(
            "origin='declared' reads no record, and the schema does not say all of each column. "
            f"Declare too, of {silent}." + _OFF_THE_LIST * any(d.learnt for d in declared.values())
        )
