"""The verbs of learners: from a sketch to a folder, and what each says of it."""

import numpy as np
import pytest

import sketchlearn as sl


@pytest.fixture
def numbers(run, tmp_path):
    """The sketch of two columns with every kind of features."""
    rng = np.random.default_rng(0)
    records = np.array([[0.0, 0], [9, 9]])[rng.integers(0, 2, 2_000)] + rng.laplace(size=(2_000, 2))
    np.save(tmp_path / "numbers.npy", records)
    path = tmp_path / "numbers.sketch"
    words = "--features", "fourier", "quadratic", "contrasts", "--size", 80, "--out", path
    code, out, error = run("sketch", tmp_path / "numbers.npy", *words)
    assert (code, error.count("Error")) == (0, 0)
    assert "axes of the pilot" in out
    return path


@pytest.mark.parametrize(
    ("verb", "option", "learner"),
    [
        ("kmeans", ("--clusters", 2), sl.KMeans(2)),
        ("gaussian-mixture", ("--components", 2), sl.GaussianMixture(2)),
        ("stable-mixture", ("--components", 2), sl.StableMixture(2)),
        ("pca", ("--components", 1), sl.PCA(1)),
        ("ica", (), sl.ICA()),
    ],
)
def test_a_verb_learns_what_python_does(run, numbers, tmp_path, verb, option, learner):
    code, out, _ = run(verb, numbers, *option, "--out", tmp_path / "model")
    assert code == 0
    fit = learner.fit(sl.load(numbers))
    assert str(fit.status) in out
    mine, theirs = sl.load(tmp_path / "model").tensors(), fit.model.tensors()
    assert all(np.array_equal(mine[name], theirs[name]) for name in theirs)
    code, out, _ = run("info", tmp_path / "model")
    assert (code, "x0 | x1 |" in out) == (0, True)


def test_a_mixture_is_sampled_and_a_subspace_is_not(run, numbers, tmp_path):
    model, rows = tmp_path / "model", tmp_path / "rows.csv"
    run("gaussian-mixture", numbers, "--components", 2, "--out", model)
    assert run("sample", model, "--count", 7, "--out", rows)[0] == 0
    assert len(rows.read_text().splitlines()) == 8
    code, _, error = run("sample", model, "--count", 7, "--label", "a", "--out", rows)
    assert (code, "Leave out --label" in error) == (1, True)
    run("pca", numbers, "--components", 1, "--out", tmp_path / "flat")
    code, _, error = run("sample", tmp_path / "flat", "--count", 7, "--out", rows)
    assert (code, "holds a Subspace" in error) == (1, True)


def test_what_is_no_sketch_is_refused(run, numbers, tmp_path):
    run("pca", numbers, "--components", 1, "--out", tmp_path / "flat")
    code, _, error = run("kmeans", tmp_path / "flat", "--clusters", 2, "--out", tmp_path / "m")
    assert (code, "is no sketch" in error) == (1, True)
    code, _, error = run("kmeans", numbers, "--clusters", 2.5, "--out", tmp_path / "m")
    assert (code, "must be a whole number" in error) == (2, True)
    code, _, error = run("kmeans", numbers, "--clusters", 0, "--out", tmp_path / "m")
    assert (code, "at least 1" in error) == (1, True)


def test_a_sketch_is_asked_and_compared(run, numbers):
    code, out, error = run("ask", numbers, "--histogram", "x0", "--bins", 5)
    assert (code, out.count("±")) == (0, 5), error
    code, out, _ = run("ask", numbers, "--within", "x0=..4.5", "x1=-100..100")
    assert code == 0
    assert int(out.split(" of ")[0].replace(",", "")) == pytest.approx(1_000, abs=100)
    code, _, error = run("drift", numbers, numbers)
    assert (code, "are the same" in error) == (1, True)
    for words in (
        ("--within", "x0=4"),
        ("--within", "x0=4..", "x0=..5"),
        ("--within", "x0=a..b"),
        (),
        ("--histogram", "x9"),
    ):
        code, _, error = run("ask", numbers, *words)
        assert (code, "Error" in error) == (1, True)
