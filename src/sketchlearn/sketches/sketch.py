"""The sketch: exact sums of features over the records, with their count."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sketchlearn.encoding import Missing
from sketchlearn.errors import (
    EmptySourceError,
    LabelError,
    OptionError,
    PrivacyError,
)
from sketchlearn.features import UNIT
from sketchlearn.features.statistic import Statistic
from sketchlearn.privacy import Ledger
from sketchlearn.sketches import release
from sketchlearn.sketches.moments import SideSums
from sketchlearn.sketches.plan import Plan
from sketchlearn.sketches.possible_totals import noised_totals, possible_totals
from sketchlearn.sketches.sketch_document import (
    document_of,
    plan_in,
    release_in,
    take_frequencies,
)
from sketchlearn.sketches.totals import Totals
from sketchlearn.sources import Batch, open_source
from sketchlearn.storage import read_tensors, tensor_bytes, tensors_of, write_whole

StatisticT = TypeVar("StatisticT", bound=Statistic)


class Sketch:
    """Sum of a fixed random feature map over the records, with their count.

    `Sketch(plan)` is the sketch of no record. Sketches of one plan form a commutative group
    under exact integer addition: the result of a pass does not depend on how the records were
    split, ordered or merged, and `a + b - b == a`. Only the bounds (smallest and largest
    values seen) cannot be forgotten; they stay out of `==`.

    A released sketch has the same sums with noise. It merges with other released ones and is
    learnt from like any other, but nothing can be added to it or forgotten.

    Attributes:
        plan: what the sketch was made with.
        totals: what the pass added up.
        ledger: releases that the records bear.
        noise: deviation of the noise in each sum that a release kept, in the sum's own units, by
            name; None where nothing was released.
    """

    def __init__(
        self,
        plan: Plan,
        totals: Totals | None = None,
        ledger: Ledger | None = None,
        noise: Mapping[str, float] | None = None,
    ) -> None:
        self.plan = plan
        self.totals = totals or Totals.of_none(plan)
        self.ledger = ledger or plan.ledger
        self.noise = noise

    @property
    def counts(self) -> np.ndarray:
        """Records of each class, int64 (classes,); one entry without a label."""
        return self.totals.counts

    @property
    def sums(self) -> np.ndarray:
        """Feature sums in units of 2⁻²⁰, int64 (classes, 2, m): cosines, then sines."""
        return self.totals.sums

    @property
    def side(self) -> SideSums:
        """First and second moments and bounds.

        Raises:
            PrivacyError: the release dropped the moments.
        """
        if self.noise is not None and "first_moments" not in self.noise:
            raise PrivacyError(
                "This needs means and variances, which the release dropped. Release the sketch "
                "with moments='keep', of a plan with bounds for its columns."
            )
        return self.totals.side

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest encoded values, (d,) each: those seen, or those of the plan."""
        return self.totals.side.lower, self.totals.side.upper

    @property
    def dropped(self) -> int:
        """Records left out for missing or non-finite values."""
        return self.totals.dropped

    @property
    def count(self) -> int:
        """Number of records in the sketch."""
        return int(self.counts.sum())

    def update(self, records: Any, missing: Missing = "refuse") -> Sketch:
        """Add records as they come, in place; return the sketch itself.

        A batch that is refused adds nothing.

        Args:
            records: one batch in any form a source can have.
            missing: "refuse" or "drop" missing and non-finite values.

        Raises:
            PrivacyError: the sketch was released.
        """
        self._require_raw("added to")
        self.totals = (self + self._sketch_of(records, missing)).totals
        return self

    def forget(self, records: Any, missing: Missing = "refuse") -> Sketch:
        """Take records out again, in place, as if they had never been added.

        Raises:
            ForgetError: more records than there are, in all or in one class.
            PrivacyError: the sketch was released.
        """
        self._require_raw("forgotten from")
        self.totals = (self - self._sketch_of(records, missing)).totals
        return self

    def add_batch(self, batch: Batch, missing: Missing = "refuse") -> None:
        """Add one batch of a source, in place: the step of every pass."""
        self._require_raw("added to")
        self.totals = self.totals + Totals.of_batch(self.plan, batch, missing)

    def _sketch_of(self, records: Any, missing: Missing) -> Sketch:
        part = Sketch(self.plan)
        for batch in open_like(records, self.plan).batches():
            part.add_batch(batch, missing)
        return part

    def __add__(self, other: Sketch) -> Sketch:
        """Merge: the sketch of both sets of records; see `merged` for released ones."""
        return self.merged(other) if isinstance(other, Sketch) else NotImplemented

    def merged(self, other: Sketch, *, disjoint: bool = False) -> Sketch:
        """Return the sketch of both sets of records.

        Args:
            other: a sketch of the same plan; released if this one is.
            disjoint: whether nobody has records in both. The records then bear the releases of one
                or the other; otherwise, what is always right, of both.

        Raises:
            PlanMismatchError: the sketches were made under different plans.
            PrivacyError: one sketch is released, or a share of a release, and the other is not, or
                other sums were kept.
        """
        self.plan.require_same(other.plan)
        if self.noise and other.noise and self.is_share != other.is_share:
            raise PrivacyError(
                "One of these sketches is a share of a release and the other is none. Sum the "
                "shares of all parties first (Sketch.of_shares, merge --shares)."
            )
        ledger = self.ledger.merged(other.ledger, disjoint=disjoint)
        # what the plan cost is in both, and no noise of either
        mine, theirs = (
            set(one.ledger.charges) - set(self.plan.ledger.charges) for one in (self, other)
        )
        noise = release.noise_of_sum(self.noise, other.noise, same=bool(mine & theirs))
        return Sketch(self.plan, self.totals + other.totals, ledger, noise)

    def __radd__(self, other: object) -> Sketch:
        """Let `sum(sketches)` merge: 0 + sketch is the sketch."""
        if other != 0:
            return NotImplemented
        return Sketch(self.plan, self.totals, self.ledger, self.noise)

    def __sub__(self, other: Sketch) -> Sketch:
        """Forget: take out exactly what `other` added.

        Raises:
            ForgetError: `other` holds more records than this sketch, in all or in one class.
            PrivacyError: one of them was released.
        """
        if not isinstance(other, Sketch):
            return NotImplemented
        self._require_raw("forgotten from")
        other._require_raw("forgotten")
        self.plan.require_same(other.plan)
        rest = self.totals.forgetting(other.totals, self.plan.projection.largest)
        return Sketch(self.plan, rest, self.ledger.merged(other.ledger, disjoint=False))

    def _require_raw(self, what: str) -> None:
        if self.noise is not None:
            raise PrivacyError(
                f"A released sketch cannot be {what}: its noise was drawn once, and what others "
                "have of it stays. Go back to the sketch it was released from."
            )

    def release(self, **options: Any) -> Sketch:
        """Return a sketch with noise that hides any one record, and enter it in the ledger.

        What is then learnt from it, however often, costs nothing more. The release is in this
        sketch's ledger before any noise is drawn: save this sketch too.

        Args:
            **options: the fields of `ReleaseOptions`; epsilon and delta at least.

        Raises:
            PrivacyError: ε or δ is out of range, the plan was learnt from the records, or this
                sketch is released already.
            BudgetError: the records' releases would cost more than was declared with the first.
            MissingExtraError: OpenDP or dp-accounting is not installed.
            EmptySourceError: the sketch holds no record.
        """
        chosen = release.ReleaseOptions(**options)
        self._require_raw("released again")
        if chosen.relation == "replace-one":
            self.require_records()
        charge = chosen.charge()
        # whatever can fail fails before anything is charged
        scales = release.scales_of(self.plan, charge, chosen.moments)
        release.warn_of_delta(chosen.delta, self.count)
        self.ledger = chosen.charged(self.ledger, charge)
        made, noise = release.noised(self.totals, scales, charge)
        totals = noised_totals(self.plan, made)
        if charge.parties == 1:
            totals = possible_totals(self.plan, totals, noise, charge.relation)
        return Sketch(self.plan, totals, self.ledger.with_share(charge), noise)

    @property
    def is_share(self) -> bool:
        """Whether this is one party's share of a release, of use with all others alone."""
        parties = [charge.parties for charge in self.ledger.charges]
        return self.noise is not None and max(parties, default=1) > 1

    @classmethod
    def of_shares(cls, shares: Sequence[Sketch]) -> Sketch:
        """Return the sum of all parties' shares of a release: `release(..., parties=k)`.

        Whoever sees the sum alone is promised what was asked for. A party that knows its own part
        of the noise is kept from the others' records by the rest of it.

        Raises:
            PlanMismatchError: the shares have different plans.
            PrivacyError: they are not all the shares of one release, each once.
        """
        exact = [number for number, share in enumerate(shares, 1) if not share.is_share]
        if exact:
            raise PrivacyError(
                f"Sketch {exact[0]} of {len(shares)} is no share of a release. Give what "
                "release(..., parties=...) returned of each party, not what it was released from."
            )
        ledger = Ledger.of_shares([share.ledger for share in shares])
        total = functools.reduce(operator.add, shares)
        assert total.noise is not None
        relation = ledger.charges[-1].relation
        totals = possible_totals(total.plan, total.totals, total.noise, relation)
        return cls(total.plan, totals, ledger, total.noise)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sketch):
            return NotImplemented
        return self.plan.digest == other.plan.digest and self.totals == other.totals

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Sketch({self.count} records, size {self.plan.size}, plan {self.plan.digest[:12]})"

    def mean(self) -> np.ndarray:
        """Return z, the mean feature exp(iω·x): complex128 of shape (m,), or (classes, m).

        A class without records has mean 0. Of 1-bit features it is an estimate: their higher
        harmonics, with random phases, add noise that more records do not remove, only more
        frequencies.

        Raises:
            EmptySourceError: the sketch holds no record.
        """
        self.require_records()
        mean = self.sums / np.maximum(self.counts, 1)[:, None, None]
        z = (mean[:, 0] + 1j * mean[:, 1]) * self.plan.projection.factor
        return z if self.plan.schema.label else z[0]

    def statistic(self, kind: type[StatisticT]) -> tuple[StatisticT, np.ndarray] | None:
        """Return the plan's statistic of a kind with its sums over all classes, or None."""
        for kept in self.plan.statistics:
            if isinstance(kept, kind):
                return kept, self.totals.statistics[kept.name].sum(axis=0)
        return None

    @property
    def noise_deviations(self) -> np.ndarray:
        """Deviation of the noise in each part of a class's mean features, (classes,); 0 if none."""
        deviation = 0.0 if self.noise is None else self.noise.get("sums", 0.0)
        unit = np.abs(self.plan.projection.factor[:1]).sum()  # of no wave: 0
        return deviation * unit / np.maximum(self.counts, 1)

    @property
    def noise_variance(self) -> float:
        """Variance of the noise in each part of the mean features of all records; 0 if none."""
        return float(((self.noise_deviations * self.counts) ** 2).sum()) / max(1, self.count) ** 2

    def error_bound(self, delta: float = 0.05, label: Any = None) -> float:
        """Return a bound on ‖z - E z‖/√m that holds with probability 1 - delta.

        Features have modulus r = 1 (π/√8 when they are 1-bit), so for n independent records the
        bounded-differences inequality gives r (1 + √(2 log 1/δ))/√n; truncation adds at most
        √2 · 2⁻²⁰, and the noise of a release, in the mean, its own size.

        Args:
            delta: probability with which the bound may fail.
            label: a class, for the bound of its own row; by default that of all records.
        """
        if not 0 < delta < 1:
            raise OptionError(f"delta={delta!r} was given; it must lie between 0 and 1.")
        self.require_records()
        count, rows = self.count, len(self.counts)
        if label is not None:
            known = self.plan.schema.label
            if known is None or label not in known.classes:
                raise LabelError(f"The plan has no class {label!r}.")
            count, rows = max(1, int(self.counts[known.classes.index(label)])), 1
        spread = self.plan.projection.norm * (1 + math.sqrt(2 * math.log(1 / delta)))
        noise = float(self.noise_deviations[0] * max(1, self.counts[0])) / count
        return spread / math.sqrt(count) + math.sqrt(2) * UNIT + math.sqrt(2 * rows) * noise

    def require_records(self) -> None:
        """Raise EmptySourceError unless the sketch holds at least one record."""
        if self.count < 1:
            raise EmptySourceError(
                "The sketch holds no record, so it has no mean. Add records with update(...) first."
            )

    def tensors(self) -> dict[str, np.ndarray]:
        """Return every array of the sketch by the name it has in files."""
        return self.totals.tensors()

    @classmethod
    def of_tensors(
        cls, plan: Plan, tensors: Mapping[str, np.ndarray], dropped: int, where: str | Path
    ) -> Sketch:
        """Build the sketch whose `tensors` were read from the file `where`.

        Raises:
            FileFormatError: an array is missing, or of another shape or dtype.
        """
        return cls(plan, Totals.of_tensors(plan, tensors, dropped, where))

    def save(self, path: str | Path, *, embed_frequencies: bool = False) -> None:
        """Write the sketch whole to one safetensors file.

        Frequencies are drawn again from the seed when the file is read, and checked by digest;
        `embed_frequencies` stores them too, d × m float32, for archives.

        Raises:
            StorageError: the place cannot be written.
        """
        write_whole(path, self.to_bytes(embed_frequencies=embed_frequencies))

    def to_bytes(self, *, embed_frequencies: bool = False) -> bytes:
        """Return what `save` writes, to send a sketch where there is no common folder."""
        tensors = self.tensors()
        if embed_frequencies:
            tensors["frequencies"] = self.plan.frequencies
        document = document_of(self.plan, self.dropped, self.ledger, self.noise)
        return tensor_bytes("sketch", document, tensors)

    @classmethod
    def load(cls, path: str | Path) -> Sketch:
        """Read a sketch file.

        Raises:
            StorageError: there is no such file.
            FileFormatError: the file is no sketch, of a newer version, cut short or edited.
        """
        document, tensors = read_tensors(path, "sketch")
        plan = plan_in(document, str(path))
        return cls._read(plan, document, tensors, str(path))

    @classmethod
    def from_bytes(cls, content: bytes, plan: Plan | None = None) -> Sketch:
        """Read what `to_bytes` returned.

        Args:
            content: the bytes.
            plan: the plan the sketch must have; its frequencies are then not drawn again.

        Raises:
            FileFormatError: the bytes hold no sketch, a newer version, were cut short or edited.
            PlanMismatchError: the sketch was made under another plan than `plan`.
        """
        where = "The content"
        document, tensors = tensors_of(content, "sketch", where)
        found = plan_in(document, where)
        if plan is not None:
            plan.require_equal(found)
            plan.require_frequencies(document["frequencies_digest"])
            tensors.pop("frequencies", None)  # those of `plan` are the same
        return cls._read(plan or found, document, tensors, where)

    @classmethod
    def _read(
        cls, plan: Plan, document: dict[str, Any], tensors: dict[str, np.ndarray], where: str
    ) -> Sketch:
        totals = Totals.of_tensors(plan, tensors, int(document["dropped"]), where)
        take_frequencies(plan, document, tensors.get("frequencies"), where)
        return cls(plan, totals, *release_in(document, tensors, where))


def open_like(records: Any, plan: Plan) -> Any:
    """Open a source with the columns, label and image shape of a plan."""
    schema = plan.schema
    return open_source(
        records,
        columns=schema.columns,
        label=schema.label.name if schema.label else None,
        image=schema.image,
    )
