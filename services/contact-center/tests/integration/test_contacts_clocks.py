"""The clock of a process decides nothing:
offers, wrap-ups and waiting times are those of the database.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from contact_center.contact.consequences import FLOW_TIMER
from contact_center.testing import House, a_flow, eventually, made
from service_kit.service import Service
from service_kit.store.moments import database_time
from service_kit.testing import Api, SigningKeys, serving
from service_kit.words.identity import Clock, clock
from service_kit.work.timers import Timer, schedule


@pytest.fixture(params=[30, -30], ids=["ahead", "behind"])
def off(request: pytest.FixtureRequest) -> Clock:
    """The clock of a process that is half a minute off."""
    seconds = timedelta(seconds=request.param)
    return lambda: clock() + seconds


@pytest.fixture(params=[True, False], ids=["asking the right one", "asking the wrong one"])
async def api(
    request: pytest.FixtureRequest,
    make_service: Callable[[Clock], Service],
    off: Clock,
    signing_keys: SigningKeys,
) -> AsyncIterator[Api]:
    """Two processes that route, end offers and answer requests, one with a wrong clock."""
    async with (
        serving(make_service(clock), signing_keys) as right,
        serving(make_service(off), signing_keys) as wrong,
    ):
        yield right if request.param else wrong


def seconds_between(first: str, second: str) -> float:
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()


async def test_an_offer_lives_as_long_as_its_queue_says(api):
    long, short = (
        await House.opened(api, offer_seconds=20),
        await House.opened(api, address="10087", offer_seconds=1),
    )
    await long.agent()
    await short.agent()

    standing = await long.until(await long.call(), "offered")
    passed = await short.until(await short.call(to="10087"), "offered")

    ended = (await api.events("offer.timed_out", attempts=400))[0]
    made_at = next(
        event["time"]
        for event in await api.events("offer.made")
        if event["subject"] == passed["offer"]["id"]
    )
    assert ended["subject"] == passed["offer"]["id"]
    assert 1 <= seconds_between(made_at, ended["time"]) < 15
    assert (await long.contact(standing))["offer"] == standing["offer"]
    assert await long.status(long.agents[0]) == "offered"
    assert (await long.accept(standing))["state"] == "assigned"


async def test_an_agent_is_on_the_queue_from_the_moment_that_it_says_so(api):
    house = await House.opened(api)
    agent = await house.agent()

    assert await house.status(agent) == "idle"
    assert (await house.until(await house.call(), "offered"))["waited_seconds"] < 15


async def test_wrapping_up_ends_with_its_time(api):
    house = await House.opened(api, wrap_up_seconds=1)
    await house.agent()
    contact = await house.accept(await house.call())

    await house.move(contact, "completion")
    await house.until(contact, "completed")

    times = {
        event["type"]: event["time"]
        for event in await api.events("contact.completed") + await api.events("contact.wrapping")
    }
    assert (
        1
        <= seconds_between(
            times["guanxi.contact.wrapping.v1"], times["guanxi.contact.completed.v1"]
        )
        < 15
    )


async def test_waiting_is_counted_from_the_arrival(api):
    house = await House.opened(api)
    contact = await house.call()

    assert (await house.contact(contact))["waited_seconds"] < 15
    assert (await api.get(f"/v1/queues/{house.queue['id']}/figures")).json()[
        "longest_wait_seconds"
    ] < 15


async def test_a_flow_is_silent_only_when_its_time_has_passed(api):
    house = await House.opened(api)
    flow = await made(api, "/v1/flows", a_flow(house.queue["id"]))
    await made(
        api, "/v1/entry-points", {"channel": "voice", "address": "10088", "flow_id": flow["id"]}
    )
    soon, later = (
        await house.call(to="10088"),
        await house.call(to="10088", **{"from": "+8613800138001"}),
    )

    async with api.service.database.transaction() as tx:
        now = await database_time(tx)
        for contact, seconds in ((soon, 0), (later, 20)):
            due_at = now + timedelta(seconds=seconds)
            await schedule(
                tx,
                Timer(
                    subject=UUID(contact["id"]), kind=FLOW_TIMER, key="", due_at=due_at, payload={}
                ),
            )

    await house.until(soon, "abandoned")
    assert (await house.contact(later))["state"] == "in_flow"


async def test_the_figures_and_the_desktop_know_the_offer_that_stands(api):
    house = await House.opened(api)
    agent = await house.agent()
    offered = await house.until(await house.call(), "offered")

    listed = await eventually(
        lambda: api.get(f"/v1/agents/{agent['id']}/offers"), lambda answer: answer.json()["items"]
    )

    assert [offer["id"] for offer in listed.json()["items"]] == [offered["offer"]["id"]]
