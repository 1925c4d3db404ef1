"""One function reads whatever the library wrote, and nothing else."""

import json
import pickle

import numpy as np
import pytest
from safetensors.numpy import save_file

import sketchlearn as sl
from sketchlearn.errors import FileFormatError, StorageError


@pytest.fixture(scope="module")
def fitted(gaussian):
    return sl.GenerativeNetwork(steps=4, batch=16).fit(gaussian)


def test_a_plan_is_read_as_a_plan(gaussian, tmp_path):
    gaussian.plan.save(tmp_path / "a")
    assert sl.load(tmp_path / "a") == gaussian.plan


def test_a_sketch_is_read_as_a_sketch(gaussian, tmp_path):
    gaussian.save(tmp_path / "a")
    loaded = sl.load(str(tmp_path / "a"))
    assert isinstance(loaded, sl.Sketch)
    assert loaded == gaussian


def test_a_models_folder_is_read_as_a_model_and_tells_how_the_fit_went(fitted, tmp_path):
    fitted.save(tmp_path / "a")
    loaded = sl.load(tmp_path / "a")
    assert isinstance(loaded, sl.GenerativeModel)
    assert (loaded.sample(9).to_numpy() == fitted.model.sample(9).to_numpy()).all()
    assert (tmp_path / "a" / "status.txt").read_text() == f"{fitted.status.value}\n"
    history = (tmp_path / "a" / "history.jsonl").read_text().splitlines()
    assert [json.loads(row)["step"] for row in history] == [1, 2, 3, 4]


def test_nothing_there_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="nothing at"):
        sl.load(tmp_path / "none")


def test_a_folder_without_a_model_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match=r"no file .*model.safetensors"):
        sl.load(tmp_path)


class Bomb:
    """A pickle that would run code when it is read."""

    def __reduce__(self):
        return (pytest.fail, ("the pickle was run",))


@pytest.mark.parametrize(
    "content",
    [b"", b"just a text\n", b"{", b"{}", b'{"kind": 1', b"\x80", pickle.dumps(Bomb()), b"\0" * 99],
    ids=["empty", "text", "brace", "braces", "cut json", "byte", "pickle", "zeros"],
)
def test_what_the_library_did_not_write_is_refused(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(FileFormatError):
        sl.load(tmp_path / "a")


def test_foreign_safetensors_are_refused(tmp_path):
    save_file({"x": np.zeros(3)}, tmp_path / "a")
    with pytest.raises(FileFormatError, match="did not write it"):
        sl.load(tmp_path / "a")


def test_the_bare_weights_of_a_model_are_refused(fitted, tmp_path):
    fitted.save(tmp_path / "a")
    with pytest.raises(FileFormatError, match="'model' file"):
        sl.load(tmp_path / "a" / "model.safetensors")
