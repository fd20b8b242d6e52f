"""Builders for tests: bodies of the API with usual values, a small contact center ready to work,
and in memory what a contact is decided on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service_kit.testing import Api
from service_kit.work.news import H, News

from contact_center.contact.domain import Contact, ContactNotFound, Happened
from contact_center.customer.heard import CustomerCreated, TierChanged
from contact_center.customer.news import CustomerNews, tiers
from contact_center.directory.digests import AddressDigests
from contact_center.directory.domain import CustomerFacts, KnownCustomer
from contact_center.entry_point.domain import EntryPoint, NobodyThere
from contact_center.queue.domain import Queue

Json = dict[str, Any]
PATIENCE_SECONDS = 60.0
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ZHANG, GROUP = UUID(int=1), UUID(int=2)
PHONE = "phone:+8613800138000"


def a_queue(**others: Any) -> Json:
    return {
        "name": "hotline",
        "channels": ["voice", "chat"],
        "offer_seconds": 20,
        "wrap_up_seconds": 30,
        **others,
    }


def an_agent(*queues: str, **others: Any) -> Json:
    return {"name": "Li Na", "capacity": {"voice": 1, "chat": 3}, "queues": list(queues), **others}


def a_call(to: str = "10086", **others: Any) -> Json:
    return {"channel": "voice", "from": "+8613800138000", "to": to, **others}


def a_wording(text: str) -> Json:
    return {"zh-CN": text, "en": text}


def a_flow(queue_id: str, **others: Any) -> Json:
    """A menu with one choice that leads to the queue; whoever chooses nothing is hung up on."""
    nodes = {
        "welcome": {"type": "say", "text": a_wording("Welcome"), "next": "menu"},
        "menu": {
            "type": "menu",
            "text": a_wording("Press 1"),
            "choices": {"1": "line"},
            "tries": 2,
            "otherwise": "bye",
        },
        "line": {"type": "queue", "queue_id": queue_id},
        "bye": {"type": "hang_up", "text": a_wording("Goodbye")},
    }
    return {"name": "front door", "start": "welcome", "nodes": nodes, **others}


async def eventually(ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool] = bool) -> Any:
    """Ask until the answer is as it shall be; the last answer when it never is."""
    answer = None
    until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while asyncio.get_running_loop().time() < until:
        answer = await ask()
        if holds(answer):
            return answer
        await asyncio.sleep(0.01)
    raise AssertionError(f"it never came to that: {answer}")


@dataclass
class House:
    """A contact center with a queue, its entry point and some agents, driven over the API."""

    api: Api
    queue: Json
    agents: list[Json] = field(default_factory=list)

    @classmethod
    async def opened(cls, api: Api, *, address: str = "10086", **queue: Any) -> "House":
        house = cls(api, await made(api, "/v1/queues", a_queue(**queue)))
        for channel in house.queue["channels"]:
            await made(
                api,
                "/v1/entry-points",
                {"channel": channel, "address": address, "queue_id": house.queue["id"]},
            )
        return house

    async def agent(self, *, presence: str = "available", **others: Any) -> Json:
        """An agent of the queue, at work unless told otherwise."""
        agent = await made(self.api, "/v1/agents", an_agent(self.queue["id"], **others))
        self.agents.append(agent)
        await self.present(agent, presence)
        return agent

    async def present(self, agent: Json, presence: str) -> Json:
        answer = await self.api.put(f"/v1/agents/{agent['id']}/presence", {"presence": presence})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def call(self, **others: Any) -> Json:
        return await made(self.api, "/v1/contacts", a_call(**others))

    async def contact(self, contact: Mapping[str, Any]) -> Json:
        answer = await self.api.get(f"/v1/contacts/{contact['id']}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def until(self, contact: Mapping[str, Any], state: str) -> Json:
        """The contact once it is in this state."""
        found: Json = await eventually(
            lambda: self.contact(contact), lambda seen: seen["state"] == state
        )
        return found

    async def move(self, contact: Mapping[str, Any], move: str, body: Json | None = None) -> Json:
        answer = await self.api.post(f"/v1/contacts/{contact['id']}/{move}", body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def accept(self, contact: Mapping[str, Any]) -> Json:
        """The contact with the agent that it is offered to, who takes it."""
        offered = await self.until(contact, "offered")
        answer = await self.api.post(f"/v1/offers/{offered['offer']['id']}/acceptance", {})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def status(self, agent: Mapping[str, Any]) -> str:
        return str(
            (await self.api.get(f"/v1/agents/{agent['id']}/presence")).json()["routing_status"]
        )


async def made(api: Api, path: str, body: Json) -> Json:
    answer = await api.post(path, body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


class KnownFiles:
    """Stands in for customer-profile: the files that it would give."""

    def __init__(self, *files: CustomerFacts) -> None:
        self.files = {file.customer_id: file for file in files}
        self.asked: list[Sequence[UUID]] = []

    async def facts(self, customer_ids: Sequence[UUID]) -> list[CustomerFacts]:
        self.asked.append(customer_ids)
        return [self.files[each] for each in customer_ids if each in self.files]


def a_file(customer_id: UUID = ZHANG, **others: Any) -> CustomerFacts:
    """What customer-profile says of a customer."""
    usual: dict[str, Any] = {
        "customer_id": customer_id,
        "seen_at": AT,
        "unit": "cn.gd.gz",
        "language": "zh-CN",
        "tags": ("campus",),
        "addresses": (PHONE,),
        "key_contact_addresses": (),
    }
    return CustomerFacts(**{**usual, **others})


def news(shape: type[H], subject: UUID, **data: Any) -> News[H]:
    """News of a neighbor."""
    return News(
        id=UUID(int=99),
        type=shape.event_type,
        subject=subject,
        at=AT,
        unit=None,
        data=shape.model_validate(data),
        envelope={},
    )


async def told_of_customer(api: Api, *files: CustomerFacts, told: News[Any] | None = None) -> None:
    """The directory hears of these files, or these news."""
    handler = CustomerNews(
        KnownFiles(*files), api.service.parts[AddressDigests], api.service.kept_answers
    )
    batch = (
        [told] if told is not None else [news(CustomerCreated, file.customer_id) for file in files]
    )
    await handler.prepare(batch)
    async with api.service.database.transaction() as tx:
        await handler.take(tx, batch)


async def told_of_tier(api: Api, customer_id: UUID, stars: int | None) -> None:
    """The directory hears of a tier."""
    async with api.service.database.transaction() as tx:
        changed = news(TierChanged, customer_id, customer_id=customer_id, new=stars)
        await tiers(api.service.parts[AddressDigests])[TierChanged](tx, changed)


class ContactsInMemory:
    """The port `Contacts`: what was saved is what is read, and `happened` keeps why."""

    def __init__(self) -> None:
        self.saved: dict[UUID, Contact] = {}
        self.happened: list[Happened] = []

    async def last_agent(self, customer_id: UUID, *, since: datetime) -> UUID | None:
        spoken = [
            each
            for each in self.saved.values()
            if each.customer_id == customer_id and each.answered_at and each.answered_at >= since
        ]
        return max(spoken, key=lambda each: each.answered_at or since).agent_id if spoken else None

    async def locked(self, contact_id: UUID) -> Contact:
        if contact_id not in self.saved:
            raise ContactNotFound
        return self.saved[contact_id]

    async def add(self, added: Contact, happened: Happened, *, at: datetime) -> None:
        self.saved[added.id] = added
        self.happened.append(happened)

    async def save(
        self, before: Contact, after: Contact, happened: Happened, *, at: datetime
    ) -> None:
        await self.add(after, happened, at=at)


class EntryPointsInMemory:
    """The port `EntryPoints`."""

    def __init__(self, *entries: EntryPoint) -> None:
        self.entries = {(each.channel, each.address): each for each in entries}

    async def called(self, channel: str, address: str) -> EntryPoint:
        if (channel, address) not in self.entries:
            raise NobodyThere
        return self.entries[channel, address]


class DirectoryInMemory:
    """The port `Directory`: customers by the addresses that they call from."""

    def __init__(self, known: Mapping[tuple[str, str], KnownCustomer] | None = None) -> None:
        self.known = known or {}

    async def customer(self, customer_id: UUID) -> KnownCustomer | None:
        found = (each for each in self.known.values() if each.customer_id == customer_id)
        return next(found, None)

    async def recognize(self, channel: str, address: str) -> KnownCustomer | None:
        return self.known.get((channel, address))


class QueuesInMemory:
    """The port `Queues`."""

    def __init__(self, *queues: Queue) -> None:
        self.queues = {queue.id: queue for queue in queues}

    async def some(self, ids: Iterable[UUID]) -> list[Queue]:
        return [self.queues[each] for each in ids if each in self.queues]
