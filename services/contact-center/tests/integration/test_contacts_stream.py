"""The stream of an agent's desktop."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from contact_center.stream.tail import Line, Tail
from contact_center.testing import House
from service_kit.access.epochs import NoEpochs, mark_of
from service_kit.store.database import Database
from service_kit.testing import Api
from service_kit.words.errors import Unavailable

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
                    return {
                        "id": fields["id"],
                        "event": fields["event"],
                        "data": json.loads(fields["data"]),
                    }
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
    async with api.client.stream(
        "GET", f"/v1/agents/{agent['id']}/stream", headers=headers
    ) as answer:
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
    assert (
        assigned["data"]["contact_id"]
        == held["data"]["contact_id"]
        == gone["data"]["contact_id"]
        == contact["id"]
    )


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

    assert (withdrawn["event"], withdrawn["data"]["offer_id"]) == (
        "offer.withdrawn",
        first["offer"]["id"],
    )
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
    async with api.client.stream(
        "GET", f"/v1/agents/{agent['id']}/stream", headers=headers
    ) as answer:
        lines = answer.aiter_lines()
        async with asyncio.timeout(10):
            seen = [await anext(lines) for _ in range(6)]

    assert ": ping" in seen


async def test_streams_end_when_the_service_is_told_to_stop(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    headers = {"Authorization": f"Bearer {api.token}"}
    async with api.client.stream(
        "GET", f"/v1/agents/{agent['id']}/stream", headers=headers
    ) as answer:
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

    assert (
        await api.as_("offers:read", units=["cn.bj"]).get(f"/v1/agents/{agent['id']}/stream")
    ).status_code == 404


async def rest_of(desktop: Desktop) -> list[dict[str, Any]]:
    """What still comes before the stream ends; TimeoutError when it does not end."""
    told = []
    try:
        while True:
            told.append(await desktop.next())
    except EOFError:
        return told


async def test_a_client_that_lost_rights_hears_nothing_more(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    async with a_desktop(api.as_("offers:read", client_id="gone"), agent) as desktop:
        await house.call()
        first = await desktop.next()
        monkeypatch.setattr(NoEpochs, "least", {mark_of("gone"): 1})
        await api.post(f"/v1/offers/{first['data']['offer_id']}/rejection", {})
        await api.events("offer.rejected")

        rest = await rest_of(desktop)

    assert first["event"] == "offer.made"
    assert rest == []


@pytest.mark.parametrize("heartbeat", [30.0, 0.1])
async def test_a_quiet_stream_ends_with_its_token(api: Api, heartbeat: float) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    object.__setattr__(api.service.settings, "stream_heartbeat_seconds", heartbeat)
    # Clocks that differ are forgiven five seconds: this one holds for two more.
    ending = api.as_("contacts:handle", agent_id=agent["id"], exp=int(time.time()) - 3)
    async with a_desktop(ending, agent) as desktop:
        rest = await rest_of(desktop)

    assert rest == []


async def test_a_stream_ends_when_the_agent_leaves_the_units_of_the_token(api: Api) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    path = f"/v1/agents/{agent['id']}"
    async with a_desktop(api.as_("offers:read", units=[agent["unit"]]), agent) as desktop:
        moved = await api.patch(path, {"unit": "us"}, match=(await api.get(path)).headers["etag"])

        rest = await rest_of(desktop)

    assert moved.status_code == 200, moved.text
    assert rest == []


async def heard_next(line: Line) -> str | None:
    async with asyncio.timeout(10):
        heard = await line.get()
    return None if heard is None else heard.name


async def test_desktops_that_come_at_once_share_one_reader_and_hear_everything_once(
    api: Api,
) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    tail = Tail(api.service.database)
    async with AsyncExitStack() as desktops:
        entered = await asyncio.gather(
            *(desktops.enter_async_context(tail.listening(UUID(agent["id"]))) for _ in range(3))
        )
        readers = [task for task in asyncio.all_tasks() if task.get_name() == "stream tail"]
        await house.move(await house.until(await house.call(), "offered"), "abandonment")
        heard = [[await heard_next(line), await heard_next(line)] for line, _ in entered]
    await tail.close()

    assert len(readers) == 1
    assert heard == [["offer.made", "offer.withdrawn"]] * 3


class Breaking:
    """A database whose next reading breaks in a way that nobody foresaw, when it is told to."""

    def __init__(self, database: Database) -> None:
        self.signals = database.signals
        self._database = database
        self.breaks = False

    def reading(self) -> Any:
        if self.breaks:
            self.breaks = False
            raise RuntimeError("nobody foresaw this")
        return self._database.reading()


async def test_a_reader_that_broke_off_lets_its_desktops_go_and_another_one_reads_on(
    api: Api,
) -> None:
    house = await House.opened(api)
    agent = await house.agent()
    database = Breaking(api.service.database)
    tail = Tail(database)  # type: ignore[arg-type]  # It is asked for no more than this.
    async with tail.listening(UUID(agent["id"])) as (line, _):
        database.breaks = True
        let_go = await heard_next(line)

    async with tail.listening(UUID(agent["id"])) as (line, _):
        await house.until(await house.call(), "offered")
        heard = await heard_next(line)
    await tail.close()

    assert let_go is None
    assert heard == "offer.made"


async def test_a_stream_that_cannot_begin_says_so_and_the_next_one_begins(api: Api) -> None:
    database = Breaking(api.service.database)
    tail = Tail(database)  # type: ignore[arg-type]  # It is asked for no more than this.
    database.breaks = True

    with pytest.raises(Unavailable):
        async with tail.listening(UUID(NOBODY)):
            pass
    async with tail.listening(UUID(NOBODY)) as (line, _):
        assert line.empty()
    await tail.close()
