"""The laws of routing while everybody acts at once over two replicas,
one of which goes away in the middle.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from contact_center.app import MIGRATIONS, compose
from contact_center.settings import Settings
from contact_center.testing import House, eventually
from service_kit.testing import ISSUER, Api, SigningKeys, serving

NOBODY = "http://127.0.0.1:9"
AGENTS, CONTACTS = 6, 40
CAPACITY = {"voice": 1, "chat": 2}
Event = dict[str, Any]


def settings_for(url: str) -> Settings:
    away = dict.fromkeys(
        ("gateway_url", "customer_profile_url", "scoring_url", "complaints_url"), NOBODY
    )
    return Settings(
        database_url=url,
        issuer=ISSUER,
        secret_key="test",
        log_level="ERROR",
        request_log=False,
        router_lease_seconds=1,
        **away,
    )


class Crowd:
    """Callers who come and sometimes give up, agents who take, refuse, let ring, hold,
    pass on and finish; all by chance.
    """

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.chance = Random(seed)
        self.is_over = False
        self.api = house.api

    async def caller(self) -> None:
        await asyncio.sleep(self.chance.uniform(0, 2))
        contact = await self.house.call(channel=self.chance.choice(["voice", "chat"]))
        if self.chance.random() < 0.3:
            await asyncio.sleep(self.chance.uniform(0, 0.5))
            await self.api.post(f"/v1/contacts/{contact['id']}/abandonment", {})

    async def agent(self, agent: dict[str, Any]) -> None:
        while not self.is_over:
            offers = (await self.api.get(f"/v1/agents/{agent['id']}/offers")).json()["items"]
            for offer in offers:
                await self.answer(agent, offer)
            await asyncio.sleep(0.05)
            await self.api.put(f"/v1/agents/{agent['id']}/presence", {"presence": "available"})

    async def answer(self, agent: dict[str, Any], offer: dict[str, Any]) -> None:
        roll = self.chance.random()
        if roll < 0.15:
            await self.api.post(f"/v1/offers/{offer['id']}/rejection", {})
        elif roll < 0.25:
            await self.api.put(f"/v1/agents/{agent['id']}/presence", {"presence": "break"})
        elif roll < 0.9:
            twice = [self.api.post(f"/v1/offers/{offer['id']}/acceptance", {}) for _ in range(2)]
            statuses = [answer.status_code for answer in await asyncio.gather(*twice)]
            # A rival that waits too long for the row is asked to come again; two may never be
            # connected.
            assert statuses.count(200) <= 1
            assert set(statuses) <= {200, 409, 503}
            if 200 in statuses:
                await self.converse(offer["contact_id"])

    async def converse(self, contact_id: str) -> None:
        if self.chance.random() < 0.3:
            await self.api.post(f"/v1/contacts/{contact_id}/hold", {})
        if self.chance.random() < 0.2:
            await self.api.post(
                f"/v1/contacts/{contact_id}/transfer", {"queue_id": self.house.queue["id"]}
            )
            return
        await self.api.post(f"/v1/contacts/{contact_id}/completion", {})
        if self.chance.random() < 0.5:
            await self.api.post(f"/v1/contacts/{contact_id}/completion", {"wrap_up_code": "done"})


async def whole_feed(api: Api) -> list[Event]:
    reader = api.as_("events:read", "contacts:read", "offers:read", "agents:read", "queues:read")
    told: list[Event] = []
    while True:
        after = told[-1]["cursor"] if told else "0"
        page = (await reader.get("/v1/events", params={"after": after, "limit": 1000})).json()
        if not page:
            return told
        told += page


async def all_settled(api: Api) -> bool:
    found = (await api.get("/v1/contacts", params={"limit": 200})).json()["items"]
    return len(found) == CONTACTS and all(
        contact["state"] in ("completed", "abandoned") for contact in found
    )


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_laws_hold_while_everybody_acts_at_once(
    make_database: Any, signing_keys: SigningKeys, seed: int
) -> None:
    url = await make_database(MIGRATIONS, "contact_center")
    async with serving(compose(settings_for(url), keys=signing_keys), signing_keys) as stays:
        async with serving(compose(settings_for(url), keys=signing_keys), signing_keys):
            house = await House.opened(stays, offer_seconds=1, wrap_up_seconds=1)
            crowd = Crowd(house, seed)
            agents = [await house.agent(capacity=CAPACITY) for _ in range(AGENTS)]
            working = [asyncio.create_task(crowd.agent(agent)) for agent in agents]
            callers = [asyncio.create_task(crowd.caller()) for _ in range(CONTACTS)]
            await asyncio.sleep(1)
        await asyncio.gather(*callers)
        for _ in range(6):
            if await settled_soon(stays):
                break
        crowd.is_over = True
        await asyncio.gather(*working)
        await eventually(lambda: all_settled(stays))
        told = await eventually(
            lambda: whole_feed(stays), lambda events: len(ended(events)) == CONTACTS
        )

    assert two_offers_at_once(told) == []
    assert over_capacity(told) == []
    assert unanswered_offers(told) == []
    assert connected_twice(told) == []


async def settled_soon(api: Api) -> bool:
    try:
        return bool(await eventually(lambda: all_settled(api)))
    except AssertionError:
        return False


def kind(event: Event) -> str:
    return str(event["type"]).removeprefix("guanxi.").removesuffix(".v1")


def ended(events: Sequence[Event]) -> set[str]:
    return {
        event["subject"]
        for event in events
        if kind(event) in ("contact.completed", "contact.abandoned")
    }


OVER = ("offer.accepted", "offer.rejected", "offer.timed_out", "offer.withdrawn")


def two_offers_at_once(events: Sequence[Event]) -> list[str]:
    """Contacts that were offered again while an offer stood."""
    standing: Counter[str] = Counter()
    wrong = []
    for event in events:
        if kind(event) == "offer.made":
            standing[event["data"]["contact_id"]] += 1
            if standing[event["data"]["contact_id"]] > 1:
                wrong.append(event["data"]["contact_id"])
        elif kind(event) in OVER:
            standing[event["data"]["contact_id"]] -= 1
    return wrong


def unanswered_offers(events: Sequence[Event]) -> list[str]:
    """Offers that ended never, or more than once."""
    ends = Counter(event["subject"] for event in events if kind(event) in OVER)
    made = [event["subject"] for event in events if kind(event) == "offer.made"]
    return [offer_id for offer_id in made if ends[offer_id] != 1]


def over_capacity(events: Sequence[Event]) -> list[str]:
    """Agents who had more in hand than they have places."""
    hands: dict[tuple[str, str], set[str]] = {}
    wrong = []
    for event in events:
        facts = event["data"]
        if kind(event) == "offer.made":
            held = hands.setdefault((facts["agent_id"], facts["channel"]), set())
            held.add(facts["contact_id"])
            if len(held) > CAPACITY[facts["channel"]]:
                wrong.append(facts["agent_id"])
        elif kind(event) in ("offer.rejected", "offer.timed_out", "offer.withdrawn"):
            hands[facts["agent_id"], facts["channel"]].discard(facts["contact_id"])
        elif kind(event) == "contact.transferred":
            hands[facts["from_agent_id"], facts["channel"]].discard(facts["contact_id"])
        elif kind(event) == "contact.completed" and facts["agent_id"]:
            hands[facts["agent_id"], facts["channel"]].discard(facts["contact_id"])
    return wrong


def connected_twice(events: Sequence[Event]) -> list[str]:
    """Contacts that were given to an agent while another had them."""
    with_whom: dict[str, str | None] = {}
    wrong = []
    for event in events:
        facts = event["data"]
        if kind(event) == "contact.assigned":
            if with_whom.get(facts["contact_id"]):
                wrong.append(facts["contact_id"])
            with_whom[facts["contact_id"]] = facts["agent_id"]
        elif kind(event) in ("contact.transferred", "contact.completed"):
            with_whom[facts["contact_id"]] = None
    return wrong
