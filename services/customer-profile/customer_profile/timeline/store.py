"""The timeline in Postgres: its primary key is its order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.store.running import Record
from service_kit.store.tables import Moment
from sqlalchemy import ARRAY, Select, String, any_, bindparam, insert, select, update

from customer_profile.customer.present import of_seen
from customer_profile.stores import Access, Store, newest_first
from customer_profile.tables import customer, timeline_entry
from customer_profile.timeline.domain import Entry
from customer_profile.timeline.rows import row_of

# How far back the entry of a contact is looked for when the contact goes on.
CONTACT_LASTS = timedelta(days=30)

INSERT = insert(timeline_entry)
_of = (
    timeline_entry.c.customer_id == bindparam("of_customer"),
    timeline_entry.c.occurred_at == bindparam("of_time"),
)
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
    .values(
        details=timeline_entry.c.details.op("||")(
            bindparam("more_details", type_=timeline_entry.c.details.type)
        )
    )
)


@cache
def reading(*, channel: bool) -> Select[Any]:
    """A customer's entries since a moment, newest first, behind a time and an id:
    one range of the primary key.
    """
    statement = select(timeline_entry).where(
        of_seen(timeline_entry),
        customer.c.id == bindparam("customer_id"),
        timeline_entry.c.customer_id == bindparam("customer_id"),
        timeline_entry.c.occurred_at >= bindparam("since", type_=Moment),
        timeline_entry.c.kind == any_(bindparam("kinds", type_=ARRAY(String))),
    )
    if channel:
        statement = statement.where(timeline_entry.c.channel == bindparam("channel", type_=String))
    return newest_first(statement, timeline_entry.c.occurred_at, timeline_entry.c.id)


class TimelineReader(Store[Access]):
    """Reads entries."""

    async def of_customer(
        self,
        customer_id: UUID,
        *,
        kinds: Sequence[str],
        since: datetime,
        channel: str | None,
        before: Sequence[Any],
        limit: int,
    ) -> list[Record]:
        """The rows of a customer's entries of these kinds, newest first,
        behind a time and an id.
        """
        return await self._tx.fetch(
            reading(channel=channel is not None),
            customer_id=customer_id,
            kinds=list(kinds),
            since=since,
            before_at=before[0],
            before=before[1],
            limit=limit,
            units=self._units,
            **({} if channel is None else {"channel": channel}),
        )


class TimelineStore(TimelineReader[Transaction]):
    """Writes entries in the transaction of what they show."""

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
        """Add details to the entry of something that lasts;
        the entry itself where there is none yet.
        """
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
