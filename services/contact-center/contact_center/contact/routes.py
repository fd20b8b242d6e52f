"""Contacts over HTTP."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Response
from service_kit.access.units import units_of
from service_kit.store.database import Transaction
from service_kit.store.moments import database_time
from service_kit.store.running import Reader
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import MergePatch, Router, requires
from service_kit.words.fields import Id, Line

from contact_center.acting import HANDLE, SUPERVISE, ActsForAnotherAgent, agent_of, claimed_agent
from contact_center.agent.store import AgentReader
from contact_center.call import Call
from contact_center.contact import use_cases
from contact_center.contact.domain import Contact, ContactMoveNotAllowed, ContactNotFound
from contact_center.contact.external import ExternalIdTaken, first_of
from contact_center.contact.schemas import (
    CompletionIn,
    ContactPatch,
    ContactView,
    InputsIn,
    NewContact,
    NothingMore,
    TransferIn,
    TransferToQueue,
    contact_view,
)
from contact_center.contact.store import ContactReader, ContactStore
from contact_center.contact.use_cases import Arrival, Changes, House, TransferTargetUnknown
from contact_center.directory.digests import AddressDigests
from contact_center.directory.domain import CustomerNotFound
from contact_center.directory.store import DirectoryReader
from contact_center.entry_point.domain import NobodyThere
from contact_center.entry_point.store import EntryPointReader
from contact_center.flow.nodes import Asking
from contact_center.flow.store import FlowReader, Graphs
from contact_center.identifiers import written
from contact_center.queue.domain import ChannelNotServed
from contact_center.queue.store import QueueReader
from contact_center.words import Channel, ContactState, variant

router = Router(tags=["contacts"])
MOVING = (HANDLE, SUPERVISE)
MOVE_REFUSALS = [ContactNotFound, ContactMoveNotAllowed, ActsForAnotherAgent]
Move = Callable[[ContactStore, Transaction, datetime], Awaitable[Contact]]


@router.post(
    "/v1/contacts",
    status_code=201,
    response_model=ContactView,
    raises=[NobodyThere, CustomerNotFound, ChannelNotServed, ExternalIdTaken],
    responses={
        200: {
            "model": ContactView,
            "description": "The contact that was begun before with this `external_id`.",
        }
    },
)
async def create_contact(
    body: NewContact, call: Annotated[Call, requires("contacts:write")]
) -> Response:
    """Begin a contact: somebody calls, chats or writes.

    `to` picks the entry point and with it the flow or the queue; `from` picks the customer, unless
    the platform knows better and says `customer_id`. While the contact is in a flow, `next` says
    what the platform has to say and to collect.

    There is one contact per channel and `external_id`, compared letter by letter: said again, also
    with other words or when it is over, the first one is answered as it stands now, with 200, and
    nothing of it changes.
    """
    region = call.settings.phone_region
    arrival = Arrival(
        channel=body.channel,
        from_address=written(body.channel, body.from_, region=region, pointer="/from"),
        to_address=written(body.channel, body.to, region=region, pointer="/to"),
        external_id=body.external_id,
        customer_id=body.customer_id,
        language=body.language,
    )
    async with call.transaction() as tx:
        contact_id, sees = call.new_id(), call.caller.sees
        first = await first_of(
            tx, body.channel, body.external_id, claimed_for=contact_id, sees=sees
        )
        if first is not None:
            return await answered(call, tx, first, at=await database_time(tx))
        at = await database_time(tx)
        contact = await use_cases.arrive(
            ContactStore(tx), house(call, tx), arrival, sees=sees, id=contact_id, at=at
        )
        view = await viewed(call, tx, contact, at=at)
        return call.created(
            view,
            location=f"/v1/contacts/{contact.id}",
            version=contact.version,
            variant=variant(view),
        )


@router.get("/v1/contacts", response_model=Page[ContactView])
async def list_contacts(
    call: Annotated[Call, requires("contacts:read")],
    page: Annotated[PageOf, Depends()],
    state: Annotated[ContactState | None, Query(description="Only contacts in this state.")] = None,
    channel: Annotated[Channel | None, Query(description="Only contacts of this channel.")] = None,
    queue_id: Annotated[Id | None, Query(description="Only contacts of this queue.")] = None,
    agent_id: Annotated[Id | None, Query(description="Only contacts of this agent.")] = None,
    customer_id: Annotated[Id | None, Query(description="Only contacts of this customer.")] = None,
    external_id: Annotated[Line | None, Query(description="Only the platform's own id.")] = None,
) -> Response:
    """List contacts, newest first."""
    filters = {
        "state": state,
        "channel": channel,
        "queue_id": queue_id,
        "agent_id": agent_id,
        "customer_id": customer_id,
        "external_id": external_id,
    }
    before = page.after[0] if page.after else None
    async with call.reading() as reader:
        contacts = await own(call, reader).page(before=before, limit=page.fetch, **filters)
        views = await all_viewed(call, reader, contacts, at=await database_time(reader))
    return call.page(page, views, next_cursor=page.next_cursor(contacts, "id"))


@router.get("/v1/contacts/{contact_id}", response_model=ContactView, raises=[ContactNotFound])
async def read_contact(
    contact_id: Id, call: Annotated[Call, requires("contacts:read")]
) -> Response:
    """Read a contact."""
    async with call.reading() as reader:
        contact = await own(call, reader).get(contact_id)
        view = await viewed(call, reader, contact, at=await database_time(reader))
    return call.answer(view, version=contact.version, variant=variant(view))


@router.patch(
    "/v1/contacts/{contact_id}",
    response_model=ContactView,
    raises=[ContactNotFound, CustomerNotFound, ActsForAnotherAgent],
)
async def change_contact(
    contact_id: Id,
    body: Annotated[ContactPatch, MergePatch],
    call: Annotated[Call, requires("contacts:write", instead=MOVING)],
) -> Response:
    """Say who it is, in which language, or note something."""
    async with call.transaction() as tx:
        store = movable(call, tx)
        call.require_match((await store.locked(contact_id)).version)
        given = Changes(
            names=frozenset(body.model_fields_set),
            customer_id=body.customer_id,
            language=body.language,
            notes=body.notes,
        )
        directory = DirectoryReader(tx, call.part(AddressDigests))
        at = await database_time(tx)
        contact = await use_cases.identify(
            store, directory, contact_id, given, sees=call.caller.sees, at=at
        )
        return await answered(call, tx, contact, at=at)


@router.post("/v1/contacts/{contact_id}/inputs", response_model=ContactView, raises=MOVE_REFUSALS)
async def answer_flow(
    contact_id: Id, body: InputsIn, call: Annotated[Call, requires("contacts:write")]
) -> Response:
    """Send what the caller pressed in the flow; `next` says how it goes on."""
    return await moved(
        call,
        lambda store, tx, at: use_cases.answer(
            store, house(call, tx), contact_id, body.digits, at=at
        ),
    )


@router.post(
    "/v1/contacts/{contact_id}/abandonment", response_model=ContactView, raises=MOVE_REFUSALS
)
async def abandon_contact(
    contact_id: Id,
    call: Annotated[Call, requires("contacts:write")],
    body: NothingMore | None = None,
) -> Response:
    """The customer left before anybody answered; an offer that stands is withdrawn."""
    return await moved(
        call,
        lambda store, _, at: use_cases.move(
            store, contact_id, lambda contact: contact.abandoned(at=at), at=at
        ),
    )


@router.post("/v1/contacts/{contact_id}/hold", response_model=ContactView, raises=MOVE_REFUSALS)
async def hold_contact(
    contact_id: Id,
    call: Annotated[Call, requires("contacts:write", instead=MOVING)],
    body: NothingMore | None = None,
) -> Response:
    """Put the customer on hold."""
    return await moved(
        call,
        lambda store, _, at: use_cases.move(
            store, contact_id, lambda contact: contact.held(at=at), at=at
        ),
    )


@router.post(
    "/v1/contacts/{contact_id}/resumption", response_model=ContactView, raises=MOVE_REFUSALS
)
async def resume_contact(
    contact_id: Id,
    call: Annotated[Call, requires("contacts:write", instead=MOVING)],
    body: NothingMore | None = None,
) -> Response:
    """Take the customer from hold."""
    return await moved(
        call,
        lambda store, _, at: use_cases.move(
            store, contact_id, lambda contact: contact.resumed(at=at), at=at
        ),
    )


@router.post(
    "/v1/contacts/{contact_id}/transfer",
    response_model=ContactView,
    raises=[*MOVE_REFUSALS, TransferTargetUnknown],
)
async def transfer_contact(
    contact_id: Id,
    body: TransferIn,
    call: Annotated[Call, requires("contacts:write", instead=MOVING)],
) -> Response:
    """Pass the contact on to a queue or a named agent;
    what the customer has waited before counts on.
    """
    units = units_of(call.caller)
    if isinstance(body, TransferToQueue):
        queue_id = body.queue_id
        return await moved(
            call,
            lambda store, tx, at: use_cases.transfer_to_queue(
                store, QueueReader(tx, units), contact_id, queue_id, at=at
            ),
        )
    agent_id = body.agent_id
    return await moved(
        call,
        lambda store, tx, at: use_cases.transfer_to_agent(
            store, AgentReader(tx, units), contact_id, agent_id, at=at
        ),
    )


@router.post(
    "/v1/contacts/{contact_id}/completion", response_model=ContactView, raises=MOVE_REFUSALS
)
async def complete_contact(
    contact_id: Id,
    call: Annotated[Call, requires("contacts:write", instead=MOVING)],
    body: CompletionIn | None = None,
) -> Response:
    """End the conversation.

    The agent's wrap-up time begins, as long as the queue says; it ends by itself, or with a second
    completion. Code and notes may come with either.
    """
    said = body or CompletionIn()
    return await moved(
        call,
        lambda store, tx, at: use_cases.complete(
            store,
            QueueReader(tx),
            contact_id,
            wrap_up_code=said.wrap_up_code,
            notes=said.notes,
            at=at,
        ),
    )


async def moved(call: Call, move: Move) -> Response:
    """Make a move in a transaction and answer with the contact."""
    async with call.transaction() as tx:
        contacts = movable(call, tx)
        if call.carries_match:
            # The paths of all moves name their contact alike.
            call.honor_match(
                (await contacts.locked(UUID(call.request.path_params["contact_id"]))).version
            )
        at = await database_time(tx)
        return await answered(call, tx, await move(contacts, tx, at), at=at)


async def answered(call: Call, tx: Transaction, contact: Contact, *, at: datetime) -> Response:
    view = await viewed(call, tx, contact, at=at)
    return call.answer(view, version=contact.version, variant=variant(view))


async def viewed(call: Call, reader: Reader, contact: Contact, *, at: datetime) -> ContactView:
    """The contact as the API shows it at a moment of the database,
    with the question of its flow where it is at one.
    """
    (view,) = await all_viewed(call, reader, [contact], at=at)
    return view


async def all_viewed(
    call: Call, reader: Reader, contacts: Sequence[Contact], *, at: datetime
) -> list[ContactView]:
    """As `viewed`; the versions of the flows that they are in are read at once."""
    walked = {walks for contact in contacts if (walks := contact.walks) is not None}
    flows = await FlowReader(reader, call.part(Graphs)).versions(walked)

    def asking(contact: Contact) -> Asking | None:
        return None if contact.walks is None else flows[contact.walks].asking(contact.journey)

    return [
        contact_view(contact, asking=asking(contact), language=call.language, at=at)
        for contact in contacts
    ]


def own(call: Call, reader: Reader) -> ContactReader:
    """The contacts that the caller may see."""
    return ContactReader(reader, units_of(call.caller), own_agent=agent_of(call.caller))


def movable(call: Call, tx: Transaction) -> ContactStore:
    """As `own`, of which only those may be moved that are in the hands of the agent
    for whom the token acts, where it acts for one.
    """
    if claimed_agent(call.caller) is None:
        call.caller.demand(["contacts:write"], instead=[SUPERVISE])
    return ContactStore(
        tx, units_of(call.caller), own_agent=agent_of(call.caller), acting=call.caller
    )


def house(call: Call, tx: Transaction) -> House:
    return House(
        entries=EntryPointReader(tx),
        directory=DirectoryReader(tx, call.part(AddressDigests), units_of(call.caller)),
        flows=FlowReader(tx, call.part(Graphs)),
        queues=QueueReader(tx),
        zone=ZoneInfo(call.settings.time_zone),
    )
