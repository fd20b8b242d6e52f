"""Agents in Postgres, with the works that they have in hand."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from service_kit.access.units import within_units
from service_kit.store.running import Record
from sqlalchemy import ARRAY, String, Uuid, any_, bindparam, insert, not_, or_, select, update
from sqlalchemy.dialects.postgresql import array

from contact_center.agent.domain import Agent, AgentNotFound, Presence, Profile
from contact_center.agent.events import AgentChanged, AgentCreated, AgentPresenceChanged, AgentTold
from contact_center.agent.work import Work, work_of
from contact_center.marks import mark
from contact_center.stores import Reads, Writes
from contact_center.tables import agent, agent_work

_ids = bindparam("ids", type_=ARRAY(Uuid))
_queue = bindparam("queue_id", type_=Uuid)
_presence = bindparam("presence", type_=String)
FIND = select(agent).where(agent.c.id == bindparam("id"), within_units(agent.c.unit))
LOCK = FIND.with_for_update()
PAGE = (
    select(agent)
    .where(
        within_units(agent.c.unit),
        agent.c.id > bindparam("after"),
        or_(_queue.is_(None), agent.c.queues.contains(array([_queue]))),
        or_(_presence.is_(None), agent.c.presence == _presence),
    )
    .order_by(agent.c.id)
    .limit(bindparam("limit"))
)
SOME = select(agent).where(agent.c.id == any_(_ids))
PRESENT = select(agent).where(agent.c.presence != Presence.OFFLINE.value)
WORKS = (
    select(agent_work)
    .where(agent_work.c.agent_id == any_(_ids))
    .order_by(agent_work.c.agent_id, agent_work.c.since)
)
ALL_WORKS = select(agent_work)
KNOWN = select(agent.c.id).where(agent.c.id == any_(_ids), within_units(agent.c.unit))
MOST_DUE = 100
_has_left = or_(agent.c.presence != Presence.AVAILABLE.value, not_(agent.c.is_responding))
DUE = (
    select(agent_work.c.contact_id)
    .join(agent, agent.c.id == agent_work.c.agent_id)
    .where(
        or_(agent_work.c.until <= bindparam("at"), (agent_work.c.state == "offered") & _has_left)
    )
    .order_by(agent_work.c.agent_id)
    .limit(MOST_DUE)
)
LOCK_SOME = SOME.order_by(agent.c.id).with_for_update(key_share=True)
RESPOND_NO_MORE = update(agent).where(agent.c.id == any_(_ids)).values(is_responding=False)
INSERT = insert(agent)
UPDATE = update(agent).where(agent.c.id == bindparam("of_id"))


class AgentReader(Reads):
    """Reads agents and what they have in hand."""

    async def get(self, agent_id: UUID) -> Agent:
        """AgentNotFound where there is none in the caller's units."""
        return found(await self._reader.fetch_one(FIND, id=agent_id, units=self._units))

    async def page(
        self, *, after: UUID, limit: int, queue_id: UUID | None, presence: str | None
    ) -> list[Agent]:
        given = {
            "units": self._units,
            "after": after,
            "limit": limit,
            "queue_id": queue_id,
            "presence": presence,
        }
        return [agent_of(row) for row in await self._reader.fetch(PAGE, **given)]

    async def some(self, ids: Iterable[UUID]) -> list[Agent]:
        return [agent_of(row) for row in await self._reader.fetch(SOME, ids=list(ids))]

    async def present(self) -> list[Agent]:
        """All who are not offline."""
        return [agent_of(row) for row in await self._reader.fetch(PRESENT)]

    async def works(self, ids: Iterable[UUID]) -> dict[UUID, list[Work]]:
        """What these agents have in hand, the oldest first."""
        return _by_agent(await self._reader.fetch(WORKS, ids=list(ids)))

    async def all_works(self) -> dict[UUID, list[Work]]:
        return _by_agent(await self._reader.fetch(ALL_WORKS))

    async def known(self, ids: Iterable[UUID]) -> frozenset[UUID]:
        """Those of the ids that are agents in the caller's units."""
        rows = await self._reader.fetch(KNOWN, ids=list(ids), units=self._units)
        return frozenset(row["id"] for row in rows)

    async def due(self, at: datetime) -> list[UUID]:
        """Contacts whose offer ran out, whose agent left before answering,
        or whose wrap-up time is over.
        """
        return [row["contact_id"] for row in await self._reader.fetch(DUE, at=at)]


class AgentStore(AgentReader, Writes):
    """Writes agents; a write tells its event and marks the agent for the router."""

    async def locked(self, agent_id: UUID) -> Agent:
        """As `get`, and nobody else changes it before this transaction ends."""
        return found(await self._tx.fetch_one(LOCK, id=agent_id, units=self._units))

    async def locked_some(self, ids: Iterable[UUID]) -> dict[UUID, Agent]:
        """These agents, locked in the order of their ids."""
        return {row["id"]: agent_of(row) for row in await self._tx.fetch(LOCK_SOME, ids=list(ids))}

    async def add(self, added: Agent) -> None:
        row = (
            _profile_row(added)
            | _presence_row(added)
            | {"id": added.id, "created_at": added.created_at}
        )
        await self._write(INSERT, added, AgentCreated, row, at=added.created_at)

    async def save(self, changed: Agent) -> None:
        await self._write(
            UPDATE,
            changed,
            AgentChanged,
            _profile_row(changed) | {"of_id": changed.id},
            at=changed.updated_at,
        )

    async def save_presence(self, changed: Agent, *, at: datetime) -> None:
        await self._write(
            UPDATE,
            changed,
            AgentPresenceChanged,
            _presence_row(changed) | {"of_id": changed.id},
            at=at,
        )

    async def _write(
        self,
        statement: Any,
        written: Agent,
        event: type[AgentTold],
        row: dict[str, object],
        *,
        at: datetime,
    ) -> None:
        await self._tx.execute(statement, **row)
        await mark(self._tx, "agent", written.id)
        self._tx.record(event.of(written, at=at), values={"name": written.profile.name})

    async def respond_no_more(self, agents: Sequence[Agent], *, at: datetime) -> None:
        """They let a call ring out; whoever ended the offer marked them already."""
        await self._tx.execute(RESPOND_NO_MORE, ids=[each.id for each in agents])
        for silent in agents:
            self._tx.record(AgentPresenceChanged.of(replace(silent, is_responding=False), at=at))


def found(row: Record | None) -> Agent:
    if row is None:
        raise AgentNotFound()
    return agent_of(row)


def _by_agent(rows: Iterable[Record]) -> dict[UUID, list[Work]]:
    works: dict[UUID, list[Work]] = {}
    for row in rows:
        works.setdefault(row["agent_id"], []).append(work_of(row))
    return works


def _profile_row(written: Agent) -> dict[str, object]:
    return {
        "unit": written.unit,
        **asdict(written.profile),
        "version": written.version,
        "updated_at": written.updated_at,
    }


def _presence_row(written: Agent) -> dict[str, object]:
    return {
        name: getattr(written, name)
        for name in ("presence", "presence_since", "is_responding", "idle_since")
    }


def agent_of(row: Record) -> Agent:
    fields = {name: row[name] for name in Profile.__dataclass_fields__}
    profile = Profile(
        **fields | {"languages": tuple(row["languages"]), "queues": tuple(row["queues"])}
    )
    plain = {
        name: row[name]
        for name in Agent.__dataclass_fields__
        if name not in {"profile", "presence"}
    }
    return Agent(**plain, profile=profile, presence=Presence(row["presence"]))
