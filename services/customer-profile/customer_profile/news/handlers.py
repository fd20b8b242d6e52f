"""What neighbors tell and what it changes here:
timeline entries, tiers, and care after a complaint.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.outbox import Event
from service_kit.words.identity import Clock
from service_kit.work.consumer import News
from sqlalchemy import bindparam, select

from customer_profile.care.caring import caring
from customer_profile.care.domain import Happening, Occasion
from customer_profile.customer.domain import CustomerNotFound
from customer_profile.customer.facts import Json
from customer_profile.customer.store import CustomerStore
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
COMPLAINT_DETAILS = (
    "number",
    "kind",
    "state",
    "severity",
    "category",
    "verdict",
    "satisfaction",
    "escalation_level",
    "clock",
    "percent",
)
CONTACT_DETAILS = (
    "state",
    "queue_id",
    "agent_id",
    "tier",
    "waited_seconds",
    "held_seconds",
    "transfers",
    "wrap_up_code",
    "nodes",
    "direction",
)


async def on_scoring_news(tx: Transaction, news: News) -> None:
    """A new tier goes onto the file and the timeline."""
    if news.type != "tier.changed":
        return
    customer_id = named(news.payload, "customer_id") or news.subject
    stars = news.payload.get("new")
    unit = await CustomerStore(tx, None).rate(customer_id, stars, at=news.at)
    if unit is None:
        return
    details = picked(news.payload, ("old", "new", "reason", "scheme"))
    label = "tier.first" if news.payload.get("old") is None else "tier.changed"
    entry = Entry(
        customer_id=customer_id,
        id=news.id,
        occurred_at=news.at,
        channel="system",
        kind=EntryKind.SCORE,
        label=label,
        details=details,
        ref_type="tier",
        ref_id=customer_id,
    )
    await TimelineStore(tx, None).add(entry)
    # The tier is scoring's to tell; here it stands in the file's audit.
    tx.audit(
        Event(type="customer.rated", subject=customer_id, unit=unit, at=news.at, payload=details)
    )


class ComplaintNews:
    """Steps of complaints go onto the timeline;
    a closed one makes the follow-up that is owed to the customer.
    """

    def __init__(self, settings: Settings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def __call__(self, tx: Transaction, news: News) -> None:
        customer_id = named(news.payload, "customer_id")
        if (
            not news.type.startswith("complaint.")
            or customer_id is None
            or not await is_present(tx, customer_id)
        ):
            return
        entry = Entry(
            customer_id=customer_id,
            id=news.id,
            occurred_at=news.at,
            channel=str(news.payload.get("channel") or "system")[:20],
            kind=EntryKind.CASE,
            label=news.type[:60],
            details=picked(news.payload, COMPLAINT_DETAILS),
            ref_type="complaint",
            ref_id=news.subject,
        )
        await TimelineStore(tx, None).add(entry)
        if news.type == "complaint.closed":
            await self._follow_up(tx, customer_id, news)

    async def _follow_up(self, tx: Transaction, customer_id: UUID, news: News) -> None:
        try:
            closed_for = await CustomerStore(tx, None).get(customer_id)
        except CustomerNotFound:
            return
        # A case that is reopened and closed again is followed up again.
        happening = Happening(
            key=f"complaint:{news.subject}:{int(news.at.timestamp())}",
            occasion=Occasion.AFTER_COMPLAINT,
            at=news.at,
            places={"number": str(news.payload.get("number") or "")},
        )
        await caring(tx, self._settings, at=self._clock()).answer(closed_for, happening)


async def on_contact_news(tx: Transaction, news: News) -> None:
    """A contact has one entry on the timeline, which goes on as the contact does."""
    customer_id = named(news.payload, "customer_id")
    if (
        not news.type.startswith("contact.")
        or customer_id is None
        or not await is_present(tx, customer_id)
    ):
        return
    channel = str(news.payload.get("channel") or "voice")[:20]
    entry = Entry(
        customer_id=customer_id,
        id=news.id,
        occurred_at=arrived(news),
        channel=channel,
        kind=EntryKind.CONTACT,
        label=f"contact.{channel}"[:60],
        details=picked(news.payload, CONTACT_DETAILS),
        ref_type="contact",
        ref_id=named(news.payload, "contact_id") or news.subject,
    )
    await TimelineStore(tx, None).go_on(entry)


async def is_present(tx: Transaction, customer_id: UUID) -> bool:
    """Whether there is such a customer whose file was not erased."""
    return await tx.fetch_value(IS_PRESENT, id=customer_id) is not None


def picked(payload: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Json]:
    """The named members of a payload that are there."""
    return {name: payload[name] for name in names if payload.get(name) is not None}


def named(payload: Mapping[str, Any], name: str) -> UUID | None:
    """An id in a payload; None where there is none."""
    value = payload.get(name)
    return UUID(value) if isinstance(value, str) else None


def arrived(news: News) -> datetime:
    """When a contact came in."""
    told = news.payload.get("arrived_at")
    return datetime.fromisoformat(told) if isinstance(told, str) else news.at
