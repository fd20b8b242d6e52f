"""Expected orders, P(alive) and discounting against published values and the
closed form with 2F1.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1
from scoring.model import forecast, formulas
from scoring.model.parameters import BgNbd


def a_model(
    *, r: float = 0.2426, alpha: float = 4.4136, a: float = 0.7929, b: float = 2.4259
) -> BgNbd:
    return BgNbd(
        r=r, alpha=alpha, a=a, b=b, log_likelihood=-1.0, gradient_norm=0.0, customers=2.0, steps=1
    )


def closed_form(model: BgNbd, t: float, x: float, last: float, age: float) -> float:
    """Equation (10) of Fader, Hardie and Lee (2005)."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    z = t / (alpha + age + t)
    hyper = hyp2f1(r + x, b + x, a + b + x - 1, z)
    top = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + t)) ** (r + x) * hyper)
    left = a / (b + x - 1) * ((alpha + age) / (alpha + last)) ** (r + x) if x else 0.0
    return top / (1 + left)


def expected_orders(model, time, frequency, recency, age):
    """As a run computes them."""
    return forecast.alive(model, frequency, recency, age) * forecast.orders_if_alive(
        model, (time,), (1.0,), frequency, age
    )


def discounted_orders(model, frequency, recency, age, *, step, steps, discount_per_step):
    times, factors = formulas.discounting(
        step=step, steps=steps, discount_per_step=discount_per_step
    )
    return forecast.alive(model, frequency, recency, age) * forecast.orders_if_alive(
        model, times, factors, frequency, age
    )


def test_the_customer_of_the_published_worked_example():
    expected = expected_orders(a_model(), 39.0, [2], [30.43], [38.86])

    assert expected[0] == pytest.approx(1.226, abs=5e-4)


@pytest.mark.parametrize(
    ("weeks", "orders"),
    [
        (0.1429, 0.0078),
        (1.0, 0.0532),
        (3.0, 0.1506),
        (31.8571, 1.0405),
        (32.0, 1.0437),
        (78.0, 1.8576),
    ],
)
def test_a_new_customer_buys_as_the_published_sheet_says(weeks, orders):
    assert expected_orders(a_model(), weeks, [0], [0.0], [0.0])[0] == pytest.approx(
        orders, rel=5e-4, abs=5e-5
    )


@settings(max_examples=200, deadline=None)
@given(
    st.floats(0.05, 5), st.floats(0.5, 50), st.floats(0.05, 4), st.floats(1.05, 6),
    st.integers(0, 40), st.floats(0.01, 1), st.floats(1, 200), st.floats(0.1, 100),
)  # fmt: skip
def test_the_sum_is_the_closed_form(r, alpha, a, b, x, share, age, t):
    if abs(a - 1) < 1e-3:
        a = 1.01
    model, last = a_model(r=r, alpha=alpha, a=a, b=b), share * age if x else 0.0

    expected = expected_orders(model, t, [x], [last], [age])[0]

    assert expected == pytest.approx(closed_form(model, t, x, last, age), rel=1e-7, abs=1e-12)


def test_nothing_happens_at_the_pole_of_the_closed_form():
    below, at, above = (
        expected_orders(a_model(a=a), 39.0, [3], [20.0], [40.0])[0]
        for a in (1 - 1e-7, 1.0, 1 + 1e-7)
    )

    assert at == pytest.approx((below + above) / 2, rel=1e-12)


def test_thousands_of_orders_do_not_overflow():
    model = a_model(r=1.0, alpha=1.0)

    expected = expected_orders(model, 365.0, [3000, 3600], [3640.0, 3649.0], [3650.0, 3650.0])

    assert np.isfinite(expected).all()
    assert (expected > 1).all()
    assert (expected < 366).all()


def test_a_population_without_differences_is_a_poisson_process():
    model = a_model(r=1e8, alpha=1e9, a=1e-9, b=1.0)

    expected = expected_orders(model, 20.0, [5], [30.0], [50.0])

    assert expected[0] == pytest.approx(20 * 0.1, rel=1e-5)


def test_who_never_came_back_is_alive_for_sure_and_silence_makes_doubt():
    model = a_model()

    probability = forecast.alive(model, [0, 3, 3, 3], [0, 39, 20, 2], [39, 39, 39, 39])

    assert probability[0] == 1.0
    assert probability[1] == pytest.approx(1 / (1 + model.a / (model.b + 2)))
    assert probability[1] > probability[2] > probability[3] > 0


def test_an_endless_silence_is_zero_and_not_an_error():
    assert forecast.alive(a_model(r=50.0), [3000], [1.0], [1e9])[0] == 0.0
    assert formulas.alive(a_model(r=50.0), frequency=3000, recency=1.0, age=1e9) == 0.0


def test_discounting_weighs_the_orders_of_each_period():
    model, x, last, age = (
        a_model(),
        np.array([0, 2, 5]),
        np.array([0.0, 30.0, 38.0]),
        np.array([39.0, 39.0, 40.0]),
    )

    total = discounted_orders(model, x, last, age, step=4.345, steps=12, discount_per_step=0.01)

    by_hand, before = np.zeros(3), np.zeros(3)
    for i in range(1, 13):
        until = expected_orders(model, 4.345 * i, x, last, age)
        by_hand += (until - before) / 1.01**i
        before = until
    assert total == pytest.approx(by_hand, rel=1e-12)


def test_without_discount_the_periods_add_up_to_the_whole():
    model = a_model()

    parts = discounted_orders(model, [2], [30.0], [39.0], step=2.0, steps=13, discount_per_step=0.0)

    assert parts[0] == pytest.approx(
        expected_orders(model, 26.0, [2], [30.0], [39.0])[0], rel=1e-12
    )


def test_customers_who_share_nothing_are_interpolated_to_rounding(monkeypatch):
    dice = np.random.default_rng(5)
    model, x, age = a_model(), dice.integers(0, 30, 3000), dice.uniform(1, 300, 3000)
    exact = forecast.orders_if_alive(model, (26.0, 52.0), (0.9, 0.5), x, age)
    monkeypatch.setattr(forecast, "MOST_SHARED_PAIRS", 10)

    interpolated = forecast.orders_if_alive(model, (26.0, 52.0), (0.9, 0.5), x, age)

    assert interpolated == pytest.approx(exact, rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 400), st.floats(0, 1), st.floats(0, 500), st.floats(0.1, 60), st.floats(0.1, 3)
)
def test_one_customer_is_forecast_as_many_are(x, share, age, t, a):
    model, last = a_model(a=a), share * age if x else 0.0

    one = formulas.orders_if_alive(model, (t,), (1.0,), frequency=x, age=age) * formulas.alive(
        model, frequency=x, recency=last, age=age
    )

    assert one == pytest.approx(
        expected_orders(model, t, [x], [last], [age])[0], rel=1e-12, abs=1e-150
    )


@settings(max_examples=100, deadline=None)
@given(
    st.floats(0.03, 9), st.floats(0.3, 90), st.floats(0.01, 30), st.floats(0.03, 30),
    st.integers(0, 60), st.floats(0, 400), st.floats(0.1, 300),
)  # fmt: skip
def test_one_customer_is_forecast_as_many_are_whatever_the_model(r, alpha, a, b, x, age, t):
    model = a_model(r=r, alpha=alpha, a=a, b=b)

    one = formulas.orders_if_alive(model, (t, 2 * t), (0.4, 0.5), frequency=x, age=age)

    assert one == pytest.approx(
        forecast.orders_if_alive(model, (t, 2 * t), (0.4, 0.5), [x], [age])[0], rel=1e-9
    )


def test_a_far_horizon_costs_no_more_than_its_months(monkeypatch):
    calls = []
    monkeypatch.setattr(formulas, "expm1", lambda x: calls.append(x) or np.expm1(x))
    times, factors = formulas.discounting(step=4.35, steps=120, discount_per_step=0.008)

    orders = formulas.orders_if_alive(a_model(), times, factors, frequency=0, age=0.0)

    assert orders == pytest.approx(
        forecast.orders_if_alive(a_model(), times, factors, [0], [0.0])[0], rel=1e-12
    )
    assert len(calls) < 120 * 300


def test_what_holds_for_everybody_is_computed_once(monkeypatch):
    times, factors = formulas.discounting(step=1.5, steps=3, discount_per_step=0.01)
    first = formulas.orders_of_a_new_customer(a_model(), times, factors)
    monkeypatch.setattr(formulas, "_mean", lambda *_given, **_named: float("nan"))

    assert formulas.orders_of_a_new_customer(a_model(), times, factors) == first
