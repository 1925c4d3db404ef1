"""Files and folders are written whole or not at all."""

import errno
import os

import numpy as np
import pytest

from sketchlearn import storage
from sketchlearn.errors import FileFormatError, StorageError
from sketchlearn.storage import (
    digest_of,
    kind_of,
    read_tensors,
    require_replaceable,
    require_writable,
    write_folder,
    write_tensors,
    write_whole,
)


def full_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_is_written_with_the_folders_it_needs(tmp_path):
    write_whole(tmp_path / "a" / "b" / "c.txt", b"content")
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == b"content"
    assert os.listdir(tmp_path / "a" / "b") == ["c.txt"]


def test_a_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write_whole(tmp_path / "whole", b"")
    assert (tmp_path / "whole").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_cannot_replace_a_folder(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(StorageError, match="never replaced"):
        write_whole(tmp_path / "a", b"content")
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_below_a_file_cannot_be_made(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(StorageError, match="Could not write"):
        write_whole(tmp_path / "a" / "b", b"content")


# --- digests ----------------------------------------------------------------------------


def test_a_digest_does_not_depend_on_the_order_of_keys():
    a, b = np.arange(3), np.ones(2)
    assert digest_of({"x": 1, "y": 2}, {"a": a, "b": b}) == digest_of(
        {"y": 2, "x": 1}, {"b": b, "a": a}
    )


def test_a_digest_does_not_depend_on_memory_layout():
    array = np.arange(6).reshape(2, 3)
    assert digest_of(1, {"a": array}) == digest_of(1, {"a": np.asfortranarray(array)})


def test_a_digest_depends_on_everything_else():
    array = np.arange(6)
    digests = {
        digest_of(1, {"a": array}),
        digest_of(2, {"a": array}),
        digest_of(1, {"b": array}),
        digest_of(1, {"a": array + 1}),
        digest_of(1, {"a": array.reshape(2, 3)}),
        digest_of(1, {"a": array.view(np.float64)}),
        digest_of(1, {}),
    }
    assert len(digests) == 7


# --- tensor files -----------------------------------------------------------------------


def test_tensors_come_back_with_their_document(tmp_path):
    document = {"text": "né", "number": 0.1, "list": [1, None, True]}
    tensors = {
        "a": np.arange(6, dtype=np.int64).reshape(2, 3).T,
        "b": np.array([np.inf, -np.inf, 0.1]),
        "empty": np.empty((0, 3), dtype=np.float32),
    }
    write_tensors(tmp_path / "x", "thing", document, tensors)
    read, arrays = read_tensors(tmp_path / "x", "thing")
    assert read == document
    assert arrays.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert arrays[name].dtype == tensor.dtype
        assert np.array_equal(arrays[name], tensor)


def test_a_file_tells_its_kind_and_is_read_as_no_other(tmp_path):
    write_tensors(tmp_path / "x", "thing", {}, {"a": np.ones(1)})
    assert kind_of(tmp_path / "x") == "thing"
    with pytest.raises(FileFormatError, match=r"'thing'.*'other'"):
        read_tensors(tmp_path / "x", "other")


def test_the_kind_of_what_is_no_file_of_ours_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"hello")
    with pytest.raises(FileFormatError):
        kind_of(tmp_path / "x")
    with pytest.raises(StorageError, match="no file"):
        kind_of(tmp_path / "absent")


def test_a_file_of_the_next_version_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "FORMAT_VERSION", 2)
    write_tensors(tmp_path / "x", "thing", {}, {"a": np.ones(1)})
    assert read_tensors(tmp_path / "x", "thing")[0] == {}
    monkeypatch.undo()
    with pytest.raises(FileFormatError, match="Upgrade"):
        read_tensors(tmp_path / "x", "thing")


# --- folders ----------------------------------------------------------------------------


def content_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_replaces_an_older_one_whole(tmp_path):
    write_folder(tmp_path / "f", {"mark": b"1", "old": b"2"})
    write_folder(tmp_path / "f", {"mark": b"3", "new": b"4"})
    assert content_of(tmp_path / "f") == {"mark": b"3", "new": b"4"}
    assert os.listdir(tmp_path) == ["f"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "f").mkdir()
    write_folder(tmp_path / "f", {"mark": b"1"})
    assert content_of(tmp_path / "f") == {"mark": b"1"}


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "thesis.tex").write_bytes(b"dear")
    (tmp_path / "file").write_bytes(b"dear")
    for name in ("f", "file"):
        with pytest.raises(StorageError, match="not a model of sketchlearn alone"):
            require_replaceable(tmp_path / name, "mark", "model", ["mark"])


def test_only_an_older_folder_of_the_same_kind_and_names_may_be_replaced(tmp_path):
    place = tmp_path / "f"
    require_replaceable(place, "mark", "model", ["mark"])
    write_tensors(place / "mark", "sketch", {}, {"a": np.zeros(1)})
    with pytest.raises(StorageError, match="of another kind"):
        require_replaceable(place, "mark", "model", ["mark"])
    write_tensors(place / "mark", "model", {}, {"a": np.zeros(1)})
    require_replaceable(place, "mark", "model", ["mark"])
    (place / "notes").write_bytes(b"mine")
    with pytest.raises(StorageError, match="'notes'"):
        require_replaceable(place, "mark", "model", ["mark"])


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_folder_and_nothing_else(tmp_path, monkeypatch, call):
    write_folder(tmp_path / "f", {"mark": b"1"})
    monkeypatch.setattr(os, call, full_disk)
    with pytest.raises(StorageError):
        write_folder(tmp_path / "f", {"mark": b"2"})
    monkeypatch.undo()
    assert content_of(tmp_path / "f") == {"mark": b"1"}
    assert os.listdir(tmp_path) == ["f"]


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(tmp_path, monkeypatch):
    write_folder(tmp_path / "f", {"mark": b"1"})
    replace = os.replace

    def fail_for_the_new_folder(source, target):
        if str(source).endswith(".new"):
            full_disk()
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_for_the_new_folder)
    with pytest.raises(StorageError, match="No space left"):
        write_folder(tmp_path / "f", {"mark": b"2"})
    assert content_of(tmp_path / "f") == {"mark": b"1"}
    assert os.listdir(tmp_path) == ["f"]


def test_what_a_killed_write_left_does_not_mix_with_the_new_folder(tmp_path):
    for suffix in ("new", "old"):
        left = tmp_path / f".f.{os.getpid()}.{suffix}"
        left.mkdir()
        (left / "stale").write_bytes(b"x")
    write_folder(tmp_path / "f", {"mark": b"1"})
    write_folder(tmp_path / "f", {"mark": b"2"})
    assert content_of(tmp_path / "f") == {"mark": b"2"}


def test_a_device_or_a_folder_is_never_replaced_and_a_link_stays_one(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(StorageError, match="never replaced"):
            write_whole(tmp_path / name, b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", b"content")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_place_that_cannot_be_written_is_told_before_and_left_as_it_was(tmp_path):
    require_writable(tmp_path / "new" / "file")
    assert not list((tmp_path / "new").iterdir())
    (tmp_path / "file").write_text("kept")
    require_writable(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
    for place in (tmp_path, tmp_path / "file" / "below", tmp_path / ("x" * 300)):
        with pytest.raises(StorageError, match="Choose another place"):
            require_writable(place)
