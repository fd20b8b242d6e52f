"""Consents in Postgres, a history that only grows, and what a contact decision needs to know."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.outbox import Event
from service_kit.store.running import Reader, Record
from service_kit.store.tables import Moment
from sqlalchemy import Integer, Uuid, any_, bindparam, insert, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from customer_profile.consent.domain import Consent, ConsentNotFound, Standing, month_around
from customer_profile.consent.rows import consent_of
from customer_profile.customer.domain import Customer, CustomerNotFound
from customer_profile.interaction.store import touches
from customer_profile.tables import consent, customer

INSERT = insert(consent)
_of_present = (consent.c.customer_id == customer.c.id, customer.c.erased_at.is_(None), within_units(customer.c.unit))
FIND = select(consent).where(consent.c.id == bindparam("id"), *_of_present)
LIST = (
    select(consent)
    .where(
        consent.c.customer_id == bindparam("customer_id"),
        tuple_(consent.c.recorded_at, consent.c.id) < tuple_(bindparam("before_at", type_=Moment), bindparam("before", type_=Uuid)),
        *_of_present,
    )
    .order_by(consent.c.recorded_at.desc(), consent.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
# The newest statement of each customer, purpose and channel is all that a decision needs.
NEWEST = (
    select(consent)
    .ext(distinct_on(consent.c.customer_id, consent.c.purpose, consent.c.channel))
    .where(consent.c.customer_id == any_(bindparam("customer_ids", type_=ARRAY(Uuid))))
    .order_by(consent.c.customer_id, consent.c.purpose, consent.c.channel, consent.c.recorded_at.desc(), consent.c.id.desc())
)
PREFERENCES = select(customer.c.time_zone, customer.c.do_not_contact, customer.c.unit).where(
    customer.c.id == bindparam("id"), customer.c.erased_at.is_(None), within_units(customer.c.unit)
)


async def add(tx: Transaction, given: Consent, *, unit: str) -> None:
    """Write a statement and tell it."""
    await tx.execute(
        INSERT,
        id=given.id,
        customer_id=given.customer_id,
        purpose=given.purpose.value,
        channel=None if given.channel is None else given.channel.value,
        status=given.status.value,
        source=given.source,
        proof=given.proof,
        expires_at=given.expires_at,
        recorded_at=given.recorded_at,
    )
    payload = {
        "consent_id": str(given.id),
        "customer_id": str(given.customer_id),
        "purpose": given.purpose.value,
        "channel": None if given.channel is None else given.channel.value,
        "status": given.status.value,
    }
    event = Event(type="consent.changed", subject=given.id, unit=unit, at=given.recorded_at, payload=payload)
    tx.record(event, values={"source": given.source, "proof": given.proof})


async def find(reader: Reader, consent_id: UUID, units: Sequence[str] | None) -> Consent:
    """One statement; ConsentNotFound where there is none within the units."""
    row = await reader.fetch_one(FIND, id=consent_id, units=units)
    if row is None:
        raise ConsentNotFound()
    return consent_of(row)


async def of_customer(
    reader: Reader, customer_id: UUID, *, before: tuple[Any, UUID], limit: int, units: Sequence[str] | None
) -> list[Record]:
    """The rows of a customer's statements, newest first, behind a time and an id."""
    return await reader.fetch(LIST, customer_id=customer_id, before_at=before[0], before=before[1], limit=limit, units=units)


async def standing(reader: Reader, customer_id: UUID, *, at: datetime, units: Sequence[str] | None) -> Standing:
    """What a decision about a moment needs; CustomerNotFound where there is no such customer within the units."""
    preferences = await reader.fetch_one(PREFERENCES, id=customer_id, units=units)
    if preferences is None:
        raise CustomerNotFound()
    said = await _newest(reader, [customer_id])
    zone = preferences["time_zone"]
    (touched,) = await touches(reader, [(customer_id, *month_around(at, ZoneInfo(zone)))])
    return Standing(time_zone=zone, do_not_contact=preferences["do_not_contact"], consents=said.get(customer_id, ()), touches=touched)


async def standings(reader: Reader, asked: Sequence[tuple[Customer, datetime]]) -> list[Standing]:
    """What decisions about many customers need, each about its own moment, in the order of the question."""
    said = await _newest(reader, [customer.id for customer, _ in asked])
    touched = await touches(reader, [(each.id, *month_around(at, ZoneInfo(each.time_zone))) for each, at in asked])
    return [
        Standing(time_zone=each.time_zone, do_not_contact=each.do_not_contact, consents=said.get(each.id, ()), touches=number)
        for (each, _), number in zip(asked, touched, strict=True)
    ]


async def _newest(reader: Reader, customer_ids: Sequence[UUID]) -> dict[UUID, list[Consent]]:
    """The newest statements of each customer who made any."""
    said: dict[UUID, list[Consent]] = {}
    for row in await reader.fetch(NEWEST, customer_ids=list(customer_ids)):
        said.setdefault(row["customer_id"], []).append(consent_of(row))
    return said
