"""Tables of mixed columns and queries, from the command line."""

import numpy as np
import pyarrow.csv as pc
import pytest

import sketchlearn as sl

FIT = ("--steps", 20, "--batch", 32, "--latent", 4)


@pytest.fixture
def people(tmp_path):
    """CSV file of 300 people: town, age with holes, a number of the row."""
    rng = np.random.default_rng(0)
    lines = ["id,town,age"]
    for number in range(300):
        age = "" if number % 5 == 0 else rng.integers(18, 90)
        lines.append(f"{number},{rng.choice(['Lyon', 'Nice'])},{age}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_plan_explains_every_column_and_writes_nothing(run, people, tmp_path):
    code, out, _ = run("plan", people, "--explain")
    assert code == 0
    assert "Column 'id': left out (whole numbers that count the rows)" in out
    assert "Column 'town': category (2 distinct values)" in out
    assert "Column 'age': integer" in out
    assert "missing values are a category of their own" in out
    assert [path.name for path in tmp_path.iterdir()] == ["people.csv"]


def test_a_plan_is_written_or_explained(run, people):
    code, _, error = run("plan", people)
    assert code == 1
    assert "--explain" in error


def test_from_a_table_to_rows_like_it(run, people, tmp_path):
    sketch, model, rows = (tmp_path / name for name in ("s", "m", "rows.csv"))
    assert run("sketch", people, "--size", 80, "--out", sketch)[0] == 0
    assert run("fit", sketch, *FIT, "--out", model)[0] == 0
    assert run("sample", model, "--count", 50, "--out", rows)[0] == 0
    made = pc.read_csv(rows)
    assert made.column_names == ["town", "age"]
    assert len(made) == 50
    code, _, error = run("sample", model, "--count", 5, "--out", tmp_path / "rows.npy")
    assert code == 1
    assert ".parquet" in error
    code, out, _ = run("evaluate", model, people)
    assert code == 0
    assert "two_way_tv" in out


def test_a_query_is_a_source(run, people, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    base = tmp_path / "base.duckdb"
    with duckdb.connect(str(base)) as connection:
        connection.execute(f"create table people as select * from '{people}'")
    query = "select town, age from people where age > 30 order by id"
    code, out, _ = run("sketch", query, "--db", base, "--size", 80, "--out", tmp_path / "s")
    assert code == 0
    assert "Sketch of" in out
    code, _, error = run("sketch", "select * from poeple", "--db", base, "--out", tmp_path / "t")
    assert code == 1
    assert "people" in error
    assert not (tmp_path / "t").exists()


def test_a_schema_is_written_edited_and_declared(run, people, tmp_path):
    schema, plan = tmp_path / "people.toml", tmp_path / "people.plan"
    code, out, _ = run("plan", people, "--write-schema", schema)
    assert code == 0
    assert f"Wrote {schema}" in out
    text = schema.read_text()
    assert '[columns.town]\nkind = "category"\ncategories = ["Lyon", "Nice"]\n' in text
    schema.write_text(text.replace('"Lyon", "Nice"', '"Nice", "Paris"'))
    code, out, _ = run("plan", people, "--schema", schema, "--out", plan)
    assert code == 0
    assert "Column 'town': category (declared); 2 categories and '(other)' for the rest" in out
    assert "categories" in sl.load(plan).schema.learnt["town"]
    known = [line for line in schema.read_text().splitlines() if not line.startswith("learnt")]
    schema.write_text("\n".join(known))
    assert run("plan", people, "--schema", schema, "--out", plan)[0] == 0
    assert sl.load(plan).schema.learnt == {}
    assert run("sketch", people, "--schema", schema, "--size", 80, "--out", tmp_path / "s")[0] == 0
    schema.write_text(text.replace("categories", "catgories"))
    code, _, error = run("plan", people, "--schema", schema, "--explain")
    assert code == 1
    assert "Did you mean 'categories'?" in error


def test_a_schema_is_written_beside_what_is_explained_or_saved(run, people, tmp_path):
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    assert run("plan", people, "--explain", "--write-schema", first)[0] == 0
    assert run("plan", people, "--out", tmp_path / "p", "--write-schema", second)[0] == 0
    assert first.read_text() == second.read_text()
    code, _, error = run("plan", people, "--explain", "--out", tmp_path / "q")
    assert code == 1
    assert "--explain" in error


def test_numbers_alone_have_a_schema_too(run, tmp_path):
    numbers, schema = tmp_path / "numbers.csv", tmp_path / "numbers.toml"
    numbers.write_text("x,y\n" + "".join(f"{k / 8},{-k}\n" for k in range(50)))
    assert run("plan", numbers, "--write-schema", schema)[0] == 0
    assert "bounds = [-49, 0]" in schema.read_text()


def test_rows_are_computed_and_written_to_a_database(run, people, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    sketch, model, base = (tmp_path / name for name in ("s", "m", "base.duckdb"))
    assert run("sketch", people, "--size", 80, "--out", sketch)[0] == 0
    assert run("fit", sketch, *FIT, "--out", model)[0] == 0
    asked = ("sample", model, "--count", 40, "--where", "age > 100", "--db", base, "--out", "old")
    code, out, error = run(*asked, "--derive.age", "coalesce(age, 0) + 100")
    assert (code, error) == (0, "")
    assert "Wrote 40 records to the table old" in out
    code, out, error = run("evaluate", model, "select * from old", "--db", base)
    assert (code, error) == (0, "")
    assert "two_way_tv" in out
    code, _, error = run("evaluate", model, "select age from old", "--db", base)
    assert code == 1
    assert "town" in error
    with duckdb.connect(str(base)) as connection:
        found = connection.execute("select count(*), min(age) from old").fetchone()
    assert found[0] == 40
    assert found[1] > 100
    code, _, error = run(*asked, "--derive.age", "200")
    assert code == 1
    assert "drop it first" in error
    code, _, error = run(*asked, "--derive.agee", "200")
    assert code == 1
    assert "Did you mean 'age'" in error


@pytest.mark.filterwarnings("default::sketchlearn.errors.PlanWarning")
def test_rows_that_contradict_the_pilot_are_told_in_a_sentence(run, tmp_path):
    rows = [f"{number % 7},{'kg' if number < 40 else 'g'}" for number in range(60)]
    plan, first, later = (tmp_path / name for name in ("p", "first.csv", "later.csv"))
    first.write_text("\n".join(["size,unit", *rows[:40]]))
    later.write_text("\n".join(["size,unit", *rows]))
    assert run("plan", first, "--encoding", "table", "--size", 40, "--out", plan)[0] == 0
    code, _, told = run("sketch", later, "--plan", plan, "--out", tmp_path / "s")
    assert code == 0
    assert "Warning: Column 'unit' held 'kg' in every row of the pilot, but not in all" in told
    assert ".py" not in told


def test_what_is_read_or_was_edited_is_never_written_over(run, people, tmp_path):
    before, schema = people.read_bytes(), tmp_path / "people.toml"
    for words in (
        ("plan", people, "--out", people),
        ("plan", people, "--write-schema", people),
        ("sketch", people, "--size", 40, "--out", people),
        ("sketch", tmp_path / "*.csv", "--size", 40, "--out", people),
    ):
        code, _, told = run(*words)
        assert code == 1
        assert "among the files to be read" in told
    assert people.read_bytes() == before
    assert run("plan", people, "--write-schema", schema)[0] == 0
    code, _, told = run("plan", people, "--write-schema", schema)
    assert code == 1
    assert "may have been edited" in told
