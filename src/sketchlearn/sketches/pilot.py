"""Making a plan: what a pilot of the data decides, and what the user declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.encoding import Missing, VectorSchema
from sketchlearn.errors import (
    ColumnError,
    EmptySourceError,
    MissingValuesError,
    PlanError,
)
from sketchlearn.features import LAWS, Windows
from sketchlearn.features.hadamard import require_columns
from sketchlearn.features.image_shapes import halves_twice, is_large
from sketchlearn.features.windows import require_image
from sketchlearn.privacy import Ledger
from sketchlearn.sketches.bounds import Pairs, bounds_of_records, declared_bounds
from sketchlearn.sketches.declared_pilot import declared_pilot, no_rows
from sketchlearn.sketches.labels import label_of
from sketchlearn.sketches.noisy_bounds import NoisyBounds
from sketchlearn.sketches.options import PlanOptions, moments_of
from sketchlearn.sketches.plan import Plan
from sketchlearn.sketches.plan_document import Structure
from sketchlearn.sketches.scales import scales_of
from sketchlearn.sketches.statistics_pilot import statistics_of
from sketchlearn.sketches.table_pilot import is_table, table_plan
from sketchlearn.sources import Batch, Source, SourceSchema, open_source

if TYPE_CHECKING:
    from sketchlearn.features.networks import FeatureNetwork


_ORIGINS = {
    "records": [],
    "public": ["Origin: public records; sketches of others under this plan can be released."],
    "declared": ["Origin: declared; random records between the bounds stand for a pilot."],
}


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
    if settings.origin == "declared":
        return plan_from_pilot(opened.schema, None, settings)
    return plan_from_pilot(opened.schema, opened.pilot(settings.pilot, settings.seed), settings)


def plan_from_pilot(source: SourceSchema, pilot: Batch | None, options: PlanOptions) -> Plan:
    """Decide the plan from pilot records that were already read; from none where all is declared.

    Of a plan whose `origin` is "declared" what was read is left aside.
    """
    bounds, unread = None, options.origin == "declared" or pilot is None
    pilot = no_rows(source, options) if unread or pilot is None else pilot
    if is_table(source, pilot, options):
        return table_plan(source, pilot, options)
    if unread:
        pilot, bounds = declared_pilot(source, options)
    pilot = _clean(pilot, options.missing)
    bounds = bounds or declared_bounds(source, options)
    if bounds is None and options.origin == "public":
        bounds = bounds_of_records(np.asarray(pilot.values, dtype=np.float64))
    schema, reasons = _schema(source, pilot, options, bounds)
    encoded = schema.encode(pilot).values
    structure = _structure(schema.image, options)
    network, seen, shape = _network(schema, encoded, structure, options)
    if network is not None:
        name = network.architecture["name"]
        made = "fixed wavelets" if name == "scattering" else "a frozen module"
        why = "" if options.network_given else "; what suits images of 400 pixels and more"
        reasons.append(f"Network: {made} ({name}), {shape} numbers of each record{why}.")
    windows = windows_of(seen, shape) if structure == "windows" else None
    harmonics = options.harmonics_of(structure)
    scales, scale_reason = scales_of(seen, structure, options)
    if options.waves is not None:
        reasons.append(scale_reason)
    dimension, size = seen.shape[1], options.size
    if options.waves is None:
        size = 0
    elif size == "auto":
        size = int(np.clip(round(250 * dimension**0.5), 2_000, 10_000))
        counted = "columns" if network is None else "outputs of the network"
        reasons.append(
            f"Sketch size: 250 √d within 2,000 to 10,000, for d = {dimension} {counted}."
        )
    law = LAWS[options.law](scales=scales)
    reach = np.abs(schema.encoded_bounds).max(axis=0)
    farthest = None if bounds is None else float(np.linalg.norm(reach))
    statistics = statistics_of(encoded, options, farthest)
    if structure in ("hadamard", "rays"):
        require_columns(structure, dimension)
    return Plan(
        schema,
        law,
        int(size),
        int(options.seed),
        structure=structure,
        features=options.waves or "fourier",
        windows=windows,
        statistics=statistics,
        harmonics=harmonics,
        network=network,
        moments=moments_of(options, schema.dimension),
        origin=options.origin,
        ledger=options.bounds.ledger if isinstance(options.bounds, NoisyBounds) else Ledger(),
        reasons=tuple(reasons),
    )


def _structure(image: tuple[int, ...] | None, options: PlanOptions) -> Structure:
    if options.waves is None:
        return "dense"
    if options.structure != "auto":
        return options.structure
    return "windows" if is_large(image) else "dense"


def _network(
    schema: VectorSchema, encoded: np.ndarray, structure: Structure, options: PlanOptions
) -> tuple[FeatureNetwork | None, np.ndarray, tuple[int, ...] | None]:
    """Return the network, what frequencies see of the encoded pilot records, and its shape."""
    free = options.network == "auto" and options.structure == "auto" and options.scales is None
    fitting = structure == "windows" and halves_twice(schema.image or ())
    if not options.network_given and not (free and fitting):
        return None, encoded, schema.image
    given = options.network if options.network_given else "scattering"
    from sketchlearn.features.networks import FeatureNetwork  # loads torch

    network = FeatureNetwork.of(given, schema.image or (schema.dimension,))
    seen = network.over(schema.center, schema.spread, schema.image).of(encoded)
    return network, seen, network.shape


def windows_of(encoded: np.ndarray, image: tuple[int, ...] | None) -> Windows:
    """Return the deviations of encoded pilot pixels (n, d), to four digits as scales are.

    Raises:
        OptionError: the records are no images.
    """
    require_image(image)
    return Windows(tuple(float(f"{value:.4g}") for value in encoded.std(axis=0)))


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
    source: SourceSchema, pilot: Batch, options: PlanOptions, bounds: Pairs | None
) -> tuple[VectorSchema, list[str]]:
    values = np.asarray(pilot.values, dtype=np.float64)
    if bounds is not None:
        values = np.clip(values, *np.array(bounds).T)
    how = options.standardise
    if how == "auto":
        how = "common" if source.image else "columns"
    with np.errstate(over="ignore", invalid="ignore"):
        center, spread = values.mean(axis=0), values.std(axis=0)
    if how != "none" and not np.isfinite(spread).all():
        name = source.columns[int(np.flatnonzero(~np.isfinite(spread))[0])]
        raise ColumnError(
            f"Column {name!r} holds values up to {np.abs(values).max():.3g}, whose squares are no "
            "floating-point numbers. Scale the column."
        )
    same_value = values.min(axis=0) == values.max(axis=0)
    constant = [
        name
        for name, same, deviation in zip(source.columns, same_value, spread, strict=True)
        if same or deviation == 0
    ]
    if len(constant) == len(source.columns):
        raise ColumnError(
            f"All {len(constant)} columns have the same value in all {len(values)} pilot records, "
            "as in images that are all black: there is nothing to learn. Check the source."
        )
    if constant and how == "columns":
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
    label, label_reason = label_of(source, pilot, options)
    schema = VectorSchema(
        columns=source.columns,
        dtypes=source.dtypes,
        center=tuple(center.tolist()),
        spread=tuple(spread.tolist()),
        image=source.image,
        label=label,
        bounds=bounds,
    )
    return schema, [*_ORIGINS[options.origin], f"Standardisation: {reason}", *label_reason]
