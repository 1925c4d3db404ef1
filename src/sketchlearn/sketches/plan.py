"""The plan: everything that must be equal for two sketches to merge."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sketchlearn.encoding import Schema
from sketchlearn.errors import FileFormatError, PlanError, PlanMismatchError, StorageError
from sketchlearn.features import FrequencyLaw, draw_frequencies
from sketchlearn.features.laws import law_from_document
from sketchlearn.storage import FORMAT_VERSION, digest_of, write_whole

# The largest sketch size: sixteen million frequencies are a quarter of a gigabyte of sums.
MOST_FREQUENCIES = 2**24


@dataclass(frozen=True)
class Plan:
    """Schema, frequency law, size and seed, frozen before the pass.

    Attributes:
        schema: the columns and their standardisation.
        law: frequency law with its scales, in units of the encoded data.
        size: number of frequencies, m.
        seed: the frequencies are a function of law, dimension, size and seed alone.
        reasons: why each part was chosen, in sentences; no part of what is compared.
    """

    schema: Schema
    law: FrequencyLaw
    size: int
    seed: int
    reasons: tuple[str, ...] = field(default=(), compare=False)

    @cached_property
    def frequencies(self) -> np.ndarray:
        """The frequencies, float32 of shape (d, m); drawn on first use."""
        return draw_frequencies(self.law, self.schema.dimension, self.size, self.seed)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that must be equal for sketches to merge."""
        return digest_of(self._compared())

    @cached_property
    def frequencies_digest(self) -> str:
        """SHA-256 of the frequencies themselves."""
        return digest_of("frequencies", {"frequencies": self.frequencies})

    def explain(self) -> str:
        """Say in words what was decided, and why."""
        schema = self.schema
        lines = [
            f"Plan {self.digest[:12]}: {self.size} frequencies over {schema.dimension} columns"
            + (f", one sketch row per class of {schema.label.name!r}" if schema.label else "")
            + f"; the sketch holds {2 * self.size * schema.class_count} integers.",
            f"Frequency law: {self.law.to_document()['name']}, scales "
            + ", ".join(f"{scale:.4g}" for scale in self.law.scales)
            + " (in units of the encoded data).",
        ]
        return "\n".join([*lines, *self.reasons])

    def require_same(self, other: Plan) -> None:
        """Raise PlanMismatchError, naming what differs, unless `other` is this plan."""
        if self is not other:
            self.require_equal(other)
            self.require_frequencies(other.frequencies_digest)

    def require_frequencies(self, digest: str) -> None:
        """Raise PlanMismatchError unless the frequencies drawn here have this digest."""
        if self.frequencies_digest != digest:
            raise PlanMismatchError(
                "Two plans are equal, but their frequencies were drawn differently, on machines "
                "whose mathematical libraries differ. Sketch on all sites with a plan whose "
                "frequencies were drawn on one of them."
            )

    def require_equal(self, other: Plan) -> None:
        """Raise PlanMismatchError, naming what differs, unless `other` says what this plan says.

        Unlike `require_same`, it draws no frequencies.
        """
        if self.digest == other.digest:
            return
        mine, theirs = self._compared(), other._compared()
        mine, theirs = {**mine.pop("schema"), **mine}, {**theirs.pop("schema"), **theirs}
        differing = [key for key in mine if mine[key] != theirs[key]]
        raise PlanMismatchError(
            f"Two plans differ in {', '.join(differing)}. Only sketches of one plan can be "
            "combined: make the plan once, save it, and give the same file to every pass."
        )

    def _compared(self) -> dict[str, Any]:
        return {
            "schema": self.schema.to_document(),
            "law": self.law.to_document(),
            "size": self.size,
            "seed": self.seed,
        }

    def to_document(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {**self._compared(), "reasons": list(self.reasons)}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Plan:
        """Build the plan that `to_document` described.

        Raises:
            FileFormatError: the document is not a plan's.
        """
        try:
            return cls(
                schema=Schema.from_document(document["schema"]),
                law=law_from_document(document["law"]),
                size=_within(int(document["size"]), 1, MOST_FREQUENCIES),
                seed=_within(int(document["seed"]), 0, 2**63 - 1),
                reasons=tuple(document["reasons"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, PlanError) as error:
            raise FileFormatError(f"This is no plan of this format version ({error!r}).") from error

    def save(self, path: str | Path) -> None:
        """Write the plan as one JSON file, whole or not at all."""
        document = self.to_document()
        header = {
            "kind": "plan",
            "format_version": FORMAT_VERSION,
            "document": document,
            "digest": digest_of(document),
        }
        write_whole(path, json.dumps(header, indent=1).encode())

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Read a plan file.

        Raises:
            StorageError: there is no such file.
            FileFormatError: the file is no plan, of a newer version, or was edited.
        """
        try:
            header = json.loads(Path(path).read_bytes())
            document, kind, digest = header["document"], header["kind"], header["digest"]
        except OSError as error:
            raise StorageError(f"Could not read {path}: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError) as error:
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
        return cls.from_document(document)


def _within(value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise ValueError(f"{value} is not from {least} to {most}")
    return value
