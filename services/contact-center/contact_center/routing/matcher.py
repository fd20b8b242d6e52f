"""Matches waiting contacts and agents in memory,
indexed so that only what changed is looked at again.
"""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final
from uuid import UUID

from contact_center.routing.domain import Agent, Match, Preference, Rank, Skills, Stage, Waiting

MOST_POOLS: Final = 2_000

Need = tuple[str, frozenset[UUID], Skills, str | None, Skills, str | None]


@dataclass(slots=True, eq=False)
class _Entry:
    """A waiting contact with what holds for it at the moment it was last looked at."""

    contact: Waiting
    token: int
    rank: Rank
    preferences: tuple[Preference, ...]
    pool: "_Pool"


@dataclass(slots=True, eq=False)
class _Desk:
    """An agent with the pools it may serve and the token that its valid places in line carry."""

    agent: Agent
    token: int
    pools: "list[tuple[_Pool, int, int]]"


class _Line:
    """Contacts in order of rank;
    entries that were replaced are dropped when they come to the front.
    """

    __slots__ = ("_heap",)

    def __init__(self) -> None:
        self._heap: list[tuple[Rank, int, _Entry]] = []

    def push(self, entry: _Entry) -> None:
        heappush(self._heap, (entry.rank, entry.token, entry))

    def first(self) -> _Entry | None:
        heap = self._heap
        while heap:
            _, token, entry = heap[0]
            if entry.token == token:
                return entry
            heappop(heap)
        return None

    def step_aside(self) -> None:
        heappop(self._heap)


class _Pool(_Line):
    """The contacts that need the same, and the agents who may serve them, the best one first."""

    __slots__ = ("_agents", "channel", "members", "need", "stage")

    def __init__(self, need: Need, stage: Stage) -> None:
        super().__init__()
        self.need = need
        self.stage = stage
        self.channel = need[0]
        self.members: dict[UUID, tuple[int, int]] = {}
        self._agents: list[tuple[int, int, int, UUID, int]] = []

    def admit(self, desk: _Desk, speaks: int, levels: int) -> None:
        agent = desk.agent
        heappush(self._agents, (-speaks, -levels, agent.idle_since, agent.id, desk.token))

    def best(self, desks: dict[UUID, _Desk], others_than: frozenset[UUID]) -> _Desk | None:
        """The best free agent but for those."""
        aside = []
        found = None
        while self._agents:
            place = self._agents[0]
            desk = desks.get(place[3])
            if desk is None or desk.token != place[4]:
                heappop(self._agents)
            elif place[3] in others_than:
                aside.append(heappop(self._agents))
            else:
                found = desk
                break
        for place in aside:
            heappush(self._agents, place)
        return found

    def has_agents(self, desks: dict[UUID, _Desk]) -> bool:
        return self.best(desks, frozenset()) is not None

    def shed(self, desks: dict[UUID, _Desk]) -> None:
        """Forget places that lost their validity while nobody called on this pool."""
        if len(self._agents) > 4 * len(self.members) + 64:
            self._agents = [
                place
                for place in self._agents
                if place[3] in desks and desks[place[3]].token == place[4]
            ]
            heapify(self._agents)


class Matcher:
    """Contacts and agents come in as they change; `match` gives the pairs that the laws ask for.

    After `match` there is no pair left that could be made, so only pools that a contact or an agent
    came into are looked at.
    """

    def __init__(self) -> None:
        self._entries: dict[UUID, _Entry] = {}
        self._desks: dict[UUID, _Desk] = {}
        self._pools: dict[Need, _Pool] = {}
        self._personal: dict[UUID, _Line] = {}
        self._preferring: dict[UUID, set[UUID]] = {}
        self._unplaced: dict[UUID, Waiting] = {}
        self._touched: dict[_Line, UUID | None] = {}
        self._changes: list[tuple[int, int, UUID]] = []
        self._tokens = count(1)

    def put_contact(self, contact: Waiting) -> None:
        """A contact came, came back or changed."""
        self._forget(contact.id)
        self._unplaced[contact.id] = contact

    def remove_contact(self, contact_id: UUID) -> None:
        """A contact waits no longer."""
        self._forget(contact_id)
        self._unplaced.pop(contact_id, None)

    def put_agent(self, agent: Agent) -> None:
        """An agent came on the queue or changed."""
        before = self._desks.get(agent.id)
        pools = (
            before.pools
            if before is not None and _is_same_profile(before.agent, agent)
            else self._pools_of(agent)
        )
        self._seat(agent, pools)

    def remove_agent(self, agent_id: UUID) -> None:
        """An agent left the queue."""
        desk = self._desks.pop(agent_id, None)
        if desk is None:
            return
        for pool, _, _ in desk.pools:
            pool.members.pop(agent_id, None)

    def match(self, now: int, limit: int = 10_000) -> list[Match]:
        """The pairs to offer now, in the order in which the contacts go first;
        both sides are taken out of the waiting.
        """
        self._place(now)
        fronts = [
            (entry.rank, next(self._tokens), line)
            for line in self._touched
            if (entry := line.first()) is not None
        ]
        heapify(fronts)
        blocked: list[tuple[_Line, _Entry]] = []
        matches: list[Match] = []
        while fronts and len(matches) < limit:
            rank, _, line = heappop(fronts)
            entry = line.first()
            if entry is None or (entry.rank == rank and not self._can_go_on(line)):
                continue
            if entry.rank == rank:
                match = self._serve(entry, now)
                if match is None:
                    line.step_aside()
                    blocked.append((line, entry))
                else:
                    matches.append(match)
                entry = line.first()
            if entry is not None:
                heappush(fronts, (entry.rank, next(self._tokens), line))
        for line, entry in blocked:
            if entry.token:
                line.push(entry)
        self._touched = {line: self._touched.get(line) for _, _, line in fronts}
        return matches

    def next_change(self) -> int | None:
        """When time alone may make a new pair possible."""
        while self._changes:
            at, token, contact_id = self._changes[0]
            entry = self._entries.get(contact_id)
            if entry is not None and entry.token == token:
                return at
            heappop(self._changes)
        return None

    def _place(self, now: int) -> None:
        while (at := self.next_change()) is not None and at <= now:
            contact_id = heappop(self._changes)[2]
            self._unplaced[contact_id] = self._entries[contact_id].contact
        unplaced, self._unplaced = self._unplaced, {}
        for contact in unplaced.values():
            self._forget(contact.id)
            self._enter(contact, now)
        if len(self._pools) > MOST_POOLS:
            self._close_empty_pools()

    def _enter(self, contact: Waiting, now: int) -> None:
        preferences = contact.preferences_at(now)
        pool = self._pool(contact, contact.stage(now))
        entry = _Entry(contact, next(self._tokens), contact.rank(now), preferences, pool)
        self._entries[contact.id] = entry
        for preference in preferences:
            self._preferring.setdefault(preference.agent_id, set()).add(contact.id)
            line = self._personal.setdefault(preference.agent_id, _Line())
            line.push(entry)
            self._touched[line] = preference.agent_id
        pool.push(entry)
        self._touched[pool] = None
        change = contact.next_change(now)
        if change is not None:
            heappush(self._changes, (change, entry.token, contact.id))

    def _forget(self, contact_id: UUID) -> None:
        entry = self._entries.pop(contact_id, None)
        if entry is None:
            return
        entry.token = 0
        for preference in entry.preferences:
            preferring = self._preferring[preference.agent_id]
            preferring.discard(contact_id)
            if not preferring:
                del self._preferring[preference.agent_id]
                self._touched.pop(self._personal.pop(preference.agent_id), None)

    def _seat(self, agent: Agent, pools: "list[tuple[_Pool, int, int]]") -> None:
        desk = _Desk(agent, next(self._tokens), pools)
        self._desks[agent.id] = desk
        for pool, speaks, levels in pools:
            if agent.is_free(pool.channel):
                pool.admit(desk, speaks, levels)
                pool.shed(self._desks)
                self._touched[pool] = None
        line = self._personal.get(agent.id)
        if line is not None:
            self._touched[line] = agent.id

    def _pools_of(self, agent: Agent) -> "list[tuple[_Pool, int, int]]":
        pools = []
        for pool in self._pools.values():
            pool.members.pop(agent.id, None)
            if agent.meets(pool.stage):
                speaks, levels = pool.members[agent.id] = agent.match(pool.need[4], pool.need[5])
                pools.append((pool, speaks, levels))
        return pools

    def _pool(self, contact: Waiting, stage: Stage) -> _Pool:
        need = (
            contact.channel,
            stage.queues,
            stage.skills,
            stage.language,
            contact.asked,
            contact.wished_language,
        )
        pool = self._pools.get(need)
        return self._open_pool(need, stage) if pool is None else pool

    def _open_pool(self, need: Need, stage: Stage) -> _Pool:
        pool = self._pools[need] = _Pool(need, stage)
        for desk in self._desks.values():
            agent = desk.agent
            if agent.meets(stage):
                speaks, levels = pool.members[agent.id] = agent.match(need[4], need[5])
                desk.pools.append((pool, speaks, levels))
                if agent.is_free(pool.channel):
                    pool.admit(desk, speaks, levels)
        return pool

    def _close_empty_pools(self) -> None:
        used = {entry.pool.need for entry in self._entries.values()}
        self._pools = {need: pool for need, pool in self._pools.items() if need in used}
        for desk in self._desks.values():
            desk.pools = [place for place in desk.pools if place[0].need in used]

    def _can_go_on(self, line: _Line) -> bool:
        """Whether the line has anybody to serve it at all;
        what waits behind the front waits for the same agents.
        """
        if isinstance(line, _Pool):
            return line.has_agents(self._desks)
        agent_id = self._touched.get(line)
        desk = None if agent_id is None else self._desks.get(agent_id)
        return desk is not None and any(places > 0 for places in desk.agent.free.values())

    def _serve(self, entry: _Entry, now: int) -> Match | None:
        desk = self._desk_for(entry, now)
        if desk is None:
            return None
        contact = entry.contact
        self._forget(contact.id)
        self._seat(desk.agent.given(contact.channel, at=now), desk.pools)
        return Match(contact.id, desk.agent.id)

    def _desk_for(self, entry: _Entry, now: int) -> _Desk | None:
        """Who takes it; whoever declined it is asked again only where nobody else can."""
        asked_last = entry.contact.asked_last(now)
        desk = self._best(entry, asked_last)
        return self._best(entry, entry.contact.spared(now)) if desk is None and asked_last else desk

    def _best(self, entry: _Entry, others_than: frozenset[UUID]) -> _Desk | None:
        """The first of the preferred agents who can take it now, else the best of all who can."""
        for preference in entry.preferences:
            desk = self._desks.get(preference.agent_id)
            if (
                desk is None
                or preference.agent_id in others_than
                or not desk.agent.is_free(entry.contact.channel)
            ):
                continue
            if preference.is_personal or preference.agent_id in entry.pool.members:
                return desk
        return entry.pool.best(self._desks, others_than)


def _is_same_profile(one: Agent, other: Agent) -> bool:
    return (
        one.queues == other.queues
        and one.languages == other.languages
        and one.skills == other.skills
    )
