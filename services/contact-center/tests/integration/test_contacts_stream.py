"""The stream of an agent's desktop."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from contact_center.testing import House
from service_kit.testing import Api

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


class Desktop:
    """Reads server-sent events one by one."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> dict[str, Any]:
        """The next event with id, name and data; comments are passed over."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                if not line and "data" in fields:
                    return {"id": fields["id"], "event": fields["event"], "data": json.loads(fields["data"])}
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
        raise EOFError

    async def until(self, event: str, **facts: Any) -> dict[str, Any]:
        while True:
            told = await self.next()
            if told["event"] == event and facts.items() <= told["data"].items():
                return told


@asynccontextmanager
async def a_desktop(api: Api, agent: dict[str, Any], **headers: str) -> AsyncIterator[Desktop]:
    headers = {"Authorization": f"Bearer {api.token}", **headers}
    async with api.client.stream("GET", f"/v1/agents/{agent['id']}/stream", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Desktop(answer.aiter_lines())


async def test_an_offer_arrives_as_it_is_made(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    async with a_desktop(api, agent) as desktop:
        call = await house.call()

        told = await desktop.until("offer.made")

    assert (told["data"]["contact_id"], told["data"]["agent_id"]) == (call["id"], agent["id"])


async def test_what_is_offered_already_comes_first(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    offered = await house.until(await house.call(), "offered")

    async with a_desktop(api, agent) as desktop:
        told = await desktop.next()

    assert (told["event"], told["data"]["offer_id"]) == ("offer.made", offered["offer"]["id"])


async def test_withdrawals_and_changes_are_told(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    async with a_desktop(api, agent) as desktop:
        given_up = await house.until(await house.call(), "offered")
        await house.move(given_up, "abandonment")
        withdrawn = await desktop.until("offer.withdrawn")
        contact = await house.accept(await house.call())
        assigned = await desktop.until("contact.changed", state="assigned")
        await house.move(contact, "hold")
        held = await desktop.until("contact.changed", state="on_hold")
        await house.move(contact, "transfer", {"queue_id": house.queue["id"]})
        gone = await desktop.until("contact.changed", state="queued")

    assert withdrawn["data"]["offer_id"] == given_up["offer"]["id"]
    assert assigned["data"]["contact_id"] == held["data"]["contact_id"] == gone["data"]["contact_id"] == contact["id"]


async def test_a_desktop_that_comes_back_misses_nothing(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    async with a_desktop(api, agent) as desktop:
        first = await house.until(await house.call(), "offered")
        last = await desktop.until("offer.made")
    await house.move(first, "abandonment")
    second = await house.until(await house.call(), "offered")
    await api.events("offer.withdrawn")

    async with a_desktop(api, agent, **{"Last-Event-ID": last["id"]}) as desktop:
        withdrawn = await desktop.next()
        made = await desktop.next()

    assert (withdrawn["event"], withdrawn["data"]["offer_id"]) == ("offer.withdrawn", first["offer"]["id"])
    assert (made["event"], made["data"]["contact_id"]) == ("offer.made", second["id"])


async def test_one_agent_does_not_hear_what_concerns_another(api: Api) -> None:
    house = await House.opened(api)
    other = await house.agent(presence="offline")
    agent = await house.agent()
    async with a_desktop(api, other) as desktop:
        await house.accept(await house.call())
        await house.present(other, "available")
        mine = await house.until(await house.call(), "offered")

        told = await desktop.next()

    assert told["data"]["contact_id"] == mine["id"]
    assert told["data"]["agent_id"] == other["id"] != agent["id"]


async def test_a_stream_shows_signs_of_life(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    object.__setattr__(api.service.settings, "stream_heartbeat_seconds", 0.1)
    headers = {"Authorization": f"Bearer {api.token}"}
    async with api.client.stream("GET", f"/v1/agents/{agent['id']}/stream", headers=headers) as answer:
        lines = answer.aiter_lines()
        async with asyncio.timeout(10):
            seen = [await anext(lines) for _ in range(6)]

    assert ": ping" in seen


async def test_streams_end_when_the_service_is_told_to_stop(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    headers = {"Authorization": f"Bearer {api.token}"}
    async with api.client.stream("GET", f"/v1/agents/{agent['id']}/stream", headers=headers) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        api.service.database.signals.is_stopping = True
        async with asyncio.timeout(10):
            rest = [line async for line in lines]

    assert rest[-1] == ""


async def test_a_stream_of_nobody_is_not_found(api: Api) -> None:
    assert (await api.get(f"/v1/agents/{NOBODY}/stream")).status_code == 404


async def test_a_stream_of_another_unit_is_not_found(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()

    assert (await api.as_("offers:read", units=["cn.bj"]).get(f"/v1/agents/{agent['id']}/stream")).status_code == 404
