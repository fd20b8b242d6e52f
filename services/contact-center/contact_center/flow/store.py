"""Flows in Postgres; every version is kept, since contacts finish the one that they began with."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.database import Transaction
from service_kit.store.running import Reader, Record
from sqlalchemy import (
    ARRAY,
    Integer,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    func,
    insert,
    select,
    update,
)

from contact_center.flow.domain import Flow, FlowNotFound
from contact_center.flow.events import FlowChanged, FlowCreated, FlowTold
from contact_center.flow.nodes import Node
from contact_center.stores import Reads
from contact_center.tables import flow, flow_version

Graph = Mapping[str, Node]
MOST_GRAPHS = 200

_present = flow.join(
    flow_version,
    and_(flow_version.c.flow_id == flow.c.id, flow_version.c.version == flow.c.version),
)
_whole = select(flow, flow_version.c.start, flow_version.c.nodes)
FIND = _whole.select_from(_present).where(flow.c.id == bindparam("id"), within_units(flow.c.unit))
LOCK = FIND.with_for_update(of=flow)
_lasting = [each for each in flow.c if each is not flow.c.version]
_of_version = select(*_lasting, flow_version.c.version, flow_version.c.start, flow_version.c.nodes)
VERSION = _of_version.select_from(
    flow.join(flow_version, flow_version.c.flow_id == flow.c.id)
).where(flow.c.id == bindparam("id"), flow_version.c.version == bindparam("version"))
_wanted = (
    func.unnest(bindparam("ids", type_=ARRAY(Uuid)), bindparam("versions", type_=ARRAY(Integer)))
    .table_valued(column("id", Uuid), column("version", Integer), name="wanted")
    .render_derived()
)
VERSIONS = _of_version.select_from(
    _wanted.join(
        flow_version,
        and_(flow_version.c.flow_id == _wanted.c.id, flow_version.c.version == _wanted.c.version),
    ).join(flow, flow.c.id == flow_version.c.flow_id)
)
PAGE = (
    _whole.select_from(_present)
    .where(within_units(flow.c.unit), flow.c.id > bindparam("after"))
    .order_by(flow.c.id)
    .limit(bindparam("limit"))
)
KNOWN = select(flow.c.id).where(
    flow.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))), within_units(flow.c.unit)
)
INSERT = insert(flow)
UPDATE = update(flow).where(flow.c.id == bindparam("of_id"))
INSERT_VERSION = insert(flow_version)


class Graphs:
    """The graphs of the versions that were asked for last;
    a version never changes, so that each is made of its written nodes once.
    """

    def __init__(self, make: Callable[[Mapping[str, Any]], Graph]) -> None:
        self._make = make
        self._made: dict[tuple[UUID, int], Graph] = {}

    def of(self, flow_id: UUID, version: int, nodes: Mapping[str, Any]) -> Graph:
        found = self._made.pop((flow_id, version), None)
        graph = self._make(nodes) if found is None else found
        self._made[flow_id, version] = graph
        if len(self._made) > MOST_GRAPHS:
            del self._made[next(iter(self._made))]
        return graph


class FlowReader(Reads):
    """Reads flows; `graphs` turns written nodes into the domain's."""

    def __init__(self, reader: Reader, graphs: Graphs, units: Sequence[str] | None = None) -> None:
        super().__init__(reader, units)
        self._graphs = graphs

    async def get(self, flow_id: UUID) -> Flow:
        """The present version; FlowNotFound where there is none in the caller's units."""
        return self._found(await self._reader.fetch_one(FIND, id=flow_id, units=self._units))

    async def present(self, flow_id: UUID) -> Flow:
        """The present version in whatever unit, for a contact that begins."""
        return self._found(await self._reader.fetch_one(FIND, id=flow_id, units=None))

    async def version(self, flow_id: UUID, version: int) -> Flow:
        """A certain version, for a contact that goes on."""
        return self._found(await self._reader.fetch_one(VERSION, id=flow_id, version=version))

    async def versions(self, wanted: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], Flow]:
        """These versions of these flows, read at once."""
        if not wanted:
            return {}
        ids, versions = zip(*wanted, strict=True)
        rows = await self._reader.fetch(VERSIONS, ids=list(ids), versions=list(versions))
        return {(row["id"], row["version"]): self._flow(row) for row in rows}

    async def page(self, *, after: UUID, limit: int) -> list[Flow]:
        rows = await self._reader.fetch(PAGE, units=self._units, after=after, limit=limit)
        return [self._flow(row) for row in rows]

    async def known(self, ids: Sequence[UUID]) -> frozenset[UUID]:
        """Those of the ids that are flows in the caller's units."""
        rows = await self._reader.fetch(KNOWN, ids=list(ids), units=self._units)
        return frozenset(row["id"] for row in rows)

    def _found(self, row: Record | None) -> Flow:
        if row is None:
            raise FlowNotFound()
        return self._flow(row)

    def _flow(self, row: Record) -> Flow:
        plain = {
            name: row[name]
            for name in Flow.__dataclass_fields__
            if name not in {"nodes", "written"}
        }
        return Flow(
            **plain,
            nodes=self._graphs.of(row["id"], row["version"], row["nodes"]),
            written=row["nodes"],
        )


class FlowStore(FlowReader):
    """Writes flows; a version that was written stays as it is."""

    def __init__(self, tx: Transaction, graphs: Graphs, units: Sequence[str] | None = None) -> None:
        super().__init__(tx, graphs, units)
        self._tx = tx

    async def locked(self, flow_id: UUID) -> Flow:
        return self._found(await self._tx.fetch_one(LOCK, id=flow_id, units=self._units))

    async def add(self, added: Flow) -> None:
        await self._write(
            INSERT, added, FlowCreated, {"id": added.id, "created_at": added.created_at}
        )

    async def save(self, changed: Flow) -> None:
        await self._write(UPDATE, changed, FlowChanged, {"of_id": changed.id})

    async def _write(
        self, statement: Any, written: Flow, event: type[FlowTold], row: dict[str, object]
    ) -> None:
        shown = {
            "unit": written.unit,
            "name": written.name,
            "version": written.version,
            "updated_at": written.updated_at,
        }
        await self._tx.execute(statement, **row, **shown)
        nodes = dict(written.written)
        await self._tx.execute(
            INSERT_VERSION,
            flow_id=written.id,
            version=written.version,
            start=written.start,
            nodes=nodes,
        )
        self._tx.record(
            event.of(written),
            values={"name": written.name, "start": written.start, "nodes": nodes},
        )
