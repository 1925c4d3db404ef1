"""The privacy page: what a ledger promises, to whom, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping

from sketchlearn.errors import MissingExtraError
from sketchlearn.privacy.charges import Charge
from sketchlearn.privacy.ledger import Ledger

# δ at which the curve is told.
_DELTAS = (1e-4, 1e-5, 1e-6, 1e-8, 1e-10)

NOT_PRIVATE = (
    "NOT PRIVATE: sums are exact, and tell of single records to whoever knows the others. Release "
    "the sketch (release) before it leaves those who may see the records."
)

OF_RECORDS = (
    "Its plan was made from its records, so that there is no release of it: plan with "
    "--origin declared, or from public records, and sketch again."
)

_RELATIONS = {
    "replace-one": "replace-one: another record in the place of one; their number is public",
    "add-remove": "add-remove: one record more or less; their number is noised too",
}

_LAWS = {
    "gaussian": "discrete Gaussian on the integers, exact, from cryptographic randomness",
    "laplace": "discrete Laplace on the integers, exact, from cryptographic randomness",
}

_PUBLIC = (
    "Assumed public: the plan (columns, types, bounds, classes, frequencies), this page"
    "{number}. Not protected: what is true of many records; what one person's several records say "
    "together (each counts as one); copies of the exact sketch, or of the records; figures "
    "computed on records themselves, such as those of an evaluation."
)


def privacy_page(ledger: Ledger, noise: Mapping[str, float] | None = None) -> str:
    """Return in words what is promised to the records of a released sketch, or of what it taught.

    Args:
        ledger: the releases that the records bear.
        noise: deviation of the noise of each sum, for the page of a sketch.
    """
    relation = ledger.relation
    lines = [
        f"Privacy of one record, {_RELATIONS[relation]}.",
        *(_of_charge(charge) for charge in ledger.charges),
    ]
    if noise:
        lines.append(f"Deviation of the noise, in the integers of the sums: {_listed(noise)}.")
    if noise and len(ledger.charges) == 1 and ledger.charges[0].mechanism == "gaussian":
        share = {name: value / ledger.charges[0].multiplier for name, value in noise.items()}
        lines.append(f"Δ, shared out among them: {_listed(share)}; no record changes more.")
    summed = any(charge.summed > 1 for charge in ledger.charges)
    proved = "proved of one party's noise; their sum follows it up to far below any δ in use"
    lines.append(
        f"In all: ρ = {ledger.rho:.4g} of zero-concentrated privacy "
        f"({proved if summed else 'proved of this noise'})."
    )
    lines.append(_curve(ledger))
    number = ", the number of records" if relation == "replace-one" else ""
    lines.append(_PUBLIC.format(number=number))
    lines.append("Whatever is computed from this, however often, costs nothing more.")
    return "\n".join(lines)


def releases(ledger: Ledger) -> str:
    """Return in words which releases were made of an exact sketch."""
    if not ledger:
        return "Releases: none."
    told = f"Releases: {len(ledger.charges)}"
    for budget in ledger.budgets:
        try:
            told += f", of {budget}; spent: ε = {ledger.epsilon(budget.delta):.4g}"
        except MissingExtraError:
            told += f", of {budget}; spent: ρ = {ledger.rho:.4g}"
    return f"{told}."


def _listed(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in numbers.items())


def _of_charge(charge: Charge) -> str:
    shared = ""
    if charge.parties > 1:
        shared = f"; one of {charge.parties} shares, whose sum alone bears what was asked for"
    if charge.summed > 1:
        shared = f"; the sum of the shares of {charge.summed} parties"
    return (
        f"Release {charge.identity[:8]}: {_LAWS[charge.mechanism]}; scale {charge.multiplier:.4f} "
        f"times the sensitivity{shared}."
    )


def _curve(ledger: Ledger) -> str:
    if all(charge.mechanism == "laplace" for charge in ledger.charges):
        return f"ε = {ledger.epsilon(0.0):.4g} at δ = 0."
    try:
        told = ", ".join(f"{ledger.epsilon(delta):.4g} at {delta:g}" for delta in _DELTAS)
    except MissingExtraError:
        return "For ε at a δ install the extra: pip install 'sketchlearn[privacy]'."
    return f"ε at δ (tight, up to the lattice): {told}."
