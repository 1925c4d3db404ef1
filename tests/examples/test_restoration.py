"""The examples of restoration run, with a tiny budget."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("denoising", "its posterior mean: "),
        ("blind_deblurring", "deblurred: "),
        ("compressed_sensing", "generator, τ = 0 "),
    ],
)
def test_a_picture_is_drawn(module, says, tmp_path):
    out, kept = tmp_path / "drawn.png", tmp_path / "kept"
    kept.mkdir()
    command = [sys.executable, "-m", f"examples.{module}", "--steps", "2", "--images", "12"]
    done = subprocess.run(
        [*command, "--out", str(out), "--keep", str(kept)],
        cwd=ROOT, env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert out.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (kept / "images").is_dir()
