"""The type of the source chooses where the pass runs."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

from sketchlearn.encoding import Missing
from sketchlearn.engines import local
from sketchlearn.engines.frame import Frame, plan_frame, sketch_frame
from sketchlearn.errors import OptionError, UnsupportedSourceError
from sketchlearn.sketches import Plan, Sketch, pilot

# Known by the names of their classes: a cluster's library is imported only by those who use it.
_FRAMES = {
    ("dask.dataframe", "DataFrame"): ("dask_frames", "DaskFrame"),
    ("pyspark.sql", "DataFrame"): ("spark_frames", "SparkFrame"),
    ("ray.data", "Dataset"): ("ray_datasets", "RayDataset"),
}
_CLUSTERS = ("dask.dataframe", "pyspark", "ray.data")


def plan(source: Any, **options: Any) -> Plan:
    """Make a plan from a pilot of the source.

    Of a Dask DataFrame the pilot is drawn from partitions spread over it, of a Spark DataFrame
    or a Ray Dataset it is the first records.

    Args:
        source: anything with records: arrays, tensors, tables, files and globs, loaders, lists
            of batches, a Dask DataFrame, a Spark DataFrame, a Ray Dataset.
        **options: the fields of `PlanOptions`.

    Raises:
        SourceError: the source cannot be read, holds fewer than two records, a constant or
            non-numeric column, or missing values.
        PlanError: the source is an iterator, whose pilot would be lost to the pass.
        OptionError: an option has a value that cannot be used.
        EngineError: a cluster could not deliver the pilot.
        MissingExtraError: a library that the cluster needs is not installed.
    """
    frame = _frame_of(source)
    return pilot.plan(source, **options) if frame is None else plan_frame(frame, **options)


def sketch(
    source: Any,
    plan: Plan | None = None,
    *,
    missing: Missing = "refuse",
    on_batch: Callable[[int, int | None], None] | None = None,
    threads: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Sketch:
    """Read a source once and return its sketch.

    The type of the source chooses where: a Dask or Spark DataFrame and a Ray Dataset are
    sketched by the workers that hold their partitions, anything else on this machine. The
    result is the same to the last bit. Memory does not depend on the number of records.

    Args:
        source: anything with records: arrays, tensors, tables, files and globs, loaders,
            iterables of batches, a Dask DataFrame, a Spark DataFrame, a Ray Dataset.
        plan: the plan to use; without one, `options` (the fields of `PlanOptions`) make it from
            the first records, which are then sketched like the others.
        missing: "refuse" stops at missing or non-finite values; "drop" leaves such records out
            and counts them in `sketch.dropped`.
        on_batch: called after each batch, or as partial sketches arrive from a cluster, with
            the records read so far and their number, or None when it is not known.
        threads: batches sketched at a time on this machine, while another is read; by default
            one per core that this process may use. A cluster shares out its own cores.
        checkpoint: file that keeps the state of a pass on this machine, written every half
            minute, at Ctrl-C and when the source fails. When it exists, the pass of the same
            plan over the same source goes on from there, to the same bits as an uninterrupted
            one. It stays until you remove it, once the sketch is saved. A cluster runs lost
            tasks again by itself.
        **options: the fields of `PlanOptions`, when there is no plan.

    Raises:
        SourceError: the source cannot be read, is empty, or holds values that are refused.
        LabelError: a record's label is unknown to the plan.
        OptionError: an option has a value that cannot be used, or does not apply.
        CheckpointError: the checkpoint is of another plan or source, or cannot be read.
        PlanMismatchError: a worker draws other frequencies than this machine.
        EngineError: a cluster could not finish the pass.
        MissingExtraError: a library that the cluster needs is not installed.
    """
    if plan is not None:
        _check_plan(plan, options)
    elif options.get("origin") == "public":
        raise OptionError(
            "origin='public' was given without a plan, which would be made from the very records "
            "that are sketched. Make it from public ones with plan(..., origin='public') and give "
            "it here."
        )
    frame = _frame_of(source)
    here = {"threads": threads, "checkpoint": checkpoint}
    asked = {name: value for name, value in here.items() if value is not None}
    if frame is None:
        return local.sketch(source, plan, missing=missing, on_batch=on_batch, **asked, **options)
    if asked:
        raise OptionError(
            f"{' and '.join(asked)} cannot be given for a source of {frame.engine}: its scheduler "
            "owns the cores and runs lost tasks again. Set them where the cluster is started."
        )
    if plan is None:
        plan = plan_frame(frame, missing=missing, **options)
    return sketch_frame(frame, plan, missing, on_batch)


def _check_plan(plan: object, options: dict[str, Any]) -> None:
    if not isinstance(plan, Plan):
        raise OptionError(
            f"plan={plan!r} was given, which is no plan. Make one with plan(...), or read it "
            "from its file with load(...)."
        )
    if options:
        raise OptionError(
            f"{', '.join(options)} cannot change a plan that is already made. "
            "Give these options to plan(...), or leave the plan out."
        )


def _frame_of(source: object) -> Frame | None:
    """Return the frame of a cluster that `source` is, or None for what is read here."""
    if isinstance(source, list | tuple) and any(map(_is_of_cluster, source)):
        raise UnsupportedSourceError(
            "A list or tuple holds frames of a cluster, and a source is one frame or is read on "
            "this machine. Sketch each part with one plan, then add the sketches."
        )
    if not _is_of_cluster(source):
        return None
    for base in type(source).__mro__:
        for (module, name), (file, kind) in _FRAMES.items():
            if base.__name__ == name and _is_in(base.__module__, module):
                made = importlib.import_module(f"sketchlearn.engines.{file}")
                return getattr(made, kind)(source)
    raise UnsupportedSourceError(
        f"A {type(source).__name__} of {type(source).__module__} is no table of records. Give a "
        "Dask DataFrame (of a series, .to_frame()), a Spark DataFrame (of pandas on Spark, "
        ".to_spark()) or a Ray Dataset."
    )


def _is_of_cluster(source: object) -> bool:
    modules = [base.__module__ for base in type(source).__mro__]
    return any(_is_in(module, cluster) for module in modules for cluster in _CLUSTERS)


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
