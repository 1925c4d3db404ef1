"""Columns to numeric vectors and back; knows no features and no files."""

from sketchlearn.encoding.records import Records
from sketchlearn.encoding.schema import Encoded, Label, Missing, Schema

__all__ = ["Encoded", "Label", "Missing", "Records", "Schema"]
