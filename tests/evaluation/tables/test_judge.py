"""A model of tables is judged by what it draws, from sources of real rows."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sketchlearn as sl
from sketchlearn.encoding import TableRecords


def rows_of(count, seed):
    rng = np.random.default_rng(seed)
    kind = rng.choice(["a", "b"], count)
    return pa.table({"x": rng.standard_normal(count) + 3 * (kind == "b"), "kind": kind})


class Redrawn:
    """A perfect model: it draws from the law itself."""

    def __init__(self, label):
        self.schema = sl.plan(rows_of(500, 0), size=10, label=label, encoding="table").schema

    def sample(self, count, /, *, seed):
        rows = rows_of(count, 1000 + seed)
        if self.schema.label is None:
            return TableRecords(rows)
        return TableRecords(rows.drop_columns(["kind"]), "kind", np.array(rows["kind"].to_pylist()))


def test_a_perfect_model_reaches_the_floors(tmp_path):
    pq.write_table(rows_of(1500, 1), tmp_path / "holdout.parquet")
    found = sl.evaluate(Redrawn(None), tmp_path / "holdout.parquet", rows_of(1500, 2))
    assert found["two_way_tv"]["value"] < 1.5 * found["two_way_tv"]["floor"]
    assert found["two_sample_auc"]["value"] == pytest.approx(0.5, abs=0.06)
    assert {"exact_copies", "closest_record_ratio"} <= found.keys()


def test_without_the_fitted_rows_nothing_is_said_of_copies():
    found = sl.evaluate(Redrawn("kind"), rows_of(2000, 3))
    assert "exact_copies" not in found
    assert found["downstream_auc"]["value"] == pytest.approx(
        found["downstream_auc"]["floor"], abs=0.03
    )
