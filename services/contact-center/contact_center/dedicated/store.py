"""Dedicated agents in Postgres."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.running import Record
from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from contact_center.dedicated.domain import Dedication, DedicationNotFound
from contact_center.dedicated.events import DedicatedAgentRemoved, DedicatedAgentSet
from contact_center.stores import Reads, Writes
from contact_center.tables import dedicated_agent

_agent = bindparam("agent_id", type_=Uuid)
FIND = select(dedicated_agent).where(
    dedicated_agent.c.customer_id == bindparam("customer_id"), within_units(dedicated_agent.c.unit)
)
LOCK = (
    select(dedicated_agent)
    .where(dedicated_agent.c.customer_id == bindparam("customer_id"))
    .with_for_update()
)
LOCK_SOME = (
    select(dedicated_agent)
    .where(dedicated_agent.c.customer_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(dedicated_agent.c.customer_id)
    .with_for_update()
)
PAGE = (
    select(dedicated_agent)
    .where(
        within_units(dedicated_agent.c.unit),
        dedicated_agent.c.customer_id > bindparam("after"),
        or_(_agent.is_(None), dedicated_agent.c.agent_id == _agent),
    )
    .order_by(dedicated_agent.c.customer_id)
    .limit(bindparam("limit"))
)
INSERT = (
    insert(dedicated_agent)
    .values({column.name: bindparam(column.name) for column in dedicated_agent.c})
    .on_conflict_do_nothing()
    .returning(dedicated_agent.c.customer_id)
)
UPDATE = update(dedicated_agent).where(dedicated_agent.c.customer_id == bindparam("of_id"))
DELETE = delete(dedicated_agent).where(dedicated_agent.c.customer_id == bindparam("customer_id"))


class DedicationReader(Reads):
    """Reads which agent belongs to which customer."""

    async def get(self, customer_id: UUID) -> Dedication:
        row = await self._reader.fetch_one(FIND, customer_id=customer_id, units=self._units)
        if row is None:
            raise DedicationNotFound()
        return dedication_of(row)

    async def page(self, *, after: UUID, limit: int, agent_id: UUID | None) -> list[Dedication]:
        rows = await self._reader.fetch(
            PAGE, units=self._units, after=after, limit=limit, agent_id=agent_id
        )
        return [dedication_of(row) for row in rows]


class DedicationStore(DedicationReader, Writes):
    """Writes which agent belongs to which customer."""

    async def locked(self, customer_id: UUID) -> Dedication | None:
        """The present one in whatever unit, or None."""
        row = await self._tx.fetch_one(LOCK, customer_id=customer_id)
        return None if row is None else dedication_of(row)

    async def add(self, added: Dedication) -> bool:
        """Whether it was added: of several that come at once the first one stands."""
        row = {name: getattr(added, name) for name in Dedication.__dataclass_fields__}
        if await self._tx.fetch_value(INSERT, **row) is None:
            return False
        self._tx.record(DedicatedAgentSet.of(added, at=added.updated_at))
        return True

    async def save(self, changed: Dedication) -> None:
        names = ("unit", "agent_id", "version", "updated_at")
        row = {name: getattr(changed, name) for name in names}
        await self._tx.execute(UPDATE, of_id=changed.customer_id, **row)
        self._tx.record(DedicatedAgentSet.of(changed, at=changed.updated_at))

    async def remove(self, removed: Dedication, *, at: datetime) -> None:
        await self._tx.execute(DELETE, customer_id=removed.customer_id)
        self._tx.record(DedicatedAgentRemoved.of(removed, at=at))

    async def move(self, units: Mapping[UUID, str], *, at: datetime) -> None:
        """The customers belong to these units now, and whoever is dedicated to them goes along."""
        for row in await self._tx.fetch(LOCK_SOME, ids=list(units)):
            present = dedication_of(row)
            if present.unit != (unit := units[present.customer_id]):
                await self.save(
                    replace(present, unit=unit, version=present.version + 1, updated_at=at)
                )

    async def inherit(self, customer_id: UUID, *, heir: UUID, at: datetime) -> None:
        """The customer's file lives on in another one:
        its agent goes over, unless the other one has an agent already.
        """
        present = await self.locked(customer_id)
        if present is not None:
            await self.remove(present, at=at)
            await self.add(
                replace(present, customer_id=heir, version=1, created_at=at, updated_at=at)
            )


def dedication_of(row: Record) -> Dedication:
    return Dedication(**{name: row[name] for name in Dedication.__dataclass_fields__})
