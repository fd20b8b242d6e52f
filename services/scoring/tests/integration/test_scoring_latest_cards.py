"""The latest cards of a customer with very many of them:
the right ones, by one step down the index.
"""

from datetime import date, timedelta

import pytest
from scoring.card.domain import Card
from scoring.card.store import LATEST, LATEST_UNTIL, CardReader, CardStore
from scoring.purchase.domain import Change, DayOf, Statistic
from scoring.purchase.store import PurchaseStore
from service_kit.words.identity import new_id

FIRST = date(2020, 1, 1)


def a_card(customer_id, day: date, currency: str) -> Card:
    sums = {
        "order_amount": 10,
        "order_cost": 0,
        "refund_amount": 0,
        "refund_cost": 0,
        "first_day_amount": 10,
    }
    days = {"first_day": FIRST, "last_day": day, "last_activity": day}
    statistic = Statistic(customer_id=customer_id, currency=currency, order_days=1, **days, **sums)
    quintiles = {"recency": 1, "frequency": 1, "monetary": 1, "tenure": 1}
    return Card(
        id=new_id(),
        as_of=day,
        run_id=new_id(),
        definition_version=1,
        statistic=statistic,
        **quintiles,
    )


@pytest.fixture
async def faithful(api):
    """A customer with a thousand cards in each of two currencies."""
    customer = new_id()
    async with api.service.database.transaction() as tx:
        for currency in ("CNY", "USD"):
            await PurchaseStore(tx).add(
                [
                    (
                        DayOf(customer_id=customer, currency=currency, day=FIRST),
                        Change(orders=1, order_amount=10),
                    )
                ]
            )
            await CardStore(tx).insert_cards(
                [a_card(customer, FIRST + timedelta(days=day), currency) for day in range(1000)]
            )
    return customer


async def test_the_latest_card_of_each_currency_is_found_now_and_as_of_a_day(api, faithful):
    async with api.service.database.reading() as reader:
        now = await CardReader(reader).latest([faithful, new_id()])
        then = await CardReader(reader).latest([faithful], until=FIRST + timedelta(days=7))

    assert [(card.statistic.currency, (card.as_of - FIRST).days) for card in now] == [
        ("CNY", 999),
        ("USD", 999),
    ]
    assert [(card.statistic.currency, (card.as_of - FIRST).days) for card in then] == [
        ("CNY", 7),
        ("USD", 7),
    ]


@pytest.mark.parametrize(
    ("statement", "names"), [(LATEST, ["ids"]), (LATEST_UNTIL, ["ids", "until"])]
)
async def test_no_other_card_is_read_for_it_whatever_the_parameters(
    api, faithful, statement, names
):
    sql = api.service.database.statements.compiled(statement, dict.fromkeys(names)).sql
    async with api.service.database.transaction() as tx:
        await tx.connection.execute(
            "ANALYZE scoring.score_card; ANALYZE scoring.purchase_statistic"
        )
        await tx.connection.execute(
            f"SET LOCAL plan_cache_mode = force_generic_plan; PREPARE latest AS {sql}"
        )

        rows = await tx.connection.fetch(
            f"EXPLAIN EXECUTE latest({', '.join('NULL' for _ in names)})"
        )
        await tx.connection.execute("DEALLOCATE latest")

    plan = "\n".join(row[0] for row in rows)

    assert "Index Scan using ix_score_card_latest" in plan
    assert "on score_card" not in plan.replace("ix_score_card_latest on score_card", "")
