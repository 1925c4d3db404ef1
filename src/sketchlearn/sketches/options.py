"""The options of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from sketchlearn.encoding import Missing
from sketchlearn.encoding.columns import Kind
from sketchlearn.encoding.declarations import Declaration, DeclaredSchema, declarations
from sketchlearn.encoding.schema import check_missing
from sketchlearn.errors import OptionError
from sketchlearn.features import LAWS
from sketchlearn.features.quadratic import MOST_DIRECTIONS
from sketchlearn.features.windows import GROUP
from sketchlearn.sketches.noisy_bounds import NoisyBounds
from sketchlearn.sketches.plan_document import (
    FEATURES,
    HARMONIC,
    MOMENTS,
    MOST_FREQUENCIES,
    MOST_HARMONICS,
    ORIGINS,
    STRUCTURES,
    Features,
    Moments,
    Origin,
    Structure,
)

# One pair for all columns, pairs for each in turn, or pairs by name, declared or bought.
Bounds = Sequence[float] | Mapping[str, Sequence[float]] | NoisyBounds

FeatureName = Literal["fourier", "one-bit", "quadratic", "contrasts"]

# From here on full second moments would cost a notable part of a pass, d²/2 products a record.
_FULL_MOMENTS = 256

# Options that are one of a few words.
_CHOICES = {
    "law": tuple(LAWS),
    "structure": ("auto", *STRUCTURES),
    "moments": ("auto", *MOMENTS),
    "standardise": ("auto", "columns", "common", "none"),
    "encoding": ("auto", "vector", "table"),
    "origin": ORIGINS,
}


@dataclass(frozen=True)
class PlanOptions:
    """Options of a plan; every one has a default that the pilot decides.

    Attributes:
        size: number of frequencies (the sketch size m); "auto" is 250 √d within 2,000 to 10,000
            for vectors, and for tables two for each cell of a pair of columns within 2,000 to
            20,000.
        label: name of the label column: the sketch then has one row per class.
        columns: names of the columns to sketch; all by default.
        law: frequency law: gaussian, folded-gaussian, adapted-radius or student.
        scales: length-scales of the kernel in encoded units, equally weighted; by default
            five from the pilot's pairwise distances.
        structure: "auto" is "columns" for tables, "windows" for images of 400 pixels and more,
            and "dense" otherwise. "dense" draws independent directions; "hadamard" structured
            ones, which sketch records of hundreds of columns several times faster; "rays" puts
            five frequencies along each direction. Both need 16 columns, and pay from about a
            hundred. "columns" draws frequencies that touch one to four columns of a table each;
            "windows" frequencies of images that touch a square of pixels each.
        encoding: "vector" standardises numbers; "table" takes columns of every kind: numbers on
            a normal scale with their spikes, categories, moments, missing values; "auto" is
            "table" for sources with a column that is no number, and for frames and files with
            missing numbers, unless those are dropped, or with flags or constants among up to
            128 columns, unless scales or a standardisation are given.
        schema: what columns of a table are declared to be: a TOML file, or a mapping of columns to
            their kind, bounds, categories and so on; the pilot decides what is not declared. Of
            the label it may declare categories, which are then its classes.
        kinds: the short form of a schema, kinds alone by column: continuous, integer, date, time,
            duration, boolean, category, hashed, constant or "left out".
        features: one kind or several, all from the same pass. "fourier" keeps cosines and sines;
            "one-bit", in their place, their signs after a random dither, for hardware or links
            that carry bits: it needs about a quarter more records. "quadratic" keeps mean squares
            along random directions, for PCA; "contrasts" what ICA needs, along axes that the
            pilot finds.
        directions: of "quadratic"; "auto" is 50 d, five for each column and each of ten
            components, and at most the d (d + 1) that tell the whole matrix of second moments.
        moments: second moments kept beside the features, for covariances: "full", or their
            "diagonal"; "auto" is full up to 256 columns, where they cost a few percent of the pass.
        standardise: "columns" gives each column mean 0 and deviation 1; "common" divides all
            by one deviation, for columns of one unit; "none" keeps the numbers; "auto" is
            "common" for images and "columns" otherwise.
        network: frozen features of a record that frequencies see in its place: "scattering" for
            fixed wavelets of images, or any torch module from records in the source's own units,
            (n, d) or (n, *image), to numbers; a copy is kept, and its digest saved. "none" leaves
            records as they are; "auto" is "scattering" where the structure is left to be
            "windows", the sides are multiples of 4 and no scales are given, and "none" otherwise.
        image: shape of a record when flat columns are the pixels of an image, such as (28, 28).
        harmonics: frequencies along each direction, whole multiples of the first, which scales are
            those of. They bound how far two records can be apart, so that a release of smooth
            dense or window features needs less noise (a fifth for 6), and leave fewer directions.
        classes: every class of the label; by default those of the pilot.
        origin: what the plan is made from. "records" is a pilot of the data, of which a release
            would say something without noise, so that there is none; "public" says that the
            source's records are public, while those to be sketched under the plan need not be;
            "declared" reads no record, and takes bounds, classes and kinds of columns as declared.
        bounds: least and greatest value of columns, to which others are moved: one pair for all,
            pairs for each in turn, a mapping of names to pairs, or what `noisy_bounds` bought. By
            default those of public records; needed for "declared", but for 8-bit numbers.
        missing: "refuse" stops at a missing or non-finite value, "drop" drops such records;
            in a table a missing value is dropped only where its column has no slot for it.
        pilot: number of records to read for planning.
        seed: seed of the pilot and of the frequencies.
    """

    size: int | Literal["auto"] = "auto"
    label: str | None = None
    columns: Sequence[str] | None = None
    law: Literal["gaussian", "folded-gaussian", "adapted-radius", "student"] = "gaussian"
    scales: Sequence[float] | None = None
    structure: Literal["auto", "dense", "hadamard", "rays", "columns", "windows"] = "auto"
    encoding: Literal["auto", "vector", "table"] = "auto"
    schema: DeclaredSchema | None = None
    kinds: dict[str, Kind] | None = None
    features: FeatureName | Sequence[FeatureName] = "fourier"
    directions: int | Literal["auto"] = "auto"
    moments: Literal["auto", "full", "diagonal"] = "auto"
    standardise: Literal["auto", "columns", "common", "none"] = "auto"
    network: Any = "auto"
    image: tuple[int, ...] | None = None
    harmonics: int = 1
    classes: Sequence[int | str] | None = None
    origin: Origin = "records"
    bounds: Bounds | None = None
    missing: Missing = "refuse"
    pilot: int = 5000
    seed: int = 0

    def __post_init__(self) -> None:
        check_missing(self.missing)
        for name, known in _CHOICES.items():
            value = getattr(self, name)
            if value not in known:
                raise OptionError(
                    f"{name}={value!r} was given; it must be one of {', '.join(known)}."
                )
        self._check_features()
        if self.size != "auto" and not (
            _is_whole(self.size) and 1 <= self.size <= MOST_FREQUENCIES
        ):
            raise OptionError(
                f"size={self.size!r} was given; it must be from 1 to {MOST_FREQUENCIES}."
            )
        if self.classes is not None and self.label is None:
            raise OptionError("classes was given without label. Name the label column too.")
        if not _is_whole(self.pilot) or self.pilot < 2:
            raise OptionError(f"pilot={self.pilot} was given; a pilot needs at least 2 records.")
        if not _is_whole(self.seed) or not 0 <= self.seed < 2**63:
            raise OptionError(f"seed={self.seed} was given; it must be from 0 to 2**63 - 1.")

    def harmonics_of(self, structure: Structure) -> int:
        """Return how many frequencies each direction has.

        Raises:
            OptionError: so many of this structure there are not.
        """
        possible = structure in HARMONIC and self.waves == "fourier"
        known = _is_whole(self.harmonics) and 1 <= self.harmonics <= MOST_HARMONICS
        if not known or (structure == "windows" and GROUP % self.harmonics):
            raise OptionError(
                f"harmonics={self.harmonics!r} was given; it must be from 1 to {MOST_HARMONICS}, "
                f"and of windows divide {GROUP}."
            )
        if self.harmonics > 1 and not possible:
            raise OptionError(
                f"harmonics={self.harmonics} was given, but only smooth features of the structures "
                f"{' and '.join(HARMONIC)} have any. Leave it out."
            )
        return int(self.harmonics)

    def _check_features(self) -> None:
        known = get_args(FeatureName)
        if not isinstance(self.features, str | Sequence):
            raise OptionError(
                f"features={self.features!r} was given; it must be some of {', '.join(known)}."
            )
        names = self.feature_names
        if not names or len(set(names)) < len(names) or not set(names) <= set(known):
            raise OptionError(
                f"features={self.features!r} was given; it must be some of {', '.join(known)}, "
                "each at most once."
            )
        if {"fourier", "one-bit"} <= set(names):
            raise OptionError(
                "features names both fourier and one-bit, which are two forms of the same. "
                "Choose one."
            )
        if self.directions != "auto" and "quadratic" not in names:
            raise OptionError(
                "directions was given, but only 'quadratic' has any. Name it among the features."
            )
        if self.size != "auto" and self.waves is None:
            raise OptionError(
                f"size={self.size!r} was given, but there are no waves. Name 'fourier' among the "
                "features too."
            )
        if self.directions != "auto" and not (
            _is_whole(self.directions) and 1 <= self.directions <= MOST_DIRECTIONS
        ):
            raise OptionError(
                f"directions={self.directions!r} was given; it must be from 1 to {MOST_DIRECTIONS}."
            )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The kinds of features, whether one was given or several."""
        return (self.features,) if isinstance(self.features, str) else tuple(self.features)

    @property
    def waves(self) -> Features | None:
        """The kind of waves, or None where statistics alone are kept."""
        return next((name for name in FEATURES if name in self.feature_names), None)

    @property
    def network_given(self) -> bool:
        """Whether a network was asked for, rather than none or what suits the records."""
        return not (isinstance(self.network, str) and self.network in ("auto", "none"))

    @cached_property
    def declared(self) -> dict[str, Declaration]:
        """What `schema` and `kinds` declare of columns but the label; a file is read once.

        Raises:
            OptionError: a key, kind or value cannot be used.
            FileFormatError: the schema file is not TOML.
            StorageError: the schema file cannot be read.
        """
        return {name: one for name, one in self._declared.items() if name != self.label}

    @cached_property
    def known_classes(self) -> tuple[int | str, ...] | None:
        """Every class of the label, from `classes` or the schema; None where the pilot decides.

        Raises:
            OptionError: both declare them, or the schema something else of the label.
        """
        given = None if self.classes is None else tuple(self.classes)
        label = self._declared.get(self.label or "")
        if label is None:
            return given
        alone = label.kind in (None, "category") and not label.other
        if label.categories is None or not alone or label.learnt:
            raise label.refusal(
                "is the label. Declare nothing of it but its classes, as categories that are known "
                "without the rows, or with classes=[...]"
            )
        if given is not None:
            raise label.refusal("has categories, and classes=[...] was given too. Leave one out")
        return label.categories

    @cached_property
    def _declared(self) -> dict[str, Declaration]:
        return declarations(self.schema, self.kinds)


def moments_of(options: PlanOptions, dimension: int) -> Moments | None:
    """Return what to keep; None, as in the first plans, where few columns leave nothing to say."""
    if options.moments != "auto":
        return options.moments
    if "contrasts" in options.feature_names and dimension > _FULL_MOMENTS:
        return "full"  # whitening needs them
    return None if dimension <= _FULL_MOMENTS else "diagonal"


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
