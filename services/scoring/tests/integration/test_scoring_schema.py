"""The migrated schema is that of the tables, and customers' news changes what is seen."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from scoring import tables
from scoring.app import MIGRATIONS
from scoring.customer.store import CustomerReader
from scoring.news import CustomerNews
from service_kit.store.migrations import migrate
from service_kit.testing import Api, revisions
from service_kit.testing.news import envelope_of, hear
from service_kit.words.identity import new_id


async def told(
    api: Api, name: str, subject: UUID, unit: str | None, at: datetime | None = None
) -> None:
    envelope = envelope_of("customer-profile", name, subject=subject, unit=unit, at=at)
    await hear(api.service.database, CustomerNews(api.service.kept_answers).reads, envelope)


async def test_the_migrations_make_the_tables_of_the_code(make_database):
    url = await make_database(MIGRATIONS, "scoring")

    assert await revisions.difference(url, "scoring", tables.metadata) == []


async def test_migrations_go_down_and_up_again(make_database):
    url = await make_database(MIGRATIONS, "scoring")

    await migrate(url, "scoring", str(MIGRATIONS), to="base")
    await migrate(url, "scoring", str(MIGRATIONS))

    assert await revisions.difference(url, "scoring", tables.metadata) == []


async def test_scores_and_transactions_follow_a_customer_to_another_unit(api, customers):
    customer = customers.add(unit="cn.gd")
    body = {
        "customer_id": str(customer),
        "occurred_at": "2026-03-01T12:00:00Z",
        "amount": {"amount": "5", "currency": "CNY"},
    }
    recorded = (await api.post("/v1/transactions", body)).json()
    there = api.as_("transactions:read", "scores:read", units=["cn.bj"])
    assert (await there.get(f"/v1/transactions/{recorded['id']}")).status_code == 404

    await told(api, "customer.changed", customer, "cn.bj")

    assert (await there.get(f"/v1/transactions/{recorded['id']}")).status_code == 200
    assert (await there.get(f"/v1/customers/{customer}/scores")).json()["scores"][0][
        "value"
    ] == "5.00"
    here = api.as_("scores:read", units=["cn.gd"])
    assert (await here.get(f"/v1/customers/{customer}/scores")).status_code == 404


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
async def test_news_of_two_lanes_end_alike_in_any_order(api, order):
    moved, erased, met = new_id(), new_id(), new_id()
    long_ago, lately = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    said = {
        "old": [("customer.created", each, "cn.gd", long_ago) for each in (moved, erased, met)],
        "new": [
            ("customer.changed", moved, "cn.bj", lately),
            ("customer.erased", erased, None, lately),
        ],
    }

    for lane in order:
        for each in said[lane]:
            await told(api, *each)

    async with api.service.database.reading() as reader:
        known = await CustomerReader(reader).found([moved, erased, met])
    assert {id: (each.unit, each.state) for id, each in known.items()} == {
        moved: ("cn.bj", "active"),
        erased: ("cn.gd", "erased"),
        met: ("cn.gd", "active"),
    }


async def test_what_an_erased_customer_wrote_is_gone_and_the_books_stay(api, customers):
    customer = customers.add()
    answer = {
        "customer_id": str(customer),
        "instrument": "nps",
        "answers": {"score": 3, "remark": "my name is 张伟"},
    }
    recorded = (await api.post("/v1/survey-responses", answer)).json()

    await told(api, "customer.erased", customer, "cn.gd.gz")

    read = (await api.get(f"/v1/survey-responses/{recorded['id']}")).json()
    assert read["answers"] == {"score": 3, "remark": None}
    assert (
        "张伟" not in (await api.get("/v1/audit-entries", params={"subject": recorded["id"]})).text
    )
    assert (await api.post("/v1/survey-responses", answer)).status_code == 404
