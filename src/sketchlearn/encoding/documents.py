"""Schemas from JSON values."""

from __future__ import annotations

from typing import Any

from sketchlearn.encoding.schema import Schema
from sketchlearn.encoding.table_schema import TableSchema
from sketchlearn.encoding.vector_schema import VectorSchema


def schema_from_document(document: dict[str, Any]) -> Schema:
    """Build the schema that `Schema.to_document` described."""
    kind = TableSchema if document.get("kind") == "table" else VectorSchema
    return kind.from_document(document)
