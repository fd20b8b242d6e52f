"""The timeline in Postgres: its primary key is its order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from service_kit.store.tables import Moment
from sqlalchemy import ARRAY, Integer, Select, String, Uuid, any_, bindparam, insert, select, tuple_, update

from customer_profile.tables import customer, timeline_entry
from customer_profile.timeline.domain import Entry

# How far back the entry of a contact is looked for when the contact goes on.
CONTACT_LASTS = timedelta(days=30)

INSERT = insert(timeline_entry)
_of = (timeline_entry.c.customer_id == bindparam("of_customer"), timeline_entry.c.occurred_at == bindparam("of_time"))
CHANGE = (
    update(timeline_entry)
    .where(*_of, timeline_entry.c.id == bindparam("of"))
    .values(title=bindparam("new_title"), details=bindparam("new_details"))
)
GO_ON = (
    update(timeline_entry)
    .where(
        timeline_entry.c.customer_id == bindparam("of_customer"),
        timeline_entry.c.occurred_at >= bindparam("since", type_=Moment),
        timeline_entry.c.ref_id == bindparam("of_ref"),
        timeline_entry.c.ref_type == bindparam("of_type"),
    )
    .values(details=timeline_entry.c.details.op("||")(bindparam("more_details", type_=timeline_entry.c.details.type)))
)


@cache
def reading(*, channel: bool) -> Select[Any]:
    """A customer's entries since a moment, newest first, behind a time and an id: one range of the primary key."""
    statement = (
        select(timeline_entry)
        .join(customer, customer.c.id == timeline_entry.c.customer_id)
        .where(
            timeline_entry.c.customer_id == bindparam("customer_id"),
            timeline_entry.c.occurred_at >= bindparam("since", type_=Moment),
            tuple_(timeline_entry.c.occurred_at, timeline_entry.c.id)
            < tuple_(bindparam("before_at", type_=Moment), bindparam("before", type_=Uuid)),
            timeline_entry.c.kind == any_(bindparam("kinds", type_=ARRAY(String))),
            customer.c.id == bindparam("customer_id"),
            customer.c.erased_at.is_(None),
            within_units(customer.c.unit),
        )
    )
    if channel:
        statement = statement.where(timeline_entry.c.channel == bindparam("channel", type_=String))
    newest_first = (timeline_entry.c.occurred_at.desc(), timeline_entry.c.id.desc())
    return statement.order_by(*newest_first).limit(bindparam("limit", type_=Integer))


class TimelineStore:
    """Writes entries in the transaction of what they show."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def add(self, *entries: Entry) -> None:
        await self._tx.execute_many(INSERT, [row_of(entry) for entry in entries])

    async def change(self, entry: Entry) -> None:
        """Show the same moment with another title and details."""
        await self._tx.execute(
            CHANGE,
            of_customer=entry.customer_id,
            of_time=entry.occurred_at,
            of=entry.id,
            new_title=entry.title,
            new_details=entry.details,
        )

    async def go_on(self, entry: Entry) -> None:
        """Add details to the entry of something that lasts; the entry itself where there is none yet."""
        touched = await self._tx.execute(
            GO_ON,
            of_customer=entry.customer_id,
            since=entry.occurred_at - CONTACT_LASTS,
            of_type=entry.ref_type,
            of_ref=entry.ref_id,
            more_details=entry.details,
        )
        if not touched:
            await self.add(entry)


async def entries(
    reader: Reader,
    customer_id: UUID,
    *,
    since: datetime,
    channel: str | None,
    before: tuple[datetime, UUID],
    limit: int,
    units: Sequence[str] | None,
    kinds: Sequence[str],
) -> list[Record]:
    """The rows of a customer's entries of these kinds, newest first."""
    given: dict[str, object] = {} if channel is None else {"channel": channel}
    return await reader.fetch(
        reading(channel=channel is not None),
        customer_id=customer_id,
        since=since,
        before_at=before[0],
        before=before[1],
        limit=limit,
        units=units,
        kinds=list(kinds),
        **given,
    )


def row_of(entry: Entry) -> dict[str, Any]:
    return {
        "customer_id": entry.customer_id,
        "occurred_at": entry.occurred_at,
        "id": entry.id,
        "channel": entry.channel,
        "kind": entry.kind.value,
        "title": entry.title,
        "label": entry.label,
        "details": entry.details,
        "ref_type": entry.ref_type,
        "ref_id": entry.ref_id,
    }
