"""Consents in Postgres, a history that only grows, and what a contact decision needs to know."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.store.database import Transaction
from service_kit.store.running import Record
from sqlalchemy import Uuid, any_, bindparam, insert, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from customer_profile.consent import events
from customer_profile.consent.domain import Consent, ConsentNotFound, Standing, month_around
from customer_profile.consent.rows import consent_of, row_of
from customer_profile.customer.domain import Customer, CustomerNotFound
from customer_profile.customer.present import SEEN, of_seen
from customer_profile.interaction.store import InteractionReader
from customer_profile.stores import Access, Store, newest_first
from customer_profile.tables import consent, customer

INSERT = insert(consent)
FIND = select(consent).where(consent.c.id == bindparam("id"), of_seen(consent))
LIST = newest_first(
    select(consent).where(consent.c.customer_id == bindparam("customer_id"), of_seen(consent)),
    consent.c.recorded_at,
    consent.c.id,
)
# The newest statement of each customer, purpose and channel is all that a decision needs.
NEWEST = (
    select(consent)
    .ext(distinct_on(consent.c.customer_id, consent.c.purpose, consent.c.channel))
    .where(consent.c.customer_id == any_(bindparam("customer_ids", type_=ARRAY(Uuid))))
    .order_by(
        consent.c.customer_id,
        consent.c.purpose,
        consent.c.channel,
        consent.c.recorded_at.desc(),
        consent.c.id.desc(),
    )
)
PREFERENCES = select(customer.c.time_zone, customer.c.do_not_contact).where(
    customer.c.id == bindparam("id"), SEEN
)


class ConsentReader(Store[Access]):
    """Reads statements, and what they mean for a contact."""

    async def get(self, consent_id: UUID) -> Consent:
        """One statement; ConsentNotFound where there is none within the units."""
        row = await self._tx.fetch_one(FIND, id=consent_id, units=self._units)
        if row is None:
            raise ConsentNotFound()
        return consent_of(row)

    async def of_customer(
        self, customer_id: UUID, *, before: Sequence[Any], limit: int
    ) -> list[Record]:
        """The rows of a customer's statements, newest first, behind a time and an id."""
        return await self._tx.fetch(
            LIST,
            customer_id=customer_id,
            before_at=before[0],
            before=before[1],
            limit=limit,
            units=self._units,
        )

    async def standing(self, customer_id: UUID, *, at: datetime) -> Standing:
        """What a decision about a moment needs;
        CustomerNotFound where there is no such customer within the units.
        """
        preferences = await self._tx.fetch_one(PREFERENCES, id=customer_id, units=self._units)
        if preferences is None:
            raise CustomerNotFound()
        (known,) = await self._standings(
            [(customer_id, preferences["time_zone"], preferences["do_not_contact"], at)]
        )
        return known

    async def standings(self, asked: Sequence[tuple[Customer, datetime]]) -> list[Standing]:
        """What decisions about many customers need, each about its own moment,
        in the order of the question.
        """
        return await self._standings(
            [(each.id, each.time_zone, each.do_not_contact, at) for each, at in asked]
        )

    async def _standings(self, asked: Sequence[tuple[UUID, str, bool, datetime]]) -> list[Standing]:
        said: dict[UUID, list[Consent]] = {}
        for row in await self._tx.fetch(
            NEWEST, customer_ids=[customer_id for customer_id, *_ in asked]
        ):
            said.setdefault(row["customer_id"], []).append(consent_of(row))
        spans = [
            (customer_id, *month_around(at, ZoneInfo(zone))) for customer_id, zone, _, at in asked
        ]
        touched = await InteractionReader(self._tx, self._units).touches(spans)
        return [
            Standing(
                time_zone=zone,
                do_not_contact=is_refused,
                consents=said.get(customer_id, ()),
                touches=touches,
            )
            for (customer_id, zone, is_refused, _), touches in zip(asked, touched, strict=True)
        ]


class ConsentStore(ConsentReader[Transaction]):
    """Reads and adds statements."""

    async def add(self, given: Consent, *, unit: str) -> None:
        """Write a statement and tell it."""
        await self._tx.execute(INSERT, **row_of(given))
        self._tx.record(
            events.ConsentChanged.of(given, unit=unit),
            values={"source": given.source, "proof": given.proof},
        )
