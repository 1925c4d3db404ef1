"""The type of a source chooses the engine, and no cluster's library is imported to tell it."""

import subprocess
import sys

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.engines import choice
from sketchlearn.errors import MissingExtraError, UnsupportedSourceError

RECORDS = np.random.default_rng(0).standard_normal((50, 2))
FRAMES = {
    "dask": ("dask.dataframe.dask_expr._collection", "DataFrame"),
    "spark": ("pyspark.sql.connect.dataframe", "DataFrame"),
    "ray": ("ray.data.dataset", "MaterializedDataset"),
}


def pretender(module, name):
    """Return an object whose class says it comes from a cluster's library."""
    base = type("Dataset", (), {"__module__": "ray.data.dataset"})
    parents = (base,) if name == "MaterializedDataset" else ()
    return type(name, parents, {"__module__": module})()


@pytest.mark.parametrize("library", ["dask", "pyspark", "ray"])
@pytest.mark.parametrize("use", [sl.plan, sl.sketch], ids=["plan", "sketch"])
def test_an_absent_library_is_named_with_its_extra(library, use, monkeypatch):
    engine = {"pyspark": "spark"}.get(library, library)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"needs {library}.*sketchlearn\[{engine}\]"):
        use(pretender(*FRAMES[engine]))


def test_spark_needs_pandas_to_hand_out_arrow(monkeypatch):
    pytest.importorskip("pyspark")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"needs pandas.*sketchlearn\[spark\]"):
        sl.sketch(pretender(*FRAMES["spark"]))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("dask.dataframe.dask_expr._collection", "Series"),
        ("pyspark.pandas.frame", "DataFrame"),
        ("pyspark.core.rdd", "RDD"),
        ("ray.data.grouped_data", "GroupedData"),
    ],
)
def test_what_is_no_table_of_a_cluster_says_what_is(module, name):
    for use in (sl.plan, sl.sketch):
        with pytest.raises(UnsupportedSourceError, match=f"A {name} of {module} .*to_frame"):
            use(pretender(module, name))


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_frames_and_other_records_do_not_mix(frame):
    other = pretender(*FRAMES["spark"])
    for several in ([pretender(*frame), other], [RECORDS, pretender(*frame)]):
        with pytest.raises(UnsupportedSourceError, match="one plan, then add the sketches"):
            sl.sketch(several)
        with pytest.raises(UnsupportedSourceError, match="one plan, then add the sketches"):
            sl.plan(several)


def test_names_that_only_look_alike_are_read_here():
    class DataFrame:
        __module__ = "raylike.data"

        def __iter__(self):
            return iter([RECORDS])

    assert sl.sketch(DataFrame(), size=8).count == 50


def test_what_is_read_here_takes_the_options_of_the_local_engine(monkeypatch):
    given = {}
    monkeypatch.setattr(choice.local, "sketch", lambda *args, **options: given.update(options))
    sl.sketch(RECORDS, threads=2, size=8)
    assert given == {"missing": "refuse", "on_batch": None, "threads": 2, "size": 8}
    given.clear()
    sl.sketch(RECORDS, checkpoint="pass.state")
    assert given == {"missing": "refuse", "on_batch": None, "checkpoint": "pass.state"}


def test_a_local_pass_imports_no_cluster():
    code = (
        "import sys, numpy as np, sketchlearn as sl\n"
        "sl.sketch(np.random.default_rng(0).normal(size=(50, 2)), size=8)\n"
        "print([m for m in ('dask', 'distributed', 'pyspark', 'ray') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
