"""What one release costs each record that it covers."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace
from typing import Any, Literal, final, get_args

from sketchlearn.errors import PrivacyError

Mechanism = Literal["gaussian", "laplace"]
MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)
Relation = Literal["replace-one", "add-remove"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)


@final
@dataclass(frozen=True)
class Charge:
    """One release.

    Attributes:
        mechanism: "gaussian" or "laplace", both discrete.
        multiplier: scale of the noise over the sensitivity, in what bears this charge.
        delta: δ that was asked for; 0 of Laplace noise.
        relation: data sets that are hard to tell apart: "replace-one" with a public number of
            records, or "add-remove" with a noised one.
        parties: among how many the noise was shared out, each adding its part; 1 for none.
        identity: 32 hexadecimal digits at random, by which a charge is counted once.
        summed: of how many parties' shares the noise is the sum; 1 for noise drawn at once.
    """

    mechanism: Mechanism
    multiplier: float
    delta: float
    relation: Relation
    parties: int = 1
    identity: str = ""
    summed: int = 1

    def __post_init__(self) -> None:
        known = self.mechanism in MECHANISMS and self.relation in RELATIONS
        if not (known and 0 < self.multiplier < math.inf and 0 <= self.delta < 1):
            raise PrivacyError(f"{self!r} is no charge that a release makes.")
        if min(self.parties, self.summed) < 1:
            raise PrivacyError(f"{self!r} is of no party; there must be 1 or more.")
        if not self.identity:
            object.__setattr__(self, "identity", secrets.token_hex(16))

    @property
    def rho(self) -> float:
        """ρ of zero-concentrated privacy: 1 / 2σ² of Gaussian noise, ε² / 2 of Laplace noise."""
        return 0.5 / self.multiplier**2

    def share(self) -> Charge:
        """Return what one party's share costs whoever sees it alone: it has a part of the noise."""
        return replace(self, multiplier=self.multiplier / math.sqrt(self.parties))

    def whole(self) -> Charge:
        """Return what the sum of all parties' shares costs, of which this is one."""
        multiplier = self.multiplier * math.sqrt(self.parties)
        return replace(self, multiplier=multiplier, parties=1, identity="", summed=self.parties)

    def under(self, relation: Relation) -> Charge:
        """Return the charge for another relation: to replace is to remove and to add.

        Raises:
            PrivacyError: the charge holds for a public number of records alone.
        """
        if relation == self.relation:
            return self
        if relation == "add-remove":
            raise PrivacyError(
                "A release under 'replace-one' says the number of records, which 'add-remove' "
                "protects: its cost there is without bound."
            )
        return replace(self, relation=relation, multiplier=self.multiplier / 2)

    def to_document(self) -> dict[str, Any]:
        """Return the charge as JSON values; what came later only where it says something."""
        document = dict(vars(self))
        return document if self.summed > 1 else {k: document[k] for k in document if k != "summed"}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Charge:
        """Build the charge that `to_document` described.

        Raises:
            PrivacyError, KeyError, TypeError or ValueError: it describes none.
        """
        identity = str(document["identity"])
        if len(identity) != 32 or set(identity) - set("0123456789abcdef"):
            raise ValueError(f"{identity!r} is no identity of a charge")
        return cls(
            document["mechanism"],
            float(document["multiplier"]),
            float(document["delta"]),
            document["relation"],
            int(document["parties"]),
            identity,
            int(document.get("summed", 1)),
        )
