"""The ledger: which releases the records of a sketch bear, and what they may still cost."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from sketchlearn.errors import BudgetError, PrivacyError
from sketchlearn.privacy.accounting import gaussian_epsilon, require_delta, require_epsilon
from sketchlearn.privacy.charges import Charge, Relation

# More histories than this become one that has all their charges.
_MOST_HISTORIES = 1_000

# A budget is not overdrawn by the rounding of sums.
_ROUNDING = 1e-9

History = tuple[Charge, ...]


@final
@dataclass(frozen=True)
class Budget:
    """What all releases of a sketch together may cost each record.

    Attributes:
        epsilon: ε, at most.
        delta: δ at which ε is told.
    """

    epsilon: float
    delta: float

    def __post_init__(self) -> None:
        require_epsilon(self.epsilon)
        if self.delta:
            require_delta(self.delta)

    def __str__(self) -> str:
        return f"a budget of ε = {self.epsilon:g} at δ = {self.delta:g}"


@final
@dataclass(frozen=True)
class Ledger:
    """Releases of a sketch and of what it was merged from.

    Attributes:
        histories: the charges that a record may bear: those of one of these, and of no other.
            Records that were apart when they were released have histories of their own.
        budgets: declared with the first releases of what was merged; none before.
    """

    histories: tuple[History, ...] = ((),)
    budgets: tuple[Budget, ...] = ()

    @property
    def charges(self) -> tuple[Charge, ...]:
        """All charges, each once."""
        return tuple(_once(itertools.chain(*self.histories)))

    def __bool__(self) -> bool:
        return bool(self.charges)

    def with_budget(self, budget: Budget | None = None) -> Ledger:
        """Return the ledger with a budget, which stays as it was first.

        Args:
            budget: what all releases may cost together; by default what they have cost by now.

        Raises:
            BudgetError: another budget was declared before.
        """
        if not self.budgets:
            delta = max(charge.delta for charge in self.charges) if budget is None else 0.0
            return replace(self, budgets=(budget or Budget(self.epsilon(delta), delta),))
        if budget is not None and budget not in self.budgets:
            raise BudgetError(
                f"A budget of ε = {budget.epsilon:g} was declared, but these records bear a "
                f"release already, with {self.budgets[0]}. A budget is declared once, with the "
                "first release."
            )
        return self

    def charged(self, charge: Charge) -> Ledger:
        """Return the ledger with a charge that every record bears.

        Raises:
            BudgetError: the charge would overdraw the budget.
        """
        made = replace(self, histories=tuple((*history, charge) for history in self.histories))
        for budget in self.budgets:
            spent = made.epsilon(budget.delta)
            if spent > budget.epsilon * (1 + _ROUNDING):
                before = self.epsilon(budget.delta)
                remedy = (
                    "Learn from the release that was made, which costs nothing more however often; "
                    "or declare a budget with the first release of a sketch that never was."
                )
                if not before:
                    remedy = "Ask for a smaller epsilon, or declare a larger budget."
                raise BudgetError(
                    f"This release would bring what records have spent from ε = {before:.4g} to "
                    f"{spent:.4g} at δ = {budget.delta:g}, above the budget of {budget.epsilon:g}. "
                    + remedy
                )
        return made

    def with_share(self, charge: Charge) -> Ledger:
        """Return the ledger of one party's share of a release, for a charge of the whole."""
        share = charge.share()
        histories = tuple(
            tuple(share if one.identity == charge.identity else one for one in history)
            for history in self.histories
        )
        return replace(self, histories=histories)

    @classmethod
    def of_shares(cls, ledgers: Sequence[Ledger]) -> Ledger:
        """Return the ledger of the sum of all parties' shares of one release.

        Raises:
            PrivacyError: they are not all the shares of one release, each once.
        """
        every = [charge for ledger in ledgers for charge in ledger.charges]
        charges = [charge for charge in every if charge.parties > 1]
        kinds = {(c.mechanism, c.multiplier, c.delta, c.relation, c.parties) for c in charges}
        parties = charges[0].parties if charges else 0
        distinct = len({charge.identity for charge in charges})
        if len(kinds) != 1 or parties < 2 or not len(ledgers) == distinct == parties:
            raise PrivacyError(
                f"{len(ledgers)} sketches were given, with {distinct} shares of {parties} parties; "
                "all shares of one release were expected, each released once, with the same "
                "options and as many parties as there are sketches."
            )
        before = _once(charge for charge in every if charge.parties == 1)
        budgets = tuple({budget for ledger in ledgers for budget in ledger.budgets})
        return cls(((*before, charges[0].whole()),), budgets)

    def merged(self, other: Ledger, *, disjoint: bool) -> Ledger:
        """Return the ledger of two sketches together.

        Args:
            other: the other ledger.
            disjoint: whether no person has records in both. If so a record bears the charges of
                one or the other; if not, of both.
        """
        pairs: Iterable[History]
        if disjoint:
            pairs = itertools.chain(self.histories, other.histories)
        else:
            pairs = (a + b for a, b in itertools.product(self.histories, other.histories))
        unique = {frozenset(history): history for history in map(_once, pairs)}
        histories = tuple(unique.values())
        if len(histories) > _MOST_HISTORIES:
            histories = (_once(itertools.chain(*histories)),)
        return Ledger(histories, tuple(dict.fromkeys((*self.budgets, *other.budgets))))

    def epsilon(self, delta: float) -> float:
        """Return ε at δ, of the history that costs most; 0 where nothing was released."""
        return max(_epsilon(history, self.relation, delta) for history in self.histories)

    @property
    def rho(self) -> float:
        """Return ρ of zero-concentrated privacy, of the history that costs most."""
        return max(
            sum(charge.under(self.relation).rho for charge in history) for history in self.histories
        )

    @property
    def relation(self) -> Relation:
        """The relation that all charges hold for."""
        replacing = any(charge.relation == "replace-one" for charge in self.charges)
        return "replace-one" if replacing or not self.charges else "add-remove"

    def to_document(self) -> dict[str, Any]:
        """Return the ledger as JSON values."""
        return {
            "charges": [charge.to_document() for charge in self.charges],
            "histories": [[charge.identity for charge in one] for one in self.histories],
            "budgets": [vars(budget) for budget in self.budgets],
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Ledger:
        """Build the ledger that `to_document` described.

        Raises:
            PrivacyError, KeyError, TypeError or ValueError: it describes none.
        """
        charges = [Charge.from_document(one) for one in document["charges"]]
        known = {charge.identity: charge for charge in charges}
        histories = tuple(tuple(known[name] for name in one) for one in document["histories"])
        if not histories:
            raise ValueError("a ledger has one history at least")
        budgets = [Budget(float(b["epsilon"]), float(b["delta"])) for b in document["budgets"]]
        return cls(histories, tuple(budgets))


def _once(charges: Iterable[Charge]) -> History:
    """Return each charge once; of a release and a share of it the share, which costs more."""
    found: dict[str, Charge] = {}
    for charge in charges:
        known = found.get(charge.identity, charge)
        found[charge.identity] = min(known, charge, key=lambda one: one.multiplier)
    return tuple(found.values())


def _epsilon(history: History, relation: Relation, delta: float) -> float:
    """Return ε at δ of charges together.

    Gaussian ones compose to a Gaussian one whose 1 / σ² is the sum of theirs (Dong, Roth and Su,
    "Gaussian differential privacy", corollary 3.3); pure ones add their ε to it.
    """
    if not history:
        return 0.0
    charges = [charge.under(relation) for charge in history]
    pure = sum(1 / one.multiplier for one in charges if one.mechanism == "laplace")
    inverse = sum(one.multiplier**-2 for one in charges if one.mechanism == "gaussian")
    if not inverse:
        return pure
    return pure + (gaussian_epsilon(1 / math.sqrt(inverse), delta) if delta else math.inf)
