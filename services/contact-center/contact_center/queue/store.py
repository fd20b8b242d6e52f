"""Queues in Postgres."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.running import Record
from sqlalchemy import ARRAY, Uuid, any_, bindparam, insert, select, update

from contact_center.marks import mark
from contact_center.queue.domain import Queue, QueueNotFound, QueueProfile, RelaxationStep
from contact_center.queue.events import of_queue
from contact_center.stores import Reads, Writes
from contact_center.tables import queue

FIND = select(queue).where(queue.c.id == bindparam("id"), within_units(queue.c.unit))
LOCK = FIND.with_for_update()
PAGE = select(queue).where(within_units(queue.c.unit), queue.c.id > bindparam("after")).order_by(queue.c.id).limit(bindparam("limit"))
_ids = bindparam("ids", type_=ARRAY(Uuid))
SOME = select(queue).where(queue.c.id == any_(_ids), within_units(queue.c.unit))
ALL = select(queue)
KNOWN = select(queue.c.id).where(queue.c.id == any_(_ids), within_units(queue.c.unit))
INSERT = insert(queue)
UPDATE = update(queue).where(queue.c.id == bindparam("of_id"), queue.c.version == bindparam("of_version"))


class QueueReader(Reads):
    """Reads queues."""

    async def get(self, queue_id: UUID) -> Queue:
        """QueueNotFound where there is none in the caller's units."""
        return found(await self._reader.fetch_one(FIND, id=queue_id, units=self._units))

    async def page(self, *, after: UUID, limit: int) -> list[Queue]:
        rows = await self._reader.fetch(PAGE, units=self._units, after=after, limit=limit)
        return [queue_of(row) for row in rows]

    async def known(self, ids: Iterable[UUID]) -> frozenset[UUID]:
        """Those of the ids that are queues in the caller's units."""
        rows = await self._reader.fetch(KNOWN, ids=list(ids), units=self._units)
        return frozenset(row["id"] for row in rows)

    async def some(self, ids: Iterable[UUID]) -> list[Queue]:
        """Those of the queues that lie in the caller's units."""
        return [queue_of(row) for row in await self._reader.fetch(SOME, ids=list(ids), units=self._units)]

    async def all(self) -> list[Queue]:
        return [queue_of(row) for row in await self._reader.fetch(ALL)]


class QueueStore(QueueReader, Writes):
    """Writes queues; a write tells its event and marks the queue for the router."""

    async def locked(self, queue_id: UUID) -> Queue:
        """As `get`, and nobody else changes it before this transaction ends."""
        return found(await self._tx.fetch_one(LOCK, id=queue_id, units=self._units))

    async def add(self, added: Queue) -> None:
        await self._write(INSERT, added, "queue.created", _row(added) | {"id": added.id, "created_at": added.created_at})

    async def save(self, changed: Queue) -> None:
        bound = {"of_id": changed.id, "of_version": changed.version - 1}
        await self._write(UPDATE, changed, "queue.changed", _row(changed) | bound)

    async def _write(self, statement: Any, written: Queue, event: str, row: dict[str, object]) -> None:
        await self._tx.execute(statement, **row)
        await mark(self._tx, "queue", written.id)
        self._tx.record(of_queue(event, written), values={"name": written.profile.name})


def found(row: Record | None) -> Queue:
    if row is None:
        raise QueueNotFound()
    return queue_of(row)


def _row(queue_: Queue) -> dict[str, object]:
    profile = queue_.profile
    return {
        "unit": queue_.unit,
        "name": profile.name,
        "channels": list(profile.channels),
        "skills": dict(profile.skills),
        "service_level_seconds": profile.service_level_seconds,
        "service_level_share": profile.service_level_share,
        "offer_seconds": profile.offer_seconds,
        "wrap_up_seconds": profile.wrap_up_seconds,
        "relaxation": [
            {"after_seconds": step.after_seconds, "skills": dict(step.skills), "any_language": step.any_language}
            for step in profile.relaxation
        ],
        "overflow_after_seconds": profile.overflow_after_seconds,
        "overflow_queue_id": profile.overflow_queue_id,
        "version": queue_.version,
        "updated_at": queue_.updated_at,
    }


def queue_of(row: Record) -> Queue:
    profile = QueueProfile(
        name=row["name"],
        channels=tuple(row["channels"]),
        skills=row["skills"],
        service_level_seconds=row["service_level_seconds"],
        service_level_share=Decimal(row["service_level_share"]),
        offer_seconds=row["offer_seconds"],
        wrap_up_seconds=row["wrap_up_seconds"],
        relaxation=tuple(RelaxationStep(**step) for step in row["relaxation"]),
        overflow_after_seconds=row["overflow_after_seconds"],
        overflow_queue_id=row["overflow_queue_id"],
    )
    return Queue(
        id=row["id"],
        unit=row["unit"],
        profile=profile,
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
