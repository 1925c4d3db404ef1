"""What noise costs, against closed forms and two libraries."""

import math

import numpy as np
import pytest
from dp_accounting import NeighboringRelation, dp_event, pld
from scipy.special import log_ndtr

from sketchlearn.errors import PrivacyError
from sketchlearn.privacy import Charge, Ledger
from sketchlearn.privacy.accounting import gaussian_epsilon, gaussian_multiplier

GRID = [(epsilon, delta) for epsilon in (0.1, 1.0, 4.0) for delta in (1e-3, 1e-5, 1e-9)]


def delta_of(multiplier, epsilon):
    """δ of Gaussian noise in closed form (Balle and Wang, 2018, theorem 8)."""
    mu = 1 / multiplier
    return np.exp(log_ndtr(mu / 2 - epsilon / mu)) - np.exp(
        epsilon + log_ndtr(-mu / 2 - epsilon / mu)
    )


def test_the_multiplier_for_one_and_a_hundred_thousandth_is_the_optimum():
    assert gaussian_multiplier(1.0, 1e-5) == pytest.approx(3.7306, rel=1e-3)


@pytest.mark.parametrize(("epsilon", "delta"), GRID)
def test_multipliers_give_their_delta_in_closed_form_and_back(epsilon, delta):
    multiplier = gaussian_multiplier(epsilon, delta)
    assert delta_of(multiplier, epsilon) == pytest.approx(delta, rel=1e-3)
    assert gaussian_epsilon(multiplier, delta) == pytest.approx(epsilon, rel=1e-3)


@pytest.mark.parametrize("multipliers", [(4.0,), (6.0, 8.0, 12.0)])
def test_a_ledgers_epsilon_is_that_of_privacy_loss_distributions(multipliers):
    ledger = Ledger()
    for multiplier in multipliers:
        ledger = ledger.charged(Charge("gaussian", multiplier, 1e-5, "add-remove"))
    for relation in (NeighboringRelation.ADD_OR_REMOVE_ONE, NeighboringRelation.REPLACE_ONE):
        accountant = pld.PLDAccountant(relation)
        for multiplier in multipliers:
            accountant.compose(dp_event.GaussianDpEvent(multiplier))
        replacing = relation is NeighboringRelation.REPLACE_ONE
        charges = [c.under("replace-one") if replacing else c for c in ledger.charges]
        ours = Ledger((tuple(charges),)).epsilon(1e-5)
        assert ours == pytest.approx(accountant.get_epsilon(1e-5), rel=2e-3)


@pytest.mark.parametrize("multiplier", [0.7, 4.0, 30.0])
def test_rho_is_what_opendp_proves_of_the_sampler(multiplier):
    import opendp.prelude as dp
    from opendp.mod import enable_features

    enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
    measurement = space >> dp.m.then_gaussian(scale=1000 * multiplier)
    assert Charge("gaussian", multiplier, 1e-5, "add-remove").rho == pytest.approx(
        measurement.map(1000.0), rel=1e-6
    )


def test_a_rho_implies_more_epsilon_than_the_tight_curve():
    rho = Charge("gaussian", gaussian_multiplier(1.0, 1e-5), 1e-5, "add-remove").rho
    assert 1.0 < rho + 2 * math.sqrt(rho * math.log(1e5)) < 1.4


@pytest.mark.parametrize("epsilon", [0.0, -1.0, math.inf, math.nan])
def test_epsilons_that_promise_nothing_are_refused(epsilon):
    with pytest.raises(PrivacyError, match="epsilon"):
        gaussian_multiplier(epsilon, 1e-5)


@pytest.mark.parametrize("delta", [0.0, 1.0, -1e-5, math.nan])
def test_deltas_out_of_range_are_refused(delta):
    with pytest.raises(PrivacyError, match="delta"):
        gaussian_multiplier(1.0, delta)
