"""The examples run."""

import gzip
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
# by path: the folder of this test is called examples too
_SPEC = importlib.util.spec_from_file_location("_planar", ROOT / "examples" / "planar_sets.py")
_PLANAR = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_PLANAR)
SETS = _PLANAR.SETS


@pytest.mark.parametrize("name", SETS)
def test_a_planar_set_is_reproducible_and_lies_near_the_unit_ball(name):
    def draw(seed):
        return SETS[name](3000, np.random.default_rng(seed))

    assert draw(0).shape == (3000, 2)
    assert (draw(0) == draw(0)).all()
    assert (draw(0) != draw(1)).any()
    radius = np.linalg.norm(draw(0), axis=1)
    assert radius.max() < 1.5
    assert radius.max() > 0.5
    assert (draw(0).std(axis=0) > 0.1).all()


def test_there_are_the_five_sets_the_documentation_names():
    assert set(SETS) == {"mixture", "spiral", "circles", "ring", "checkerboard"}


def drawn_by(folder, module, *options):
    """Run an example for a step; require a picture, and return what it said."""
    out = folder / "drawn.png"
    done = subprocess.run(
        [sys.executable, "-m", module, *options, "--steps", "1", "--out", str(out)],
        cwd=ROOT, env={**os.environ, "MPLCONFIGDIR": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert out.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    return done.stdout


def test_the_paper_figure_is_drawn(tmp_path):
    said = drawn_by(tmp_path, "examples.paper_figure", "--records", "500")
    assert all(f"{name}: " in said for name in SETS)


def test_images_in_idx_files_are_sketched_learnt_and_drawn(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 20, 20)).astype(np.uint8)
    for name, array in (("images-idx3", images), ("labels-idx1", np.arange(40) % 2)):
        head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        packed = gzip.compress(head + array.astype(np.uint8).tobytes())
        (tmp_path / f"train-{name}-ubyte.gz").write_bytes(packed)
    assert "a sketch of" in drawn_by(tmp_path, "examples.mnist", str(tmp_path))
