"""How a contact arrives: decided on what was read once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from contact_center.contact.domain import Contact, Happened
from contact_center.contact.use_cases import Arrival, House, answer, arrive
from contact_center.directory.domain import KnownCustomer
from contact_center.entry_point.domain import EntryPoint
from contact_center.flow.domain import Flow
from contact_center.flow.nodes import Collect, HangUp, Wording
from contact_center.queue.domain import ChannelNotServed, Queue, QueueProfile

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
QUEUE, FLOW, CALL = UUID(int=1), UUID(int=2), UUID(int=3)
ARRIVAL = Arrival(
    channel="voice",
    from_address="1",
    to_address="2",
    external_id=None,
    customer_id=None,
    language=None,
)


def an_entry(**others: UUID | None) -> EntryPoint:
    usual = EntryPoint(
        id=UUID(int=4),
        unit="cn",
        channel="voice",
        address="2",
        flow_id=FLOW,
        queue_id=None,
        language=None,
        priority_seconds=0,
        version=1,
        created_at=AT,
        updated_at=AT,
    )
    return replace(usual, **others)  # type: ignore[arg-type]  # The names are those of the fields.


class Kept:
    """Contacts in memory."""

    def __init__(self) -> None:
        self.contact: Contact | None = None

    async def last_agent(self, customer_id: UUID, *, since: datetime) -> UUID | None:
        return None

    async def locked(self, contact_id: UUID) -> Contact:
        assert self.contact is not None
        return self.contact

    async def add(self, added: Contact, happened: Happened, *, at: datetime) -> None:
        self.contact = added

    async def save(
        self, before: Contact, after: Contact, happened: Happened, *, at: datetime
    ) -> None:
        self.contact = after


class Entries:
    def __init__(self, entry: EntryPoint) -> None:
        self.entry = entry

    async def called(self, channel: str, address: str) -> EntryPoint:
        return self.entry


class NobodyKnown:
    async def customer(self, customer_id: UUID) -> KnownCustomer | None:
        return None

    async def recognize(self, channel: str, address: str) -> KnownCustomer | None:
        return None


class Rewritten:
    """A flow that somebody rewrites between any two readings;
    every version asks at a node of its own.
    """

    def __init__(self) -> None:
        self.latest = 0

    async def present(self, flow_id: UUID) -> Flow:
        self.latest += 1
        return await self.version(flow_id, self.latest)

    async def version(self, flow_id: UUID, version: int) -> Flow:
        ask = Collect(
            text=Wording(zh="?", en="?"),
            name="number",
            min_digits=1,
            max_digits=1,
            timeout_seconds=8,
            tries=1,
            next="bye",
            otherwise="bye",
        )
        name = f"ask_{version}"
        return Flow(
            id=flow_id,
            unit="cn",
            name="rewritten",
            start=name,
            nodes={name: ask, "bye": HangUp(text=None)},
            written={},
            version=version,
            created_at=AT,
            updated_at=AT,
        )


class Queues:
    """One queue that serves these channels."""

    def __init__(self, *channels: str) -> None:
        self.channels = channels

    async def some(self, ids: Iterable[UUID]) -> list[Queue]:
        profile = QueueProfile(
            name="hotline",
            channels=self.channels,
            skills={},
            service_level_seconds=20,
            service_level_share=Decimal(1),
            offer_seconds=20,
            wrap_up_seconds=0,
            relaxation=(),
            overflow_after_seconds=None,
            overflow_queue_id=None,
        )
        return [
            Queue(id=id_, unit="cn", profile=profile, version=1, created_at=AT, updated_at=AT)
            for id_ in ids
        ]


def a_house(entry: EntryPoint, *channels: str) -> House:
    return House(
        entries=Entries(entry),
        directory=NobodyKnown(),
        flows=Rewritten(),
        queues=Queues(*channels),
        zone=UTC,
    )


async def test_a_contact_does_not_arrive_in_a_queue_that_does_not_serve_its_channel() -> None:
    entry = an_entry(flow_id=None, queue_id=QUEUE)

    with pytest.raises(ChannelNotServed) as refused:
        await arrive(
            Kept(), a_house(entry, "chat", "sms"), ARRIVAL, sees=lambda _: True, id=CALL, at=AT
        )
    came = await arrive(
        Kept(), a_house(entry, "voice"), ARRIVAL, sees=lambda _: True, id=CALL, at=AT
    )

    assert refused.value.extras["channels"] == ["chat", "sms"]
    assert came.queue_id == QUEUE


async def test_a_contact_keeps_the_version_of_the_flow_that_it_walks() -> None:
    contacts, house = Kept(), a_house(an_entry())

    begun = await arrive(contacts, house, ARRIVAL, sees=lambda _: True, id=CALL, at=AT)
    gone = await answer(contacts, house, CALL, "1", at=AT)

    assert begun.journey.node == f"ask_{begun.flow_version}"
    assert [visit.node for visit in gone.journey.visits] == [begun.journey.node, "bye"]
