"""Rivals for one customer, in the order that would lose an order:
two connections, each step waited for.
"""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

from scoring.card.store import CardReader
from scoring.purchase.domain import Change, DayOf
from scoring.purchase.store import PurchaseReader, PurchaseStore
from scoring.score import rescoring
from scoring.transaction.store import TransactionStore
from service_kit.work import timers
from service_kit.work.timers import Timer
from sqlalchemy import column, func, select, table

AT = datetime(2026, 3, 9, tzinfo=UTC)
_activity = table(
    "pg_stat_activity", column("wait_event_type"), column("datname"), schema="pg_catalog"
)
WAITING = select(func.count()).where(
    _activity.c.wait_event_type == "Lock", _activity.c.datname == func.current_database()
)


async def order(api, customer: UUID, day: str) -> dict:
    body = {
        "customer_id": str(customer),
        "occurred_at": f"{day}T12:00:00+08:00",
        "amount": {"amount": "100", "currency": "CNY"},
    }
    answer = await api.post("/v1/transactions", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def over(api, path: str) -> dict:
    """The long work, once it is done."""
    for _ in range(600):
        work = (await api.get(path)).json()
        if work["state"] == "done":
            return work
        await asyncio.sleep(0.05)
    raise AssertionError(f"still {work}")


async def blocked_or_done(database, task: asyncio.Task) -> None:
    """Until the task waits for somebody's lock, or is over."""
    async with database.reading() as reader:
        for _ in range(1000):
            if task.done() or await reader.fetch_value(WAITING):
                return
            await asyncio.sleep(0.005)
    raise AssertionError("neither waiting nor done")


async def blocked(database) -> None:
    """Until somebody waits for a lock."""
    async with database.reading() as reader:
        for _ in range(1000):
            if await reader.fetch_value(WAITING):
                return
            await asyncio.sleep(0.005)
    raise AssertionError("nobody waits")


async def test_a_voiding_does_not_take_a_rivals_order_out_of_the_statistics(api, customers):
    customer, database = customers.add(), api.service.database
    first = await order(api, customer, "2026-03-01")
    rival = (
        DayOf(customer_id=customer, currency="CNY", day=date(2026, 3, 2)),
        Change(orders=1, order_amount=70_000),
    )

    async with database.transaction() as tx:
        await PurchaseStore(tx).add([rival])
        voiding = asyncio.create_task(
            api.post(f"/v1/transactions/{first['id']}/voiding", {"reason": "test order"})
        )
        await blocked_or_done(database, voiding)

    assert (await voiding).status_code == 200
    async with database.reading() as reader:
        found = (await PurchaseReader(reader).of_customers([customer]))[0]
    assert (found.order_days, found.order_amount, found.first_day) == (1, 70_000, date(2026, 3, 2))


async def test_a_card_of_earlier_statistics_never_overtakes_that_of_a_later_order(
    api, customers, monkeypatch
):
    customer, database = customers.add(), api.service.database
    await order(api, customer, "2026-03-01")
    run = (
        await api.post("/v1/score-runs", {"as_of": "2026-03-05", "currency": "CNY", "models": []})
    ).json()
    await over(api, f"/v1/score-runs/{run['id']}")
    gate, reached, latest, calls = asyncio.Event(), asyncio.Event(), CardReader.latest, []

    async def held_up(*given, **named):
        calls.append(given)
        if len(calls) == 1:
            reached.set()
            await gate.wait()
        return await latest(*given, **named)

    async def rescored():
        async with database.transaction() as tx:
            await rescoring.fire(
                tx,
                [Timer(subject=customer, kind=rescoring.TIMER, key="", due_at=AT, payload={})],
                at=AT,
            )

    monkeypatch.setattr(CardReader, "latest", held_up)
    worker = asyncio.create_task(rescored())
    await reached.wait()
    posting = asyncio.create_task(order(api, customer, "2026-03-03"))
    await blocked_or_done(database, posting)
    gate.set()
    await asyncio.gather(worker, posting)

    async with database.reading() as reader:
        card = (await CardReader(reader).latest([customer]))[0]
    assert (card.statistic.order_days, card.statistic.order_amount) == (2, 2_000_000)


async def test_a_large_batch_and_the_worker_that_scores_its_customers_do_not_block_each_other(
    api, customers, monkeypatch
):
    many, database = [customers.add() for _ in range(30)], api.service.database
    await order(api, many[0], "2026-03-01")
    run = (
        await api.post("/v1/score-runs", {"as_of": "2026-03-05", "currency": "CNY", "models": []})
    ).json()
    await over(api, f"/v1/score-runs/{run['id']}")
    gate, reached, claim, claims, failed = (
        asyncio.Event(),
        asyncio.Event(),
        TransactionStore.claim,
        [],
        [],
    )
    rescore = rescoring.rescore

    async def held_up(*given):
        claims.append(given)
        reached.set()
        await gate.wait()
        return await claim(*given)

    async def watched(*given, **named):
        try:
            return await rescore(*given, **named)
        except Exception as error:
            failed.append(error)
            raise

    async def due():
        async with database.transaction() as tx:
            await timers.schedule(
                tx, Timer(subject=many[0], kind=rescoring.TIMER, key="", due_at=AT, payload={})
            )

    monkeypatch.setattr(TransactionStore, "claim", held_up)
    monkeypatch.setattr(rescoring, "rescore", watched)
    amount = {"amount": "5", "currency": "CNY"}
    items = [
        {"customer_id": str(each), "occurred_at": "2026-03-02T12:00:00+08:00", "amount": amount}
        for each in many
    ]
    batch = asyncio.create_task(api.post("/v1/transactions/batch", {"items": items}))
    await reached.wait()
    timer = asyncio.create_task(due())
    await blocked(database)
    gate.set()

    assert (await batch).json()["accepted"] == 30
    await timer
    assert (len(claims), failed) == (1, [])
