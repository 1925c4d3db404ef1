"""Plans as documents and files: what the parts may be, and how they are read and written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from sketchlearn.encoding import schema_from_document
from sketchlearn.errors import FileFormatError, PlanError, PrivacyError, StorageError
from sketchlearn.features import Windows
from sketchlearn.features.laws import law_from_document
from sketchlearn.features.statistics import statistic_from_document
from sketchlearn.privacy import Ledger
from sketchlearn.storage import FORMAT_VERSION, digest_of, write_whole

if TYPE_CHECKING:
    from sketchlearn.features.networks import FeatureNetwork

# The largest sketch size: sixteen million frequencies are a quarter of a gigabyte of sums.
MOST_FREQUENCIES = 2**24

Structure = Literal["dense", "hadamard", "rays", "columns", "windows"]
STRUCTURES: tuple[Structure, ...] = get_args(Structure)
# Structures whose frequencies may come with their multiples, and how many there may be.
HARMONIC: tuple[Structure, ...] = ("dense", "windows")
MOST_HARMONICS = 12
Features = Literal["fourier", "one-bit"]
FEATURES: tuple[Features, ...] = get_args(Features)
Origin = Literal["records", "public", "declared"]
ORIGINS: tuple[Origin, ...] = get_args(Origin)
Moments = Literal["full", "diagonal"]
MOMENTS: tuple[Moments, ...] = get_args(Moments)


def parts_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of the plan that a document describes.

    Raises:
        FileFormatError: the document is not a plan's.
    """
    try:
        return {
            "schema": schema_from_document(document["schema"]),
            "law": None if document["law"] is None else law_from_document(document["law"]),
            "size": _within(int(document["size"]), 0, MOST_FREQUENCIES),
            "seed": _within(int(document["seed"]), 0, 2**63 - 1),
            "features": _one_of(document.get("features", "fourier"), FEATURES),
            "moments": _one_of(document.get("moments"), (None, *MOMENTS)),
            "harmonics": _within(int(document.get("harmonics", 1)), 1, MOST_HARMONICS),
            "windows": _windows(document.get("windows")),
            "statistics": tuple(map(statistic_from_document, document.get("statistics", ()))),
            "network": _network(document.get("network")),
            "structure": _one_of(document.get("structure", "dense"), STRUCTURES),
            "origin": _one_of(document.get("origin", "records"), ORIGINS),
            "ledger": Ledger.from_document(document["ledger"])
            if "ledger" in document
            else Ledger(),
            "reasons": tuple(str(reason) for reason in document["reasons"]),
        }
    except (
        PlanError,
        PrivacyError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
    ) as error:
        raise no_plan(error) from error


def no_plan(error: Exception) -> FileFormatError:
    """Return the error that a document which is no plan's raises."""
    return FileFormatError(f"This is no plan of this format version ({error!r}).")


def write_plan_file(path: str | Path, document: dict[str, Any]) -> None:
    """Write a plan's document as one JSON file, whole or not at all."""
    header = {
        "kind": "plan",
        "format_version": FORMAT_VERSION,
        "document": document,
        "digest": digest_of(document),
    }
    write_whole(path, json.dumps(header, indent=1).encode())


def read_plan_file(path: str | Path) -> dict[str, Any]:
    """Return the document of a plan file.

    Raises:
        StorageError: there is no such file.
        FileFormatError: the file is no plan, of a newer version, or was edited.
    """
    try:
        header = json.loads(Path(path).read_bytes())
        document, kind, digest = header["document"], header["kind"], header["digest"]
    except OSError as error:
        raise StorageError(f"Could not read {path}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileFormatError(
            f"{path} is not a plan file, or it was cut short. Make the plan again."
        ) from error
    if kind != "plan" or header.get("format_version") not in range(1, FORMAT_VERSION + 1):
        raise FileFormatError(
            f"{path} is a {kind!r} file of version {header.get('format_version')}; "
            f"a plan of version {FORMAT_VERSION} was expected."
        )
    if digest != digest_of(document):
        raise FileFormatError(
            f"{path} was edited after it was written: its digest does not match. "
            "Make a new plan with the options you want."
        )
    return document  # type: ignore[no-any-return]


def _within(value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise ValueError(f"{value} is not from {least} to {most}")
    return value


def _windows(document: dict[str, Any] | None) -> Windows | None:
    return None if document is None else Windows.from_document(document)


def _network(document: dict[str, Any] | None) -> FeatureNetwork | None:
    if document is None:
        return None
    from sketchlearn.features.networks import FeatureNetwork  # loads torch

    return FeatureNetwork.from_document(document)


def _one_of(value: Any, known: tuple[Any, ...]) -> Any:
    if value not in known:
        raise ValueError(f"{value!r} is not one of {known}")
    return value
