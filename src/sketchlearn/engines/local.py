"""The pass on this machine, one batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sketchlearn.encoding import Missing
from sketchlearn.errors import EmptySourceError, OptionError
from sketchlearn.sketches import Plan, PlanOptions, Sketch
from sketchlearn.sketches.pilot import plan_from_pilot
from sketchlearn.sketches.sketch import open_like
from sketchlearn.sources import open_source


def sketch(
    source: Any,
    plan: Plan | None = None,
    *,
    missing: Missing = "refuse",
    on_batch: Callable[[int, int | None], None] | None = None,
    **options: Any,
) -> Sketch:
    """Read a source once and return its sketch.

    Memory does not depend on the number of records.

    Args:
        source: anything with records: arrays, tensors, tables, files and globs, loaders,
            iterables of batches.
        plan: the plan to use; without one, `options` (the fields of `PlanOptions`) make it from
            the first records, which are then sketched like the others.
        missing: "refuse" stops at missing or non-finite values; "drop" leaves such records out
            and counts them in `sketch.dropped`.
        on_batch: called after each batch with the records read so far and their number, or
            None when it is not known.
        **options: the fields of `PlanOptions`, when there is no plan.

    Raises:
        SourceError: the source cannot be read, is empty, or holds values that are refused.
        LabelError: a record's label is unknown to the plan.
    """
    if plan is None:
        settings = PlanOptions(missing=missing, **options)
        opened = open_source(
            source, columns=settings.columns, label=settings.label, image=settings.image
        )
        pilot = opened.pilot(settings.pilot, settings.seed)
        plan = plan_from_pilot(opened.schema, pilot, settings)
    elif not isinstance(plan, Plan):
        raise OptionError(
            f"plan={plan!r} was given, which is no plan. Make one with plan(...), or read it "
            "from its file with load(...)."
        )
    elif options:
        raise OptionError(
            f"{', '.join(options)} cannot change a plan that is already made. "
            "Give these options to plan(...), or leave the plan out."
        )
    else:
        opened = open_like(source, plan)
    result = Sketch(plan)
    read = 0
    for batch in opened.batches():
        result.add_batch(batch, missing)
        read += len(batch)
        if on_batch:
            on_batch(read, opened.rows)
    if not read:
        raise EmptySourceError("The source holds no record. Check the path or the filter.")
    return result
