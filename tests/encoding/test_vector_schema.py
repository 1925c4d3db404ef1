"""Columns to standardised vectors and back."""

import json

import numpy as np
import pytest

from sketchlearn.encoding import Label, VectorSchema
from sketchlearn.encoding.schema import as_class
from sketchlearn.errors import ColumnError, LabelError, MissingValuesError
from sketchlearn.sources import Batch


def schema_of(*dtypes, label=None, center=1.0, spread=2.0):
    names = tuple("abcdef"[: len(dtypes)])
    return VectorSchema(
        names, dtypes, (center,) * len(dtypes), (spread,) * len(dtypes), None, label
    )


PLAIN = schema_of("float64", "float64")
WORDS = schema_of("float64", "float64", label=Label("kind", ("no", "yes")))


def test_encoding_subtracts_the_center_and_divides_by_the_spread():
    encoded = PLAIN.encode(Batch(np.array([[1.0, 3.0], [5.0, -1.0]])))
    assert encoded.values.tolist() == [[0.0, 1.0], [2.0, -1.0]]
    assert encoded.classes.tolist() == [0, 0]
    assert encoded.dropped == 0


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8", "int64", "uint64", "float16"])
def test_decoding_undoes_encoding_in_the_dtype_of_the_source(dtype):
    values = np.array([[0, 100], [3, 7]], dtype=dtype)
    schema = schema_of(dtype, dtype, center=1.7, spread=0.3)
    records = schema.decode(schema.encode(Batch(values)).values)
    assert records.values.dtype == values.dtype
    assert np.array_equal(records.values, values)


def test_encoding_unsigned_numbers_does_not_wrap():
    encoded = schema_of("uint8", center=5.0, spread=1.0).encode(Batch(np.array([[3]], np.uint8)))
    assert encoded.values.tolist() == [[-2.0]]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", "int64", "uint64"])
def test_decoded_integers_are_rounded_and_stay_within_their_type(dtype):
    schema = schema_of(dtype, center=0.0, spread=1.0)
    values = schema.decode(np.array([[2.6], [1e30], [-1e30]])).values[:, 0]
    info = np.iinfo(dtype)
    assert values.dtype == dtype
    assert values[0] == 3
    assert values[1] == pytest.approx(info.max, rel=1e-12)
    assert values[2] == info.min


def test_columns_of_several_types_are_each_rounded_as_theirs():
    schema = schema_of("float64", "int16", "bool", center=0.0, spread=1.0)
    records = schema.decode(np.array([[0.4, 0.6, 0.6], [0.4, 1e9, 0.4]]))
    assert records.values.tolist() == [[0.4, 1.0, 1.0], [0.4, 32767.0, 0.0]]


def test_decoding_leaves_its_input_alone():
    encoded = np.array([[0.4]])
    schema_of("int8", center=0.0, spread=1.0).decode(encoded)
    assert encoded.tolist() == [[0.4]]


# --- labels -----------------------------------------------------------------------------


def test_labels_are_numbered_as_the_plan_has_them_and_come_back():
    batch = Batch(np.zeros((3, 2)), np.array(["yes", "no", "yes"]))
    encoded = WORDS.encode(batch)
    assert encoded.classes.tolist() == [1, 0, 1]
    records = WORDS.decode(encoded.values, encoded.classes)
    assert records.label == "kind"
    assert records.labels.tolist() == ["yes", "no", "yes"]


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, object])
def test_integer_labels_are_one_class_in_every_dtype(dtype):
    schema = schema_of("float64", label=Label("digit", (3, 7)))
    encoded = schema.encode(Batch(np.zeros((2, 1)), np.array([7, 3]).astype(dtype)))
    assert encoded.classes.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "named"), [(np.array(["yes", "maybe"]), "'maybe'"), (np.array([1.5, 2.0]), "1.5")]
)
def test_a_label_the_plan_does_not_know_is_refused_by_name(labels, named):
    with pytest.raises(LabelError, match=f"{named}.*'kind'"):
        WORDS.encode(Batch(np.zeros((2, 2)), labels))


def test_records_without_labels_are_refused_where_the_plan_has_one():
    with pytest.raises(LabelError, match="'kind'"):
        WORDS.encode(Batch(np.zeros((2, 2))))


@pytest.mark.parametrize("value", [3, np.int64(3), 3.0, np.float32(3.0), np.uint8(3)])
def test_equal_numbers_are_one_class(value):
    assert as_class(value) == 3
    assert type(as_class(value)) is int


def test_words_stay_words():
    assert as_class(np.str_("3")) == "3"
    assert type(as_class(np.str_("3"))) is str


# --- refusals ---------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 1), (4, 3), (4,), (2, 2, 2)])
def test_a_batch_of_another_shape_is_refused(shape):
    with pytest.raises(ColumnError, match="2 columns"):
        PLAIN.encode(Batch(np.zeros(shape)))


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_missing_values_are_refused_with_the_column(hole):
    with pytest.raises(MissingValuesError, match=r"1 of 2 .*'b'"):
        PLAIN.encode(Batch(np.array([[0.0, 0.0], [0.0, hole]])))


def test_missing_values_are_dropped_with_their_labels():
    batch = Batch(np.array([[np.nan, 1.0], [3.0, 1.0]]), np.array(["no", "yes"]))
    encoded = WORDS.encode(batch, "drop")
    assert encoded.values.tolist() == [[1.0, 0.0]]
    assert encoded.classes.tolist() == [1]
    assert encoded.dropped == 1


# --- documents --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schema",
    [
        PLAIN,
        WORDS,
        schema_of("uint8", label=Label("kind", (0, 1))),
        schema_of("bool", label=Label("kind", (False, True)), center=0.1, spread=1 / 3),
        VectorSchema(("a",) * 6, ("int8",) * 6, (0.0,) * 6, (1.0,) * 6, image=(1, 2, 3)),
    ],
)
def test_documents_survive_json(schema):
    assert VectorSchema.from_document(json.loads(json.dumps(schema.to_document()))) == schema


def test_a_schema_counts_its_columns_and_classes():
    assert (PLAIN.dimension, PLAIN.class_count) == (2, 1)
    assert (WORDS.dimension, WORDS.class_count) == (2, 2)
