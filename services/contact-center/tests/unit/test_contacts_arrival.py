"""How a contact arrives: decided on what was read once."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from contact_center.contact.use_cases import Arrival, House, answer, arrive
from contact_center.directory.domain import KnownCustomer
from contact_center.entry_point.domain import EntryPoint, NobodyThere
from contact_center.flow.domain import Flow
from contact_center.flow.nodes import Collect, HangUp, Wording
from contact_center.queue.domain import ChannelNotServed, Queue, QueueProfile
from contact_center.testing import (
    ContactsInMemory,
    DirectoryInMemory,
    EntryPointsInMemory,
    QueuesInMemory,
)

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


def a_served_queue(*channels: str) -> Queue:
    profile = QueueProfile(
        name="hotline",
        channels=channels,
        skills={},
        service_level_seconds=20,
        service_level_share=Decimal(1),
        offer_seconds=20,
        wrap_up_seconds=0,
        relaxation=(),
        overflow_after_seconds=None,
        overflow_queue_id=None,
    )
    return Queue(id=QUEUE, unit="cn", profile=profile, version=1, created_at=AT, updated_at=AT)


def a_house(entry: EntryPoint, *channels: str, known: KnownCustomer | None = None) -> House:
    return House(
        entries=EntryPointsInMemory(entry),
        directory=DirectoryInMemory({("voice", "1"): known} if known else {}),
        flows=Rewritten(),
        queues=QueuesInMemory(a_served_queue(*channels)),
        zone=UTC,
    )


async def test_a_contact_does_not_arrive_in_a_queue_that_does_not_serve_its_channel() -> None:
    entry = an_entry(flow_id=None, queue_id=QUEUE)

    with pytest.raises(ChannelNotServed) as refused:
        await arrive(
            ContactsInMemory(),
            a_house(entry, "chat", "sms"),
            ARRIVAL,
            sees=lambda _: True,
            id=CALL,
            at=AT,
        )
    came = await arrive(
        ContactsInMemory(), a_house(entry, "voice"), ARRIVAL, sees=lambda _: True, id=CALL, at=AT
    )

    assert refused.value.extras["channels"] == ["chat", "sms"]
    assert came.queue_id == QUEUE


async def test_a_contact_keeps_the_version_of_the_flow_that_it_walks() -> None:
    contacts, house = ContactsInMemory(), a_house(an_entry())

    begun = await arrive(contacts, house, ARRIVAL, sees=lambda _: True, id=CALL, at=AT)
    gone = await answer(contacts, house, CALL, "1", at=AT)

    assert begun.journey.node == f"ask_{begun.flow_version}"
    assert [visit.node for visit in gone.journey.visits] == [begun.journey.node, "bye"]


async def test_who_calls_from_a_known_address_arrives_as_the_customer() -> None:
    zhang = KnownCustomer(customer_id=UUID(int=9), unit="cn", tier=5)
    contacts, house = ContactsInMemory(), a_house(an_entry(), known=zhang)

    came = await arrive(contacts, house, ARRIVAL, sees=lambda _: True, id=CALL, at=AT)

    assert (came.customer_id, came.tier) == (zhang.customer_id, 5)
    assert await contacts.locked(CALL) == came


async def test_nobody_arrives_at_an_address_that_is_nobodys() -> None:
    contacts, house = ContactsInMemory(), a_house(an_entry())

    with pytest.raises(NobodyThere):
        await arrive(
            contacts,
            house,
            replace(ARRIVAL, to_address="3"),
            sees=lambda _: True,
            id=CALL,
            at=AT,
        )

    assert contacts.saved == {}
