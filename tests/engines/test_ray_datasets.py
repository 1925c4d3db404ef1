"""The pass over Ray Datasets, on two cores."""

import time

import pyarrow as pa
import pytest
from cluster_conformance import PLAN, TABLE, ClusterConformance, split, with_missing

import sketchlearn as sl
from sketchlearn.errors import MissingValuesError

pytest.importorskip("ray.data")

pytestmark = [
    # Ray 2.60 sets deprecated options of its own when it makes its context.
    pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning:ray.data.context"),
]


class Cluster:
    def frame(self, tables, on_worker=None):
        import ray

        made = ray.data.from_arrow(tables)
        if on_worker is None:
            return made
        return made.map_batches(on_worker, batch_size=None, batch_format="pyarrow")


@pytest.fixture(scope="module")
def cluster():
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield Cluster()
    ray.shutdown()


class TestRayDatasets(ClusterConformance):
    def test_partial_sketches_arrive_block_by_block(self, cluster):
        seen = []
        sl.sketch(cluster.frame(split(TABLE, 5)), PLAN, on_batch=lambda *now: seen.append(now))
        assert [count for count, _ in seen] == [60, 120, 180, 240, 300]

    def test_a_refusal_stops_the_blocks_behind_it(self, cluster, tmp_path):
        def slow(table):
            (tmp_path / str(table["number"][0])).touch()
            time.sleep(0.1)
            return table

        parts = [
            with_missing(part).append_column("number", pa.array([number] * len(part)))
            for number, part in enumerate(split(TABLE, 100))
        ]
        with pytest.raises(MissingValuesError):
            sl.sketch(cluster.frame(parts, slow), PLAN)
        time.sleep(0.5)
        assert len(list(tmp_path.iterdir())) < 50
