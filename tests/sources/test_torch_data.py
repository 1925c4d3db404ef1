"""Torch datasets and data loaders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sketchlearn.errors import ColumnError, EmptySourceError, LabelError, SourceError
from sketchlearn.sources import Batch, open_source

torch = pytest.importorskip("torch")
data = torch.utils.data


class Mapped(data.Dataset):
    """Items of a list."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, i: int) -> Any:
        return self._items[i]


class Streamed(data.IterableDataset):
    """Items of an iterable."""

    def __init__(self, items: Any) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)


def _open(kind: str, values: np.ndarray, labels: np.ndarray) -> Any:
    pairs = [(torch.tensor(x), int(y)) for x, y in zip(values, labels, strict=True)]
    kinds = {
        "tensors": lambda: data.TensorDataset(torch.tensor(values), torch.tensor(labels)),
        "mapped": lambda: Mapped(pairs),
        "subset": lambda: data.Subset(Mapped(pairs), range(40)),
        "streamed": lambda: Streamed(pairs),
        "loader": lambda: data.DataLoader(Mapped(pairs), batch_size=7),
        "stream loader": lambda: data.DataLoader(Streamed(pairs), batch_size=7),
    }
    return kinds[kind]()


KINDS = ["tensors", "mapped", "subset", "streamed", "loader", "stream loader"]


@pytest.mark.parametrize("kind", KINDS)
def test_same_records_whatever_the_kind(kind: str, values: np.ndarray, labels: np.ndarray) -> None:
    source = open_source(_open(kind, values, labels), columns=["x2", "x0"], label="digit")
    assert source.schema.columns == ("x2", "x0")
    assert source.schema.label == "digit"
    assert source.rows == (None if "stream" in kind else 40)
    assert not source.one_shot
    assert len(source.pilot(10, 0)) == 10
    for _ in range(2):
        batch = Batch.join(list(source.batches()))
        np.testing.assert_array_equal(batch.values, values[:, [2, 0]])
        np.testing.assert_array_equal(batch.labels, labels)


@pytest.mark.parametrize("kind", ["tensors", "mapped", "subset"])
def test_pilot_is_that_of_the_array(kind: str, values: np.ndarray, labels: np.ndarray) -> None:
    pilot = open_source(_open(kind, values, labels)).pilot(10, 6)
    expected = open_source((values, labels)).pilot(10, 6)
    np.testing.assert_array_equal(pilot.values, expected.values)
    np.testing.assert_array_equal(pilot.labels, expected.labels)


def test_records_without_labels(values: np.ndarray) -> None:
    records = torch.tensor(values)
    alone = data.TensorDataset(records)
    for given in (alone, Mapped(list(records)), data.DataLoader(alone, batch_size=9)):
        batch = Batch.join(list(open_source(given).batches()))
        np.testing.assert_array_equal(batch.values, values)
        assert batch.labels is None


def test_images_and_text_labels() -> None:
    source = open_source(Mapped([(np.full((1, 4, 4), i, np.uint8), "ab"[i]) for i in range(2)]))
    assert source.schema.image == (1, 4, 4)
    batch = next(source.batches())
    assert batch.values.shape == (2, 16)
    assert batch.labels is not None
    assert batch.labels.tolist() == ["a", "b"]


def test_opening_leaves_the_random_state_alone(values: np.ndarray, labels: np.ndarray) -> None:
    before = torch.get_rng_state()
    source = open_source(_open("mapped", values, labels))
    source.pilot(5, 0)
    list(source.batches())
    assert torch.equal(before, torch.get_rng_state())


def test_iterable_dataset_over_one_iterator(values: np.ndarray) -> None:
    source = open_source(Streamed(iter(torch.tensor(values))))
    assert source.one_shot
    source.pilot(5, 0)
    np.testing.assert_array_equal(Batch.join(list(source.batches())).values, values)


def test_rows_of_loaders(values: np.ndarray) -> None:
    records = data.TensorDataset(torch.tensor(values))
    assert open_source(data.DataLoader(records, batch_size=7, drop_last=True)).rows == 35
    sampler = data.BatchSampler(data.SequentialSampler(records), 7, drop_last=False)
    assert open_source(data.DataLoader(records, batch_sampler=sampler)).rows is None


def test_no_record() -> None:
    for given in (Mapped([]), Streamed([]), data.TensorDataset(torch.empty(0, 3))):
        source = open_source(given)
        assert list(source.batches()) == []
        with pytest.raises(EmptySourceError, match="holds no record"):
            source.pilot(5, 0)


def test_items_that_do_not_fit() -> None:
    one = torch.ones(2)
    with pytest.raises(SourceError, match="items of 3 parts"):
        open_source(Mapped([(one, 1, 2)]))
    with pytest.raises(SourceError, match="records of type dict"):
        open_source(Mapped([{"x": one}]))
    with pytest.raises(SourceError, match="at least one dimension"):
        open_source(Mapped([torch.tensor(1.0)]))
    with pytest.raises(ColumnError, match="one shape was expected"):
        list(open_source(Mapped([one, torch.ones(3)])).batches())
    with pytest.raises(LabelError, match="one label per record"):
        list(open_source(Mapped([(one, one)] * 3)).batches())


def test_dataset_without_length() -> None:
    class Endless(data.Dataset):
        def __getitem__(self, i: int) -> Any:
            return torch.ones(2)

    with pytest.raises(SourceError, match="no length"):
        open_source(Endless())
