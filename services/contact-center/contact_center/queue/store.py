"""Queues in Postgres."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.running import Record
from sqlalchemy import ARRAY, Uuid, any_, bindparam, insert, select, update

from contact_center.marks import mark
from contact_center.queue.domain import Queue, QueueNotFound, QueueProfile, RelaxationStep
from contact_center.queue.events import QueueChanged, QueueCreated, QueueTold
from contact_center.stores import Reads, Writes
from contact_center.tables import queue

FIND = select(queue).where(queue.c.id == bindparam("id"), within_units(queue.c.unit))
LOCK = FIND.with_for_update()
PAGE = (
    select(queue)
    .where(within_units(queue.c.unit), queue.c.id > bindparam("after"))
    .order_by(queue.c.id)
    .limit(bindparam("limit"))
)
_ids = bindparam("ids", type_=ARRAY(Uuid))
SOME = select(queue).where(queue.c.id == any_(_ids), within_units(queue.c.unit))
ALL = select(queue)
KNOWN = select(queue.c.id).where(queue.c.id == any_(_ids), within_units(queue.c.unit))
INSERT = insert(queue)
UPDATE = update(queue).where(
    queue.c.id == bindparam("of_id"), queue.c.version == bindparam("of_version")
)


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
        return [
            queue_of(row)
            for row in await self._reader.fetch(SOME, ids=list(ids), units=self._units)
        ]

    async def all(self) -> list[Queue]:
        return [queue_of(row) for row in await self._reader.fetch(ALL)]


class QueueStore(QueueReader, Writes):
    """Writes queues; a write tells its event and marks the queue for the router."""

    async def locked(self, queue_id: UUID) -> Queue:
        """As `get`, and nobody else changes it before this transaction ends."""
        return found(await self._tx.fetch_one(LOCK, id=queue_id, units=self._units))

    async def add(self, added: Queue) -> None:
        await self._write(
            INSERT,
            added,
            QueueCreated,
            _row(added) | {"id": added.id, "created_at": added.created_at},
        )

    async def save(self, changed: Queue) -> None:
        bound = {"of_id": changed.id, "of_version": changed.version - 1}
        await self._write(UPDATE, changed, QueueChanged, _row(changed) | bound)

    async def _write(
        self, statement: Any, written: Queue, event: type[QueueTold], row: dict[str, object]
    ) -> None:
        await self._tx.execute(statement, **row)
        await mark(self._tx, "queue", written.id)
        self._tx.record(event.of(written), values={"name": written.profile.name})


def found(row: Record | None) -> Queue:
    if row is None:
        raise QueueNotFound()
    return queue_of(row)


def _row(written: Queue) -> dict[str, object]:
    return {
        "unit": written.unit,
        **asdict(written.profile),
        "version": written.version,
        "updated_at": written.updated_at,
    }


def queue_of(row: Record) -> Queue:
    fields = {name: row[name] for name in QueueProfile.__dataclass_fields__}
    relaxation = tuple(RelaxationStep(**step) for step in row["relaxation"])
    profile = QueueProfile(
        **fields | {"channels": tuple(row["channels"]), "relaxation": relaxation}
    )
    return Queue(
        **{name: row[name] for name in Queue.__dataclass_fields__ if name != "profile"},
        profile=profile,
    )
