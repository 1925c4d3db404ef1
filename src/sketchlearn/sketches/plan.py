"""The plan: everything that must be equal for two sketches to merge."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sketchlearn.encoding import Schema, TableSchema, VectorSchema
from sketchlearn.errors import OptionError, PlanError, PlanMismatchError
from sketchlearn.features import (
    ColumnBlock,
    FrequencyLaw,
    Projection,
    Windows,
    draw_columns,
    draw_dither,
    draw_frequencies,
    draw_hadamard,
    draw_rays,
    draw_windows,
)
from sketchlearn.features.statistic import Statistic
from sketchlearn.privacy import Ledger
from sketchlearn.sketches.moments import FULL_SECOND_MOMENT
from sketchlearn.sketches.plan_document import (
    HARMONIC,
    Features,
    Moments,
    Origin,
    Structure,
    no_plan,
    parts_of,
    read_plan_file,
    write_plan_file,
)
from sketchlearn.storage import digest_of

if TYPE_CHECKING:
    from torch import nn

    from sketchlearn.features.networks import FeatureNetwork, NetworkFeatures


@dataclass(frozen=True)
class Plan:
    """Schema, frequency law, size and seed, frozen before the pass.

    Attributes:
        schema: the columns and their standardisation.
        law: frequency law with its scales, in units of the encoded data; None for frequencies
            on columns, which have a law of their own.
        size: number of frequencies, m.
        seed: the frequencies are a function of law, dimension, size, seed and structure alone.
        features: "fourier" for smooth features, "one-bit" for their dithered signs.
        moments: second moments kept beside the features, "full" or their "diagonal"; None is full
            up to 1,024 columns, as in the first plans.
        structure: "dense" for independent directions, "hadamard" for blocks of nearly orthogonal
            ones, "rays" for five frequencies along each; "columns" for frequencies of tables,
            each on one to four columns; "windows" for those of images, each on a square of pixels.
        windows: what windows are scaled by, for the structure "windows" alone.
        statistics: what is summed of encoded records beside the waves, for PCA and ICA.
        harmonics: frequencies along each direction, whole multiples of the first. More than one
            bound how far two records' features can be apart: a release then needs less noise.
        network: frozen, between encoded records and frequencies; None for the records themselves.
        origin: what the plan was made from: "records" of the data, of which a release would say
            something without noise, records that are "public", or what was "declared".
        ledger: what it cost the records to make the plan; no part of what is compared.
        reasons: why each part was chosen, in sentences; no part of what is compared.
        device: where the pass sums, as torch names it; no part of what is compared or saved.
    """

    schema: Schema
    law: FrequencyLaw | None
    size: int
    seed: int
    structure: Structure = "dense"
    moments: Moments | None = None
    features: Features = "fourier"
    windows: Windows | None = None
    statistics: tuple[Statistic, ...] = ()
    harmonics: int = 1
    network: FeatureNetwork | None = None
    origin: Origin = "records"
    ledger: Ledger = field(default=Ledger(), compare=False)
    reasons: tuple[str, ...] = field(default=(), compare=False)
    device: str = field(default="cpu", compare=False)

    def __post_init__(self) -> None:
        table = isinstance(self.schema, TableSchema)
        if table != (self.structure == "columns") or table != (self.law is None):
            raise PlanError("A plan of a table has the structure 'columns', and no other plan has.")
        if (self.structure == "windows") != (self.windows is not None):
            raise PlanError("A plan of the structure 'windows' has windows, and no other plan has.")
        if table and self.network is not None:
            raise PlanError("A plan of a table has no network between rows and frequencies.")
        if table and self.statistics:
            raise PlanError("A plan of a table has no statistics beside its frequencies.")
        if self.harmonics > 1 and self.structure not in HARMONIC:
            raise PlanError(f"A plan of the structure {self.structure!r} has no harmonics.")
        if not self.size and not self.statistics:
            raise PlanError("A plan without frequencies and without statistics keeps nothing.")

    @property
    def dimension(self) -> int:
        """Numbers that frequencies see of a record: those of the network, or of the encoding."""
        return self.schema.dimension if self.network is None else self.network.size

    @cached_property
    def network_features(self) -> NetworkFeatures | None:
        """The network as a map of encoded records, or None.

        Raises:
            PlanError: the plan was read from a file, and the network is the user's own.
        """
        if self.network is None:
            return None
        assert isinstance(self.schema, VectorSchema)
        schema = self.schema
        return self.network.over(schema.center, schema.spread, schema.image)

    def seen(self, encoded: np.ndarray) -> np.ndarray:
        """Return what frequencies see of encoded records (n, d), shape (n, `dimension`)."""
        features = self.network_features
        return encoded if features is None else features.of(encoded)

    def with_network(self, module: nn.Module) -> Plan:
        """Return the plan with the feature network that its file does not hold.

        Raises:
            PlanError: the plan has no network, another one, or one with other weights.
        """
        if self.network is None:
            raise PlanError("A network was given, but the plan has none. Leave it out.")
        return self._replaced(network=self.network.with_module(module))

    @cached_property
    def frequencies(self) -> np.ndarray:
        """The frequencies, float32 of shape (d, m); drawn on first use."""
        if self.structure != "dense":
            return self.projection.frequencies
        assert self.law is not None
        return draw_frequencies(self.law, self.dimension, self.size, self.seed, self.harmonics)

    @cached_property
    def projection(self) -> Projection:
        """The frequencies, laid out for the data pass on the plan's device."""
        here = self._projection()
        if self.device == "cpu":
            return here
        from sketchlearn.features.device import on_device  # loads torch

        return on_device(here, self.device)

    def on(self, device: str) -> Plan:
        """Return the same plan with the pass on a device, such as "cuda".

        Its sketches merge with those made elsewhere: sums differ by the rounding of phases, less
        than a record's share. Where the device cannot be used, the pass says so in the log and
        stays on the processor.
        """
        return self._replaced(device=device)

    def _replaced(self, **parts: Any) -> Plan:
        """Return the plan with parts that frequencies do not depend on replaced."""
        made = replace(self, **parts)
        known = {name: vars(self)[name] for name in ("frequencies",) if name in vars(self)}
        vars(made).update(known)
        return made

    def _projection(self) -> Projection:
        dither = draw_dither(self.size, self.seed) if self.features == "one-bit" else None
        if isinstance(self.schema, TableSchema):
            blocks = blocks_of(self.schema)
            return replace(draw_columns(blocks, self.size, self.seed), dither=dither)
        assert self.law is not None
        if self.windows is not None:
            image = (self.schema.image if self.network is None else self.network.shape) or ()
            shape = image, self.size, self.seed, self.harmonics
            drawn = draw_windows(self.law, self.windows, *shape)
            return replace(drawn, dither=dither)
        draw = {"hadamard": draw_hadamard, "rays": draw_rays}.get(self.structure)
        if draw is not None:
            drawn = draw(self.law, self.dimension, self.size, self.seed)
            return replace(drawn, dither=dither)
        return Projection(self.frequencies, dither, self.harmonics)

    @property
    def full_moments(self) -> bool:
        """Whether a sketch keeps all second moments, or their diagonal alone."""
        if self.moments is None:
            return self.schema.dimension <= FULL_SECOND_MOMENT
        return self.moments == "full"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that must be equal for sketches to merge."""
        return digest_of(self._compared())

    @cached_property
    def frequencies_digest(self) -> str:
        """SHA-256 of the frequencies themselves."""
        return digest_of("frequencies", {"frequencies": self.frequencies})

    def distance_bound(self, delta: float = 0.05) -> float:
        """Return a bound on the error of squared distances, that holds with probability 1 - delta.

        The squared distance of two laws, mean over m frequencies, estimates the squared distance
        of their kernel means (MMD²). Each frequency contributes from 0 to 4r², r being 1, or π/√8
        of 1-bit features, so that Hoeffding's inequality gives 2r² √(2 log(2/δ)/m) for independent
        frequencies. Distances that matter are small, and are told better than that.

        Args:
            delta: probability with which the bound may fail.
        """
        if not 0 < delta < 1:
            raise OptionError(f"delta={delta!r} was given; it must lie between 0 and 1.")
        size = max(1, self.size)
        return 2 * self.projection.norm**2 * math.sqrt(2 * math.log(2 / delta) / size)

    def explain(self) -> str:
        """Say in words what was decided, and why."""
        schema = self.schema
        columns = f"{schema.dimension} columns"
        over = columns
        if isinstance(schema, TableSchema):
            over = f"{len(schema.encoded)} columns, {schema.dimension} numbers once encoded"
        if self.network is not None:
            over = f"{self.dimension} outputs of a frozen network ({self.network.digest[:12]})"
        rows = f", one sketch row per class of {schema.label.name!r}" if schema.label else ""
        kept = 2 * self.size + sum(math.prod(one.shape) for one in self.statistics)
        what = f"{self.size} frequencies over {over}" if self.size else f"statistics of {columns}"
        held = f"the sketch holds {kept * schema.class_count} integers"
        lines = [f"Plan {self.digest[:12]}: {what}{rows}; {held}."]
        if self.size:
            bits = "; 1-bit features." if self.features == "one-bit" else "."
            lines.append(self._explain_law() + bits)
        lines += [f"Statistics: {one.explain()}." for one in self.statistics]
        return "\n".join([*lines, *self.reasons])

    def _explain_law(self) -> str:
        if self.law is None:
            return "Frequencies: each on one to four columns"
        scales = ", ".join(f"{scale:.4g}" for scale in self.law.scales)
        laid = {"dense": "", "hadamard": ", in Hadamard blocks", "rays": ", on rays"}
        seen = "pixels" if self.network is None else "what the network says"
        laid["windows"] = f", each on a square window of {seen}, over the deviation there"
        name = self.law.to_document()["name"]
        return (
            f"Frequency law: {name}, scales {scales} (in units of the encoded data)"
            + laid[self.structure]
            + (f", each with its multiples up to {self.harmonics}" if self.harmonics > 1 else "")
        )

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
        differing = [key for key in mine | theirs if mine.get(key) != theirs.get(key)]
        raise PlanMismatchError(
            f"Two plans differ in {', '.join(differing)}. Only sketches of one plan can be "
            "combined: make the plan once, save it, and give the same file to every pass."
        )

    def _compared(self) -> dict[str, Any]:
        schema = self.schema.to_document()
        schema.pop("learnt", None)  # where equal parts come from makes no difference to merging
        document: dict[str, Any] = {
            "schema": schema,
            "law": None if self.law is None else self.law.to_document(),
            "size": self.size,
            "seed": self.seed,
        }
        # left out where as ever, so that plans made before there was a choice keep their digest
        if self.structure != "dense":
            document["structure"] = self.structure
        if self.features != "fourier":
            document["features"] = self.features
        if self.windows is not None:
            document["windows"] = self.windows.to_document()
        if self.statistics:
            document["statistics"] = [kept.to_document() for kept in self.statistics]
        if self.harmonics > 1:
            document["harmonics"] = self.harmonics
        if self.network is not None:
            document["network"] = self.network.to_document()
        if self.moments is not None:
            document["moments"] = self.moments
        if self.origin != "records":
            document["origin"] = self.origin
        return document

    def to_document(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        schema = self.schema.to_document()
        document = {**self._compared(), "schema": schema, "reasons": list(self.reasons)}
        if self.ledger:
            document["ledger"] = self.ledger.to_document()
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Plan:
        """Build the plan that `to_document` described.

        Raises:
            FileFormatError: the document is not a plan's.
        """
        parts = parts_of(document)
        try:
            return cls(**parts)
        except PlanError as error:
            raise no_plan(error) from error

    def save(self, path: str | Path) -> None:
        """Write the plan as one JSON file, whole or not at all."""
        write_plan_file(path, self.to_document())

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Read a plan file.

        Raises:
            StorageError: there is no such file.
            FileFormatError: the file is no plan, of a newer version, or was edited.
        """
        return cls.from_document(read_plan_file(path))


def blocks_of(schema: TableSchema) -> list[ColumnBlock]:
    """Return the columns of a table's encoded records, as frequencies see them."""
    return [ColumnBlock(column.slots, column.number) for column in schema.encoded]
