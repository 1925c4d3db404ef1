"""The verbs do what their help says, end to end."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

import sketchlearn as sl
from sketchlearn.cli import _VERBS

FIT = ("--steps", 40, "--batch", 32, "--latent", 4)


def history_of(model):
    return [json.loads(line) for line in (model / "history.jsonl").read_text().splitlines()]


def test_the_whole_path_from_a_table_to_an_evaluation(run, table, tmp_path):
    plan, part, both, rest, model = (tmp_path / name for name in ("p", "a", "b", "c", "m"))
    drawn, figures = tmp_path / "drawn.parquet", tmp_path / "figures.json"

    def done(*words):
        code, out, _ = run(*words)
        assert code == 0
        return out

    assert f"Wrote {plan}" in done("plan", table, "--label", "kind", "--size", 40, "--out", plan)
    out = done("sketch", table, "--plan", plan, "--out", part)
    assert "Sketch of 300 records" in out
    assert "Records per class: cat: 200, dog: 100" in out
    assert f"Wrote {part} ({part.stat().st_size:,} bytes)" in out
    assert "Sketch of 600 records" in done("merge", part, part, "--out", both)
    assert "Sketch of 300 records" in done("forget", both, part, "--out", rest)
    assert rest.read_bytes() == part.read_bytes()
    out = done("fit", rest, *FIT, "--out", model)
    assert any(status.value in out for status in sl.Status)
    assert "Squared distance on held-out frequencies: " in out
    done("sample", model, "--count", 60, "--seed", 3, "--label", "dog", "--out", drawn)
    read = pq.read_table(drawn)
    assert (read.column_names, read.num_rows) == (["size", "weight", "kind"], 60)
    assert set(read["kind"].to_pylist()) == {"dog"}
    expected = sl.load(model).sample(60, seed=3, label="dog").to_arrow()
    assert read == expected
    out = done("evaluate", model, table, "--train", table, "--json-out", figures)
    for metric in json.loads(figures.read_text()):
        assert metric in out
    assert "sketch_distance" in out
    assert "conditioned on `kind`" in done("info", model)
    assert "40 frequencies over 2 columns" in done("info", plan)
    assert "Sketch of 300 records" in done("info", part)


def test_the_command_line_and_python_make_the_same_files(run, table, sketched, tmp_path):
    sl.sketch(str(table), label="kind", size=40).save(tmp_path / "python")
    assert (tmp_path / "python").read_bytes() == sketched.read_bytes()
    assert run("fit", sketched, *FIT, "--out", tmp_path / "m")[0] == 0
    fitted = sl.GenerativeNetwork(steps=40, batch=32, latent=4).fit(sl.load(sketched))
    drawn = sl.load(tmp_path / "m").sample(20).to_numpy()
    assert (drawn == fitted.model.sample(20).to_numpy()).all()


def test_several_files_are_one_source(run, table, sketched, tmp_path):
    sl.load(sketched).plan.save(tmp_path / "p")
    code, out, _ = run("sketch", table, table, "--plan", tmp_path / "p", "--out", tmp_path / "s")
    assert (code, "Sketch of 600 records" in out) == (0, True)


def test_a_saved_model_tells_its_status_in_info(run, sketched, tmp_path):
    run("fit", sketched, *FIT, "--out", tmp_path / "m")
    status = (tmp_path / "m" / "status.txt").read_text().strip()
    assert status in run("info", tmp_path / "m")[1]


def test_options_come_from_the_tables_of_a_toml_file(run, table, tmp_path):
    config = tmp_path / "options.toml"
    config.write_text(
        '[plan]\nsize = 33\nlabel = "kind"\n[sketch]\nsize = 21\nlabel = "kind"\n'
        "[fit]\nsteps = 7\nbatch = 16\nlatent = 4\n"
    )
    for verb, name in (("plan", "p"), ("sketch", "s")):
        assert run("--config", config, verb, table, "--out", tmp_path / name)[0] == 0
    assert sl.load(tmp_path / "p").size == 33
    assert sl.load(tmp_path / "p").schema.label.name == "kind"
    assert sl.load(tmp_path / "s").plan.size == 21
    for words, last in (((), 7), (("--steps", 5), 5)):  # a flag wins over the file
        model = tmp_path / f"m{last}"
        assert run("--config", config, "fit", tmp_path / "s", *words, "--out", model)[0] == 0
        assert history_of(model)[-1]["step"] == last
        assert sl.load(model).latent == 4


def test_progress_goes_to_standard_error_in_tenths_where_nobody_looks(run, sketched, tmp_path):
    _, out, error = run("fit", sketched, *FIT, "--patience", 99, "--out", tmp_path / "m")
    lines = [line for line in error.splitlines() if line]
    assert [line.split("%")[0] for line in lines] == [f"fitting: {n}0 " for n in range(1, 11)]
    assert all("held-out distance 0." in line for line in lines)
    assert "fitting:" not in out
    assert "\x1b" not in out + error


def test_sketching_shows_its_progress_on_standard_error(run, table, tmp_path):
    source = tmp_path / "x.npy"
    np.save(source, np.random.default_rng(0).normal(size=(500, 2)))
    _, out, error = run("sketch", source, "--size", 20, "--out", tmp_path / "s")
    assert "sketching: 100 %" in error
    assert "rows/s" in error
    assert "sketching:" not in out
    assert "rows/s" not in out


def test_a_fit_interrupted_by_ctrl_c_is_finished_by_the_same_command(
    run, sketched, tmp_path, monkeypatch
):
    command = ("fit", sketched, *FIT, "--patience", 99, "--out")
    assert run(*command, tmp_path / "whole")[0] == 0
    with monkeypatch.context() as patch:

        def press(_self, done, _total, _note):
            if done == 17:
                raise KeyboardInterrupt

        patch.setattr("sketchlearn.cli.progress._Lines.__call__", press)
        code, out, error = run(*command, tmp_path / "m")
    assert code == 130
    assert error.startswith("Interrupted.")
    assert "Wrote" not in out
    assert (tmp_path / ".m.checkpoint").is_file()
    assert not (tmp_path / "m").exists()
    code, _, error = run(*command, tmp_path / "m")
    assert code == 0
    assert error.startswith("fitting: 40 %")  # it went on at step 18, not at step 1
    assert not (tmp_path / ".m.checkpoint").exists()
    resumed, whole = tmp_path / "m", tmp_path / "whole"
    for name in ("model.safetensors", "status.txt"):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes()
    assert history_of(resumed) == history_of(whole)


def test_the_demonstration_writes_every_file_it_names(run, tmp_path):
    code, out, _ = run("demo", "--steps", 20, "--out", tmp_path / "demo")
    assert code == 0
    named = out.rsplit("Wrote ", 1)[1].split(" to ")[0].replace(" and ", ", ").split(", ")
    assert len(named) == 5
    for name in named:
        assert (tmp_path / "demo" / name).exists()
    written = {path.name for path in (tmp_path / "demo").iterdir()}
    assert written == {name.strip("/") for name in named} | {"evaluation.json"}
    assert sl.load(tmp_path / "demo" / "digits.sketch").count == 1437
    assert sl.load(tmp_path / "demo" / "model").sample(2).to_numpy().shape == (2, 8, 8)
    assert (tmp_path / "demo" / "digits.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "demo" / "evaluation.txt").read_text() in out
    assert pq.read_table(tmp_path / "demo" / "samples.parquet").num_rows == 3000


@pytest.mark.parametrize("verb", _VERBS)
def test_every_verb_has_help_and_is_listed(run, verb):
    code, out, error = run(verb, "--help")
    assert (code, error) == (0, "")
    assert f"Usage: sketchlearn {verb}" in out
    listed = [line.split()[1] for line in run("--help")[1].splitlines() if line.startswith("│")]
    assert verb in listed


def test_python_runs_the_package_as_the_command(monkeypatch, capsys):
    import runpy

    monkeypatch.setattr("sys.argv", ["sketchlearn", "info", "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("sketchlearn", run_name="__main__")
    assert ended.value.code == 0
    assert "Say what a plan, sketch or model is." in capsys.readouterr().out


def test_ctrl_c_while_sampling_says_that_nothing_was_written(run, monkeypatch):
    def press(_path):
        raise KeyboardInterrupt

    monkeypatch.setattr(sl, "load", press)
    code, out, error = run("sample", "m", "--count", 3, "--out", "rows.csv")
    assert (code, out, error) == (130, "", "Interrupted. Nothing was written.\n")


def test_more_records_than_memory_holds_are_refused(run, sketched, tmp_path):
    assert run("fit", sketched, "--steps", 2, "--batch", 8, "--out", tmp_path / "m")[0] == 0
    rows = tmp_path / "rows.csv"
    code, _, error = run("sample", tmp_path / "m", "--count", 10**14, "--out", rows)
    assert (code, rows.exists()) == (1, False)
    assert error.startswith("Error: Memory ran out")
