"""What neighbors tell and what it changes here:
timeline entries, tiers, and care after a complaint.
"""

from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.events import Action
from service_kit.words.identity import Clock
from service_kit.work.consumer import Reads
from service_kit.work.news import News
from sqlalchemy import bindparam, select

from customer_profile.care.caring import caring
from customer_profile.care.domain import Happening, Occasion
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.store import CustomerStore
from customer_profile.news.heard import (
    COMPLAINT_STEPS,
    CONTACT_MOVES,
    ComplaintClosed,
    ComplaintStep,
    ContactOffered,
    TierChanged,
)
from customer_profile.settings import Settings
from customer_profile.tables import customer
from customer_profile.timeline.domain import Entry, EntryKind
from customer_profile.timeline.store import TimelineStore

# Kept until the transaction ends, so that the file is not erased between the look and the entry.
IS_PRESENT = (
    select(customer.c.id)
    .where(customer.c.id == bindparam("id"), customer.c.erased_at.is_(None))
    .with_for_update(key_share=True, read=True)
)


async def rated(tx: Transaction, news: News[TierChanged]) -> None:
    """A new tier goes onto the file and the timeline."""
    told = news.data
    unit = await CustomerStore(tx, None).rate(told.customer_id, told.new, at=news.at)
    if unit is None:
        return
    entry = Entry(
        customer_id=told.customer_id,
        id=news.id,
        occurred_at=news.at,
        channel="system",
        kind=EntryKind.SCORE,
        label="tier.first" if told.old is None else "tier.changed",
        details=told.details,
        ref_type="tier",
        ref_id=told.customer_id,
    )
    await TimelineStore(tx, None).add(entry)
    # The tier is scoring's to tell; here it stands in the file's audit.
    tx.audit(
        Action(
            name="customer.rated",
            subject=told.customer_id,
            unit=unit,
            at=news.at,
            values=told.details,
        )
    )


async def stepped(tx: Transaction, news: News[Any]) -> None:
    """Steps of complaints go onto the timeline."""
    told: ComplaintStep = news.data
    if not await is_present(tx, told.customer_id):
        return
    entry = Entry(
        customer_id=told.customer_id,
        id=news.id,
        occurred_at=news.at,
        channel=told.channel,
        kind=EntryKind.CASE,
        label=news.type,
        details=told.details,
        ref_type="complaint",
        ref_id=news.subject,
    )
    await TimelineStore(tx, None).add(entry)


async def got_in_touch(tx: Transaction, news: News[ContactOffered]) -> None:
    """A contact has one entry on the timeline, which goes on as the contact does."""
    told = news.data
    if told.customer_id is None or not await is_present(tx, told.customer_id):
        return
    entry = Entry(
        customer_id=told.customer_id,
        id=news.id,
        occurred_at=told.arrived_at,
        channel=told.channel,
        kind=EntryKind.CONTACT,
        label=f"contact.{told.channel}",
        details=told.details,
        ref_type="contact",
        ref_id=told.contact_id,
    )
    await TimelineStore(tx, None).go_on(entry)


TIERS: Reads = {TierChanged: rated}
CONTACTS: Reads = dict.fromkeys(CONTACT_MOVES, got_in_touch)


def complaints(settings: Settings, *, clock: Clock) -> Reads:
    """A closed complaint makes the follow-up that is owed to the customer."""

    async def closed(tx: Transaction, news: News[ComplaintClosed]) -> None:
        await stepped(tx, news)
        try:
            customer = await CustomerStore(tx, None).get(news.data.customer_id)
        except CustomerNotFound:
            return
        # A case that is reopened and closed again is followed up again.
        happening = Happening(
            key=f"complaint:{news.subject}:{int(news.at.timestamp())}",
            occasion=Occasion.AFTER_COMPLAINT,
            at=news.at,
            places={"number": news.data.number},
        )
        await caring(tx, settings, at=clock()).answer(customer, happening)

    return {**dict.fromkeys(COMPLAINT_STEPS, stepped), ComplaintClosed: closed}


async def is_present(tx: Transaction, customer_id: UUID) -> bool:
    """Whether there is such a customer whose file was not erased."""
    return await tx.fetch_value(IS_PRESENT, id=customer_id) is not None
