"""Entry points in Postgres; a table keyed by the address keeps each address with one of them."""

from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.running import Record
from service_kit.words.messages import said
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from contact_center.entry_point.domain import (
    AddressTaken,
    EntryPoint,
    EntryPointNotFound,
    NobodyThere,
)
from contact_center.entry_point.events import EntryPointChanged, EntryPointCreated, EntryPointTold
from contact_center.stores import Reads, Writes
from contact_center.tables import entry_address, entry_point

FIND = select(entry_point).where(
    entry_point.c.id == bindparam("id"), within_units(entry_point.c.unit)
)
LOCK = FIND.with_for_update()
PAGE = (
    select(entry_point)
    .where(within_units(entry_point.c.unit), entry_point.c.id > bindparam("after"))
    .order_by(entry_point.c.id)
    .limit(bindparam("limit"))
)
CALLED = (
    select(entry_point)
    .join(entry_address, entry_address.c.entry_point_id == entry_point.c.id)
    .where(
        entry_address.c.channel == bindparam("channel"),
        entry_address.c.address == bindparam("address"),
    )
)
TAKE = (
    insert_or(entry_address)
    .values(
        channel=bindparam("channel"),
        address=bindparam("address"),
        entry_point_id=bindparam("entry_point_id"),
    )
    .on_conflict_do_nothing()
    .returning(entry_address.c.entry_point_id)
)
LET_GO = delete(entry_address).where(
    entry_address.c.channel == bindparam("channel"), entry_address.c.address == bindparam("address")
)
INSERT = insert(entry_point)
UPDATE = update(entry_point).where(entry_point.c.id == bindparam("of_id"))


class EntryPointReader(Reads):
    """Reads entry points."""

    async def get(self, entry_point_id: UUID) -> EntryPoint:
        return found(await self._reader.fetch_one(FIND, id=entry_point_id, units=self._units))

    async def page(self, *, after: UUID, limit: int) -> list[EntryPoint]:
        rows = await self._reader.fetch(PAGE, units=self._units, after=after, limit=limit)
        return [entry_point_of(row) for row in rows]

    async def called(self, channel: str, address: str) -> EntryPoint:
        """The entry point of an address that was called; NobodyThere where there is none."""
        row = await self._reader.fetch_one(CALLED, channel=channel, address=address)
        if row is None:
            raise NobodyThere()
        return entry_point_of(row)


class EntryPointStore(EntryPointReader, Writes):
    """Writes entry points, each with its address."""

    async def locked(self, entry_point_id: UUID) -> EntryPoint:
        return found(await self._tx.fetch_one(LOCK, id=entry_point_id, units=self._units))

    async def add(self, added: EntryPoint) -> None:
        await self._take_address(added)
        await self._write(
            INSERT, added, EntryPointCreated, {"id": added.id, "created_at": added.created_at}
        )

    async def save(self, before: EntryPoint, changed: EntryPoint) -> None:
        if (before.channel, before.address) != (changed.channel, changed.address):
            await self._tx.execute(LET_GO, channel=before.channel, address=before.address)
            await self._take_address(changed)
        await self._write(UPDATE, changed, EntryPointChanged, {"of_id": changed.id})

    async def _take_address(self, taker: EntryPoint) -> None:
        taken = await self._tx.fetch_value(
            TAKE, channel=taker.channel, address=taker.address, entry_point_id=taker.id
        )
        if taken is None:
            raise AddressTaken(
                said(
                    "{address} is taken on the channel {channel}",
                    address=taker.address,
                    channel=taker.channel,
                )
            )

    async def _write(
        self,
        statement: Any,
        written: EntryPoint,
        event: type[EntryPointTold],
        row: dict[str, object],
    ) -> None:
        names = (
            "unit",
            "channel",
            "address",
            "flow_id",
            "queue_id",
            "language",
            "priority_seconds",
            "version",
            "updated_at",
        )
        await self._tx.execute(statement, **row, **{name: getattr(written, name) for name in names})
        self._tx.record(event.of(written), values={"address": written.address})


def found(row: Record | None) -> EntryPoint:
    if row is None:
        raise EntryPointNotFound()
    return entry_point_of(row)


def entry_point_of(row: Record) -> EntryPoint:
    return EntryPoint(**{name: row[name] for name in EntryPoint.__dataclass_fields__})
