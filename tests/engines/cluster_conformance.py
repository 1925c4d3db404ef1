"""What the pass on every cluster must do; one subclass per engine, with a fixture `cluster`.

`cluster.frame(tables, on_worker)` gives a frame with one partition per Arrow table; the function
`on_worker` is applied to each table where the partition is made.
"""

import itertools
import os
import signal

import numpy as np
import pyarrow as pa
import pytest

import sketchlearn as sl
from sketchlearn.errors import (
    ColumnError,
    EmptySourceError,
    EngineError,
    LabelError,
    MissingValuesError,
    OptionError,
    PlanMismatchError,
    UnsupportedSourceError,
)

RECORDS = np.random.default_rng(0).standard_normal((300, 2))
LABELS = np.array(["blue", "red", "green"])[np.arange(300) % 3]
TABLE = pa.table({"x0": RECORDS[:, 0], "x1": RECORDS[:, 1], "kind": LABELS})
COLUMNS = ["x0", "x1"]
PLAN = sl.plan(TABLE, size=16, columns=COLUMNS)
LABELLED = sl.plan(TABLE, size=16, label="kind")
MIXED = pa.table({"x0": RECORDS[:, 0], "kind": LABELS, "sold": RECORDS[:, 1] > 0})
MIXED_PLAN = sl.plan(MIXED, size=80)


def split(table, parts):
    edges = np.linspace(0, len(table), parts + 1).astype(int)
    return [table.slice(a, b - a) for a, b in itertools.pairwise(edges)]


def with_missing(table):
    """Return the table with a NaN in its first record and a null in its last."""
    values = table["x0"].to_pylist()
    values[0], values[-1] = float("nan"), None
    return table.set_column(0, "x0", pa.array(values, pa.float64()))


def assert_same(made, expected):
    assert made == expected
    assert np.array_equal(made.side.lower, expected.side.lower)
    assert np.array_equal(made.side.upper, expected.side.upper)


class ClusterConformance:
    @pytest.mark.parametrize("parts", [1, 3, 20])
    def test_the_sketch_is_the_local_one_to_the_last_bit(self, cluster, parts):
        made = sl.sketch(cluster.frame(split(TABLE, parts)), PLAN)
        assert_same(made, sl.sketch(TABLE, PLAN))

    def test_labels_make_rows(self, cluster):
        made = sl.sketch(cluster.frame(split(TABLE, 4)), LABELLED)
        assert made.counts.tolist() == [100, 100, 100]
        assert_same(made, sl.sketch(TABLE, LABELLED))

    def test_columns_may_come_in_any_order_among_others(self, cluster):
        shuffled = TABLE.select(["kind", "x1", "x0"]).rename_columns(["a.kind", "x1", "x0"])
        made = sl.sketch(cluster.frame(split(shuffled, 2)), PLAN)
        assert_same(made, sl.sketch(TABLE, PLAN))

    def test_pixels_keep_the_shape_of_their_image(self, cluster):
        options = {"size": 16, "columns": COLUMNS, "image": (1, 2)}
        plan = sl.plan(cluster.frame(split(TABLE, 2)), **options)
        assert plan.schema.image == (1, 2)
        assert_same(sl.sketch(cluster.frame(split(TABLE, 2)), plan), sl.sketch(TABLE, plan))

    def test_missing_values_are_dropped_and_counted(self, cluster):
        table = with_missing(TABLE)
        made = sl.sketch(cluster.frame(split(table, 4)), LABELLED, missing="drop")
        assert (made.count, made.dropped) == (298, 2)
        assert_same(made, sl.sketch(table, LABELLED, missing="drop"))

    def test_missing_values_are_refused_with_the_library_s_own_error(self, cluster):
        frame = cluster.frame(split(with_missing(TABLE), 4))
        with pytest.raises(MissingValuesError, match=r"missing='drop'") as caught:
            sl.sketch(frame, PLAN)
        assert "Traceback" not in str(caught.value)

    def test_an_unknown_label_is_refused_with_the_library_s_own_error(self, cluster):
        some = sl.plan(TABLE.filter(pa.array(LABELS != "red")), size=16, label="kind")
        with pytest.raises(LabelError, match="'red'"):
            sl.sketch(cluster.frame(split(TABLE, 4)), some)

    @pytest.mark.parametrize(
        "use", [lambda f: sl.sketch(f, PLAN), lambda f: sl.plan(f, columns=COLUMNS)]
    )
    def test_an_absent_column_is_refused_with_what_there_is(self, cluster, use):
        frame = cluster.frame(split(TABLE.select(["x0", "kind"]), 2))
        with pytest.raises(ColumnError, match=r"no column 'x1'; it has: x0, kind"):
            use(frame)

    def test_a_column_without_numbers_is_refused(self, cluster):
        texts = TABLE.select(["x0", "kind"]).rename_columns(COLUMNS)
        with pytest.raises(ColumnError, match="'x1' holds"):
            sl.sketch(cluster.frame(split(texts, 2)), PLAN)

    def test_tables_of_mixed_columns_are_sketched_to_the_same_bits(self, cluster):
        made = sl.sketch(cluster.frame(split(MIXED, 3)), MIXED_PLAN)
        assert_same(made, sl.sketch(MIXED, MIXED_PLAN))

    def test_a_plan_of_mixed_columns_is_made_from_the_frame(self, cluster):
        plan = sl.plan(cluster.frame(split(MIXED, 3)), size=16)
        kinds = {column.name: column.kind for column in plan.schema.fields}
        assert kinds == {"x0": "continuous", "kind": "category", "sold": "boolean"}

    def test_empty_partitions_count_for_nothing(self, cluster):
        parts = [TABLE[:0], *split(TABLE, 2), TABLE[:0]]
        assert_same(sl.sketch(cluster.frame(parts), LABELLED), sl.sketch(TABLE, LABELLED))
        assert sl.plan(cluster.frame(parts), size=16, label="kind").schema.columns == ("x0", "x1")

    @pytest.mark.parametrize(
        "use", [lambda f: sl.sketch(f, PLAN), lambda f: sl.sketch(f, columns=COLUMNS)]
    )
    def test_a_frame_without_records_is_refused(self, cluster, use):
        with pytest.raises(EmptySourceError):
            use(cluster.frame([TABLE[:0], TABLE[:0]]))

    def test_progress_counts_the_records_read(self, cluster):
        seen = []
        frame = cluster.frame(split(with_missing(TABLE), 5))
        sl.sketch(frame, PLAN, missing="drop", on_batch=lambda *now: seen.append(now))
        read = [count for count, _ in seen]
        assert read == sorted(set(read))
        assert seen[-1] == (300, None)

    def test_an_error_of_the_caller_s_own_passes_as_it_is(self, cluster):
        class EnoughError(Exception): ...

        def stop(*_):
            raise EnoughError

        with pytest.raises(EnoughError):
            sl.sketch(cluster.frame(split(TABLE, 3)), PLAN, on_batch=stop)

    # --- workers that fail ------------------------------------------------------------------

    def test_a_worker_that_dies_counts_nothing_twice(self, cluster, tmp_path):
        marker = str(tmp_path / "died")
        last = RECORDS[250, 0]

        def die_once(table):
            if len(table) and table["x0"][0].as_py() == last:
                try:
                    os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    return table
                os.kill(os.getpid(), signal.SIGKILL)
            return table

        made = sl.sketch(cluster.frame(split(TABLE, 6), die_once), PLAN)
        assert os.path.exists(marker)
        assert_same(made, sl.sketch(TABLE, PLAN))

    def test_a_failure_that_is_not_ours_says_what_to_do(self, cluster):
        def fail(table):
            if len(table):
                raise RuntimeError("the disk is on fire")
            return table

        with pytest.raises(EngineError, match="RuntimeError: the disk is on fire") as caught:
            sl.sketch(cluster.frame(split(TABLE, 2), fail), PLAN)
        assert "\n" not in str(caught.value)

    def test_a_worker_that_draws_other_frequencies_is_refused(self, cluster):
        plan = sl.plan(TABLE, size=16, columns=COLUMNS)
        vars(plan)["frequencies"] = plan.frequencies * 2
        with pytest.raises(PlanMismatchError, match="same versions"):
            sl.sketch(cluster.frame(split(TABLE, 2)), plan)

    # --- plans ------------------------------------------------------------------------------

    def test_without_a_plan_one_is_made_from_the_frame(self, cluster):
        made = sl.sketch(cluster.frame(split(TABLE, 3)), size=16, label="kind", seed=3)
        assert made.plan.schema.center == pytest.approx(LABELLED.schema.center)
        assert (made.plan.seed, made.plan.schema.label) == (3, LABELLED.schema.label)
        assert_same(made, sl.sketch(TABLE, made.plan))

    def test_a_plan_drops_what_the_pass_drops(self, cluster):
        frame = cluster.frame(split(with_missing(TABLE), 3))
        with pytest.raises(MissingValuesError):
            sl.sketch(frame, size=16, label="kind", encoding="vector")
        made = sl.sketch(frame, size=16, label="kind", missing="drop")
        assert (made.count, made.dropped) == (298, 2)

    def test_a_pilot_reads_no_more_than_it_is_told(self, cluster):
        plan = sl.plan(cluster.frame(split(TABLE, 4)), columns=["x1"], pilot=40)
        assert plan.schema.columns == ("x1",)
        assert "40 pilot records" in plan.explain()

    # --- what does not apply ----------------------------------------------------------------

    @pytest.mark.parametrize("option", [{"threads": 2}, {"checkpoint": "pass.state"}])
    def test_the_scheduler_owns_cores_and_retries(self, cluster, option):
        with pytest.raises(OptionError, match=f"{next(iter(option))} .* scheduler"):
            sl.sketch(cluster.frame(split(TABLE, 2)), PLAN, **option)

    def test_options_are_those_of_the_local_pass(self, cluster):
        frame = cluster.frame(split(TABLE, 2))
        for wrong in ({"size": 32}, {"missing": "ignore"}):
            with pytest.raises(OptionError, match=next(iter(wrong))):
                sl.sketch(frame, PLAN, **wrong)
        with pytest.raises(OptionError, match="no plan"):
            sl.sketch(frame, "plan")

    def test_a_frame_among_others_is_refused(self, cluster):
        frame = cluster.frame(split(TABLE, 2))
        for several in ([frame, RECORDS], (frame, LABELS), [frame, frame]):
            with pytest.raises(UnsupportedSourceError, match="add the sketches"):
                sl.sketch(several, PLAN)
