"""What `open_source` takes and refuses."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from sketchlearn.errors import OptionError, SourceError, UnsupportedSourceError
from sketchlearn.sources import open_source


def test_import_is_light() -> None:
    heavy = ("torch", "sklearn", "pandas", "polars", "pyarrow", "duckdb", "adbc_driver_manager")
    code = f"import sys, sketchlearn.sources; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_open_source_passes_through(values: np.ndarray) -> None:
    source = open_source(values, label="x0")
    assert open_source(source) is source
    assert open_source(source, label="x0", columns=["x1", "x2"]) is source
    with pytest.raises(OptionError, match="already open"):
        open_source(source, label="x1")


@pytest.mark.parametrize("given", [None, 3, 2.5, {"a": [1]}, b"abc", {1, 2}, object()])
def test_kinds_that_cannot_be_read(given: Any) -> None:
    with pytest.raises(UnsupportedSourceError, match="cannot be read; expected a numpy array"):
        open_source(given)


def test_text_that_is_no_path() -> None:
    with pytest.raises(SourceError, match="no file or folder 'hello'"):
        open_source("hello")


def test_lists_of_numbers() -> None:
    with pytest.raises(UnsupportedSourceError, match="asarray"):
        open_source([[1.0, 2.0], [3.0, 4.0]])


def test_sparse_matrices() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(UnsupportedSourceError, match="toarray"):
        open_source(sparse.csr_matrix((3, 3)))


@pytest.mark.parametrize(
    "options",
    [{"columns": "x0"}, {"columns": [0]}, {"label": 0}, {"image": (0, 3)}, {"image": 3}],
)
def test_options_of_the_wrong_type(values: np.ndarray, options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        open_source(values, **options)
