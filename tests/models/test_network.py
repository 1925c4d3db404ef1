"""A model draws records in the data's own columns, and keeps whole on disk."""

import io
import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
import torch
from torch import nn

import sketchlearn as sl
from sketchlearn.encoding import Label, VectorSchema
from sketchlearn.errors import FileFormatError, LabelError, OptionError, StorageError
from sketchlearn.models.generators import MLP, Bounded

LOWER, UPPER = np.array([-1.0, -0.5]), np.array([0.8, 1.5])


def model_of(generator=None, classes=("a", "b"), proportions=(0.8, 0.2)):
    """A model of a float column and an integer column, with a label."""
    schema = VectorSchema(
        columns=("height", "age"),
        dtypes=("float64", "int32"),
        center=(170.0, 40.0),
        spread=(10.0, 8.0),
        label=Label("kind", classes),
    )
    if generator is None:
        torch.manual_seed(0)
        generator = MLP(3 + len(classes), 2, width=8, depth=2)
    return sl.GenerativeModel(generator, schema, 3, np.array(proportions), LOWER, UPPER)


@pytest.fixture
def model():
    return model_of()


@pytest.fixture
def images():
    """A model of 8 × 8 images of bytes, without a label."""
    names = tuple(f"p{j}" for j in range(64))
    schema = VectorSchema(names, ("uint8",) * 64, (100.0,) * 64, (50.0,) * 64, image=(8, 8))
    torch.manual_seed(0)
    bounds = [-2.0] * 64, [3.0] * 64
    generator = Bounded(MLP(3, 64, width=8, depth=1), *bounds)
    return sl.GenerativeModel(generator, schema, 3, np.ones(1), *map(np.array, bounds))


def test_as_many_records_as_asked_for_come_in_the_sources_columns(model):
    records = model.sample(7)
    assert len(records) == 7
    assert records.columns == ("height", "age")
    assert records.to_numpy().shape == (7, 2)
    assert (records.label, records.labels.shape) == ("kind", (7,))


def test_the_seed_decides_the_records(model):
    assert (model.sample(50, seed=3).to_numpy() == model.sample(50, seed=3).to_numpy()).all()
    assert (model.sample(50, seed=3).to_numpy() != model.sample(50, seed=4).to_numpy()).any()


def test_more_records_than_one_chunk_holds_are_all_different(model, monkeypatch):
    monkeypatch.setattr("sketchlearn.models.drawing._CHUNK", 16)
    drawn = model.sample(100).to_numpy()[:, 0]
    inside = drawn[(drawn > drawn.min()) & (drawn < drawn.max())]
    assert len(drawn) == 100
    assert len(inside) > 50
    assert len(set(inside)) == len(inside)


def test_sampling_leaves_torch_s_global_state_alone(model):
    before = torch.get_rng_state()
    model.sample(10)
    assert torch.equal(torch.get_rng_state(), before)


def test_no_record_at_all_still_has_its_columns(model, images):
    assert model.sample(0).to_arrow().column_names == ["height", "age", "kind"]
    assert len(model.sample(0)) == 0
    assert images.sample(0).to_numpy().shape == (0, 8, 8)


def test_a_negative_number_of_records_is_refused(model):
    with pytest.raises(OptionError, match="-1 records"):
        model.sample(-1)


def test_a_negative_seed_is_refused(model):
    with pytest.raises(OptionError, match="seed"):
        model.sample(3, seed=-1)


def test_a_label_draws_that_class_only(model):
    assert set(model.sample(40, label="b").labels) == {"b"}
    mine, theirs = model.sample(40, label="a"), model.sample(40, label="b")
    assert (mine.to_numpy() != theirs.to_numpy()).any()  # the class reaches the network


def test_an_integer_label_is_known_in_every_integer_type():
    model = model_of(classes=(3, 7))
    assert set(model.sample(5, label=np.int64(7)).labels) == {7}


def test_an_unknown_label_is_refused_with_the_known_ones(model, images):
    with pytest.raises(LabelError, match=r"'z'.*'a', 'b'"):
        model.sample(5, label="z")
    with pytest.raises(LabelError, match="no label at all"):
        images.sample(5, label="a")


def test_classes_come_in_their_proportions(model):
    share = (model.sample(5000).labels == "a").mean()
    assert share == pytest.approx(0.8, abs=4 * (0.16 / 5000) ** 0.5)


def test_records_stay_within_the_bounds_of_the_data(model):
    class Far(nn.Module):
        def forward(self, latents):
            return 100 * latents[:, :2]

    values = model_of(Far()).sample(500).to_numpy()
    assert values[:, 0].min() == pytest.approx(160.0)
    assert values[:, 0].max() == pytest.approx(178.0)
    assert (values[:, 1].min(), values[:, 1].max()) == (36, 52)


def test_generated_records_are_differentiable_in_the_latents(model):
    latents = torch.randn(4, 3, requires_grad=True)
    model.generate(latents, torch.tensor([0, 1, 0, 1])).sum().backward()
    assert latents.grad.abs().sum() > 0


def test_integer_columns_come_out_as_integers(model):
    records = model.sample(30)
    assert (records.to_numpy()[:, 1] == np.rint(records.to_numpy()[:, 1])).all()
    assert (records.to_numpy()[:, 0] != np.rint(records.to_numpy()[:, 0])).any()
    types = {f.name: f.type for f in records.to_arrow().schema}
    assert types == {"height": pa.float64(), "age": pa.int32(), "kind": pa.string()}


def test_images_come_out_as_images_of_the_sources_type(images):
    drawn = images.sample(6).to_numpy()
    assert (drawn.shape, drawn.dtype) == ((6, 8, 8), np.uint8)


def test_a_saved_model_draws_the_same_records(model, images, tmp_path):
    for number, each in enumerate((model, images)):
        each.save(tmp_path / str(number))
        loaded = sl.load(tmp_path / str(number))
        assert (loaded.sample(20, seed=5).to_numpy() == each.sample(20, seed=5).to_numpy()).all()
        assert loaded.schema == each.schema


def test_saving_leaves_one_folder_and_replaces_an_older_model_whole(model, tmp_path):
    model.save(tmp_path / "m", {"status.txt": b"old"})
    other = model_of(proportions=(0.0, 1.0))
    other.save(tmp_path / "m")
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == [
        "README.md", "config.json", "model.safetensors",
    ]  # fmt: skip
    assert set(sl.load(tmp_path / "m").sample(20).labels) == {"b"}


def test_an_empty_folder_may_become_a_model(model, tmp_path):
    (tmp_path / "m").mkdir()
    model.save(tmp_path / "m")
    assert sl.load(tmp_path / "m").latent == 3


def test_saving_over_something_else_is_refused_and_leaves_it(model, tmp_path):
    folder, file = tmp_path / "photos", tmp_path / "notes"
    folder.mkdir()
    (folder / "holiday").write_text("dear")
    file.write_text("dear")
    for place in (folder, file):
        with pytest.raises(StorageError, match="not a model of sketchlearn alone"):
            model.save(place)
    assert (folder / "holiday").read_text() == file.read_text() == "dear"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes", "photos"]


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4, 5])
def test_a_write_that_fails_leaves_the_older_model_and_no_temporary_folder(
    model, tmp_path, monkeypatch, fails_at
):
    model.save(tmp_path / "m")
    real, calls = os.replace, []

    def replace(*arguments):
        calls.append(arguments)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(StorageError, match="No space left"):
        model_of(proportions=(0.0, 1.0)).save(tmp_path / "m")
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert set(sl.load(tmp_path / "m").sample(30).labels) == {"a", "b"}


def custom(width=8):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, width), nn.Tanh(), nn.Linear(width, 2))


def test_a_users_module_must_be_given_again(tmp_path):
    model = model_of(custom())
    model.save(tmp_path / "m")
    with pytest.raises(OptionError, match="generator=module"):
        sl.load(tmp_path / "m")
    fresh = custom()
    nn.init.zeros_(fresh[0].weight)
    loaded = sl.load(tmp_path / "m", generator=fresh)
    assert (loaded.sample(20).to_numpy() == model.sample(20).to_numpy()).all()


def test_a_module_the_weights_do_not_fit_is_refused(tmp_path):
    model_of(custom()).save(tmp_path / "m")
    with pytest.raises(FileFormatError, match="do not fit the generator"):
        sl.load(tmp_path / "m", generator=custom(width=9))


def test_edited_or_cut_weights_are_refused(model, tmp_path):
    model.save(tmp_path / "m")
    path = tmp_path / "m" / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(FileFormatError, match="was changed"):
        sl.load(tmp_path / "m")
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FileFormatError, match="cut short"):
        sl.load(tmp_path / "m")
    path.write_bytes(content.replace(b"height", b"weight"))
    with pytest.raises(FileFormatError, match="was changed"):
        sl.load(tmp_path / "m")


def test_records_are_arrow_tables_and_data_frames(model):
    records = model.sample(25)
    table = records.to_arrow()
    assert pa.table(records) == table
    frame = pa.table(records).to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert (frame["age"].to_numpy() == records.to_numpy()[:, 1]).all()
    assert frame["age"].dtype == np.int32
    assert frame["kind"].tolist() == records.labels.tolist()


def test_records_written_to_parquet_and_csv_are_read_back(model, tmp_path):
    records = model.sample(25)
    records.save(tmp_path / "a.parquet")
    records.save(tmp_path / "a.CSV")
    assert pq.read_table(tmp_path / "a.parquet") == records.to_arrow()
    read = pc.read_csv(io.BytesIO((tmp_path / "a.CSV").read_bytes()))
    assert read.to_pydict() == records.to_arrow().to_pydict()


def test_images_written_to_npy_are_read_back(images, tmp_path):
    images.sample(5).save(tmp_path / "a.npy")
    read = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert (read == images.sample(5).to_numpy()).all()
    assert read.dtype == np.uint8


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.pkl"])
def test_another_suffix_is_refused_and_nothing_written(model, tmp_path, name):
    with pytest.raises(OptionError, match=r"\.parquet, \.csv or \.npy"):
        model.sample(3).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_the_model_card_tells_what_the_model_is(model, tmp_path):
    model.save(tmp_path / "m")
    card = (tmp_path / "m" / "README.md").read_text()
    assert "2 columns, conditioned on `kind`" in card
    assert f"{sum(p.numel() for p in model.generator.parameters())} weights" in card
