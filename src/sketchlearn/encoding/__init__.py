"""Columns to numeric vectors and back; knows no features and no files."""

from sketchlearn.encoding.columns import Column
from sketchlearn.encoding.documents import schema_from_document
from sketchlearn.encoding.records import Records, TableRecords
from sketchlearn.encoding.schema import Encoded, Label, Missing, Schema
from sketchlearn.encoding.schema_files import write_schema
from sketchlearn.encoding.table_schema import TableSchema
from sketchlearn.encoding.vector_schema import VectorSchema

__all__ = [
    "Column",
    "Encoded",
    "Label",
    "Missing",
    "Records",
    "Schema",
    "TableRecords",
    "TableSchema",
    "VectorSchema",
    "schema_from_document",
    "write_schema",
]
