"""The BG/NBD fit against published figures, its own gradient, and sets that cannot carry it."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln
from scoring.model import bg_nbd, refusals
from scoring.model.history import group
from scoring.testing import cdnow_orders, purchase_days

CDNOW = Path(__file__).parent.parent / "data" / "cdnow_sample.txt"


def cdnow_histories() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    customers = purchase_days(cdnow_orders(CDNOW), until=date(1997, 9, 30)).values()
    rows = np.array([(c.frequency, c.recency, c.age) for c in customers])
    return rows[:, 0], rows[:, 1], rows[:, 2]


def textbook_log_likelihood(x, last, age, *, r, alpha, a, b) -> float:
    """Equation (6) of Fader, Hardie and Lee (2005) term by term."""
    a1 = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    a2 = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    a3 = (alpha + age) ** -(r + x)
    a4 = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * (alpha + last) ** -(r + x), 0.0)
    return float((a1 + a2 + np.log(a3 + a4)).sum())


def test_the_cdnow_sample_gives_the_published_parameters():
    x, last, age = cdnow_histories()

    model = bg_nbd.fit(x, last / 7, age / 7)

    assert (round(model.r, 4), round(model.alpha, 4)) == (0.2426, 4.4136)
    assert (round(model.a, 4), round(model.b, 4)) == (0.7929, 2.4259)
    assert round(model.log_likelihood, 2) == -9582.43
    assert model.customers == 2357
    assert model.gradient_norm < 1e-9


def test_the_reported_likelihood_is_that_of_the_textbook():
    x, last, age = cdnow_histories()

    model = bg_nbd.fit(x, last / 7, age / 7)

    expected = textbook_log_likelihood(
        x, last / 7, age / 7, r=model.r, alpha=model.alpha, a=model.a, b=model.b
    )
    assert model.log_likelihood == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("unit", [1e-9, 1 / 30.4375, 1.0, 86_400.0, 1e12])
def test_any_time_unit_gives_the_same_model(unit):
    x, last, age = cdnow_histories()
    in_days = bg_nbd.fit(x, last, age)

    model = bg_nbd.fit(x, last * unit, age * unit)

    assert (model.r, model.a, model.b) == pytest.approx((in_days.r, in_days.a, in_days.b), rel=1e-9)
    assert model.alpha == pytest.approx(in_days.alpha * unit, rel=1e-9)


def test_grouped_rows_with_weights_say_the_same_as_single_ones():
    x, last, age = cdnow_histories()
    grouped = group(x, last, age)

    model = bg_nbd.fit(grouped.frequency, grouped.recency, grouped.age, grouped.weight)

    single = bg_nbd.fit(x, last, age)
    assert grouped.frequency.size < x.size
    assert (model.r, model.a, model.b) == pytest.approx((single.r, single.a, single.b), rel=1e-9)


def test_broken_times_that_share_nothing_are_fitted_too():
    x, last, age = cdnow_histories()
    dice = np.random.default_rng(1)
    end = age + dice.random(x.size)
    begin = np.where(x > 0, last + dice.random(x.size) * 0.3, 0.0)

    model = bg_nbd.fit(x, np.minimum(begin, end), end)

    assert model.r == pytest.approx(0.2426, rel=0.05)
    assert model.gradient_norm < 1e-9


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-4, 4), min_size=4, max_size=4), st.randoms(use_true_random=False))
def test_gradient_and_hessian_are_those_of_the_likelihood(point, dice):
    rows = [(0, 0.0, dice.uniform(0, 50))]
    for _ in range(12):
        last = dice.uniform(0.1, 30)
        rows.append((dice.randint(1, 9), last, last + dice.uniform(0, 20)))
    likelihood = bg_nbd._Likelihood(group(*np.array(rows).T))
    point = np.array(point)

    _, gradient, hessian = likelihood(point)

    step = 1e-5
    for i in range(4):
        shift = np.eye(4)[i] * step
        above, below = likelihood(point + shift), likelihood(point - shift)
        assert gradient[i] == pytest.approx((above[0] - below[0]) / (2 * step), rel=1e-5, abs=1e-8)
        assert hessian[i] == pytest.approx((above[1] - below[1]) / (2 * step), rel=1e-4, abs=1e-7)


def test_thousands_of_orders_do_not_overflow():
    dice = np.random.default_rng(2)
    age = np.full(2000, 3650.0)
    rate, leave = dice.gamma(0.8, 0.5, 2000), dice.beta(1.0, 60.0, 2000)
    x = np.minimum(dice.poisson(rate * age), dice.geometric(leave)).astype(np.int64)
    last = np.where(x > 0, np.minimum(age, np.maximum(x / rate, 1.0)), 0.0)

    model = bg_nbd.fit(x, last, age)

    assert x.max() > 700
    assert np.isfinite([model.r, model.alpha, model.a, model.b, model.log_likelihood]).all()
    assert model.gradient_norm < 1e-6


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        ([], refusals.NoCustomers),
        ([(3, 20, 40)], refusals.TooFewCustomers),
        ([(0, 0, 10), (0, 0, 20), (0, 0, 30)], refusals.NoRepeatBuyers),
        ([(2, 10, 30)] * 50, refusals.IdenticalHistories),
        ([(0, 0, 0), (0, 0, 0)], refusals.HistoryOutOfRange),
        ([(1, 40, 30), (0, 0, 30)], refusals.HistoryOutOfRange),
        ([(1, 0, 30), (0, 0, 30)], refusals.HistoryOutOfRange),
        ([(-1, 0, 30), (0, 0, 30)], refusals.HistoryOutOfRange),
        ([(1.5, 3, 30), (0, 0, 30)], refusals.HistoryOutOfRange),
        ([(1, float("nan"), 30), (0, 0, 30)], refusals.HistoryOutOfRange),
        ([(1, 3, float("inf")), (0, 0, 30)], refusals.HistoryOutOfRange),
    ],
)
def test_a_set_that_cannot_carry_the_model_is_refused_by_name(rows, refusal):
    x, last, age = np.array(rows, dtype=np.float64).reshape(-1, 3).T

    with pytest.raises(refusal):
        bg_nbd.fit(x, last, age)


def test_a_set_without_a_maximum_is_refused_and_gives_no_numbers():
    x, last, age = np.array([(1, 30, 30), (2, 30, 30), (1, 29, 30)]).T

    with pytest.raises(refusals.NoInteriorMaximum):
        bg_nbd.fit(x, last, age)
