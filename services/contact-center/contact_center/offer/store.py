"""Offers in Postgres; they are written with their contacts and by the router."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.running import Reader, Record
from sqlalchemy import Uuid, bindparam, or_, select

from contact_center.contact.offers import Offer, OfferNotFound, OfferState
from contact_center.tables import offer

_seen = or_(within_units(offer.c.unit), offer.c.agent_id == bindparam("own_agent", type_=Uuid))
FIND = select(offer).where(offer.c.id == bindparam("id"), _seen)
PENDING = (
    select(offer)
    .where(
        offer.c.agent_id == bindparam("agent_id"),
        offer.c.state == "pending",
        offer.c.expires_at > bindparam("at"),
        offer.c.id > bindparam("after"),
        _seen,
    )
    .order_by(offer.c.id)
    .limit(bindparam("limit"))
)


class OfferReader:
    """Reads offers."""

    def __init__(
        self, reader: Reader, units: Sequence[str] | None = None, *, own_agent: UUID | None = None
    ) -> None:
        self._reader = reader
        self._sight = {"units": units, "own_agent": own_agent}

    async def get(self, offer_id: UUID) -> Offer:
        """OfferNotFound where there is none that the caller may see."""
        row = await self._reader.fetch_one(FIND, id=offer_id, **self._sight)
        if row is None:
            raise OfferNotFound()
        return offer_of(row)

    async def pending(
        self, agent_id: UUID, *, at: datetime, after: UUID, limit: int
    ) -> list[Offer]:
        """What is offered to an agent, the oldest first."""
        rows = await self._reader.fetch(
            PENDING, agent_id=agent_id, at=at, after=after, limit=limit, **self._sight
        )
        return [offer_of(row) for row in rows]


def offer_of(row: Record) -> Offer:
    names = [name for name in Offer.__dataclass_fields__ if name != "state"]
    return Offer(**{name: row[name] for name in names}, state=OfferState(row["state"]))
