"""The verb that makes a sketch private, and what `info` says before and after."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sketchlearn as sl

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"


@pytest.fixture
def exact(run, tmp_path):
    """A sketch file of a declared plan."""
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(5_000, 2)))
    words = ["--origin", "declared", "--bounds", -5, 5, "--size", 60]
    code, _, error = run("sketch", tmp_path / "rows.npy", *words, "--out", tmp_path / "exact")
    assert code == 0, error
    return tmp_path / "exact"


def test_a_sketch_is_released_learnt_from_and_says_so(run, exact, tmp_path):
    assert "NOT PRIVATE" in run("info", exact)[1]
    cost = ["--epsilon", 1, "--delta", "1e-6"]
    code, out, _ = run("release", exact, *cost, "--out", tmp_path / "private")
    assert code == 0
    assert "1 at 1e-06" in out
    assert "spent: ε = 1" in run("info", exact)[1]
    page = run("info", tmp_path / "private")[1]
    assert "NOT PRIVATE" not in page
    assert "zero-concentrated" in page
    code, _, error = run(
        "kmeans", tmp_path / "private", "--clusters", 2, "--out", tmp_path / "model"
    )
    assert code == 0, error
    assert "zero-concentrated" in run("info", tmp_path / "model")[1]
    assert "Assumed public" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert sl.load(tmp_path / "model").ledger == sl.load(tmp_path / "private").ledger


def test_the_path_on_the_page_on_privacy_can_be_gone(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text(encoding="utf-8")
    schema, commands = (page.split(f"```{kind}\n")[1].split("```")[0] for kind in ("toml", "sh"))
    Path("people.toml").write_text(schema, encoding="utf-8")
    rows = ["20,1000.5,Nice,no", "31,1200.0,Paris,yes", "47,33000,Lyon,no"] * 700
    Path("people.csv").write_text("\n".join(["age,pay,town,left", *rows]), encoding="utf-8")
    for line in commands.splitlines():
        short = ["--steps", 20] if " fit " in line else []
        code, _, error = run(*line.split()[1:], *short)
        assert code == 0, error
    assert Path("more.csv").read_text(encoding="utf-8").count("\n") == 1_001


def test_a_second_release_is_refused_and_writes_nothing(run, exact, tmp_path):
    cost = ["--epsilon", 1, "--delta", "1e-6"]
    run("release", exact, *cost, "--out", tmp_path / "private")
    code, _, error = run("release", exact, *cost, "--out", tmp_path / "again")
    assert code == 1
    assert "above the budget" in error
    assert not (tmp_path / "again").exists()


def test_the_exact_sketch_is_never_written_over(run, exact):
    code, _, error = run("release", exact, "--epsilon", 1, "--delta", "1e-6", "--out", exact)
    assert code == 1
    assert "exact sketch" in error
    assert "NOT PRIVATE" in run("info", exact)[1]


def test_shares_of_parties_are_merged(run, exact, tmp_path):
    cost = ["--epsilon", 1, "--delta", "1e-6", "--parties", 2]
    shares = []
    for name in "ab":
        (tmp_path / name).write_bytes(exact.read_bytes())
        shares.append(tmp_path / f"{name}.share")
        assert run("release", tmp_path / name, *cost, "--out", shares[-1])[0] == 0
    code, _, error = run("merge", *shares, "--shares", "--out", tmp_path / "all")
    assert code == 0, error
    assert sl.load(tmp_path / "all").ledger.epsilon(1e-6) == pytest.approx(1)
    assert run("merge", *shares, "--disjoint", "--out", tmp_path / "apart")[0] == 0
    assert sl.load(tmp_path / "apart").ledger.epsilon(1e-6) > 1.3


def test_a_release_replaces_no_file(run, exact, tmp_path):
    (tmp_path / "other").write_bytes(exact.read_bytes())
    code, _, error = run(
        "release", exact, "--epsilon", 1, "--delta", "1e-6", "--out", tmp_path / "other"
    )
    assert code == 1
    assert "is there already" in error
    assert not sl.load(exact).ledger


def test_a_new_pass_does_not_write_over_a_ledger(run, exact, tmp_path):
    run("release", exact, "--epsilon", 1, "--delta", "1e-6", "--out", tmp_path / "private")
    words = ["--origin", "declared", "--bounds", -5, 5, "--size", 60]
    code, _, error = run("sketch", tmp_path / "rows.npy", *words, "--out", exact)
    assert code == 1
    assert "releases were made" in error
    assert sl.load(exact).ledger


def test_releases_at_once_spend_the_budget_once(exact, tmp_path):
    command = [sys.executable, "-m", "sketchlearn", "release", exact, "--epsilon", "1"]
    made = [tmp_path / name for name in "abc"]
    runs = [
        subprocess.Popen([*command, "--delta", "1e-6", "--out", out], stderr=subprocess.DEVNULL)
        for out in made
    ]
    codes = [run.wait() for run in runs]
    assert sorted(codes) == [0, 1, 1]
    assert sum(out.exists() for out in made) == 1


def test_who_cannot_read_an_exact_sketch_cannot_after_its_release(run, exact, tmp_path):
    exact.chmod(0o600)
    code, _, error = run(
        "release", exact, "--epsilon", 1, "--delta", "1e-6", "--out", tmp_path / "private"
    )
    assert code == 0, error
    assert exact.stat().st_mode & 0o777 == 0o600
