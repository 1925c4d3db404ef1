"""Plans: one file, one digest, one draw of frequencies."""

import json

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.errors import FileFormatError, OptionError, PlanMismatchError, StorageError
from sketchlearn.sketches import Plan


def make(**options):
    records = np.random.default_rng(0).standard_normal((100, 2))
    return sl.plan((records, np.arange(100) % 3), **{"size": 8, "label": "kind", **options})


@pytest.mark.parametrize("law", ["gaussian", "folded-gaussian", "adapted-radius", "student"])
def test_a_saved_plan_loads_equal(tmp_path, law):
    plan = make(law=law)
    plan.save(tmp_path / "plan.json")
    loaded = Plan.load(tmp_path / "plan.json")
    assert loaded == plan
    assert loaded.digest == plan.digest
    assert loaded.reasons == plan.reasons
    assert loaded.schema == plan.schema
    assert np.array_equal(loaded.frequencies, plan.frequencies)


def test_labels_that_are_words_survive_a_file(tmp_path):
    records = np.random.default_rng(0).standard_normal((100, 2))
    plan = sl.plan((records, np.array(["yes", "né"] * 50)), size=4, label="kind")
    plan.save(tmp_path / "plan.json")
    assert Plan.load(tmp_path / "plan.json").schema.label.classes == ("né", "yes")


def test_images_survive_a_file(tmp_path):
    plan = sl.plan(np.random.default_rng(0).random((50, 3, 4)), size=4)
    plan.save(tmp_path / "plan.json")
    assert Plan.load(tmp_path / "plan.json").schema.image == (3, 4)


def test_frequencies_are_a_function_of_law_dimension_size_and_seed():
    plan = make(seed=5, scales=[1.0, 2.0])
    from sketchlearn.features import Gaussian, draw_frequencies

    assert np.array_equal(plan.frequencies, draw_frequencies(Gaussian((1.0, 2.0)), 2, 8, 5))
    assert plan.frequencies is plan.frequencies


def test_reasons_are_no_part_of_what_is_compared():
    plan = make()
    document = plan.to_document()
    document["reasons"] = ["Because."]
    other = Plan.from_document(document)
    assert other == plan
    assert other.digest == plan.digest
    other.require_same(plan)


@pytest.mark.parametrize(
    "options", [{"size": 9}, {"seed": 1}, {"scales": [1.0]}, {"classes": [2, 1, 0]}]
)
def test_plans_that_differ_have_other_digests(options):
    assert make(**options) != make()
    assert make(**options).digest != make().digest
    with pytest.raises(PlanMismatchError):
        make(**options).require_same(make())


def test_explain_says_what_was_decided_and_why():
    text = make().explain()
    for part in ("8 frequencies", "2 columns", "'kind'", "48 integers", "gaussian", "Scales:"):
        assert part in text
    assert "Each column is given mean 0 and deviation 1 over 100 pilot records" in text
    assert all(f"{scale:.4g}" in text for scale in make().law.scales)


@pytest.mark.parametrize(
    ("key", "value"), [("size", 9), ("seed", 1), ("reasons", []), ("law", {"name": "gaussian"})]
)
def test_an_edited_file_is_refused(tmp_path, key, value):
    path = tmp_path / "plan.json"
    make().save(path)
    header = json.loads(path.read_text())
    header["document"][key] = value
    path.write_text(json.dumps(header))
    with pytest.raises(FileFormatError, match="edited"):
        Plan.load(path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"3", b"\xff\xfe\x00", b'{"kind": "plan"}']
)
def test_files_that_hold_no_plan_are_refused(tmp_path, content):
    (tmp_path / "plan.json").write_bytes(content)
    with pytest.raises(FileFormatError):
        Plan.load(tmp_path / "plan.json")


@pytest.mark.parametrize(("key", "value"), [("kind", "sketch"), ("format_version", 2)])
def test_files_of_another_kind_or_version_are_refused(tmp_path, key, value):
    path = tmp_path / "plan.json"
    make().save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(FileFormatError, match=str(value)):
        Plan.load(path)


def test_every_cut_of_a_file_is_refused(tmp_path):
    path = tmp_path / "plan.json"
    make().save(path)
    content = path.read_bytes()
    for length in range(0, len(content), 40):
        path.write_bytes(content[:length])
        with pytest.raises(FileFormatError):
            Plan.load(path)


@pytest.mark.parametrize(
    "document", [{}, {"schema": 1}, {"schema": {"columns": 3}}, [], None, "plan"]
)
def test_documents_of_no_plan_are_refused(document):
    with pytest.raises(FileFormatError):
        Plan.from_document(document)


@pytest.mark.parametrize(
    "law",
    [{"name": "cauchy", "scales": [1.0]}, {"name": "gaussian", "scales": []}, {"scales": [1.0]}],
)
def test_documents_of_no_known_law_are_refused(law):
    with pytest.raises(FileFormatError):
        Plan.from_document({**make().to_document(), "law": law})


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StorageError, match="absent"):
        Plan.load(tmp_path / "absent.json")


# --- structured frequencies -------------------------------------------------------------


@pytest.mark.parametrize("structure", ["hadamard", "rays"])
def test_few_columns_are_no_room_for_structure(structure):
    with pytest.raises(OptionError, match=r"of 15 columns.*structure='dense'"):
        sl.plan(np.random.default_rng(0).standard_normal((30, 15)), structure=structure)


@pytest.mark.parametrize("features", ["fourier", "one-bit"])
@pytest.mark.parametrize("structure", ["hadamard", "rays"])
def test_a_structured_plan_is_saved_and_sketches_alike(tmp_path, structure, features):
    records = np.random.default_rng(0).standard_normal((300, 20))
    plan = sl.plan(records, size=98, structure=structure, features=features)
    plan.save(tmp_path / "plan")
    again = sl.load(tmp_path / "plan")
    assert again == plan
    assert again.structure == structure
    whole = sl.sketch(records, plan)
    assert sl.sketch(np.array_split(records, 7), again) == whole
    encoded = (records - plan.schema.center) / plan.schema.spread
    phase = encoded @ plan.frequencies.astype(np.float64)
    exact = np.exp(1j * phase).mean(axis=0)
    if features == "one-bit":
        phase += 2 * np.pi * plan.projection.dither
        signs = np.sign(np.cos(phase)) + 1j * np.sign(np.sin(phase))
        exact = signs.mean(axis=0) * plan.projection.factor
    assert np.abs(whole.mean() - exact).max() < (1e-5 if features == "fourier" else 0.011)
    whole.save(tmp_path / "sketch")
    assert sl.load(tmp_path / "sketch") == whole


def test_structured_and_dense_plans_do_not_merge():
    records = np.random.default_rng(0).standard_normal((300, 20))
    parts = [sl.sketch(records, size=50, structure=name) for name in ("dense", "hadamard")]
    with pytest.raises(PlanMismatchError, match="structure"):
        _ = parts[0] + parts[1]


def test_structured_frequencies_need_columns():
    with pytest.raises(OptionError, match="columns"):
        sl.plan(np.random.default_rng(0).standard_normal((300, 3)), structure="hadamard")
    with pytest.raises(OptionError, match="dense, hadamard, rays"):
        sl.plan(np.random.default_rng(0).standard_normal((300, 3)), structure="fast")


def test_the_distance_of_two_gaussians_is_within_its_bound():
    # of N(0, 1) and N(2, 1) at a frequency w: exp(-w²) |1 - exp(2iw)|²; w is N(0, 1) at scale 1
    records = np.random.default_rng(0).normal(size=(20, 1))
    exact = 2 / np.sqrt(3) * (1 - np.exp(-4 / 6))
    errors = []
    for seed in range(300):
        plan = sl.plan(records, scales=[1.0], standardise="none", size=50, seed=seed)
        w = plan.frequencies[0].astype(np.float64)
        found = np.mean(np.exp(-(w**2)) * np.abs(1 - np.exp(2j * w)) ** 2)
        errors.append(abs(found - exact))
    assert np.mean(np.array(errors) > plan.distance_bound()) <= 0.05
    assert plan.distance_bound() == pytest.approx(4 * np.sqrt(np.log(40) / 100))
    assert plan.distance_bound(0.01) > plan.distance_bound(0.05)


@pytest.mark.parametrize("delta", [0, 1, -0.5, np.nan])
def test_a_probability_of_failure_lies_between_0_and_1(delta):
    plan = sl.plan(np.random.default_rng(0).normal(size=(20, 1)), size=10)
    with pytest.raises(OptionError, match="between 0 and 1"):
        plan.distance_bound(delta)
