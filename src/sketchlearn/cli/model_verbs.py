"""The verbs on models: fit, sample, evaluate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

import sketchlearn as sl
from sketchlearn.cli.options import flags_of, given
from sketchlearn.cli.progress import progress
from sketchlearn.cli.reading import read_sketch
from sketchlearn.encoding import TableSchema
from sketchlearn.errors import FileFormatError, OptionError
from sketchlearn.models import GenerativeModel
from sketchlearn.models.mixture import Mixture

FitFlags = flags_of(sl.GenerativeNetwork, without=("generator",))


@dataclass(frozen=True)
class RowFlags:
    """Which rows are drawn.

    Attributes:
        label: draw this class only.
        where: an SQL condition on the columns of a table that every row shall satisfy.
        derive: SQL expressions for columns that are computed from the others of their row, before
            the condition is asked.
    """

    label: str | None = None
    where: str | None = None
    derive: dict[str, str] | None = None


def fit(
    sketch: Path,
    /,
    *,
    out: Path,
    options: Annotated[FitFlags, Parameter(name="*")] = FitFlags(),  # type: ignore[valid-type]
) -> None:
    """Learn a generative network from a sketch alone.

    The state is kept beside the model until the fit is done: after Ctrl-C or a crash, the same
    command goes on where it stopped.

    Example: sketchlearn fit sales.sketch --out model --steps 4000

    Args:
        sketch: the sketch file.
        out: the folder of the model to write.
        options: see `GenerativeNetwork`.
    """
    loaded = read_sketch(sketch)
    GenerativeModel.require_target(out)
    learner = sl.GenerativeNetwork(**given(options))
    checkpoint = out.parent / f".{out.name}.checkpoint"
    fitted = fit_with_progress(learner, loaded, checkpoint)
    fitted.save(out)
    checkpoint.unlink(missing_ok=True)
    print(fitted.status)
    print(f"Squared distance on held-out frequencies: {_best(fitted):.3g}")
    print(f"Wrote {out}")


def sample(
    model: Path,
    /,
    *,
    count: int,
    out: str,
    seed: int = 0,
    db: str | None = None,
    rows: Annotated[RowFlags, Parameter(name="*")] = RowFlags(),
) -> None:
    """Draw records from a model, in the source's own columns.

    Example: sketchlearn sample model --count 1000 --out synthetic.parquet
             sketchlearn sample model --count 1000 --where "age > 60" --out elders.parquet
             sketchlearn sample model --count 1000 --derive.total "food + rent" --out rows.csv
             sketchlearn sample model --count 1000 --db trips.duckdb --out synthetic_trips

    Args:
        model: the folder of the model.
        count: number of records.
        out: a .parquet, .csv or .npy file to write; with --db the name of a new table.
        seed: same seed, same records.
        db: a database to write to: a DuckDB or SQLite file, made if it is not there (.duckdb,
            .sqlite), or a postgresql:// address. An existing table is refused.
        rows: which rows to draw.
    """
    loaded = sl.load(model)
    if isinstance(loaded, Mixture):
        if rows != RowFlags():
            raise OptionError(
                f"{model} is a mixture, whose rows have no label or condition. Leave out --label, "
                "--where and --derive."
            )
        records = loaded.sample(count, seed)
    else:
        network = _network(model, loaded)
        label = _class_named(network, rows.label)
        records = network.sample(count, seed, label, where=rows.where, derive=rows.derive)
    if db is None:
        records.save(out)
        print(f"Wrote {len(records):,} records to {out}")
    else:
        records.write_to(db, out)  # an address may hold a password, and is not printed
        print(f"Wrote {len(records):,} records to the table {out} of the database")


def evaluate(
    model: Path,
    holdout: str,
    /,
    *,
    train: str | None = None,
    db: str | None = None,
    seed: int = 0,
    json_out: Path | None = None,
) -> None:
    """Judge a model against held-out records, every metric beside its floor.

    Example: sketchlearn evaluate model holdout.parquet --train train.parquet
             sketchlearn evaluate model "select * from trips where year = 2026" --db trips.duckdb

    Args:
        model: the folder of the model.
        holdout: real records that were not sketched: files, or with --db a query.
        train: the records that were sketched, to look for copies of them: files, or with --db a
            query.
        db: a database to query, as for `sketch`.
        seed: of samples and splits.
        json_out: also write the figures to this JSON file.
    """
    from sketchlearn.evaluation import table
    from sketchlearn.storage import write_whole

    with progress("evaluating") as advance:
        advance(0, None, "")
        judged = _network(model, sl.load(model))
        real = [_rows(source, db, judged) for source in (holdout, train)]
        figures = sl.evaluate(judged, *real, seed=seed)
    print(table(figures))
    if json_out:
        write_whole(json_out, json.dumps(figures, indent=1).encode())


def _rows(source: str | None, db: str | None, model: GenerativeModel) -> Any:
    """Return files as they are named, or the rows of a query with the columns of a model."""
    if source is None or db is None:
        return source
    schema = model.schema
    columns = schema.drawn_columns if isinstance(schema, TableSchema) else schema.columns
    label = schema.label.name if schema.label else None
    return sl.open_source(source, columns=columns, label=label, image=schema.image, database=db)


def fit_with_progress(learner: Any, sketch: Any, checkpoint: Path | None) -> Any:
    """Fit, showing steps and the held-out distance."""
    steps = learner.settings(sketch).steps
    with progress("fitting") as advance:

        def on_step(step: int, row: dict[str, float]) -> None:
            note = f"held-out distance {row['held_out_distance']:.3g}" if row else ""
            advance(step, steps, note)

        return learner.fit(sketch, checkpoint=checkpoint, on_step=on_step)


def _class_named(model: GenerativeModel, text: str | None) -> Any:
    """Return the class that is written like `text`, or `text` itself for the error to name."""
    known = model.schema.label.classes if model.schema.label else ()
    return next((name for name in known if str(name) == text), text)


def _best(fitted: Any) -> float:
    return min(row["held_out_distance"] for row in fitted.history)


def _network(path: Path, loaded: Any) -> GenerativeModel:
    if not isinstance(loaded, GenerativeModel):
        raise FileFormatError(
            f"{path} holds a {type(loaded).__name__}, and this verb takes the folder that `fit` "
            "wrote, of a generative network. `sketchlearn info` shows other models."
        )
    return loaded
