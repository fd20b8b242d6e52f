"""What is written about a customer into orders, tiers and surveys:
no word of it is left after an erasure, and the sums stay.
"""

import time
from typing import Any
from uuid import UUID, uuid4

from scoring.news import CustomerNews
from service_kit.testing import Api
from service_kit.testing.news import envelope_of, hear
from service_kit.testing.residue import residue

MARKS = [f"mark{number:02}" for number in range(1, 9)]


async def told(api: Api, type_: str, customer: UUID, unit: str) -> None:
    reads = CustomerNews(api.service.kept_answers).reads
    envelope = envelope_of("customer-profile", type_, subject=customer, unit=unit)
    await hear(api.service.database, reads, envelope)


async def posted(api: Api, path: str, body: Any) -> Any:
    """Sent with a key, again with it, and once as it is refused; with what was answered."""
    key = str(uuid4())
    answers = [await api.post(path, body, key=key) for _ in range(2)]
    assert answers[0].is_success, f"{path} {answers[0].text}"
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert (
        await api.post(path, {**body, "no_such_field": "mark08"}, key="refused")
    ).status_code == 422
    return answers[0].json()


def an_order(customer: UUID, **others: Any) -> dict[str, Any]:
    return {
        "customer_id": str(customer), "occurred_at": "2026-03-01T12:00:00Z",
        "amount": {"amount": "5.00", "currency": "CNY"}, **others
    }  # fmt: skip


async def told_everything(api: Api, customer: UUID) -> None:
    order = await posted(api, "/v1/transactions", an_order(customer))
    await posted(
        api, f"/v1/transactions/{order['id']}/correction", {"amount": "6.00", "reason": "mark01"}
    )
    await posted(api, f"/v1/transactions/{order['id']}/voiding", {"reason": "mark02"})
    await posted(
        api,
        "/v1/transactions/batch",
        {"items": [an_order(customer, external_id="o-1"), an_order(uuid4())]},
    )
    for reason in ("mark03", "mark04"):
        await posted(api, f"/v1/customers/{customer}/tier-override", {"stars": 5, "reason": reason})
    assert (
        await api.post(f"/v1/customers/{customer}/tier-release", key="released")
    ).status_code == 200
    await posted(api, f"/v1/customers/{customer}/tier-override", {"stars": 6, "reason": "mark05"})
    answer = {
        "customer_id": str(customer),
        "instrument": "nps",
        "answers": {"score": 3, "remark": "mark06"},
    }
    await posted(api, "/v1/survey-responses", answer)


async def test_no_word_about_a_person_is_left_in_scoring(api: Api, customers: Any) -> None:
    customer = customers.add()
    await told_everything(api, customer)
    assert {mark for _, mark in await residue(api.service, MARKS)} == set(MARKS[:6])

    await told(api, "customer.erased", customer, "cn.gd.gz")

    assert await residue(api.service, MARKS) == set()
    kept = (await api.get("/v1/transactions", params={"customer_id": str(customer)})).json()[
        "items"
    ]
    assert [each["amount"]["amount"] for each in kept] == ["5.00", "6.00"]


async def test_an_answer_to_a_survey_is_repeated_without_the_words_of_the_erased(
    api: Api, customers: Any
) -> None:
    customer = customers.add()
    body = {
        "customer_id": str(customer),
        "instrument": "nps",
        "answers": {"score": 3, "remark": "mark06"},
    }
    first = await api.post("/v1/survey-responses", body, key="k")
    await told(api, "customer.erased", customer, "cn.gd.gz")
    customers.by_ids.clear()

    again = await api.post("/v1/survey-responses", body, key="k")
    new = await api.post("/v1/survey-responses", body, key="other")

    assert (again.status_code, again.headers["etag"]) == (201, first.headers["etag"])
    assert again.json() == first.json() | {"answers": {"score": 3, "remark": None}}
    assert new.status_code == 404


async def test_erasure_does_not_wait_for_a_sheet_that_is_being_imported(
    api: Api, customers: Any
) -> None:
    customer = customers.add()
    await told_everything(api, customer)
    sheet = "customer,date,amount,currency\n" + f"{customer},2026-03-01,5,CNY\n" * 20_000
    sent = await api.request(
        "POST",
        "/v1/transaction-imports",
        files={"file": ("orders.csv", sheet.encode(), "text/csv")},
    )
    assert sent.status_code == 202, sent.text
    until = time.monotonic() + 20
    while (await api.get(sent.headers["location"])).json()[
        "state"
    ] == "queued" and time.monotonic() < until:
        pass

    await told(api, "customer.erased", customer, "cn.gd.gz")

    assert await residue(api.service, MARKS) == set()
    assert (await api.get(sent.headers["location"])).json()["state"] == "running"
    await api.post(f"{sent.headers['location']}/cancellation", {})


async def test_a_batch_is_repeated_to_who_sees_all_units_of_its_customers(
    api: Api, customers: Any
) -> None:
    body = {"items": [an_order(customers.add(unit=unit)) for unit in ("cn.gd", "cn.bj")]}
    both, one = (
        api.as_("transactions:write", sub="li", units=units)
        for units in (["cn.gd", "cn.bj"], ["cn.gd"])
    )
    await both.post("/v1/transactions/batch", body, key="k")

    again, narrowed = (
        await both.post("/v1/transactions/batch", body, key="k"),
        await one.post("/v1/transactions/batch", body, key="k"),
    )

    assert (again.json()["accepted"], again.headers["idempotency-replayed"]) == (2, "true")
    assert narrowed.status_code == 404


async def test_an_answer_about_a_customer_who_moved_is_repeated_where_the_customer_is_now(
    api: Api, customers: Any
) -> None:
    body = an_order(customers.add(unit="cn.gd"))
    here, there = (
        api.as_("transactions:write", sub="li", units=[unit]) for unit in ("cn.gd", "cn.bj")
    )
    first = await here.post("/v1/transactions", body, key="k")
    assert (await there.post("/v1/transactions", body, key="k")).status_code == 404

    await told(api, "customer.changed", UUID(body["customer_id"]), "cn.bj")

    assert (await here.post("/v1/transactions", body, key="k")).status_code == 404
    assert (await there.post("/v1/transactions", body, key="k")).json() == first.json()
