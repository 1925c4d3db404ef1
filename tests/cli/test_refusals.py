"""What cannot be done is told in a sentence, with an exit code and without a traceback."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sketchlearn as sl


@pytest.fixture
def refused(run):
    """Call the command line; return its exit code and message, which is no traceback."""

    def call(*words):
        code, out, error = run(*words)
        assert code != 0
        assert "Wrote" not in out
        assert "Traceback" not in error
        return code, " ".join(error.replace("│", " ").split())

    return call


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plan", "nope.csv", "--out", "p"), "no file or folder 'nope.csv'"),
        (("sketch", "nope.parquet", "--out", "s"), "no file or folder 'nope.parquet'"),
        (("merge", "nope", "nope", "--out", "s"), "nothing at nope"),
        (("forget", "nope", "nope", "--out", "s"), "nothing at nope"),
        (("fit", "nope", "--out", "m"), "nothing at nope"),
        (("sample", "nope", "--count", "3", "--out", "r.csv"), "nothing at nope"),
        (("evaluate", "nope", "nope.csv"), "nothing at nope"),
        (("info", "nope"), "nothing at nope"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_missing_file_is_named(refused, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    code, error = refused(*words)
    assert code == 1
    assert error.startswith("Error: ")
    assert message in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (("fit", "s", "--out", "m", "--stpes", "3"), "--steps"),
        (("sketch", "s", "--out", "m", "--lable", "x"), "--label"),
    ],
)
def test_a_misspelt_flag_is_bad_usage_and_the_nearest_one_named(refused, words, nearest):
    code, error = refused(*words)
    assert code == 2
    assert f"Did you mean {nearest}" in error


@pytest.mark.parametrize(
    "words",
    [
        ("nosuch",), ("fit",), ("fit", "s"), ("fit", "s", "--out", "m", "--steps", "many"),
        ("plan", "s", "--out", "p", "--law", "cauchy"), ("plan", "s", "--out", "p", "--config"),
    ],
)  # fmt: skip
def test_bad_usage_exits_2(refused, words):
    code, error = refused(*words)
    assert code == 2
    assert error


def test_options_of_a_plan_are_refused_beside_a_plan(refused, table, sketched, tmp_path):
    sl.load(sketched).plan.save(tmp_path / "p")
    words = ("sketch", table, "--plan", tmp_path / "p", "--out", tmp_path / "s")
    for option in (("--size", 30), ("--law", "student"), ("--columns", "size")):
        code, error = refused(*words, *option)
        assert code == 1
        assert "fixes how to sketch" in error
    assert not (tmp_path / "s").exists()


def test_missing_values_may_be_dropped_beside_a_plan(run, refused, tmp_path):
    np.save(tmp_path / "whole.npy", np.random.default_rng(0).normal(size=(50, 2)))
    np.save(tmp_path / "holes.npy", np.array([[1.0, 2.0], [np.nan, 1.0], [0.0, 0.5]]))
    run("plan", tmp_path / "whole.npy", "--size", 20, "--out", tmp_path / "p")
    words = ("sketch", tmp_path / "holes.npy", "--plan", tmp_path / "p", "--out", tmp_path / "s")
    code, error = refused(*words)
    assert (code, "--missing drop" in error) == (1, True)
    code, out, _ = run(*words, "--missing", "drop")
    assert (code, "Sketch of 2 records (1 dropped" in out) == (0, True)


def test_option_values_that_cannot_be_used_are_refused(refused, table, sketched, tmp_path):
    assert refused("fit", sketched, "--steps", 0, "--out", tmp_path / "m") == (
        1, "Error: steps=0 was given; it must be a whole number, at least 1.",
    )  # fmt: skip
    code, error = refused("plan", table, "--label", "knid", "--out", tmp_path / "p")
    assert (code, "Did you mean 'kind'" in error) == (1, True)


def test_a_single_sketch_cannot_be_merged(refused, sketched, tmp_path):
    code, error = refused("merge", sketched, "--out", tmp_path / "m")
    assert (code, "two or more" in error) == (1, True)


def test_more_than_was_added_cannot_be_forgotten(refused, run, sketched, tmp_path):
    run("merge", sketched, sketched, "--out", tmp_path / "two")
    code, error = refused("forget", sketched, tmp_path / "two", "--out", tmp_path / "rest")
    assert (code, "Only what was added" in error) == (1, True)
    assert not (tmp_path / "rest").exists()


def test_sketches_of_two_plans_cannot_be_merged(refused, run, table, sketched, tmp_path):
    run("sketch", table, "--label", "kind", "--size", 41, "--out", tmp_path / "other")
    code, error = refused("merge", sketched, tmp_path / "other", "--out", tmp_path / "m")
    assert (code, "differ in size" in error) == (1, True)


def test_each_verb_wants_its_own_kind_of_file(refused, run, sketched, tmp_path):
    plan, model = tmp_path / "p", tmp_path / "m"
    sl.load(sketched).plan.save(plan)
    assert run("fit", sketched, "--steps", 2, "--batch", 8, "--out", model)[0] == 0
    for words, message in (
        (("fit", plan, "--out", tmp_path / "x"), "is no sketch"),
        (("merge", sketched, plan, "--out", tmp_path / "x"), "is no sketch"),
        (
            ("sample", sketched, "--count", 3, "--out", tmp_path / "x.csv"),
            "of a generative network",
        ),
        (("sample", model, "--count", 3, "--out", tmp_path / "x.pdf"), ".parquet, .csv or .npy"),
        (("sample", model, "--count", -3, "--out", tmp_path / "x.csv"), "-3 records"),
        (("sample", model, "--count", 3, "--label", "cow", "--out", tmp_path / "x.csv"), "'cow'"),
        (("sample", model, "--count", 3, "--seed", -1, "--out", tmp_path / "x.csv"), "seed"),
    ):
        code, error = refused(*words)
        assert (code, message in error) == (1, True), error
    assert not list(tmp_path.glob("x*"))


def test_a_label_of_digits_can_be_sampled(run, tmp_path):
    """The classes of this table are the strings "0" and "1", not numbers."""
    values = np.random.default_rng(0).normal(size=60)
    labels = ["0", "1"] * 30
    pq.write_table(pa.table({"x": values, "k": labels}), tmp_path / "t.parquet")
    run("sketch", tmp_path / "t.parquet", "--label", "k", "--size", 20, "--out", tmp_path / "s")
    run("fit", tmp_path / "s", "--steps", 2, "--batch", 8, "--out", tmp_path / "m")
    out = tmp_path / "r.csv"
    code, _, error = run("sample", tmp_path / "m", "--count", 3, "--label", "1", "--out", out)
    assert (code, error) == (0, "")


def test_a_place_that_is_no_model_does_not_cost_the_work_of_the_fit(refused, sketched, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday").write_text("dear")
    code, error = refused("fit", sketched, "--steps", 20, "--out", tmp_path / "photos")
    assert (code, "not a model of sketchlearn alone" in error) == (1, True)
    assert (tmp_path / "photos" / "holiday").read_text() == "dear"
    assert "fitting:" not in error or (tmp_path / ".photos.checkpoint").exists()


def test_a_demonstration_into_a_file_is_refused(refused, tmp_path):
    (tmp_path / "notes").write_text("dear")
    code, error = refused("demo", "--steps", 1, "--out", tmp_path / "notes")
    assert (code, "notes" in error) == (1, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "options.toml"),
        ("[fit", "declaration"),
        ("[fit]\nstpes = 3\n", "stpes"),
        ("folder", "options.toml"),
    ],
    ids=["missing", "no TOML", "unknown key", "a folder"],
)
def test_a_configuration_that_cannot_be_used_is_bad_usage(
    refused, sketched, tmp_path, content, message
):
    config = tmp_path / "options.toml"
    if content == "folder":
        config.mkdir()
    elif content:
        config.write_text(content)
    code, error = refused("--config", config, "fit", sketched, "--out", tmp_path / "m")
    assert code == 2
    assert message in error
    assert not (tmp_path / "m").exists()


def test_config_may_be_written_with_an_equals_sign(run, table, tmp_path):
    config = tmp_path / "options.toml"
    config.write_text("[plan]\nsize = 33\nlabel = 'kind'\n")
    assert run(f"--config={config}", "plan", table, "--out", tmp_path / "p")[0] == 0
    assert sl.load(tmp_path / "p").size == 33
