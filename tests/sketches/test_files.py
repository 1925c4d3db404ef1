"""Sketch files: whole or refused, and readable for ever (the golden file)."""

import errno
import hashlib
import json
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load, save

import sketchlearn as sl
from sketchlearn.errors import FileFormatError, PlanMismatchError, StorageError
from sketchlearn.sketches import Sketch

GOLDEN = Path(__file__).parents[1] / "data" / "v1.sketch"


def golden_sketch():
    """Return what the golden file holds: 51 records of rational numbers, one of them dropped."""
    number = np.arange(51)
    records = np.stack([number * 37 % 50 / 8, (number * 11 % 50 - 25) / 16], axis=1)
    records[50, 1] = np.nan
    labels = number % 2
    plan = sl.plan(
        (records, labels), size=16, label="parity", scales=[1.0, 2.0], seed=3,
        standardise="none", missing="drop",
    )  # fmt: skip
    return sl.sketch((records, labels), plan, missing="drop")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.sketch"
    golden_sketch().save(path)
    return path


def assert_same(loaded, made):
    assert loaded == made
    assert loaded.plan == made.plan
    assert loaded.plan.reasons == made.plan.reasons
    assert loaded.dropped == made.dropped
    assert np.array_equal(loaded.side.lower, made.side.lower)
    assert np.array_equal(loaded.side.upper, made.side.upper)


# --- the golden file --------------------------------------------------------------------


def test_the_golden_file_holds_what_it_held():
    golden = Sketch.load(GOLDEN)
    assert golden.counts.tolist() == [25, 25]
    assert golden.dropped == 1
    assert golden.plan.size == 16
    assert golden.plan.seed == 3
    assert golden.plan.law.scales == (1.0, 2.0)
    assert golden.plan.schema.label.name == "parity"
    assert golden.side.mean(50).tolist() == [3.0625, -0.03125]
    assert golden.side.lower.tolist() == [0.0, -1.5625]
    assert golden.side.upper.tolist() == [6.125, 1.5]
    assert golden.sums[0, 0, :3].tolist() == [-5158301, 9774321, -2921649]
    assert hashlib.sha256(golden.sums.tobytes()).hexdigest() == (
        "46d0a612a7d44b46014ff6dbd326ef3dc374d3b8069e44572b1bc82c3eb5ed7a"
    )


def test_the_golden_file_equals_a_sketch_made_today():
    golden, made = Sketch.load(GOLDEN), golden_sketch()
    assert golden.plan == made.plan
    assert np.array_equal(golden.plan.frequencies, made.plan.frequencies)
    assert np.array_equal(golden.counts, made.counts)
    assert golden.dropped == made.dropped
    assert golden.side == made.side
    # cosines of other processors may differ in their last bits: four units for each record
    assert np.abs(golden.sums - made.sums).max() <= 4 * 25


def test_golden_and_new_sketches_merge():
    assert (Sketch.load(GOLDEN) + golden_sketch()).count == 100


# --- round trips ------------------------------------------------------------------------


def test_a_saved_sketch_loads_equal(file):
    assert_same(Sketch.load(file), golden_sketch())


def test_a_loaded_sketch_goes_on(file):
    more = np.ones((3, 2)), np.array([0, 1, 1])
    assert Sketch.load(file).update(more) == golden_sketch().update(more)


def test_a_sketch_of_no_record_loads_equal(tmp_path):
    empty = Sketch(golden_sketch().plan)
    empty.save(tmp_path / "empty.sketch")
    assert_same(Sketch.load(tmp_path / "empty.sketch"), empty)


def test_saving_again_replaces_the_file(file):
    more = golden_sketch().update((np.ones((1, 2)), np.array([0])))
    more.save(file)
    assert Sketch.load(file) == more
    assert os.listdir(file.parent) == [file.name]


def test_saving_twice_gives_the_same_bytes(file, tmp_path):
    golden_sketch().save(tmp_path / "b.sketch")
    assert (tmp_path / "b.sketch").read_bytes() == file.read_bytes()


def test_frequencies_are_embedded_when_asked_only(file, tmp_path):
    made = golden_sketch()
    made.save(tmp_path / "whole.sketch", embed_frequencies=True)
    with safe_open(file, framework="numpy") as plain:
        assert "frequencies" not in plain.keys()  # noqa: SIM118
    loaded = Sketch.load(tmp_path / "whole.sketch")
    assert_same(loaded, made)
    assert np.array_equal(loaded.plan.frequencies, made.plan.frequencies)


def test_embedded_frequencies_are_used_where_the_draw_has_changed(file, tmp_path, monkeypatch):
    made = golden_sketch()
    made.save(tmp_path / "whole.sketch", embed_frequencies=True)
    from sketchlearn.sketches import plan

    monkeypatch.setattr(plan, "draw_frequencies", lambda *_: np.zeros((2, 16), np.float32))
    loaded = Sketch.load(tmp_path / "whole.sketch")
    assert np.array_equal(loaded.plan.frequencies, made.plan.frequencies)
    with pytest.raises(FileFormatError, match="embed_frequencies"):
        Sketch.load(file)


@pytest.mark.parametrize("embed", [False, True])
def test_bytes_are_those_of_the_file(tmp_path, embed):
    made, file = golden_sketch(), tmp_path / "a.sketch"
    made.save(file, embed_frequencies=embed)
    content = made.to_bytes(embed_frequencies=embed)
    assert content == file.read_bytes()
    assert_same(Sketch.from_bytes(content), made)
    assert_same(Sketch.from_bytes(content, made.plan), made)


def test_a_sketch_from_bytes_goes_on():
    made = golden_sketch()
    read = Sketch.from_bytes(made.to_bytes(), made.plan)
    assert read.plan is made.plan
    read.update((np.ones((2, 2)), [0, 1]))
    assert read == made + Sketch(made.plan).update((np.ones((2, 2)), [0, 1]))


# --- files that are not what they should be ---------------------------------------------


def test_every_cut_of_a_file_is_refused(file):
    content = file.read_bytes()
    for length in [*range(0, len(content), 50), len(content) - 1]:
        file.write_bytes(content[:length])
        with pytest.raises(FileFormatError):
            Sketch.load(file)


def test_bytes_appended_are_refused(file):
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(FileFormatError):
        Sketch.load(file)


@pytest.mark.parametrize("flip", [0x01, 0xFF])
def test_every_flipped_byte_is_refused(file, flip):
    content = file.read_bytes()
    for place in range(0, len(content), 13):
        broken = bytearray(content)
        broken[place] ^= flip
        file.write_bytes(broken)
        with pytest.raises(FileFormatError):
            Sketch.load(file)


def test_each_part_of_the_sums_is_covered_by_the_digest(file):
    content = file.read_bytes()
    with safe_open(file, framework="numpy") as opened:
        metadata, names = opened.metadata(), list(opened.keys())
    for name in names:
        arrays = {key: value.copy() for key, value in load(content).items()}
        arrays[name].flat[0] += 1
        file.write_bytes(save(arrays, metadata=metadata))
        with pytest.raises(FileFormatError, match="changed"):
            Sketch.load(file)


def test_a_pickle_is_never_read(file):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(file.parent / "exploded"),)

    file.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FileFormatError, match="Pickles"):
        Sketch.load(file)
    assert not (file.parent / "exploded").exists()


def test_an_array_file_is_refused(file):
    with file.open("wb") as stream:
        np.save(stream, np.zeros((5, 2)))
    with pytest.raises(FileFormatError):
        Sketch.load(file)


def test_tensors_of_others_are_refused(file):
    for metadata in (None, {"format": "pt"}, {"sketchlearn": "{"}, {"sketchlearn": "[]"}):
        file.write_bytes(save({"sums": np.zeros(3)}, metadata=metadata))
        with pytest.raises(FileFormatError, match="sketchlearn did not write"):
            Sketch.load(file)


def test_a_plan_file_is_no_sketch(file):
    golden_sketch().plan.save(file)
    with pytest.raises(FileFormatError):
        Sketch.load(file)


def with_header(path, **changes):
    content = path.read_bytes()
    with safe_open(path, framework="numpy") as opened:
        header = json.loads(opened.metadata()["sketchlearn"])
    header.update(changes)
    path.write_bytes(save(load(content), metadata={"sketchlearn": json.dumps(header)}))


@pytest.mark.parametrize("version", [2, 0, "1", None, 1.5])
def test_another_version_is_refused_by_number(file, version):
    with_header(file, format_version=version)
    with pytest.raises(FileFormatError, match=f"version {version!r}"):
        Sketch.load(file)


def test_another_kind_is_refused_by_name(file):
    with_header(file, kind="network")
    with pytest.raises(FileFormatError, match="network"):
        Sketch.load(file)


@pytest.mark.parametrize("document", [None, 3, [], {}, {"plan": {}}])
def test_a_document_of_no_sketch_is_refused(file, document):
    from sketchlearn.storage import write_tensors

    write_tensors(file, "sketch", document, {})
    with pytest.raises(FileFormatError):
        Sketch.load(file)


@pytest.mark.parametrize("name", ["counts", "sums", "first_moments", "second_moments", "lower"])
def test_an_array_that_is_absent_or_of_another_form_is_refused(file, name):
    from sketchlearn.storage import read_tensors, write_tensors

    document, tensors = read_tensors(file, "sketch")
    for wrong in (None, tensors[name][..., :1].copy()[:1], tensors[name].astype(np.int8)):
        changed = {**tensors, name: wrong}
        if wrong is None:
            del changed[name]
        write_tensors(file, "sketch", document, changed)
        with pytest.raises(FileFormatError, match=name):
            Sketch.load(file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StorageError, match="absent"):
        Sketch.load(tmp_path / "absent.sketch")


def test_a_folder_is_no_sketch(tmp_path):
    with pytest.raises((StorageError, FileFormatError), match=tmp_path.name):
        Sketch.load(tmp_path)


# --- bytes that are not what they should be ---------------------------------------------


def test_bytes_of_another_plan_are_refused():
    made = golden_sketch()
    other = replace(made.plan, seed=4)
    with pytest.raises(PlanMismatchError, match="seed"):
        Sketch.from_bytes(made.to_bytes(), other)
    vars(same := replace(made.plan))["frequencies"] = made.plan.frequencies * 2
    with pytest.raises(PlanMismatchError, match="drawn differently"):
        Sketch.from_bytes(made.to_bytes(), same)


def test_every_cut_of_the_bytes_is_refused():
    content = golden_sketch().to_bytes()
    for length in range(0, len(content), 7):
        with pytest.raises(FileFormatError, match="The content"):
            Sketch.from_bytes(content[:length])


def test_every_flipped_byte_is_refused_as_in_a_file():
    content = golden_sketch().to_bytes()
    for position in range(0, len(content), 7):
        changed = bytearray(content)
        changed[position] ^= 4
        with pytest.raises(FileFormatError):
            Sketch.from_bytes(bytes(changed))


@pytest.mark.parametrize("content", [pickle.dumps([1]), save({"a": np.ones(2)}), b"", b"[]" * 9])
def test_bytes_of_others_are_refused(content):
    with pytest.raises(FileFormatError, match="The content"):
        Sketch.from_bytes(content)


# --- a full disk ------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["fsync", "replace", "chmod"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(file, monkeypatch, call):
    before = file.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError, match="No space left"):
        Sketch(golden_sketch().plan).save(file)
    monkeypatch.undo()
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == [file.name]


def test_an_interrupted_save_leaves_the_old_file_and_nothing_else(file, monkeypatch):
    before = file.read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Sketch(golden_sketch().plan).save(file)
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == [file.name]
