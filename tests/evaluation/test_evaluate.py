"""The whole evaluation on models whose quality is known."""

from types import SimpleNamespace

import numpy as np
import pytest

from sketchlearn.errors import (
    ColumnError,
    EmptySourceError,
    MissingValuesError,
    OptionError,
    SketchlearnError,
)
from sketchlearn.evaluation import evaluate, table
from sketchlearn.evaluation.real_records import LabelledRecords, read_records
from sketchlearn.evaluation.splits import class_codes, halves
from sketchlearn.sources import open_source

pytest.importorskip("sklearn")


class FakeModel:
    """Generates what a function of a generator and a number draws."""

    def __init__(self, draw, columns=3, label=None, image=None):
        names = tuple(f"x{j}" for j in range(columns))
        self.schema = SimpleNamespace(columns=names, label=label, image=image)
        self._draw = draw

    def sample(self, n, *, seed):
        # Off the seeds of the tests, whose records would otherwise come back.
        values, labels = self._draw(np.random.default_rng([seed, 99]), n)
        return SimpleNamespace(to_numpy=lambda: values, labels=labels)


def law(rng, n):
    return rng.standard_normal((n, 3)) * [1.0, 10.0, 100.0], None


def real(rows, seed):
    return law(np.random.default_rng(seed), rows)[0]


def test_a_perfect_model_reaches_its_floors():
    result = evaluate(FakeModel(law), real(600, 1))
    assert set(result) == {
        "sliced_wasserstein", "sketch_distance", "two_sample_auc",
        "precision", "density", "coverage",
    }  # fmt: skip
    assert result["sliced_wasserstein"]["ratio"] == pytest.approx(1.0, abs=0.5)
    assert result["two_sample_auc"]["value"] == pytest.approx(0.5, abs=0.08)
    assert abs(result["sketch_distance"]["value"]) < 0.01
    assert result["coverage"]["value"] == pytest.approx(result["coverage"]["floor"], abs=0.06)


def test_a_wrong_model_is_told_and_copies_are_flagged():
    train = real(300, 2)
    copier = FakeModel(lambda rng, n: (train[rng.integers(0, 150, n)], None))
    result = evaluate(copier, real(300, 1), train)
    assert result["closest_record_ratio"] == {"value": 0.0, "floor": 1.0}
    assert result["copies"]["value"] == 1.0
    assert result["copies"]["floor"] == pytest.approx(0.01)
    shifted = evaluate(FakeModel(lambda rng, n: (law(rng, n)[0] + 50.0, None)), real(300, 1))
    assert shifted["two_sample_auc"]["value"] > 0.95
    assert shifted["sliced_wasserstein"]["ratio"] > 5


def test_one_seed_gives_one_result_whatever_the_units():
    first = evaluate(FakeModel(law), real(200, 1), samples=50, seed=4)
    assert first == evaluate(FakeModel(law), real(200, 1), samples=50, seed=4)
    # Powers of two scale floats exactly.
    scaled = FakeModel(lambda rng, n: (law(rng, n)[0] * 1024.0, None))
    again = evaluate(scaled, real(200, 1) * 1024.0, samples=50, seed=4)
    for name, entry in first.items():
        assert again[name] == pytest.approx(entry)


def test_digits_with_labels():
    images, labels = _digits()
    kept = slice(0, 300)

    def draw(rng, n):
        rows = rng.integers(300, 900, n)
        return images[rows] + 0.1 * rng.standard_normal((n, 8, 8)), labels[rows]

    model = FakeModel(draw, columns=64, label="digit", image=(8, 8))
    held = (images[kept], labels[kept])
    result = evaluate(model, held)
    assert result["downstream_forest"]["value"] > 0.8
    assert result["downstream_logistic"]["floor"] > 0.7
    with_train = evaluate(model, held, (images[300:900], labels[300:900]), samples=100)
    assert with_train["downstream_forest"]["value"] == pytest.approx(
        with_train["downstream_forest"]["floor"], abs=0.15
    )
    assert with_train["copies"]["value"] > 0.9


def _digits():
    from sklearn.datasets import load_digits

    images, labels = load_digits().images, load_digits().target
    order = np.random.default_rng(0).permutation(len(images))
    return images[order], labels[order]


def test_records_that_cannot_be_judged_are_refused():
    model = FakeModel(law)
    with pytest.raises(EmptySourceError, match="19 records"):
        evaluate(model, real(19, 1))
    with pytest.raises(ColumnError, match="'x2'"):
        evaluate(model, real(40, 1)[:, :2])
    with pytest.raises(ColumnError, match="in that order"):
        evaluate(model, open_source(real(40, 1), columns=["x1", "x0", "x2"]))
    with pytest.raises(EmptySourceError, match="0 records"):
        evaluate(model, iter([]))
    broken = real(40, 1)
    broken[3, 1] = np.nan
    with pytest.raises(MissingValuesError, match="holdout"):
        evaluate(model, broken)
    with pytest.raises(MissingValuesError, match="generated"):
        evaluate(FakeModel(lambda rng, n: (np.full((n, 3), np.inf), None)), real(40, 1))
    with pytest.raises(ColumnError, match="generated"):
        evaluate(FakeModel(lambda rng, n: (np.zeros((n, 2)), None)), real(40, 1))
    with pytest.raises(OptionError, match="samples is 3"):
        evaluate(model, real(40, 1), samples=3)


def test_tables_are_read_by_name_with_text_labels(tmp_path):
    rng = np.random.default_rng(5)
    names = np.array(["no", "yes"])
    lines = ["kind,b,other,a"]
    for code, value in zip(rng.integers(0, 2, 80), rng.standard_normal((80, 2)), strict=True):
        lines.append(f"{names[code]},{value[0]},7.5,{value[1] + 9 * code}")
    path = tmp_path / "held.csv"
    path.write_text("\n".join(lines))

    def draw(rng, n):
        codes = rng.integers(0, 2, n)
        return rng.standard_normal((n, 2)) + 9 * np.outer(codes, [1, 0]), names[codes]

    model = FakeModel(draw, columns=2)
    model.schema = SimpleNamespace(
        columns=("a", "b"), label=SimpleNamespace(name="kind"), image=None
    )
    result = evaluate(model, path)
    assert result["downstream_logistic"] == {"value": 1.0, "floor": 1.0}


def test_missing_labels_are_refused():
    labels = np.full(40, 1.0)
    labels[7] = np.nan
    with pytest.raises(SketchlearnError, match="label"):
        evaluate(FakeModel(law, label="y"), (real(40, 1), labels))


def test_reading_keeps_a_fair_draw():
    values = np.arange(6_000.0).reshape(2_000, 3)
    model = FakeModel(law)
    kept = read_records(values, model.schema, "holdout", seed=0, most=500)
    assert kept.values.shape == (500, 3)
    assert len(np.unique(kept.values[:, 0])) == 500
    assert kept.values[:, 0].mean() == pytest.approx(values[:, 0].mean(), rel=0.1)
    whole = read_records(values, model.schema, "holdout", seed=0)
    np.testing.assert_array_equal(whole.values, values)


def test_halves_are_disjoint_equal_and_balanced():
    labels = np.repeat(["a", "b", "c"], [11, 40, 50])
    records = LabelledRecords(np.zeros((101, 1)), labels)
    a, b = halves(records, seed=3)
    assert len(a) == len(b) == 50
    assert not set(a) & set(b)
    for name in "abc":
        assert abs(int((labels[a] == name).sum()) - int((labels[b] == name).sum())) <= 1


def test_class_codes_agree_across_types():
    ints, floats = class_codes(np.array([1, 2, 2]), np.array([2.0, 1.0]))
    assert ints.tolist() == [0, 1, 1]
    assert floats.tolist() == [1, 0]
    text, objects = class_codes(np.array(["x", "y"]), np.array(["y"], dtype=object))
    assert text.tolist() == [0, 1]
    assert objects.tolist() == [1]


def test_table_is_aligned_and_says_what_is_good():
    text = table(
        {
            "sliced_wasserstein": {"value": 0.1, "floor": 0.05, "ratio": 2.0},
            "sketch_distance": {"value": -1e-6, "floor": 2e-5},
        }
    )
    lines = text.splitlines()
    assert lines[0].split()[:3] == ["metric", "generated", "floor"]
    assert "near 0" in lines[-1]
    assert "2.0000" in lines[3]
    start = lines[0].index("good is")
    assert lines[2][start:] == "low, near the floor"
