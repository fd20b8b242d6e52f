"""What transactions add to days and statistics, and what corrections take away."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from scoring.amounts import from_units, in_units
from scoring.purchase.domain import Change, DayOf, Statistic, added_up
from scoring.transaction.domain import (
    Transaction,
    TransactionIsVoided,
    TransactionLiesAhead,
    day_in,
)
from service_kit.words.identity import new_id

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_transaction(**changes) -> Transaction:
    given = {
        "id": new_id(),
        "customer_id": new_id(),
        "kind": "order",
        "currency": "CNY",
        "occurred_at": AT,
        "day": date(2026, 3, 1),
        "amount": 1_000_000,
        "cost": 400_000,
        "product": None,
        "channel": None,
        "source": "default",
        "external_id": None,
        "state": "recorded",
        "recorded_at": AT,
        "version": 1,
    }
    return Transaction(**{**given, **changes})


def a_statistic(**changes) -> Statistic:
    given = {
        "customer_id": new_id(),
        "currency": "CNY",
        "order_days": 3,
        "first_day": date(2026, 1, 1),
        "last_day": date(2026, 2, 1),
        "last_activity": date(2026, 2, 1),
        "order_amount": 6_000_000,
        "order_cost": 0,
        "refund_amount": 0,
        "refund_cost": 0,
        "first_day_amount": 2_000_000,
    }
    return Statistic(**{**given, **changes})


def test_an_order_adds_and_a_refund_is_no_order():
    assert a_transaction().change == Change(orders=1, order_amount=1_000_000, order_cost=400_000)
    assert a_transaction(kind="refund").change == Change(
        refunds=1, refund_amount=1_000_000, refund_cost=400_000
    )
    assert a_transaction(state="voided").change == Change()


def test_taking_back_what_was_added_leaves_nothing():
    change = a_transaction().change

    assert change + -change == Change()


def test_changes_of_one_day_are_added_up_and_days_come_in_the_order_of_locks():
    ids = sorted(new_id() for _ in range(3))
    days = [DayOf(customer_id=id, currency="CNY", day=date(2026, 1, 1)) for id in ids]

    summed = added_up(
        [(days[2], Change(orders=1)), (days[0], Change(orders=1)), (days[2], Change(orders=2))]
    )

    assert list(summed) == [days[0], days[2]]
    assert summed[days[2]].orders == 3


def test_a_voided_transaction_stays_voided():
    voided = a_transaction().voided()

    with pytest.raises(TransactionIsVoided):
        voided.voided()
    with pytest.raises(TransactionIsVoided):
        voided.corrected(amount=1, cost=None, kind="order", occurred_at=AT, zone=SHANGHAI, at=AT)


def test_the_day_is_that_of_the_time_zone_and_never_ahead():
    assert day_in(SHANGHAI, datetime(2026, 2, 28, 16, tzinfo=UTC), at=AT) == date(2026, 3, 1)
    assert day_in(SHANGHAI, AT + timedelta(days=1), at=AT) == date(2026, 3, 2)
    with pytest.raises(TransactionLiesAhead):
        day_in(SHANGHAI, AT + timedelta(days=1, seconds=1), at=AT)


def test_refunds_lower_the_value_of_every_order_alike():
    assert a_statistic().mean_repeat_value() == 200.0
    assert a_statistic(refund_amount=3_000_000).mean_repeat_value() == 100.0
    assert a_statistic(order_days=1).mean_repeat_value() == 0.0
    assert a_statistic(order_amount=0, first_day_amount=0).mean_repeat_value() == 0.0


def test_a_refund_mirrors_its_order_in_the_profit():
    assert (
        a_statistic(order_cost=1_000_000, refund_amount=2_000_000, refund_cost=500_000).profit
        == 6_000_000 - 2_000_000 - 1_000_000 + 500_000
    )


@pytest.mark.parametrize("text", ["0", "12.50", "0.0001", "999999999999.9999", "100"])
def test_amounts_come_back_exactly(text):
    assert from_units(in_units(Decimal(text))) == Decimal(text)


def test_an_amount_with_five_decimals_is_not_rounded_in_silence():
    with pytest.raises(ValueError, match="decimals"):
        in_units(Decimal("0.00001"))


def test_amounts_are_written_with_two_decimals_unless_they_need_four():
    assert [str(from_units(units)) for units in (125_000, 125_050, 0, -5)] == [
        "12.50",
        "12.5050",
        "0.00",
        "-0.0005",
    ]
