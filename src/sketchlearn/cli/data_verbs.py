"""The verbs on data and sketches: plan, sketch, merge, forget, info."""

from __future__ import annotations

import functools
import glob
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

import sketchlearn as sl
from sketchlearn.cli.options import flags_of, given
from sketchlearn.cli.progress import Advance, progress
from sketchlearn.cli.reading import read_sketch, require_releases_kept
from sketchlearn.encoding import write_schema as write_schema_file
from sketchlearn.errors import OptionError
from sketchlearn.privacy.page import NOT_PRIVATE, OF_RECORDS, privacy_page, releases
from sketchlearn.sketches import Plan, PlanOptions, Sketch
from sketchlearn.sketches.options import FeatureName
from sketchlearn.sources import open_source
from sketchlearn.storage import require_writable

Flat = Parameter(name="*")
PlanFlags = flags_of(
    PlanOptions,
    types={
        "schema": Path | None,
        "network": Literal["auto", "none", "scattering"],
        "features": list[FeatureName],
        "bounds": tuple[float, ...] | None,
    },
)


def plan(
    source: list[str],
    /,
    *,
    out: Path | None = None,
    explain: bool = False,
    write_schema: Path | None = None,
    db: str | None = None,
    options: Annotated[PlanFlags, Flat] = PlanFlags(),  # type: ignore[valid-type]
) -> None:
    """Decide from a pilot how to sketch; writes a plan to share.

    Example: sketchlearn plan "sales/*.parquet" --label region --out sales.plan
             sketchlearn plan people.csv --explain
             sketchlearn plan people.csv --write-schema people.toml
             sketchlearn plan people.csv --schema people.toml --out people.plan

    Args:
        source: Parquet, CSV, JSON lines or .npy files, or globs of them; with --db one query.
        out: the plan file to write.
        explain: only say what was seen of each column and what was decided; write no plan.
        write_schema: a TOML file to write with what each column is taken for, as a table; edit it
            and declare it with --schema.
        db: a database to query: a DuckDB or SQLite file, :memory: for queries over files, or a
            postgresql:// address.
        options: see `PlanOptions`.
    """
    if explain == (out is not None) and (explain or write_schema is None):
        raise OptionError("Give --out FILE to write the plan, or --explain to only read of it.")
    for path in (out, write_schema):
        if path is not None:
            _require_apart(path, source)
            require_writable(path)
    if write_schema is not None and write_schema.exists():
        raise OptionError(
            f"{write_schema} is there already, and may have been edited. Remove it, or name "
            "another file."
        )
    chosen = given(options)
    if write_schema is not None and options.encoding == "auto":
        chosen["encoding"] = "table"  # columns that are numbers alone have a schema as tables only
    made = sl.plan(_source(source, db, options.columns, options.label, options.image), **chosen)
    print(made.explain())
    if write_schema is not None:
        write_schema_file(made.schema, write_schema)
        print(f"Wrote {write_schema}")
    if out is not None:
        made.save(out)
        print(f"Wrote {out}")


def sketch(
    source: list[str],
    /,
    *,
    out: Path,
    plan: Path | None = None,
    db: str | None = None,
    threads: int | None = None,
    device: str = "cpu",
    options: Annotated[PlanFlags, Flat] = PlanFlags(),  # type: ignore[valid-type]
) -> None:
    """Read a source once and write its sketch.

    The state is kept beside the sketch until the pass is done: after Ctrl-C or a crash, the same
    command goes on where it stopped.

    Example: sketchlearn sketch "sales/*.parquet" --plan sales.plan --out sales.sketch
             sketchlearn sketch "select * from trips" --db trips.duckdb --out trips.sketch

    Args:
        source: Parquet, CSV, JSON lines or .npy files, or globs of them; with --db one query.
        out: the sketch file to write.
        plan: a plan file; without one a plan is made first, from the options.
        db: a database to query: a DuckDB or SQLite file, :memory: for queries over files, or a
            postgresql:// address.
        threads: batches sketched at a time; by default one per core.
        device: where to sum, cpu or an accelerator that torch knows, such as cuda.
        options: see `PlanOptions`; with a plan file only `missing` may be given.
    """
    checkpoint = out.parent / f".{out.name}.checkpoint"
    _require_apart(out, source)
    require_writable(out)
    require_writable(checkpoint)
    made = _plan_of(source, plan, db, options)
    require_releases_kept(out, made.ledger)
    schema = made.schema
    label = schema.label.name if schema.label else None
    with progress("sketching") as advance:
        result = sl.sketch(
            _source(source, db, schema.columns, label, schema.image),
            made.on(device),
            missing=given(options)["missing"],
            on_batch=_with_rates(advance),
            threads=threads,
            checkpoint=checkpoint,
        )
    result.save(out)
    checkpoint.unlink(missing_ok=True)
    print(_describe_sketch(result))
    print(f"Wrote {out} ({out.stat().st_size:,} bytes)")


def _plan_of(source: list[str], plan: Path | None, db: str | None, options: Any) -> Plan:
    """Return the plan in a file, or one made from a pilot of the source.

    Raises:
        OptionError: options of a plan were given beside a file, or ask for a plan of public
            records.
    """
    if options.origin == "public":
        raise OptionError(
            "--origin public was given, and the plan would be made from the very records that are "
            "sketched. Make it from public ones with the verb plan, and give it with --plan."
        )
    if plan is None:
        asked = options.columns, options.label, options.image
        return sl.plan(_source(source, db, *asked), **given(options))
    made = Plan.load(plan)
    if replace(options, missing="refuse") != PlanFlags():
        raise OptionError(
            f"{plan} fixes how to sketch, so no other option of a plan may be given with it. "
            "Leave them out, or leave --plan out."
        )
    return made


def _with_rates(advance: Advance) -> Callable[[int, int | None], None]:
    """Return what shows records done, of how many, and how many a second."""
    began: list[tuple[float, int]] = []

    def on_batch(done: int, total: int | None) -> None:
        if not began:  # an earlier run may have read some records
            began.append((time.monotonic(), done))
        start, before = began[0]
        rate = (done - before) / max(time.monotonic() - start, 1e-9)
        advance(done, total, f"{rate:,.0f} rows/s")

    return on_batch


def merge(
    sketches: list[Path], /, *, out: Path, disjoint: bool = False, shares: bool = False
) -> None:
    """Add sketches of one plan.

    Example: sketchlearn merge paris.sketch lyon.sketch --out both.sketch
             sketchlearn merge a.share b.share c.share --shares --out all.private

    Args:
        sketches: sketch files, two or more.
        out: the sketch file to write.
        disjoint: of released sketches, that nobody has records in two of them: a record then bears
            the release of one of them, where it otherwise may bear all.
        shares: that these are all the shares of one release, made with --parties.
    """
    require_writable(out)
    if len(sketches) < 2:
        raise OptionError(f"{len(sketches)} sketch was given; merging takes two or more.")
    parts = [read_sketch(path) for path in sketches]
    if shares:
        merged = Sketch.of_shares(parts)
    else:
        merged = functools.reduce(functools.partial(Sketch.merged, disjoint=disjoint), parts)
    require_releases_kept(out, merged.ledger)
    merged.save(out)
    print(_describe_sketch(merged))
    print(f"Wrote {out}")


def forget(whole: Path, part: Path, /, *, out: Path) -> None:
    """Take the records of one sketch out of another, as if they had never been added.

    Example: sketchlearn forget all.sketch withdrawn.sketch --out rest.sketch

    Args:
        whole: the sketch file to forget from.
        part: the sketch file of the records to forget.
        out: the sketch file to write.
    """
    rest = read_sketch(whole) - read_sketch(part)
    require_releases_kept(out, rest.ledger)
    rest.save(out)
    print(_describe_sketch(rest))
    print(f"Wrote {out}")


def info(path: Path, /) -> None:
    """Say what a plan, sketch or model is.

    Example: sketchlearn info sales.sketch

    Args:
        path: a file the library wrote, or the folder of a model.
    """
    artefact = sl.load(path)
    if isinstance(artefact, Plan):
        print(artefact.explain())
        if artefact.ledger:
            print(privacy_page(artefact.ledger))
    elif isinstance(artefact, Sketch):
        print(_describe_sketch(artefact))
        print(privacy_of(artefact))
    else:
        print(artefact.card().split("```")[0].strip())
        print(artefact.privacy().replace("\n\n", "\n").strip())
        status = path / "status.txt"
        if status.is_file():
            print(status.read_text(encoding="utf-8").strip())


def privacy_of(sketch: Sketch) -> str:
    """Say what is promised to the records of a sketch."""
    if sketch.noise is None:
        seen = f" {OF_RECORDS}" if sketch.plan.origin == "records" else ""
        return f"{NOT_PRIVATE}{seen} {releases(sketch.ledger)}"
    return privacy_page(sketch.ledger, sketch.noise)


def _require_apart(out: Path, source: list[str]) -> None:
    """Refuse to write over a file that is to be read."""
    for word in source:
        read = [word] if Path(word).exists() else glob.glob(word, recursive=True)
        if out.exists() and any(out.samefile(path) for path in read):
            raise OptionError(f"{out} is among the files to be read. Name another file to write.")


def _describe_sketch(sketch: Sketch) -> str:
    lines = [f"Sketch of {sketch.count:,} records"]
    if sketch.dropped:
        lines[0] += f" ({sketch.dropped:,} dropped for missing or non-finite values)"
    if sketch.count and sketch.plan.size:
        lines.append(
            f"Error by the number of records: at most {sketch.error_bound():.2g} of the features' "
            "norm. By the number of frequencies, were they independent: squared kernel distances "
            f"(MMD²) within {sketch.plan.distance_bound():.2g}. Each with probability 0.95."
        )
    label = sketch.plan.schema.label
    if label:
        counts = zip(label.classes, sketch.counts.tolist(), strict=True)
        lines.append("Records per class: " + ", ".join(f"{k}: {v:,}" for k, v in counts))
    return "\n".join([*lines, sketch.plan.explain()])


def _source(
    source: list[str],
    db: str | None,
    columns: Sequence[str] | None,
    label: str | None,
    image: tuple[int, ...] | None,
) -> Any:
    """Return what the words on the command line name: files, or the rows of a query."""
    if db is None:
        return source[0] if len(source) == 1 else source
    if len(source) > 1:
        raise OptionError(f"{len(source)} queries were given; --db takes one. Quote it.")
    return open_source(source[0], columns=columns, label=label, image=image, database=db)
