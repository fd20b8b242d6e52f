"""The router: the single writer of offers, fenced by its lease."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from service_kit.process.logs import logger
from service_kit.process.origin import Origin
from service_kit.store.database import Database
from service_kit.store.leases import Lease
from service_kit.store.moments import database_time
from service_kit.store.running import Reader, Record
from service_kit.words.identity import new_id

from contact_center.agent.domain import Agent
from contact_center.agent.store import AgentReader
from contact_center.agent.work import Work
from contact_center.contact.batch import Proposal, make_offers, some_waiting, waiting
from contact_center.marks import marks, unmark
from contact_center.queue.domain import Queue
from contact_center.queue.store import QueueReader
from contact_center.router.assembly import EPOCH, free_slot, micros, moment, ready_of, waiting_of
from contact_center.router.hints import hinted
from contact_center.routing.domain import Match, Treatment
from contact_center.routing.matcher import Matcher
from contact_center.treatment.store import TreatmentReader

log = logger(__name__)
LEASE_NAME = "router"
ORIGIN = Origin(client_id="router", actor="system")
POLL_SECONDS = 0.25
MOST_MARKS = 2_000
MOST_OFFERS = 512
BATCH = 128


class Router:
    """Keeps who waits and who is free in memory, and writes offers in batches.

    It lives as long as its lease: what it remembers is loaded anew by the next holder, and whenever
    a write fails. Its times are the database's.
    """

    def __init__(self, database: Database, *, lease: Lease) -> None:
        self._database = database
        self._lease = lease
        self._now = EPOCH
        self._now_since = 0.0
        self._matcher = Matcher()
        self._contacts: dict[UUID, Record] = {}
        self._agents: dict[UUID, Agent] = {}
        self._works: dict[UUID, list[Work]] = {}
        self._queues: dict[UUID, Queue] = {}
        self._treatments: dict[str, Treatment] = {}
        self._doubted_contacts: set[UUID] = set()
        self._doubted_agents: set[UUID] = set()

    async def run(self) -> None:
        """Offer until the lease is lost or the task is canceled."""
        await self.load()
        while True:
            hint = asyncio.create_task(hinted(self._database.signals, seconds=self._patience()))
            try:
                # The hint must be listened for before the marks are read, or one that comes
                # meanwhile is lost.
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                if not await self.step():
                    await hint
            finally:
                hint.cancel()

    async def load(self) -> None:
        """Read everything that routing depends on; what changes from now on is marked."""
        async with self._database.reading() as reader:
            await self._read_treatments(reader)
            self._queues = {queue.id: queue for queue in await QueueReader(reader).all()}
            works = await AgentReader(reader).all_works()
            for agent in await AgentReader(reader).present():
                self._place_agent(agent, works.get(agent.id, []))
            for row in await waiting(reader):
                self._place_contact(row)
        log.info(
            "router loaded",
            waiting=len(self._contacts),
            agents=len(self._agents),
            epoch=self._lease.epoch,
        )

    async def step(self) -> bool:
        """Take in what changed and make the offers that follow;
        True when there may be more to do at once.
        """
        async with self._database.reading() as reader:
            seen = await marks(reader, limit=MOST_MARKS)
            await self._take_in(reader, seen)
            now, self._now_since = await database_time(reader), time.monotonic()
        self._now = now
        proposals = self._proposals(self._matcher.match(micros(now), MOST_OFFERS), at=now)
        if not seen and not proposals:
            return False
        # Python prepares one batch while Postgres writes another; no two of them share a contact.
        batches = [
            proposals[start : start + BATCH] for start in range(0, len(proposals), BATCH)
        ] or [[]]
        rest = [self._write((), batch, at=now) for batch in batches[1:]]
        offered = await asyncio.gather(self._write(seen, batches[0], at=now), *rest)
        self._settle(proposals, set().union(*offered))
        return (
            len(seen) == MOST_MARKS or len(proposals) == MOST_OFFERS or bool(self._doubted_contacts)
        )

    async def _write(
        self, seen: Sequence[Record], proposals: Sequence[Proposal], *, at: datetime
    ) -> set[UUID]:
        """One fenced transaction; the contacts that were offered."""
        async with self._database.transaction(origin=ORIGIN) as tx:
            await self._lease.check(tx)
            await unmark(tx, seen)
            return await make_offers(tx, proposals, at=at) if proposals else set()

    def _patience(self) -> float:
        """Seconds until time alone may make an offer possible,
        at most the time between two looks at the marks.
        """
        change = self._matcher.next_change()
        if change is None:
            return POLL_SECONDS
        left = (moment(change) - self._now).total_seconds() - (time.monotonic() - self._now_since)
        return min(POLL_SECONDS, max(0.001, left))

    async def _take_in(self, reader: Reader, seen: Sequence[Record]) -> None:
        marked = defaultdict[str, set[UUID]](
            set, contact=self._doubted_contacts, agent=self._doubted_agents
        )
        self._doubted_contacts, self._doubted_agents = set(), set()
        for mark in seen:
            marked[mark["kind"]].add(mark["subject"])
        if marked["treatments"]:
            await self._read_treatments(reader)
        if marked["queue"]:
            self._queues |= {
                queue.id: queue for queue in await QueueReader(reader).some(marked["queue"])
            }
        if marked["agent"]:
            await self._read_agents(reader, marked["agent"])
        if marked["contact"]:
            await self._read_contacts(reader, marked["contact"])
        if marked["treatments"] or marked["queue"]:
            for row in list(self._contacts.values()):
                self._place_contact(row)

    async def _read_treatments(self, reader: Reader) -> None:
        self._treatments = {
            each.tier: each.treatment() for each in await TreatmentReader(reader).all()
        }

    async def _read_agents(self, reader: Reader, ids: Iterable[UUID]) -> None:
        ids = list(ids)
        works = await AgentReader(reader).works(ids)
        for agent in await AgentReader(reader).some(ids):
            self._place_agent(agent, works.get(agent.id, []))

    async def _read_contacts(self, reader: Reader, ids: set[UUID]) -> None:
        rows = await some_waiting(reader, ids)
        for row in rows:
            if row["queue_id"] not in self._queues:
                self._queues |= {
                    queue.id: queue for queue in await QueueReader(reader).some([row["queue_id"]])
                }
            self._place_contact(row)
        for contact_id in ids - {row["id"] for row in rows}:
            self._contacts.pop(contact_id, None)
            self._matcher.remove_contact(contact_id)

    def _place_agent(self, agent: Agent, works: list[Work]) -> None:
        ready = ready_of(agent, works)
        if ready is None:
            self._agents.pop(agent.id, None)
            self._works.pop(agent.id, None)
            self._matcher.remove_agent(agent.id)
        else:
            self._agents[agent.id] = agent
            self._works[agent.id] = works
            self._matcher.put_agent(ready)

    def _place_contact(self, row: Record) -> None:
        self._contacts[row["id"]] = row
        self._matcher.put_contact(
            waiting_of(row, self._queues[row["queue_id"]].rules(), self._treatments)
        )

    def _proposals(self, matches: Sequence[Match], *, at: datetime) -> list[Proposal]:
        proposals = []
        for match in matches:
            row, agent, works = (
                self._contacts[match.contact_id],
                self._agents[match.agent_id],
                self._works[match.agent_id],
            )
            offer_seconds = self._queues[row["queue_id"]].profile.offer_seconds
            proposal = Proposal(
                offer_id=new_id(),
                contact=row,
                agent_id=agent.id,
                agent_version=agent.version,
                slot=free_slot(row["channel"], works),
                expires_at=at + timedelta(seconds=offer_seconds),
            )
            works.append(proposal.work(at))
            proposals.append(proposal)
        return proposals

    def _settle(self, proposals: Sequence[Proposal], offered: set[UUID]) -> None:
        """Forget who was offered;
        who was not is looked up again, since it is not what it was taken for.
        """
        for proposal in proposals:
            contact_id = proposal.contact["id"]
            del self._contacts[contact_id]
            if contact_id not in offered:
                self._doubted_contacts.add(contact_id)
                self._doubted_agents.add(proposal.agent_id)
