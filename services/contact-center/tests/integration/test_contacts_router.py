"""The router as the only writer of offers:
fenced, replaced within seconds, and never in doubt with what is committed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from contact_center.app import MIGRATIONS, compose
from contact_center.router.hints import Hearing, Hints
from contact_center.router.router import LEASE_NAME, Router
from contact_center.settings import Settings
from contact_center.testing import House, eventually
from service_kit.store.leases import Lease, LeaseLost
from service_kit.testing import ISSUER, Api, SigningKeys, serving

NOBODY = "http://127.0.0.1:9"


def settings_for(url: str, **others: Any) -> Settings:
    away = dict.fromkeys(
        ("gateway_url", "customer_profile_url", "scoring_url", "complaints_url"), NOBODY
    )
    usual = {
        "issuer": ISSUER,
        "secret_key": "test",
        "log_level": "ERROR",
        "request_log": False,
        "router_lease_seconds": 1,
    }
    return Settings(database_url=url, **{**usual, **away, **others})


@pytest.fixture
async def url(make_database: Any) -> str:
    return str(await make_database(MIGRATIONS, "contact_center"))


@asynccontextmanager
async def a_service(url: str, keys: SigningKeys, **others: Any) -> AsyncIterator[Api]:
    async with serving(compose(settings_for(url, **others), keys=keys), keys) as api:
        yield api


@pytest.fixture
async def idle(url: str, signing_keys: SigningKeys) -> AsyncIterator[Api]:
    """A service without its background work: nobody routes but the test."""
    async with a_service(url, signing_keys, work=False) as api:
        yield api


async def a_router(api: Api, *, ttl: float = 60) -> tuple[Router, Lease]:
    lease = await api.service.leases.take(LEASE_NAME, ttl=timedelta(seconds=ttl))
    assert lease is not None
    router = Router(api.service.database, lease=lease)
    await router.load()
    return router, lease


async def test_a_router_whose_lease_ran_out_finds_its_writes_refused(idle: Api) -> None:
    house = await House.opened(idle)
    await house.agent()
    stopped, _ = await a_router(idle, ttl=0.1)
    call = await house.call()
    await asyncio.sleep(0.15)

    with pytest.raises(LeaseLost):
        await stopped.step()

    assert (await house.contact(call))["state"] == "queued"


async def test_a_router_that_was_replaced_meanwhile_changes_nothing_any_more(idle: Api) -> None:
    house = await House.opened(idle)
    await house.agent()
    stopped, _ = await a_router(idle, ttl=0.1)
    first = await house.call()
    await asyncio.sleep(0.15)
    following, lease = await a_router(idle)
    await following.step()
    second = await house.call()
    await house.agent()

    with pytest.raises(LeaseLost):
        await stopped.step()

    assert lease.epoch == 2
    assert (await house.contact(first))["state"] == "offered"
    assert (await house.contact(second))["state"] == "queued"
    await following.step()
    assert (await house.contact(second))["state"] == "offered"


async def test_a_contact_that_left_once_matched_is_not_offered_and_its_agent_serves_the_next(
    idle: Api,
) -> None:
    house = await House.opened(idle)
    agent = await house.agent()
    left = await house.call()
    router, _ = await a_router(idle)
    await house.move(left, "abandonment")
    stays = await house.call()

    await router.step()
    await router.step()

    assert (await house.contact(left))["state"] == "abandoned"
    assert (await house.contact(stays))["offer"]["agent_id"] == agent["id"]


async def test_an_agent_who_left_after_it_was_matched_gets_no_offer(idle: Api) -> None:
    house = await House.opened(idle)
    agent = await house.agent()
    router, _ = await a_router(idle)
    call = await house.call()
    async with idle.service.database.transaction() as tx:
        await tx.connection.execute("DELETE FROM contact_center.routing_mark WHERE kind = 'agent'")
        await tx.connection.execute("UPDATE contact_center.agent SET presence = 'meal'")

    await router.step()

    assert (await house.contact(call))["state"] == "queued"
    assert await house.status(agent) == "off_queue"


async def test_marks_are_taken_away_by_the_router_that_saw_them(idle: Api) -> None:
    house = await House.opened(idle)
    await house.agent()
    await house.call()
    router, _ = await a_router(idle)

    while await router.step():
        pass
    await router.step()

    assert await count(idle, "routing_mark") == 0


async def count(api: Api, what: str) -> int:
    async with api.service.database.reading() as reader:
        return int(await reader.connection.fetchval(f"SELECT count(*) FROM contact_center.{what}"))


async def test_a_new_router_goes_on_where_the_last_one_stopped(idle: Api) -> None:
    house = await House.opened(idle)
    calls = [await house.call() for _ in range(4)]
    first, lease = await a_router(idle)
    await house.agent()
    await first.step()
    await idle.service.leases.release(lease)
    await house.agent()

    following, _ = await a_router(idle)
    await following.step()

    states = [(await house.contact(call))["state"] for call in calls]
    assert states == ["offered", "offered", "queued", "queued"]


async def test_a_full_agent_is_full_for_a_new_router_too(idle: Api) -> None:
    house = await House.opened(idle)
    await house.agent()
    await house.call()
    await house.call()
    first, lease = await a_router(idle)
    await first.step()
    await idle.service.leases.release(lease)

    following, _ = await a_router(idle)
    await following.step()

    assert await count(idle, "agent_work") == 1


async def test_the_database_refuses_a_second_offer_and_a_second_contact_in_one_place(
    idle: Api,
) -> None:
    house = await House.opened(idle)
    agent = await house.agent()
    call, other = await house.call(), await house.call()
    router, _ = await a_router(idle)
    await router.step()
    offered = next(
        each
        for each in (await house.contact(call), await house.contact(other))
        if each["state"] == "offered"
    )
    connection = idle.service.database

    async with connection.reading() as reader:
        with pytest.raises(Exception, match="uq_offer_pending"):
            await reader.connection.execute(
                "INSERT INTO contact_center.offer (contact_id, id, unit, agent_id, channel, state,"
                " made_at, expires_at) VALUES ($1, $2, 'cn', $3, 'voice', 'pending', now(), now())",
                UUID(offered["id"]),
                UUID(int=5),
                UUID(agent["id"]),
            )
        with pytest.raises(Exception, match="pk_agent_work"):
            await reader.connection.execute(
                "INSERT INTO contact_center.agent_work (agent_id, channel, slot, contact_id, state,"
                " since) VALUES ($1, 'voice', 1, $2, 'offered', now())",
                UUID(agent["id"]),
                UUID(int=6),
            )


async def test_a_standby_takes_over_when_the_router_goes(
    url: str, signing_keys: SigningKeys
) -> None:
    async with a_service(url, signing_keys) as standby:
        async with a_service(url, signing_keys) as first:
            house = await House.opened(first)
            await house.agent()
            await house.until(await house.call(), "offered")
        house = House(standby, house.queue)
        await house.agent()

        offered = await house.until(await house.call(), "offered")

    assert offered["state"] == "offered"


async def test_a_standby_takes_over_from_a_router_that_died_without_a_word(
    url: str, signing_keys: SigningKeys
) -> None:
    async with a_service(url, signing_keys, work=False) as idle:
        house = await House.opened(idle)
        await house.agent()
        dead, _ = await a_router(idle, ttl=1)
        call = await house.call()
        async with a_service(url, signing_keys):
            offered = await house.until(call, "offered")

        await house.agent()
        await house.call()
        with pytest.raises(LeaseLost):
            await dead.step()

    assert offered["state"] == "offered"


async def test_what_one_process_commits_is_hinted_to_the_others(idle: Api) -> None:
    database = idle.service.database
    hints, other = Hints(database), Hints(database)
    hearing = asyncio.create_task(Hearing(database, other).run())
    await eventually(lambda: listeners(idle))
    waiting = asyncio.create_task(database.signals.wait("committed elsewhere", seconds=5))
    await asyncio.sleep(0)
    await hints.start()

    try:
        house = await House.opened(idle)

        assert await waiting
        assert house.queue["id"]
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        await hints.close()


async def listeners(api: Api) -> int:
    async with api.service.database.reading() as reader:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname ="
            " current_database()"
        )
        return int(await reader.connection.fetchval(query))
