"""The pass: one sketch, whatever the records come in."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import sketchlearn as sl
from sketchlearn.errors import (
    ColumnError,
    EmptySourceError,
    LabelError,
    MissingValuesError,
    OptionError,
)
from sketchlearn.sketches import Sketch

RECORDS = np.random.default_rng(0).standard_normal((1000, 2))
LABELS = np.arange(1000) % 3
PLAN = sl.plan(RECORDS, size=16)
EXPECTED = Sketch(PLAN).update(RECORDS)


def table_of(records):
    return pa.table({"x0": records[:, 0], "x1": records[:, 1]})


def parquet_of(folder, records):
    path = folder / "records.parquet"
    pa.parquet.write_table(table_of(records), path, row_group_size=300)
    return path


def test_an_array_gives_the_sketch_of_its_records():
    assert sl.sketch(RECORDS, PLAN) == EXPECTED


def test_a_file_gives_the_sketch_of_its_records(tmp_path):
    assert sl.sketch(parquet_of(tmp_path, RECORDS), PLAN) == EXPECTED


def test_a_table_gives_the_sketch_of_its_records():
    assert sl.sketch(table_of(RECORDS), PLAN) == EXPECTED


@pytest.mark.parametrize("parts", [1, 3, 1000])
def test_batches_give_the_sketch_of_their_records(parts):
    assert sl.sketch(np.array_split(RECORDS, parts), PLAN) == EXPECTED
    assert sl.sketch(iter(np.array_split(RECORDS, parts)), PLAN) == EXPECTED


def test_partial_sketches_merge_to_the_sketch_of_all():
    assert sum(sl.sketch(part, PLAN) for part in np.array_split(RECORDS, 7)) == EXPECTED


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_no_number_of_threads_changes_a_bit(threads):
    assert sl.sketch(np.array_split(RECORDS, 13), PLAN, threads=threads) == EXPECTED


def test_threads_are_at_least_one():
    with pytest.raises(OptionError, match="threads=0"):
        sl.sketch(RECORDS, PLAN, threads=0)


def test_labels_make_rows_in_every_form(tmp_path):
    plan = sl.plan((RECORDS, LABELS), size=16, label="kind")
    whole = sl.sketch((RECORDS, LABELS), plan)
    assert whole.counts.tolist() == [334, 333, 333]
    pairs = zip(np.array_split(RECORDS, 5), np.array_split(LABELS, 5), strict=True)
    assert sl.sketch(pairs, plan) == whole
    path = tmp_path / "records.parquet"
    pa.parquet.write_table(table_of(RECORDS).append_column("kind", pa.array(LABELS)), path)
    assert sl.sketch(path, plan) == whole
    for number in range(3):
        mine = number == LABELS
        alone = sl.sketch((RECORDS[mine], LABELS[mine]), plan)
        assert np.array_equal(alone.sums[number], whole.sums[number])


# --- without a plan ---------------------------------------------------------------------


def test_without_a_plan_one_is_made_with_the_options():
    made = sl.sketch(RECORDS, size=16)
    assert made.plan == PLAN
    assert made == EXPECTED


@pytest.mark.parametrize("pilot", [2, 250, 5000])
def test_an_iterator_is_planned_with_and_every_record_sketched(pilot):
    made = sl.sketch(iter(np.array_split(RECORDS, 10)), size=16, pilot=pilot)
    assert made.count == 1000
    assert made == sl.sketch(RECORDS, made.plan)
    head = RECORDS[: min(pilot, 1000)]
    assert made.plan.schema.center == pytest.approx(head.mean(axis=0))


def test_missing_values_are_dropped_from_pilot_and_pass():
    records = RECORDS.copy()
    records[::10, 0] = np.nan
    made = sl.sketch(records, size=16, missing="drop")
    assert (made.count, made.dropped) == (900, 100)
    with pytest.raises(MissingValuesError):
        sl.sketch(records, size=16)
    with pytest.raises(MissingValuesError):
        sl.sketch(records, PLAN)


@pytest.mark.parametrize("options", [{"size": 32}, {"seed": 1, "law": "student"}])
def test_options_cannot_change_a_plan(options):
    with pytest.raises(OptionError, match=", ".join(options)):
        sl.sketch(RECORDS, PLAN, **options)


@pytest.mark.parametrize("plan", [None, PLAN])
def test_what_to_do_with_missing_values_is_one_of_two(plan):
    with pytest.raises(OptionError, match="missing"):
        sl.sketch(RECORDS, plan, missing="ignore")


# --- progress ---------------------------------------------------------------------------


def test_progress_counts_the_records_read():
    seen = []
    sl.sketch(np.array_split(RECORDS, 4), PLAN, on_batch=lambda *now: seen.append(now))
    assert seen == [(250, None), (500, None), (750, None), (1000, None)]


@pytest.mark.parametrize("make", [lambda _: RECORDS, lambda folder: parquet_of(folder, RECORDS)])
def test_progress_knows_the_total_where_the_source_does(tmp_path, make):
    seen = []
    sl.sketch(make(tmp_path), PLAN, on_batch=lambda *now: seen.append(now))
    assert seen[-1] == (1000, 1000)
    assert {total for _, total in seen} == {1000}


def test_dropped_records_count_as_read():
    records = RECORDS.copy()
    records[:7] = np.nan
    seen = []
    sl.sketch(records, PLAN, missing="drop", on_batch=lambda *now: seen.append(now))
    assert seen[-1] == (1000, 1000)


# --- nothing, and what is not records ---------------------------------------------------


@pytest.mark.parametrize("plan", [None, PLAN])
@pytest.mark.parametrize("make", [lambda: RECORDS[:0], list, lambda: iter([RECORDS[:0]])])
def test_a_source_without_records_is_refused(plan, make):
    with pytest.raises(EmptySourceError, match="no record"):
        sl.sketch(make(), plan)


def test_records_of_other_columns_are_refused():
    with pytest.raises(ColumnError, match="x1"):
        sl.sketch(RECORDS[:, :1], PLAN)


def test_labels_are_needed_where_the_plan_has_them():
    plan = sl.plan((RECORDS, LABELS), size=16, label="kind")
    with pytest.raises((LabelError, ColumnError), match="kind"):
        sl.sketch(RECORDS, plan)
