"""Answer an offer: the contact's row is locked first, then the offer is read again,
so that only one answer counts.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from contact_center.contact.domain import Contact, Happened
from contact_center.contact.offers import Offer


class Contacts(Protocol):
    """All contacts, whatever the caller may see."""

    async def locked(self, contact_id: UUID) -> Contact: ...
    async def save(
        self, before: Contact, after: Contact, happened: Happened, *, at: datetime
    ) -> None: ...


class Offers(Protocol):
    async def get(self, offer_id: UUID) -> Offer: ...


async def answer(
    offers: Offers,
    contacts: Contacts,
    offer_id: UUID,
    made: Callable[[Contact], tuple[Contact, Happened]],
    *,
    by_agent: str | None,
    at: datetime,
) -> Contact:
    """Make of the contact what the answer says, while the offer can be answered."""
    # Who may see the offer may answer it: an offer that is over has left its contact, which is in
    # other hands or another unit now.
    contact = await contacts.locked((await offers.get(offer_id)).contact_id)
    (await offers.get(offer_id)).answerable(at=at, by_agent=by_agent)
    after, happened = made(contact)
    await contacts.save(contact, after, happened, at=at)
    return after
