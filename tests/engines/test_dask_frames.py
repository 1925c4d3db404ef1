"""The pass over Dask DataFrames, on a cluster of two processes and without one."""

import time

import numpy as np
import pyarrow as pa
import pytest
from cluster_conformance import COLUMNS, PLAN, TABLE, ClusterConformance, split, with_missing

import sketchlearn as sl
from sketchlearn.errors import MissingValuesError

pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")


class Cluster:
    def frame(self, tables, on_worker=None):
        import dask.dataframe as dd

        def make(number):
            table = tables[number]
            table = on_worker(table) if on_worker else table
            return table.to_pandas()

        return dd.from_map(make, range(len(tables)), meta=tables[0][:0].to_pandas())


@pytest.fixture(scope="module")
def cluster():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as running, distributed.Client(running):
        yield Cluster()


class TestDaskFrames(ClusterConformance):
    def test_the_tree_of_merges_ends_with_few_roots(self, cluster):
        seen = []
        sl.sketch(cluster.frame(split(TABLE, 20)), PLAN, on_batch=lambda *now: seen.append(now))
        assert [count for count, _ in seen][-1] == 300
        assert len(seen) == 3  # 20 partitions, 8 merged at a time

    @pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
    def test_no_cluster_is_needed(self, cluster, scheduler):
        import dask

        with dask.config.set(scheduler=scheduler):
            frame = cluster.frame(split(TABLE, 20))
            assert sl.sketch(frame, PLAN) == sl.sketch(TABLE, PLAN)
            assert sl.sketch(frame, size=16, columns=COLUMNS).count == 300

    def test_an_index_is_read_when_it_is_named(self, cluster):
        frame = cluster.frame(split(TABLE, 3)).set_index("x1", sorted=False)
        assert sl.plan(frame, size=16, label="kind").schema.columns == ("x0",)
        assert sl.sketch(frame, PLAN) == sl.sketch(TABLE, PLAN)

    def test_numbers_may_name_the_columns(self, cluster):
        frame = cluster.frame(split(TABLE, 3))
        frame.columns = [0, 1, 2]
        made = sl.sketch(frame, size=16, label="2")
        assert made.plan.schema.columns == ("0", "1")
        assert np.array_equal(made.counts, [100, 100, 100])

    def test_a_pilot_finds_the_records_among_empty_partitions(self, cluster):
        parts = [TABLE[:0]] * 39
        for at in (0, 20, 39):
            frame = cluster.frame([*parts[:at], TABLE, *parts[at:]])
            assert sl.plan(frame, size=16, label="kind").schema.label.classes == (
                "blue",
                "green",
                "red",
            )

    def test_a_pilot_is_drawn_from_all_over_the_frame(self, cluster):
        ordered = TABLE.sort_by("kind")
        plan = sl.plan(cluster.frame(split(ordered, 6)), label="kind", pilot=60)
        assert len(plan.schema.label.classes) == 3

    def test_a_refusal_stops_the_partitions_behind_it(self, cluster, tmp_path):
        def slow(table):
            if len(table):
                (tmp_path / str(table["number"][0])).touch()
                time.sleep(0.05)
            return table

        parts = [
            with_missing(part).append_column("number", pa.array([number] * len(part)))
            for number, part in enumerate(split(TABLE, 100))
        ]
        with pytest.raises(MissingValuesError):
            sl.sketch(cluster.frame(parts, slow), PLAN)
        time.sleep(0.5)
        assert len(list(tmp_path.iterdir())) < 50
