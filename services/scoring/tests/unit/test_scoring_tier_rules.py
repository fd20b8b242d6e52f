"""Hysteresis, minimum stay and overrides: how a customer moves between tiers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring.tier.domain import (
    Override,
    OverrideInThePast,
    Reading,
    Scheme,
    Standing,
    Threshold,
    TierOverrideNotFound,
    judged,
    overridden,
    released,
)
from service_kit.words.identity import new_id

CUSTOMER = new_id()
DAY = date(2026, 3, 1)
AT = datetime(2026, 3, 1, tzinfo=UTC)
THRESHOLDS = (
    Threshold(stars=6, up=Decimal(1000), down=Decimal(900)),
    Threshold(stars=4, up=Decimal(500), down=Decimal(400)),
    Threshold(stars=2, up=Decimal(100), down=Decimal(80)),
)


def a_scheme(**changes) -> Scheme:
    given = {
        "name": "s",
        "score": "clv",
        "currency": None,
        "thresholds": THRESHOLDS,
        "minimum_stay_days": 0,
        "version": 1,
    }
    return Scheme(**{**given, **changes})


def a_standing(stars: int, **changes) -> Standing:
    given = {
        "customer_id": CUSTOMER,
        "since": DAY,
        "card_day": DAY,
        "reason": "r",
        "scheme": "s",
        "scheme_version": 1,
        "version": 3,
    }
    return Standing(stars=stars, **{"override": None, **given, **changes})


def a_reading(value: object, *, day: date = DAY, currency: str = "CNY") -> Reading:
    return Reading(value=Decimal(str(value)), as_of=day, currency=currency)


def stars_after(standing: Standing | None, value: object, **scheme) -> int | None:
    move = judged(a_scheme(**scheme), [a_reading(value)], standing, customer_id=CUSTOMER)
    return None if move is None else move.standing.stars


@pytest.mark.parametrize(
    ("value", "stars"), [(99.99, 1), (100, 2), (499, 2), (500, 4), (1000, 6), (-5, 1)]
)
def test_the_first_tier_is_that_of_the_upper_cut_points(value, stars):
    assert stars_after(None, value) == stars


@pytest.mark.parametrize(
    ("held", "value", "stars"),
    [
        (6, 900, None),
        (6, 899.99, 4),
        (6, 450, 4),
        (6, 90, 2),
        (6, 79, 1),
        (4, 999, None),
        (4, 1000, 6),
        (4, 399, 2),
        (3, 150, 2),
        (1, 99, None),
        (1, 100, 2),
    ],
)
def test_stars_are_kept_down_to_the_lower_cut_point(held, value, stars):
    assert stars_after(a_standing(held), value) == stars


@given(st.lists(st.integers(0, 1200), min_size=1, max_size=30))
def test_a_score_that_trembles_between_the_cut_points_never_moves_a_tier(values):
    standing = a_standing(4)

    for value in values:
        if 400 <= value < 1000:
            assert stars_after(standing, value) is None


@given(st.integers(-100, 1200), st.sampled_from([1, 2, 4, 6]))
def test_the_tier_lies_between_what_both_cut_points_say(value, held):
    after = stars_after(a_standing(held), value) or held

    scheme = a_scheme()
    assert (
        scheme.rise_to(Decimal(value)) <= after <= max(scheme.hold_at(Decimal(value), at_most=6), 1)
    )


def test_a_minimum_stay_holds_in_both_directions():
    early, late = DAY + timedelta(days=29), DAY + timedelta(days=30)
    scheme = a_scheme(minimum_stay_days=30)

    for value in (5, 5000):
        assert (
            judged(scheme, [a_reading(value, day=early)], a_standing(4), customer_id=CUSTOMER)
            is None
        )
        assert (
            judged(scheme, [a_reading(value, day=late)], a_standing(4), customer_id=CUSTOMER)
            is not None
        )


def test_without_a_minimum_stay_even_a_card_of_long_ago_moves_a_tier():
    standing = a_standing(2, since=date(2026, 11, 1), card_day=None)

    move = judged(
        a_scheme(), [a_reading(5000, day=date(1998, 7, 1))], standing, customer_id=CUSTOMER
    )

    assert move.standing.stars == 6


def test_the_stay_is_counted_between_days_of_cards_also_after_an_override():
    given, long_ago = Override(stars=6, reason="friend", until=None, by="li"), date(1998, 6, 30)
    held = a_standing(2, since=long_ago, card_day=long_ago)
    scheme = a_scheme(minimum_stay_days=30)

    moved = overridden(held, given, customer_id=CUSTOMER, at=AT, day=DAY).standing
    back = released(moved, scheme, [a_reading(600, day=long_ago)], day=DAY, reason="over").standing

    assert (moved.since, moved.card_day) == (DAY, None)
    assert (back.stars, back.since, back.card_day) == (4, DAY, long_ago)
    early, late = long_ago + timedelta(days=29), long_ago + timedelta(days=30)
    assert judged(scheme, [a_reading(5000, day=early)], back, customer_id=CUSTOMER) is None
    assert (
        judged(scheme, [a_reading(5000, day=late)], back, customer_id=CUSTOMER).standing.stars == 6
    )


def test_who_lost_the_last_order_falls_to_the_lowest_stars_at_once():
    scheme, taken_back = a_scheme(minimum_stay_days=30), DAY + timedelta(days=1)

    move = judged(scheme, [], a_standing(6), customer_id=CUSTOMER, emptied_on=taken_back)

    assert (move.standing.stars, move.standing.since, move.standing.reason) == (
        1,
        taken_back,
        "no orders left",
    )


@pytest.mark.parametrize(
    ("standing", "readings"),
    [
        (None, []),
        (a_standing(1), []),
        (a_standing(6, override=Override(stars=6, reason="x", until=None, by="li")), []),
        (a_standing(4), [a_reading(600, currency="EUR")]),
    ],
)
def test_nobody_else_loses_stars_with_an_order(standing, readings):
    assert judged(a_scheme(), readings, standing, customer_id=CUSTOMER, emptied_on=DAY) is None


def test_the_currency_with_the_most_stars_counts_unless_the_scheme_names_one():
    readings = [a_reading(600, currency="USD"), a_reading(100, currency="CNY")]

    assert judged(a_scheme(), readings, None, customer_id=CUSTOMER).standing.stars == 4
    assert (
        judged(a_scheme(currency="CNY"), readings, None, customer_id=CUSTOMER).standing.stars == 2
    )
    assert judged(a_scheme(currency="EUR"), readings, None, customer_id=CUSTOMER) is None


def test_an_override_stands_against_every_score():
    held = a_standing(6, override=Override(stars=6, reason="x", until=None, by="li"))

    assert stars_after(held, 0) is None


def test_an_override_changes_the_stars_with_its_reason_and_the_release_gives_the_score_back():
    given = Override(stars=6, reason="friend", until=AT + timedelta(days=1), by="li")

    move = overridden(a_standing(2), given, customer_id=CUSTOMER, at=AT, day=date(2026, 4, 1))
    back = released(
        move.standing, a_scheme(), [a_reading(150)], day=date(2026, 4, 2), reason="over"
    )

    assert (move.old, move.standing.stars, move.standing.since, move.is_change) == (
        2,
        6,
        date(2026, 4, 1),
        True,
    )
    assert (back.old, back.standing.stars, back.standing.override) == (6, 2, None)
    assert back.standing.version == move.standing.version + 1


def test_an_override_that_is_over_already_is_refused():
    with pytest.raises(OverrideInThePast):
        overridden(
            None,
            Override(stars=6, reason="x", until=AT, by="li"),
            customer_id=CUSTOMER,
            at=AT,
            day=DAY,
        )


def test_where_nothing_was_overridden_nothing_is_released():
    with pytest.raises(TierOverrideNotFound):
        released(a_standing(2), a_scheme(), [], day=DAY, reason="over")


def test_an_override_with_the_same_stars_is_no_change_of_tier():
    move = overridden(
        a_standing(6),
        Override(stars=6, reason="x", until=None, by="li"),
        customer_id=CUSTOMER,
        at=AT,
        day=date(2026, 9, 1),
    )

    assert (move.is_change, move.standing.since) == (False, DAY)
