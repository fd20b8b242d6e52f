"""What can be done with a contact: load, decide, save."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Protocol
from uuid import UUID

from service_kit.words.errors import Conflict

from contact_center.contact.domain import Contact, Happened, Move, way
from contact_center.directory.domain import CustomerNotFound, KnownCustomer
from contact_center.entry_point.domain import EntryPoint, NobodyThere
from contact_center.flow.domain import Caller, Flow, Journey, Walk
from contact_center.queue.domain import Queue

LAST_AGENT_WITHIN = timedelta(days=7)
"""How long a customer is still brought to the agent of last time first."""

Sees = Callable[[str | None], bool]


class TransferTargetUnknown(Conflict):
    """There is no such queue or agent in the units of this token to transfer to,
    or the queue does not serve this channel.
    """


class Contacts(Protocol):
    async def last_agent(self, customer_id: UUID, *, since: datetime) -> UUID | None: ...
    async def locked(self, contact_id: UUID) -> Contact: ...
    async def add(self, added: Contact, happened: Happened, *, at: datetime) -> None: ...
    async def save(
        self, before: Contact, after: Contact, happened: Happened, *, at: datetime
    ) -> None: ...


class EntryPoints(Protocol):
    async def called(self, channel: str, address: str) -> EntryPoint: ...


class Directory(Protocol):
    async def customer(self, customer_id: UUID) -> KnownCustomer | None: ...
    async def recognize(self, channel: str, address: str) -> KnownCustomer | None: ...


class Flows(Protocol):
    async def present(self, flow_id: UUID) -> Flow: ...
    async def version(self, flow_id: UUID, version: int) -> Flow: ...


class Queues(Protocol):
    async def some(self, ids: list[UUID]) -> list[Queue]: ...


class Agents(Protocol):
    async def known(self, ids: list[UUID]) -> frozenset[UUID]: ...


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Somebody comes in:
    over which channel, from and to which address, and what the platform knows.
    """

    channel: str
    from_address: str
    to_address: str
    external_id: str | None
    customer_id: UUID | None
    language: str | None


@dataclass(frozen=True, kw_only=True)
class House:
    """What an arrival asks:
    entry points, the directory, flows, all queues, and the company's time zone.
    """

    entries: EntryPoints
    directory: Directory
    flows: Flows
    queues: Queues
    zone: tzinfo


async def arrive(
    contacts: Contacts, house: House, arrival: Arrival, *, sees: Sees, id: UUID, at: datetime
) -> Contact:
    """The number called picks flow or queue, the caller's number picks the customer;
    both only within what the caller may see.
    """
    entry = await house.entries.called(arrival.channel, arrival.to_address)
    if not sees(entry.unit):
        raise NobodyThere()
    known = await _recognized(house.directory, arrival, sees)
    # The flow is read once: what the contact keeps of it and the way that it goes are of one
    # version.
    flow = None if entry.flow_id is None else await house.flows.present(entry.flow_id)
    begun = await _begun(contacts, arrival, entry, known, flow, id=id, at=at)
    if flow is not None:
        walk = Walk(flow, _caller(known), house.zone)
        came, happened = begun.walked(walk.begin(begun.journey, at=at), at=at)
    else:
        assert entry.queue_id is not None, "an entry point leads to a flow or to a queue"
        came, happened = begun.queued(entry.queue_id, at=at)
    await _check_channel(house.queues, came)
    await contacts.add(came, happened, at=at)
    return came


async def _recognized(directory: Directory, arrival: Arrival, sees: Sees) -> KnownCustomer | None:
    if arrival.customer_id is not None:
        return await _named(directory, arrival.customer_id, sees)
    known = await directory.recognize(arrival.channel, arrival.from_address)
    return known if known is not None and sees(known.unit) else None


async def _named(directory: Directory, customer_id: UUID, sees: Sees) -> KnownCustomer | None:
    """The customer that the caller names; None where news of it did not come yet.

    Raises CustomerNotFound for a caller who is kept to units, unless the customer is known to lie
    in them.
    """
    known = await directory.customer(customer_id)
    if not sees(None if known is None else known.unit):
        raise CustomerNotFound()
    return known


async def _begun(
    contacts: Contacts,
    arrival: Arrival,
    entry: EntryPoint,
    known: KnownCustomer | None,
    flow: Flow | None,
    *,
    id: UUID,
    at: datetime,
) -> Contact:
    last_agent_id = None
    if known is not None:
        last_agent_id = await contacts.last_agent(known.customer_id, since=at - LAST_AGENT_WITHIN)
    return Contact(
        id=id,
        unit=(known.unit if known is not None else None) or entry.unit,
        channel=arrival.channel,
        from_address=arrival.from_address,
        to_address=arrival.to_address,
        external_id=arrival.external_id,
        entry_point_id=entry.id,
        customer_id=known.customer_id if known is not None else arrival.customer_id,
        tier=None if known is None else known.tier,
        is_key_contact=known is not None and known.is_key_contact,
        language=arrival.language
        or (known.language if known is not None else None)
        or entry.language,
        flow_id=None if flow is None else flow.id,
        flow_version=None if flow is None else flow.version,
        journey=Journey(priority_seconds=entry.priority_seconds),
        arrived_at=at,
        dedicated_agent_id=None if known is None else known.dedicated_agent_id,
        last_agent_id=last_agent_id,
    )


async def _check_channel(queues: Queues, came: Contact) -> None:
    """ChannelNotServed where a contact would wait in a queue that was changed since the way to it
    was made.

    Only who arrives is refused: whoever was let into a flow is served wherever it leads.
    """
    if came.queue_id is not None:
        for queue in await queues.some([came.queue_id]):
            queue.serving(came.channel)


def _caller(known: KnownCustomer | None) -> Caller:
    return Caller() if known is None else known.caller()


async def answer(
    contacts: Contacts, house: House, contact_id: UUID, digits: str, *, at: datetime
) -> Contact:
    """The caller pressed digits, or let the time for them pass."""
    contact = await contacts.locked(contact_id)
    way(contact.state, Move.INPUTS)
    assert contact.flow_id is not None, "what is in a flow has one"
    assert contact.flow_version is not None, "what is in a flow has its version"
    known = (
        None if contact.customer_id is None else await house.directory.customer(contact.customer_id)
    )
    walk = Walk(
        await house.flows.version(contact.flow_id, contact.flow_version), _caller(known), house.zone
    )
    after, happened = contact.walked(walk.answer(contact.journey, digits, at=at), at=at)
    await contacts.save(contact, after, happened, at=at)
    return after


async def move(
    contacts: Contacts,
    contact_id: UUID,
    made: Callable[[Contact], tuple[Contact, Happened]],
    *,
    at: datetime,
) -> Contact:
    """A move that asks nothing but the contact."""
    contact = await contacts.locked(contact_id)
    after, happened = made(contact)
    await contacts.save(contact, after, happened, at=at)
    return after


async def transfer_to_queue(
    contacts: Contacts, queues: Queues, contact_id: UUID, queue_id: UUID, *, at: datetime
) -> Contact:
    contact = await contacts.locked(contact_id)
    way(contact.state, Move.TRANSFER)
    queue = next(iter(await queues.some([queue_id])), None)
    if queue is None or contact.channel not in queue.profile.channels:
        raise TransferTargetUnknown()
    after, happened = contact.transferred(queue_id=queue_id, at=at)
    await contacts.save(contact, after, happened, at=at)
    return after


async def transfer_to_agent(
    contacts: Contacts, agents: Agents, contact_id: UUID, agent_id: UUID, *, at: datetime
) -> Contact:
    """The named agent goes first;
    who is away or does not answer is replaced by the queue that the contact came from.
    """
    contact = await contacts.locked(contact_id)
    way(contact.state, Move.TRANSFER)
    if agent_id == contact.agent_id or not await agents.known([agent_id]):
        raise TransferTargetUnknown()
    assert contact.queue_id is not None, "an assigned contact came from a queue"
    after, happened = contact.transferred(queue_id=contact.queue_id, to_agent_id=agent_id, at=at)
    await contacts.save(contact, after, happened, at=at)
    return after


async def complete(
    contacts: Contacts,
    queues: Queues,
    contact_id: UUID,
    *,
    wrap_up_code: str | None,
    notes: str | None,
    at: datetime,
) -> Contact:
    """End the conversation; said once more in the wrap-up time it ends that too."""
    contact = await contacts.locked(contact_id)
    way(contact.state, Move.COMPLETION)
    found = [] if contact.queue_id is None else await queues.some([contact.queue_id])
    wrap_up_seconds = found[0].profile.wrap_up_seconds if found else 0
    after, happened = contact.ended(
        at=at, wrap_up_seconds=wrap_up_seconds, wrap_up_code=wrap_up_code, notes=notes
    )
    await contacts.save(contact, after, happened, at=at)
    return after


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What an agent corrects in a contact; `names` are those that were given."""

    names: frozenset[str]
    customer_id: UUID | None
    language: str | None
    notes: str | None

    def fields(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.names}


async def identify(
    contacts: Contacts,
    directory: Directory,
    contact_id: UUID,
    changes: Changes,
    *,
    sees: Sees,
    at: datetime,
) -> Contact:
    """Say afterwards who it is, or note something;
    one that waits is served from now on as that customer is, in its unit.
    """
    contact = await contacts.locked(contact_id)
    fields = changes.fields()
    if "customer_id" in changes.names and changes.customer_id != contact.customer_id:
        fields |= await _whose(contacts, directory, contact, changes.customer_id, sees, at=at)
    after, happened = contact.described(fields)
    await contacts.save(contact, after, happened, at=at)
    return after


async def _whose(
    contacts: Contacts,
    directory: Directory,
    contact: Contact,
    customer_id: UUID | None,
    sees: Sees,
    *,
    at: datetime,
) -> dict[str, object]:
    """What follows for the contact from whose it is;
    nothing stays of the customer it was taken for before.
    """
    known = None if customer_id is None else await _named(directory, customer_id, sees)
    fields: dict[str, object] = {
        "tier": None if known is None else known.tier,
        "is_key_contact": known is not None and known.is_key_contact,
        "dedicated_agent_id": None if known is None else known.dedicated_agent_id,
    }
    if contact.answered_at is None:
        since = at - LAST_AGENT_WITHIN
        fields["last_agent_id"] = (
            None if known is None else await contacts.last_agent(known.customer_id, since=since)
        )
    if known is not None and known.unit is not None:
        fields["unit"] = known.unit
    return fields
