"""Something real to move in every room:
one thing for each place that moves are made on, begun over the API where it has a door for it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service_kit.store.tables import parked_event, timer
from sqlalchemy import insert

from tests.contract.asking import AN_ID
from tests.contract.rooms import Door

Begin = Callable[[Door], Awaitable[str]]
AT = datetime(2026, 1, 31, tzinfo=UTC)
TURNS = 500


async def made(
    door: Door, path: str, body: Mapping[str, Any] | None = None, **options: Any
) -> dict[str, Any]:
    answer = await door.request("POST", path, json=body, **options)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def a_complaint(door: Door) -> str:
    return str(
        (
            await made(
                door, "/v1/complaints", {"customer_id": AN_ID, "channel": "voice", "title": "?"}
            )
        )["id"]
    )


async def a_contact(door: Door, *, called: str = "10086") -> str:
    queue = await made(door, "/v1/queues", {"name": "hotline", "channels": ["voice"]})
    await made(
        door, "/v1/entry-points", {"channel": "voice", "address": called, "queue_id": queue["id"]}
    )
    agent = await made(
        door, "/v1/agents", {"name": "Li Na", "capacity": {"voice": 1}, "queues": [queue["id"]]}
    )
    await door.request("PUT", f"/v1/agents/{agent['id']}/presence", json={"presence": "available"})
    contact = await made(
        door, "/v1/contacts", {"channel": "voice", "from": "+8613800138000", "to": called}
    )
    return str(contact["id"])


async def an_offer(door: Door) -> str:
    path = f"/v1/contacts/{await a_contact(door, called='10010')}"
    for _ in range(TURNS):
        contact = (await door.request("GET", path)).json()
        if contact["offer"] is not None:
            return str(contact["offer"]["id"])
        await asyncio.sleep(0.02)
    raise AssertionError("nobody was offered the contact")


async def a_customer(door: Door) -> str:
    source = {"kind": "card", "learned": "asked"}
    return str(
        (
            await made(
                door, "/v1/customers", {"kind": "individual", "name": "张伟", "source": source}
            )
        )["id"]
    )


async def a_care_task(door: Door) -> str:
    template = {"zh-CN": "{name}，感谢您", "en": "Dear {name}, thank you"}
    plan = {
        "name": "Thanks",
        "occasion": "after_delivery",
        "within_days": 3,
        "channel": "voice",
        "template": template,
        "segment": None,
    }
    await made(door, "/v1/care-plans", plan)
    occasion = {
        "customer_id": await a_customer(door),
        "occasion": "after_delivery",
        "occurred_at": "2026-03-02T12:00:00+08:00",
        "key": "D-1",
    }
    await made(door, "/v1/care-occasions", occasion)
    tasks = (await door.request("GET", "/v1/care-tasks")).json()["items"]
    return str(tasks[0]["id"])


async def a_customer_import(door: Door) -> str:
    return str(
        (await made(door, "/v1/customer-imports", files={"file": ("a.csv", b"name\nA\n")}))["id"]
    )


async def a_transaction(door: Door) -> str:
    order = {
        "customer_id": AN_ID,
        "occurred_at": "2026-01-31T09:30:00+08:00",
        "amount": {"amount": "1", "currency": "CNY"},
        "kind": "order",
    }
    return str((await made(door, "/v1/transactions", order))["id"])


async def a_transaction_import(door: Door) -> str:
    sheet = (
        b"customer_id,occurred_at,amount,currency\n"
        + AN_ID.encode()
        + b",2026-01-31T09:30:00+08:00,1,CNY\n"
    )
    return str(
        (await made(door, "/v1/transaction-imports", files={"file": ("a.csv", sheet)}))["id"]
    )


async def a_score_run(door: Door) -> str:
    return str(
        (
            await made(
                door,
                "/v1/score-runs",
                {"as_of": "2026-01-31", "horizon_months": 12, "currency": "CNY"},
            )
        )["id"]
    )


async def a_tier(door: Door) -> str:
    await made(
        door, f"/v1/customers/{AN_ID}/tier-override", {"stars": 3, "reason": "known for long"}
    )
    return AN_ID


async def a_client(door: Door) -> str:
    return str(
        (await made(door, "/v1/clients", {"name": "desk", "scopes": [], "units": ["cn"]}))["id"]
    )


async def an_api_key(door: Door) -> str:
    return str((await made(door, "/v1/api-keys", {"name": "shop", "scopes": []}))["id"])


async def a_webhook_endpoint(door: Door) -> str:
    endpoint = {
        "url": "http://127.0.0.1:9/hook",
        "event_types": ["tier.changed"],
        "description": "x",
    }
    return str((await made(door, "/v1/webhook-endpoints", endpoint))["id"])


async def a_webhook_delivery(door: Door) -> str:
    return str(
        (await made(door, f"/v1/webhook-endpoints/{await a_webhook_endpoint(door)}/test-event"))[
            "id"
        ]
    )


async def a_parked_event(door: Door) -> str:
    row = {
        "source": "x",
        "consumer": "x",
        "id": UUID(AN_ID),
        "subject": UUID(AN_ID),
        "envelope": {},
        "reason": "x",
    }
    async with door.service.database.transaction() as tx:
        await tx.execute(insert(parked_event), **row, parked_at=AT, requeued=False)
    return AN_ID


async def a_parked_timer(door: Door) -> str:
    row = {
        "subject": UUID(AN_ID),
        "kind": "x",
        "key": "x",
        "payload": {},
        "attempts": 9,
        "parked_reason": "x",
    }
    async with door.service.database.transaction() as tx:
        await tx.execute(insert(timer), **row, due_at=AT)
    return AN_ID


BEGUN: Mapping[str, Begin] = {
    "/v1/complaints": a_complaint,
    "/v1/contacts": a_contact,
    "/v1/offers": an_offer,
    "/v1/care-tasks": a_care_task,
    "/v1/customer-imports": a_customer_import,
    "/v1/transactions": a_transaction,
    "/v1/transaction-imports": a_transaction_import,
    "/v1/score-runs": a_score_run,
    "/v1/customers": a_tier,
    "/v1/clients": a_client,
    "/v1/api-keys": an_api_key,
    "/v1/webhook-endpoints": a_webhook_endpoint,
    "/v1/webhook-deliveries": a_webhook_delivery,
    "/v1/parked-events": a_parked_event,
    "/v1/parked-timers": a_parked_timer,
}
