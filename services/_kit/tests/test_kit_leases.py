"""Leases: one holder at a time, and who was stopped and resumed finds its writes refused."""

# ruff: noqa: PT012 - what raises is a whole transaction

import asyncio
from datetime import timedelta

import pytest
from service_kit.store.leases import LeaseLost, Leases, Sole
from service_kit.store.sqlstates import TransactionRolledBack
from service_kit.store.tables import event_head
from service_kit.testing.news import told
from service_kit.words.identity import clock
from sqlalchemy import insert

SHORT, LONG = timedelta(seconds=0.3), timedelta(seconds=30)
HEADS = "SELECT count(*) FROM event_head"


async def write(database, held, name: str = "a") -> None:
    async with database.transaction() as tx:
        await held.check(tx)
        await tx.execute(insert(event_head), name=name, position=0, trimmed_to=0)


async def test_a_lease_is_held_by_one_until_it_is_released(database):
    leases = Leases(database)
    first = await leases.take("router", ttl=LONG)

    assert await leases.take("router", ttl=LONG) is None
    await leases.release(first)
    second = await leases.take("router", ttl=LONG)
    assert (first.epoch, second.epoch) == (1, 2)
    async with database.reading() as reader:
        assert await leases.holder(reader, "router") == second.owner


async def test_the_late_writes_of_a_stopped_holder_are_refused(database, raw):
    leases = Leases(database)
    stopped = await leases.take("router", ttl=SHORT)
    await write(database, stopped)
    await asyncio.sleep(0.4)
    with pytest.raises(LeaseLost):
        await write(database, stopped, "late")

    resumed = await leases.take("router", ttl=LONG)
    for refused in (write(database, stopped, "late"), leases.renew(stopped)):
        with pytest.raises(LeaseLost):
            await refused
    await leases.release(stopped)
    await write(database, resumed, "b")

    assert await raw.fetchval(HEADS) == 2


async def test_a_renewed_lease_outlives_its_first_time(database):
    leases = Leases(database)
    held = await leases.take("router", ttl=timedelta(seconds=1.5))
    for _ in range(4):
        await asyncio.sleep(0.5)
        await leases.renew(held)

    await write(database, held)
    assert await leases.take("router", ttl=LONG) is None


async def test_nobody_takes_over_inside_a_checked_transaction(database):
    leases = Leases(database)
    held = await leases.take("router", ttl=timedelta(seconds=0.5))
    async with database.transaction() as tx:
        await held.check(tx)
        await asyncio.sleep(0.3)
        taking = asyncio.create_task(leases.take("router", ttl=LONG))
        await asyncio.sleep(0.1)
        assert not taking.done() or taking.result() is None
        tx.record(told("note.changed", subject=held.owner, at=clock()))


async def test_a_holder_stopped_inside_its_transaction_does_not_hinder_its_successor(database):
    leases = Leases(database)
    stopped = await leases.take("router", ttl=SHORT)
    with pytest.raises(TransactionRolledBack):
        async with database.transaction() as tx:
            await stopped.check(tx)
            await asyncio.sleep(0.8)
            assert await leases.take("router", ttl=LONG) is not None
            await tx.execute(insert(event_head), name="late", position=0, trimmed_to=0)


async def test_of_two_replicas_one_works_and_the_other_takes_over(database):
    began: list[int] = []

    async def work(held) -> None:
        began.append(held.epoch)
        await asyncio.Event().wait()

    replicas = [
        asyncio.create_task(
            Sole("router", Leases(database), work, ttl=LONG, standby_seconds=0.02).run()
        )
        for _ in range(2)
    ]
    await asyncio.sleep(0.5)
    assert began == [1]
    first = replicas[0]
    first.cancel()
    await asyncio.wait([first])
    async with asyncio.timeout(5):
        successor = asyncio.create_task(
            Sole("router", Leases(database), work, ttl=LONG, standby_seconds=0.02).run()
        )
        replicas[1].cancel()
        await asyncio.wait([replicas[1]])
        for _ in range(200):
            if began[-1] > 1:
                break
            await asyncio.sleep(0.02)
    successor.cancel()

    assert began[-1] > 1


async def test_what_the_sole_work_raises_is_raised_as_it_is_and_the_lease_is_free(database):
    leases = Leases(database)

    async def work(_held) -> None:
        raise TransactionRolledBack("40001")

    with pytest.raises(TransactionRolledBack):
        await asyncio.wait_for(Sole("router", leases, work, ttl=LONG).run(), 10)

    assert await leases.take("router", ttl=LONG) is not None


async def test_when_the_sole_work_returns_the_next_one_may_work(database):
    leases = Leases(database)
    ended = asyncio.Event()

    async def work(_held) -> None:
        ended.set()

    running = asyncio.create_task(Sole("router", leases, work, ttl=LONG, standby_seconds=60).run())
    await asyncio.wait_for(ended.wait(), 10)
    for _ in range(200):
        if (taken := await leases.take("router", ttl=LONG)) is not None:
            break
        await asyncio.sleep(0.02)
    running.cancel()

    assert taken is not None


async def test_sole_work_is_stopped_when_its_lease_was_taken_over(database, raw):
    epochs: list[int] = []
    began, stopped = asyncio.Event(), asyncio.Event()

    async def work(held) -> None:
        epochs.append(held.epoch)
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    running = asyncio.create_task(
        Sole("router", Leases(database), work, ttl=SHORT, standby_seconds=0.02).run()
    )
    await asyncio.wait_for(began.wait(), 10)
    await raw.execute("UPDATE lease SET epoch = epoch + 1, expires_at = now() + interval '1 hour'")

    await asyncio.wait_for(stopped.wait(), 10)
    running.cancel()
    assert epochs == [1]
