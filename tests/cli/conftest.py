"""A small table with a label, and the command line called in this process."""

import numpy as np
import pytest

from sketchlearn.cli import main


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """CSV file of 300 records of two columns and a label."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("data") / "table.csv"
    lines = ["size,weight,kind"]
    for number in range(300):
        kind = "cat" if number % 3 else "dog"
        size, weight = rng.normal([4.0, 30.0] if kind == "cat" else [0.0, 10.0])
        lines.append(f"{size:.4f},{weight:.4f},{kind}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(autouse=True)
def small_evaluations(monkeypatch):
    """Evaluate with 256 records per half instead of 4096: fits of a few steps take less time."""
    monkeypatch.setattr("sketchlearn.learners.training.EVALUATION_RECORDS", 256)


@pytest.fixture
def run(capsys):
    """Call the command line; return (exit code, standard output, standard error)."""

    def call(*words):
        capsys.readouterr()
        try:
            main([str(word) for word in words])
            code = 0
        except SystemExit as end:
            code = end.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def sketched(run, table, tmp_path):
    """The sketch of the table, a file in tmp_path."""
    path = tmp_path / "table.sketch"
    code, _, error = run("sketch", table, "--label", "kind", "--size", 40, "--out", path)
    assert (code, error.count("Error")) == (0, 0)
    return path
