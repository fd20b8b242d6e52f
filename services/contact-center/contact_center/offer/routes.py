"""Offers over HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from service_kit.access.units import units_of
from service_kit.store.database import Transaction
from service_kit.store.moments import database_time
from service_kit.store.running import Reader
from service_kit.web.pages import Page, PageOf
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id

from contact_center.acting import (
    HANDLE,
    ActsForAnotherAgent,
    agent_of,
    claimed_agent,
    require_acting_for,
)
from contact_center.agent.domain import AgentNotFound
from contact_center.agent.store import AgentReader
from contact_center.call import Call
from contact_center.contact.domain import Contact, Happened
from contact_center.contact.offers import (
    OfferEnd,
    OfferNotFound,
    OfferOfAnotherAgent,
    OfferOver,
    OfferState,
)
from contact_center.contact.routes import answered
from contact_center.contact.schemas import ContactView, NothingMore
from contact_center.contact.store import ContactStore
from contact_center.offer import use_cases
from contact_center.offer.schemas import OfferView, RejectionIn, offer_view
from contact_center.offer.store import OfferReader

router = Router(tags=["offers"])
FIRST = UUID(int=0)
REFUSALS = [OfferNotFound, OfferOver, OfferOfAnotherAgent]


@router.get(
    "/v1/agents/{agent_id}/offers",
    response_model=Page[OfferView],
    raises=[AgentNotFound, ActsForAnotherAgent],
)
async def list_agent_offers(
    agent_id: Id,
    call: Annotated[Call, requires("offers:read", instead=(HANDLE,))],
    page: Annotated[PageOf, Depends()],
) -> Response:
    """List what is offered to an agent and not answered yet, oldest first."""
    require_acting_for(call.caller, agent_id, broad=("offers:read",))
    after = page.after[0] if page.after else FIRST
    async with call.reading() as reader:
        await AgentReader(
            reader, None if agent_of(call.caller) == agent_id else units_of(call.caller)
        ).get(agent_id)
        offers = await _offers(call, reader).pending(
            agent_id, at=await database_time(reader), after=after, limit=page.fetch
        )
    return call.page(
        page, [offer_view(offer) for offer in offers], next_cursor=page.next_cursor(offers, "id")
    )


@router.get(
    "/v1/offers/{offer_id}",
    response_model=OfferView,
    raises=[OfferNotFound, ActsForAnotherAgent],
    etag=False,
)
async def read_offer(
    offer_id: Id, call: Annotated[Call, requires("offers:read", instead=(HANDLE,))]
) -> Response:
    """Read an offer, also one that is over."""
    async with call.reading() as reader:
        offer = await _offers(call, reader).get(offer_id)
    require_acting_for(call.caller, offer.agent_id, broad=("offers:read",))
    return call.answer(offer_view(offer))


@router.post("/v1/offers/{offer_id}/acceptance", response_model=ContactView, raises=REFUSALS)
async def accept_offer(
    offer_id: Id,
    call: Annotated[Call, requires("offers:write", instead=(HANDLE,))],
    body: NothingMore | None = None,
) -> Response:
    """Take the contact: agent and customer are connected.

    An offer that is over is 409, with the way it ended in `state`: it timed out, was withdrawn,
    rejected, or taken before. An If-Match names the version of the contact.
    """
    return await _answer(call, offer_id, lambda contact, at: contact.accepted(at=at))


@router.post("/v1/offers/{offer_id}/rejection", response_model=ContactView, raises=REFUSALS)
async def reject_offer(
    offer_id: Id,
    call: Annotated[Call, requires("offers:write", instead=(HANDLE,))],
    body: RejectionIn | None = None,
) -> Response:
    """Do not take the contact: it goes back to its queue with the waiting time kept, and to
    somebody else first.

    An If-Match names the version of the contact.
    """
    end = OfferEnd(OfferState.REJECTED, None if body is None else body.reason)
    return await _answer(call, offer_id, lambda contact, at: contact.returned(end, at=at))


async def _answer(
    call: Call, offer_id: UUID, made: Callable[[Contact, datetime], tuple[Contact, Happened]]
) -> Response:
    # Whose offer it is, is looked at in the transaction; here, whether somebody without an agent
    # may answer for all.
    if claimed_agent(call.caller) is None:
        call.caller.demand(["offers:write"])
    async with call.transaction() as tx:
        await _match(call, tx, offer_id)
        at, by_agent = await database_time(tx), claimed_agent(call.caller)
        offers, contacts = _offers(call, tx), ContactStore(tx)
        contact = await use_cases.answer(
            offers, contacts, offer_id, lambda contact: made(contact, at), by_agent=by_agent, at=at
        )
        return await answered(call, tx, contact, at=at)


async def _match(call: Call, tx: Transaction, offer_id: UUID) -> None:
    """An offer has no version of its own: what the agent saw and decides on is the contact."""
    if call.carries_match:
        offer = await _offers(call, tx).get(offer_id)
        call.honor_match((await ContactStore(tx).locked(offer.contact_id)).version)


def _offers(call: Call, reader: Reader) -> OfferReader:
    return OfferReader(reader, units_of(call.caller), own_agent=agent_of(call.caller))
