"""The ledger: how charges compose, and what it refuses."""

import math

import pytest

from sketchlearn.errors import BudgetError, PrivacyError
from sketchlearn.privacy import Budget, Charge, Ledger


def gaussian(multiplier=5.0, relation="replace-one", parties=1):
    return Charge("gaussian", multiplier, 1e-6, relation, parties)


def of(*charges):
    ledger = Ledger()
    for charge in charges:
        ledger = ledger.charged(charge)
    return ledger


def test_charges_on_the_same_records_add_up():
    both = of(gaussian(3.0), gaussian(4.0))
    assert both.epsilon(1e-6) == pytest.approx(of(gaussian(12 / 5)).epsilon(1e-6))
    assert both.rho == pytest.approx(0.5 / 9 + 0.5 / 16)


def test_charges_on_disjoint_records_do_not():
    first, second = of(gaussian(3.0)), of(gaussian(4.0))
    apart, together = (first.merged(second, disjoint=d) for d in (True, False))
    assert apart.epsilon(1e-6) == first.epsilon(1e-6) < together.epsilon(1e-6)
    assert len(apart.charges) == len(together.charges) == 2


def test_a_charge_counts_once_however_often_it_is_merged():
    ledger = of(gaussian())
    assert ledger.merged(ledger, disjoint=False).epsilon(1e-6) == ledger.epsilon(1e-6)
    assert ledger.merged(Ledger(), disjoint=False) == ledger


def test_laplace_charges_are_pure_and_add_their_epsilon():
    pure = Charge("laplace", 2.0, 0.0, "replace-one")
    assert of(pure).epsilon(0.0) == 0.5
    assert of(gaussian()).epsilon(0.0) == math.inf
    assert of(gaussian(), pure).epsilon(1e-6) == of(gaussian()).epsilon(1e-6) + 0.5


def test_to_replace_a_record_is_to_remove_and_to_add_one():
    adding = gaussian(relation="add-remove")
    assert adding.under("replace-one").multiplier == adding.multiplier / 2
    assert of(adding, gaussian()).relation == "replace-one"
    assert of(adding, gaussian()).rho == pytest.approx(0.5 * (1 / 2.5**2 + 1 / 5**2))
    with pytest.raises(PrivacyError, match="number of records"):
        gaussian().under("add-remove")


def test_a_budget_is_declared_once_and_not_overdrawn():
    ledger = Ledger().with_budget(Budget(1.0, 1e-6)).charged(gaussian(6.0))
    assert ledger.with_budget() == ledger
    with pytest.raises(BudgetError, match="declared once"):
        ledger.with_budget(Budget(2.0, 1e-6))
    assert of(gaussian()).with_budget().budgets[0].epsilon == of(gaussian()).epsilon(1e-6)
    spent = ledger.charged(gaussian(6.0))
    with pytest.raises(BudgetError, match="above the budget of 1"):
        spent.charged(gaussian(6.0))


def test_shares_cost_more_alone_and_what_was_asked_together():
    whole = gaussian(5.0, parties=3)
    shares = [of(charge).with_share(charge) for charge in (whole, gaussian(5.0, parties=3))]
    assert shares[0].epsilon(1e-6) > 1.7 * of(whole).epsilon(1e-6)
    with pytest.raises(PrivacyError, match="2 shares of 3 parties"):
        Ledger.of_shares(shares)
    third = gaussian(5.0, parties=3)
    total = Ledger.of_shares([*shares, of(third).with_share(third)])
    assert total.epsilon(1e-6) == pytest.approx(of(gaussian(5.0)).epsilon(1e-6))
    with pytest.raises(PrivacyError, match="with 2 shares of 3"):
        Ledger.of_shares([shares[0], shares[0], shares[1]])


def test_documents_give_the_ledger_back():
    ledger = of(gaussian(), gaussian(3.0)).merged(of(gaussian(4.0)), disjoint=True)
    assert Ledger.from_document(ledger.to_document()) == ledger


@pytest.mark.parametrize(
    ("key", "value"), [("multiplier", -1.0), ("relation", "none"), ("identity", "1"), ("delta", 2)]
)
def test_documents_of_no_charge_are_refused(key, value):
    document = of(gaussian()).to_document()
    document["charges"][0][key] = value
    with pytest.raises((PrivacyError, KeyError, ValueError)):
        Ledger.from_document(document)


def test_merged_sketches_keep_both_budgets():
    """Neither of two budgets at different δ implies the other."""
    first = Ledger().with_budget(Budget(2.0, 1e-10))
    both = first.merged(Ledger().with_budget(Budget(1.9, 1e-3)), disjoint=True)
    assert len(both.budgets) == 2
    with pytest.raises(BudgetError, match="1e-10"):
        both.charged(gaussian(3.0))


def test_what_a_plan_cost_stays_with_the_sum_of_shares():
    bounds = gaussian(20.0)
    charges = [gaussian(5.0, parties=2) for _ in range(2)]
    ledgers = [of(bounds, charge).with_share(charge) for charge in charges]
    total = Ledger.of_shares(ledgers)
    assert total.epsilon(1e-6) == pytest.approx(of(bounds, gaussian(5.0)).epsilon(1e-6))


def test_a_share_and_its_whole_cost_what_the_share_does_in_any_order():
    share = of(whole := gaussian(5.0, parties=4)).with_share(whole)
    later = of(whole, gaussian(4.0))
    both, swapped = (a.merged(b, disjoint=False) for a, b in ((share, later), (later, share)))
    assert both.epsilon(1e-6) == swapped.epsilon(1e-6)
    assert both.rho == pytest.approx(0.5 * (4 / 5**2 + 1 / 4**2))
