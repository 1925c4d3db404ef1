"""The pass over Spark DataFrames, in local mode with two cores."""

import os
import shutil
import signal
import sys

import pytest
from cluster_conformance import PLAN, TABLE, ClusterConformance, split

import sketchlearn as sl
from sketchlearn.engines.spark_frames import MERGERS

sql = pytest.importorskip("pyspark.sql")

pytestmark = [
    # Spark 4.3 says so of pandas 3, whose frames it is never given here.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark runs on Java"),
]


class Cluster:
    def __init__(self, session):
        self.session = session

    def frame(self, tables, on_worker=None):
        from pyspark.sql.pandas.types import from_arrow_schema

        def make(batches):
            for batch in batches:
                for number in batch["id"].to_pylist():
                    table = tables[number]
                    yield from (on_worker(table) if on_worker else table).to_batches()

        numbers = self.session.range(0, len(tables), numPartitions=len(tables))
        return numbers.mapInArrow(make, from_arrow_schema(tables[0].schema))


@pytest.fixture(scope="module")
def cluster():
    os.environ["PYSPARK_PYTHON"] = sys.executable
    before = signal.getsignal(signal.SIGINT)  # Spark puts its own there and leaves it
    builder = sql.SparkSession.builder.master("local[2,2]")  # a task may fail once
    session = builder.config("spark.ui.enabled", "false").getOrCreate()
    yield Cluster(session)
    session.stop()
    signal.signal(signal.SIGINT, before)


class TestSparkFrames(ClusterConformance):
    def test_names_may_hold_dots_and_quotes(self, cluster):
        table = TABLE.select(["x0", "x1"]).rename_columns(["a.b", "c`d"])
        frame = cluster.frame(split(table, 2))
        plan = sl.plan(frame, size=16)
        assert plan.schema.columns == ("a.b", "c`d")
        assert sl.sketch(frame, plan) == sl.sketch(table, plan)

    def test_few_sketches_reach_the_driver(self, cluster):
        seen = []
        sl.sketch(cluster.frame(split(TABLE, 30)), PLAN, on_batch=lambda *now: seen.append(now))
        assert len(seen) <= MERGERS
