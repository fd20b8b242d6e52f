"""The Gamma-Gamma fit against published figures, its own gradient,
and sets that cannot carry it.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring.model import formulas, gamma_gamma, refusals
from scoring.model.ascent import climb
from scoring.testing import cdnow_orders, purchase_days

CDNOW = Path(__file__).parent.parent / "data" / "cdnow_sample.txt"


def cdnow_values() -> tuple[np.ndarray, np.ndarray]:
    customers = purchase_days(cdnow_orders(CDNOW), until=date(1997, 9, 30)).values()
    return np.array([c.frequency for c in customers]), np.array([c.mean_value for c in customers])


def test_the_cdnow_sample_gives_the_published_parameters():
    model = gamma_gamma.fit(*cdnow_values())

    assert (round(model.p, 2), round(model.q, 2), round(model.gamma, 2)) == (6.25, 3.74, 15.44)
    assert model.customers == 946
    assert model.gradient_norm < 1e-9


def test_the_order_values_of_the_first_customers_are_the_published_ones():
    frequency, mean_value = cdnow_values()
    model = gamma_gamma.fit(frequency, mean_value)

    values = gamma_gamma.order_value(model, frequency, mean_value)[:6]

    assert values == pytest.approx([24.6586, 18.9115, 35.1710, 35.1710, 35.1710, 71.4629], abs=1e-2)


def test_one_customer_is_valued_as_many_are():
    frequency, mean_value = cdnow_values()
    model = gamma_gamma.fit(frequency, mean_value)

    many = gamma_gamma.order_value(model, frequency, mean_value)

    for x, value, expected in list(zip(frequency, mean_value, many, strict=True))[:50]:
        assert formulas.order_value(
            model, frequency=int(x), mean_value=float(value)
        ) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("unit", [1e-6, 0.01, 100.0, 1e9])
def test_any_currency_unit_gives_the_same_model(unit):
    frequency, mean_value = cdnow_values()
    in_dollars = gamma_gamma.fit(frequency, mean_value)

    model = gamma_gamma.fit(frequency, mean_value * unit)

    assert (model.p, model.q) == pytest.approx((in_dollars.p, in_dollars.q), rel=1e-8)
    assert model.gamma == pytest.approx(in_dollars.gamma * unit, rel=1e-8)


def test_a_start_from_a_sample_ends_at_the_same_top(monkeypatch):
    frequency, mean_value = cdnow_values()
    whole = gamma_gamma.fit(frequency, mean_value)
    monkeypatch.setattr(gamma_gamma, "SAMPLE", 100)

    model = gamma_gamma.fit(frequency, mean_value)

    assert (model.p, model.q, model.gamma) == pytest.approx(
        (whole.p, whole.q, whole.gamma), rel=1e-6
    )


def test_the_climb_is_not_held_up_by_the_noise_of_a_sum():
    readings = []

    def lower_at_every_reading(point):
        readings.append(point)
        height = -0.75 - (point**2 + point**4).sum() - 1e-13 * len(readings)
        return float(height), -2 * point - 4 * point**3, np.diag(-2 - 12 * point**2)

    top = climb(lower_at_every_reading, np.array([3e-8, -1e-8]))

    assert top.gradient_norm < 1e-9
    assert len(readings) == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.randoms(use_true_random=False))
def test_gradient_and_hessian_are_those_of_the_likelihood(point, dice):
    x = np.array([float(dice.randint(1, 8)) for _ in range(15)])
    likelihood = gamma_gamma._Likelihood(x, x * np.array([dice.uniform(0.1, 9) for _ in x]))
    point = np.array(point)

    _, gradient, hessian = likelihood(point)

    step = 1e-5
    for i in range(3):
        shift = np.eye(3)[i] * step
        above, below = likelihood(point + shift), likelihood(point - shift)
        assert gradient[i] == pytest.approx((above[0] - below[0]) / (2 * step), rel=1e-5, abs=1e-7)
        assert hessian[i] == pytest.approx((above[1] - below[1]) / (2 * step), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(
    ("frequency", "mean_value", "refusal"),
    [
        ([0, 0], [0.0, 0.0], refusals.NoRepeatBuyers),
        ([1, 2, 3], [0.0, 0.0, 0.0], refusals.NoPositiveAmounts),
        ([1, 2, 3], [-1.0, 0.0, -3.0], refusals.NoPositiveAmounts),
        ([2], [10.0], refusals.TooFewCustomers),
        ([1, 2, 3], [9.99, 9.99, 9.99], refusals.IdenticalAmounts),
        ([1, 2], [float("nan"), 1.0], refusals.HistoryOutOfRange),
        ([1, 2], [1.0], refusals.HistoryOutOfRange),
    ],
)
def test_a_set_that_cannot_carry_the_model_is_refused_by_name(frequency, mean_value, refusal):
    with pytest.raises(refusal):
        gamma_gamma.fit(np.array(frequency), np.array(mean_value))


def test_values_without_a_finite_mean_are_refused():
    dice = np.random.default_rng(3)
    heavy = dice.pareto(0.4, 4000) + 0.01

    with pytest.raises((refusals.NoFiniteMean, refusals.NoInteriorMaximum)):
        gamma_gamma.fit(dice.integers(1, 5, 4000), heavy)
