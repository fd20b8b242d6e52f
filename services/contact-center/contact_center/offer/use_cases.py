"""Answer an offer: the contact's row is locked first, then the offer is read again, so that only one answer counts."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from contact_center.contact.domain import Contact, Happened
from contact_center.contact.offers import Offer, OfferEnd, OfferState


class Contacts(Protocol):
    """All contacts, whatever the caller may see."""

    async def locked(self, contact_id: UUID) -> Contact: ...
    async def save(self, before: Contact, after: Contact, happened: Happened, *, at: datetime) -> None: ...


class Offers(Protocol):
    async def get(self, offer_id: UUID) -> Offer: ...


async def accept(offers: Offers, contacts: Contacts, offer_id: UUID, *, by_agent: str | None, at: datetime) -> Contact:
    contact = await _answered(offers, contacts, offer_id, by_agent=by_agent, at=at)
    after, happened = contact.accepted(at=at)
    await contacts.save(contact, after, happened, at=at)
    return after


async def reject(offers: Offers, contacts: Contacts, offer_id: UUID, *, reason: str | None, by_agent: str | None, at: datetime) -> Contact:
    """The contact goes back to its queue with the waiting time kept."""
    contact = await _answered(offers, contacts, offer_id, by_agent=by_agent, at=at)
    after, happened = contact.returned(OfferEnd(OfferState.REJECTED, reason), at=at)
    await contacts.save(contact, after, happened, at=at)
    return after


async def _answered(offers: Offers, contacts: Contacts, offer_id: UUID, *, by_agent: str | None, at: datetime) -> Contact:
    # Who may see the offer may answer it: an offer that is over has left its contact, which is in other hands or another unit now.
    contact = await contacts.locked((await offers.get(offer_id)).contact_id)
    (await offers.get(offer_id)).answerable(at=at, by_agent=by_agent)
    return contact
