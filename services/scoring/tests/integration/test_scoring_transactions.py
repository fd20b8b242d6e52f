"""Transactions over the API:
recorded once, counted by day, corrected, voided, seen by the right people.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from scoring.purchase.store import PurchaseReader
from service_kit.words.identity import new_id

ORDER = {
    "occurred_at": "2026-03-01T10:00:00+08:00",
    "amount": {"amount": "100.00", "currency": "CNY"},
}


def an_order(customer_id: UUID, **changes: object) -> dict[str, object]:
    return {"customer_id": str(customer_id), **ORDER, **changes}


def a_sum(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


async def the_statistic(api, customer_id):
    async with api.service.database.reading() as reader:
        found = await PurchaseReader(reader).of_customers([customer_id])
    assert len(found) == 1
    return found[0]


async def test_a_recorded_order_can_be_read_and_is_told(api, customers):
    customer = customers.add()

    created = await api.post(
        "/v1/transactions",
        an_order(customer, cost=a_sum("60.5"), product="disc", external_id="o-1"),
    )

    assert created.status_code == 201
    body = created.json()
    assert created.headers["Location"] == f"/v1/transactions/{body['id']}"
    assert (body["amount"]["amount"], body["cost"]["amount"], body["day"], body["kind"]) == (
        "100.00",
        "60.50",
        "2026-03-01",
        "order",
    )
    read = await api.get(f"/v1/transactions/{body['id']}")
    assert read.json() == body
    assert read.headers["ETag"] == created.headers["ETag"]
    told = await api.events("transaction.recorded")
    assert told[0]["data"]["amount"] == "100.00"
    assert told[0]["unit"] == "cn.gd.gz"


async def test_an_external_id_that_is_taken_is_refused_and_names_its_transaction(api, customers):
    customer = customers.add()
    first = (await api.post("/v1/transactions", an_order(customer, external_id="o-1"))).json()

    again = await api.post("/v1/transactions", an_order(customer, external_id="o-1"))

    assert again.status_code == 409
    assert again.json()["transaction_id"] == first["id"]
    other_source = await api.post(
        "/v1/transactions", an_order(customer, external_id="o-1", source="shop-2")
    )
    assert other_source.status_code == 201


async def test_the_same_idempotency_key_records_once(api, customers):
    customer = customers.add()

    answers = [await api.post("/v1/transactions", an_order(customer), key="k-1") for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert (await the_statistic(api, customer)).order_amount == 1_000_000


async def test_the_day_is_that_of_the_companys_time_zone(api, customers):
    customer = customers.add()

    late_evening_utc = (
        await api.post("/v1/transactions", an_order(customer, occurred_at="2026-02-28T16:30:00Z"))
    ).json()

    assert late_evening_utc["day"] == "2026-03-01"


async def test_what_cannot_be_is_refused(api, customers):
    customer = customers.add()
    tomorrow = (datetime.now(UTC) + timedelta(days=3)).isoformat()

    assert (await api.post("/v1/transactions", an_order(new_id()))).status_code == 404
    assert (
        await api.post("/v1/transactions", an_order(customer, occurred_at=tomorrow))
    ).status_code == 409
    assert (
        await api.post("/v1/transactions", an_order(customer, cost=a_sum("1", "USD")))
    ).status_code == 409
    for amount in ("1.00001", "1e3", "-1", "NaN", "9999999999999", ""):
        assert (
            await api.post("/v1/transactions", an_order(customer, amount=a_sum(amount)))
        ).status_code == 422


async def test_a_batch_takes_each_item_on_its_own(api, customers):
    customer = customers.add()
    items = [
        an_order(customer, external_id="b-1"),
        an_order(new_id(), external_id="b-2"),
        an_order(customer, external_id="b-1", amount=a_sum("7")),
        an_order(customer, cost=a_sum("1", "EUR")),
        an_order(customer),
    ]

    outcome = (
        await api.post(
            "/v1/transactions/batch", {"items": items}, headers={"Accept-Language": "zh-CN"}
        )
    ).json()

    assert (outcome["accepted"], outcome["duplicates"]) == (2, 1)
    assert outcome["rejected"] == [
        {"index": 1, "detail": "没有这位客户，或其不在该令牌可见的范围之内。"},
        {"index": 3, "detail": "一笔交易的金额和成本必须使用同一币种。"},
    ]
    repeated = (await api.post("/v1/transactions/batch", {"items": items[:1]})).json()
    assert repeated == {"accepted": 0, "duplicates": 1, "rejected": []}


async def test_a_customer_pays_in_forty_currencies_at_most(api, customers):
    customer = customers.add()
    many = [f"X{first}{second}" for first in "ABCDEFG" for second in "ABCDEF"]

    outcome = (
        await api.post(
            "/v1/transactions/batch",
            {"items": [an_order(customer, amount=a_sum("1", each)) for each in many]},
        )
    ).json()

    assert outcome["accepted"] == 40
    assert [(each["index"], "forty" in each["detail"]) for each in outcome["rejected"]] == [
        (40, True),
        (41, True),
    ]
    refused = await api.post("/v1/transactions", an_order(customer, amount=a_sum("1", "CNY")))
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (
        409,
        "too-many-currencies",
    )
    assert (
        await api.post("/v1/transactions", an_order(customer, amount=a_sum("1", many[0])))
    ).status_code == 201
    assert len((await api.get(f"/v1/customers/{customer}/scores")).json()["scores"]) == 40


async def test_a_batch_of_a_thousand_and_one_is_refused(api, customers):
    items = [an_order(customers.add())] * 1001

    assert (await api.post("/v1/transactions/batch", {"items": items})).status_code == 422


async def test_statistics_follow_orders_in_any_order_of_arrival(api, customers):
    customer = customers.add()
    for day, amount in (("05", "50"), ("01", "10"), ("09", "90"), ("01", "1"), ("05", "5")):
        await api.post(
            "/v1/transactions",
            an_order(customer, occurred_at=f"2026-03-{day}T12:00:00+08:00", amount=a_sum(amount)),
        )
    await api.post(
        "/v1/transactions",
        an_order(
            customer,
            kind="refund",
            occurred_at="2026-03-20T12:00:00+08:00",
            amount=a_sum("6"),
            cost=a_sum("2"),
        ),
    )

    found = await the_statistic(api, customer)

    assert found.order_days == 3
    assert (str(found.first_day), str(found.last_day), str(found.last_activity)) == (
        "2026-03-01",
        "2026-03-09",
        "2026-03-20",
    )
    assert (found.order_amount, found.first_day_amount, found.refund_amount) == (
        1_560_000,
        110_000,
        60_000,
    )
    assert found.profit == 1_560_000 - 60_000 + 20_000


async def test_corrections_and_voidings_leave_the_statistics_as_if_never_wrong(api, customers):
    customer = customers.add()
    kept = [
        (
            await api.post(
                "/v1/transactions", an_order(customer, occurred_at=f"2026-03-0{day}T12:00:00+08:00")
            )
        ).json()
        for day in (1, 3, 7)
    ]

    corrected = await api.post(
        f"/v1/transactions/{kept[0]['id']}/correction",
        {"occurred_at": "2026-03-04T12:00:00+08:00", "amount": "40", "reason": "typo"},
    )
    voided = await api.post(f"/v1/transactions/{kept[2]['id']}/voiding", {"reason": "test order"})

    assert (corrected.json()["day"], corrected.json()["version"]) == ("2026-03-04", 2)
    assert voided.json()["state"] == "voided"
    found = await the_statistic(api, customer)
    assert (found.order_days, str(found.first_day), str(found.last_day)) == (
        2,
        "2026-03-03",
        "2026-03-04",
    )
    assert (found.order_amount, found.first_day_amount) == (1_400_000, 1_000_000)
    again = await api.post(f"/v1/transactions/{kept[2]['id']}/voiding", {"reason": "twice"})
    assert again.status_code == 409


async def test_voiding_the_only_order_leaves_no_order_days(api, customers):
    customer = customers.add()
    only = (await api.post("/v1/transactions", an_order(customer))).json()

    await api.post(f"/v1/transactions/{only['id']}/voiding", {"reason": "test order"})

    found = await the_statistic(api, customer)
    assert (found.order_days, found.first_day, found.order_amount) == (0, None, 0)


async def test_rivals_for_one_customer_lose_nothing(api, customers):
    customer = customers.add()
    days = [f"2026-03-{day:02}T12:00:00+08:00" for day in range(1, 21)]

    answers = await asyncio.gather(
        *(api.post("/v1/transactions", an_order(customer, occurred_at=day)) for day in days * 2)
    )

    assert {answer.status_code for answer in answers} == {201}
    found = await the_statistic(api, customer)
    assert (found.order_days, found.order_amount) == (20, 40_000_000)


async def test_batches_with_the_same_customers_in_other_orders_do_not_block_each_other(
    api, customers
):
    many = [customers.add() for _ in range(30)]
    batches = [[an_order(each) for each in many], [an_order(each) for each in reversed(many)]] * 3

    answers = await asyncio.gather(
        *(api.post("/v1/transactions/batch", {"items": items}) for items in batches)
    )

    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["accepted"] for answer in answers) == 180


async def test_a_token_with_units_sees_and_moves_only_what_lies_within(api, customers):
    here, elsewhere = customers.add(unit="cn.gd.gz"), customers.add(unit="cn.bj")
    there = (await api.post("/v1/transactions", an_order(elsewhere))).json()
    local = api.as_("transactions:read", "transactions:write", units=["cn.gd"])

    assert (await local.post("/v1/transactions", an_order(here))).status_code == 201
    assert (await local.post("/v1/transactions", an_order(elsewhere))).status_code == 404
    assert (await local.get(f"/v1/transactions/{there['id']}")).status_code == 404
    assert (
        await local.post(f"/v1/transactions/{there['id']}/voiding", {"reason": "mine"})
    ).status_code == 404
    assert (await local.get("/v1/transactions", params={"customer_id": str(elsewhere)})).json()[
        "items"
    ] == []
    assert (
        len(
            (await local.get("/v1/transactions", params={"customer_id": str(here)})).json()["items"]
        )
        == 1
    )


async def test_orders_are_taken_while_customer_profile_is_silent(api, customers):
    customers.is_silent = True
    customer = new_id()

    created = await api.post("/v1/transactions", an_order(customer))

    assert created.status_code == 201


async def test_who_may_see_some_units_only_is_told_to_come_again_while_customer_profile_is_silent(
    api, customers
):
    customers.is_silent = True
    local = api.as_("transactions:write", "scores:read", units=["cn"])
    customer = new_id()

    single = await local.post("/v1/transactions", an_order(customer))
    batch = await local.post("/v1/transactions/batch", {"items": [an_order(customer)]})
    scores = await local.get(f"/v1/customers/{customer}/scores")

    assert [answer.status_code for answer in (single, batch, scores)] == [503, 503, 503]
    assert int(single.headers["Retry-After"]) >= 1


async def test_a_customer_who_is_known_is_not_asked_for_again(api, customers):
    customer = customers.add()
    await api.post("/v1/transactions", an_order(customer))
    asked = customers.questions

    await api.post("/v1/transactions", an_order(customer))

    assert customers.questions == asked


async def test_a_page_walk_shows_every_transaction_once(api, customers):
    customer = customers.add()
    for day in range(1, 8):
        await api.post(
            "/v1/transactions", an_order(customer, occurred_at=f"2026-03-0{day}T12:00:00+08:00")
        )

    days, cursor = [], None
    while True:
        params = {"customer_id": str(customer), "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/transactions", params=params)).json()
        days += [each["day"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert days == [f"2026-03-0{day}" for day in range(7, 0, -1)]


async def test_a_batch_can_only_be_posted(api):
    answer = await api.get("/v1/transactions/batch")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert (await api.get("/v1/transactions/no-id")).status_code == 404
