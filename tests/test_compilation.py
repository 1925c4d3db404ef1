"""Compiling with and without a place to keep the machine code."""

import logging
import os
import subprocess
import sys

import numba

from sketchlearn import compilation
from sketchlearn.compilation import compiled


def test_a_compiled_function_computes():
    @compiled
    def twice(x):
        return 2 * x

    assert twice(21) == 42


def test_without_a_place_for_machine_code_it_is_logged_and_compiled_anew(monkeypatch, caplog):
    plain = numba.njit

    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function 'twice': no locator available")
        return plain(**options)

    monkeypatch.setattr(compilation, "njit", njit)

    def twice(x):
        return 2 * x

    with caplog.at_level(logging.INFO):
        assert compiled(twice)(21) == 42
    assert "NUMBA_CACHE_DIR" in caplog.text
    assert "no locator" in caplog.text


def test_a_cache_folder_that_cannot_be_made_does_not_matter(tmp_path):
    (tmp_path / "file").write_text("in the way")
    setting = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache")}
    code = "import numpy as np, sketchlearn as sl; sl.sketch(np.eye(3)[[0, 1, 2]], size=4)"
    subprocess.run([sys.executable, "-c", code], env=setting, check=True)
