"""Flows in Postgres; every version is kept, since contacts finish the one that they began with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from service_kit.database import Reader, Record, Transaction
from service_kit.outbox import Event
from service_kit.units import within_units
from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, insert, select, update

from contact_center.flow.domain import Flow, FlowUnknown
from contact_center.flow.nodes import Node
from contact_center.tables import flow, flow_version

Graph = Callable[[Mapping[str, Any]], Mapping[str, Node]]

_present = flow.join(flow_version, and_(flow_version.c.flow_id == flow.c.id, flow_version.c.version == flow.c.version))
_whole = select(flow, flow_version.c.start, flow_version.c.nodes)
FIND = _whole.select_from(_present).where(flow.c.id == bindparam("id"), within_units(flow.c.unit))
LOCK = FIND.with_for_update(of=flow)
VERSION = _whole.select_from(flow.join(flow_version, flow_version.c.flow_id == flow.c.id)).where(
    flow.c.id == bindparam("id"), flow_version.c.version == bindparam("version")
)
PAGE = (
    _whole.select_from(_present)
    .where(within_units(flow.c.unit), flow.c.id > bindparam("after"))
    .order_by(flow.c.id)
    .limit(bindparam("limit"))
)
KNOWN = select(flow.c.id).where(flow.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))), within_units(flow.c.unit))
INSERT = insert(flow)
UPDATE = update(flow).where(flow.c.id == bindparam("of_id"))
INSERT_VERSION = insert(flow_version)


class FlowStore:
    """Reads and writes flows; `graph` turns written nodes into the domain's."""

    def __init__(self, reader: Reader, graph: Graph, units: Sequence[str] | None = None) -> None:
        self._reader = reader
        self._graph = graph
        self._units = units

    async def get(self, flow_id: UUID) -> Flow:
        """The present version; FlowUnknown where there is none in the caller's units."""
        return self._found(await self._reader.fetch_one(FIND, id=flow_id, units=self._units))

    async def locked(self, flow_id: UUID) -> Flow:
        return self._found(await self._reader.fetch_one(LOCK, id=flow_id, units=self._units))

    async def present(self, flow_id: UUID) -> Flow:
        """The present version in whatever unit, for a contact that begins."""
        return self._found(await self._reader.fetch_one(FIND, id=flow_id, units=None))

    async def version(self, flow_id: UUID, version: int) -> Flow:
        """A certain version, for a contact that goes on."""
        return self._found(await self._reader.fetch_one(VERSION, id=flow_id, version=version))

    async def page(self, *, after: UUID, limit: int) -> list[Flow]:
        rows = await self._reader.fetch(PAGE, units=self._units, after=after, limit=limit)
        return [self._flow(row) for row in rows]

    async def known(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of the ids that are flows in the caller's units."""
        rows = await self._reader.fetch(KNOWN, ids=list(ids), units=self._units)
        return frozenset(row["id"] for row in rows)

    async def add(self, added: Flow) -> None:
        await self._write(INSERT, added, "flow.created", {"id": added.id, "created_at": added.created_at})

    async def save(self, changed: Flow) -> None:
        await self._write(UPDATE, changed, "flow.changed", {"of_id": changed.id})

    async def _write(self, statement: Any, written: Flow, event: str, row: dict[str, object]) -> None:
        tx = self._reader
        assert isinstance(tx, Transaction), "writes need a transaction"
        shown = {"unit": written.unit, "name": written.name, "version": written.version, "updated_at": written.updated_at}
        await tx.execute(statement, **row, **shown)
        nodes = dict(written.written)
        await tx.execute(INSERT_VERSION, flow_id=written.id, version=written.version, start=written.start, nodes=nodes)
        payload = {"flow_id": str(written.id), "version": written.version}
        tx.record(
            Event(type=event, subject=written.id, unit=written.unit, at=written.updated_at, payload=payload),
            values={"name": written.name, "start": written.start, "nodes": nodes},
        )

    def _found(self, row: Record | None) -> Flow:
        if row is None:
            raise FlowUnknown()
        return self._flow(row)

    def _flow(self, row: Record) -> Flow:
        return Flow(
            id=row["id"],
            unit=row["unit"],
            name=row["name"],
            start=row["start"],
            nodes=self._graph(row["nodes"]),
            written=row["nodes"],
            version=row["version"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )
