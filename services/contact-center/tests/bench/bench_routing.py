"""Offers committed per second against a single-statement SKIP LOCKED dispatcher,
and the time from insert to offer.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from contact_center.app import MIGRATIONS
from contact_center.router.router import LEASE_NAME, Router
from service_kit.postgres.server import PostgresServer
from service_kit.store.database import Database, PoolLimits, connect
from service_kit.store.leases import Leases
from service_kit.store.migrations import migrate
from service_kit.words.identity import new_id

SCHEMA = "contact_center"
SKILLS = 20
AGENTS = 2_000
WORKERS = 8
ROUNDS = 5
LATENCY_SECONDS = 10
LATENCY_RATE = 100
Row = dict[str, Any]


class World:
    """A schema with queues of one skill each, agents with four skills each,
    and contacts waiting.
    """

    def __init__(self, database: Database, connection: Any, *, seed: int) -> None:
        self.database = database
        self.connection = connection
        self.random = random.Random(seed)
        self.queues = [new_id() for _ in range(SKILLS)]
        self.agents = [new_id() for _ in range(AGENTS)]

    def table(self, name: str) -> str:
        return f'"{SCHEMA}"."{name}"'

    async def build(self) -> None:
        now = datetime.now(UTC)
        await self.connection.executemany(
            f"""INSERT INTO {self.table("queue")}
                VALUES ($1, 'cn', 'queue', '{{voice}}', $2, 20, 0.8, 20, 30, '[]', NULL, NULL, 1,
                $3, $3)""",
            [
                (queue_id, json.dumps({f"skill{number}": self.random.randint(1, 3)}), now)
                for number, queue_id in enumerate(self.queues)
            ],
        )
        await self.connection.executemany(
            f"""INSERT INTO {self.table("agent")}
                VALUES ($1, 'cn', 'agent', NULL, $2, '{{"voice": 1}}', '{{}}', $3, 'available', $4,
                true, $4, 1, $4, $4)""",
            [self._agent(agent_id, now) for agent_id in self.agents],
        )

    def _agent(self, agent_id: UUID, now: datetime) -> tuple[Any, ...]:
        places = self.random.sample(range(SKILLS), 4)
        skills = {f"skill{place}": self.random.randint(1, 5) for place in places}
        idle_since = now - timedelta(seconds=self.random.uniform(0, 600))
        return agent_id, json.dumps(skills), [self.queues[place] for place in places], idle_since

    async def insert_contacts(self, count: int) -> list[UUID]:
        """Queued contacts with their marks, as the API writes them, but in one go."""
        now = datetime.now(UTC)
        ids = [new_id() for _ in range(count)]
        columns = [
            "id",
            "unit",
            "channel",
            "state",
            "from_address",
            "to_address",
            "is_key_contact",
            "flow_tries",
            "trail",
            "says",
        ]
        columns += [
            "collected",
            "needed_skills",
            "priority_seconds",
            "queue_id",
            "arrived_at",
            "queued_at",
            "waiting_since",
        ]
        columns += [
            "waited_seconds",
            "tier",
            "declined",
            "held_seconds",
            "transfers",
            "version",
            "updated_at",
        ]
        rows = []
        for contact_id in ids:
            since = now - timedelta(seconds=self.random.uniform(0, 200))
            tier = self.random.choice([None, 1, 2, 3, 4, 5, 6])
            fixed = (
                contact_id,
                "cn",
                "voice",
                "queued",
                "+8613800138000",
                "10086",
                False,
                0,
                "[]",
                "[]",
                "{}",
                "{}",
                0,
            )
            rows.append(
                (
                    *fixed,
                    self.random.choice(self.queues),
                    since,
                    since,
                    since,
                    0,
                    tier,
                    "{}",
                    0,
                    0,
                    1,
                    since,
                )
            )
        await self.connection.copy_records_to_table(
            "contact", records=rows, columns=columns, schema_name=SCHEMA
        )
        marks = [(contact_id, new_id(), "contact") for contact_id in ids]
        await self.connection.copy_records_to_table(
            "routing_mark", records=marks, columns=["subject", "id", "kind"], schema_name=SCHEMA
        )
        return ids

    async def free_agents(self) -> None:
        """All offers were accepted and all conversations are over:
        every agent is free again, and marked so.
        """
        await self.connection.execute(f"""DELETE FROM {self.table("agent_work")}""")
        await self.connection.execute(
            f"""UPDATE {self.table("contact")} SET state = 'completed', offer_id = NULL
                WHERE state = 'offered'"""
        )
        await self.connection.execute(
            f"""UPDATE {self.table("offer")} SET state = 'accepted', ended_at = now(),
                waited_seconds = 1 WHERE state = 'pending'"""
        )
        marks = [(agent_id, new_id(), "agent") for agent_id in self.agents]
        await self.connection.copy_records_to_table(
            "routing_mark", records=marks, columns=["subject", "id", "kind"], schema_name=SCHEMA
        )

    async def clear(self) -> None:
        for name in ("agent_work", "offer", "contact", "routing_mark", "event", "audit_entry"):
            await self.connection.execute(f"TRUNCATE {self.table(name)} CASCADE")

    async def offers(self) -> int:
        return int(
            await self.connection.fetchval(f"""SELECT count(*) FROM {self.table("offer")}""")
        )


@asynccontextmanager
async def a_world(*, seed: int = 1) -> AsyncIterator[World]:
    """A durable PostgreSQL of its own with the migrated schema."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with PostgresServer(Path(folder) / "pg", durable=True) as server:
            connection = await connect(server.url())
            await connection.execute(f'CREATE SCHEMA "{SCHEMA}"')
            await migrate(server.url(), SCHEMA, str(MIGRATIONS))
            database = Database(server.url(), SCHEMA, limits=PoolLimits(largest=WORKERS + 4))
            await database.open()
            try:
                world = World(database, connection, seed=seed)
                await world.build()
                yield world
            finally:
                await database.close()
                await connection.close()


async def a_router(world: World) -> Router:
    lease = await Leases(world.database).take(LEASE_NAME, ttl=timedelta(minutes=10))
    assert lease is not None, "nobody else is here"
    router = Router(world.database, lease=lease)
    await router.load()
    return router


async def routed(world: World, waves: int) -> float:
    """Offers committed per second by the router;
    each wave frees all agents, and the time counts from their marks to the last COMMIT.
    """
    await world.clear()
    await world.insert_contacts(AGENTS * (waves + 1))
    router = await a_router(world)
    await drained(router)
    offered, seconds = 0, 0.0
    for _ in range(waves):
        await world.free_agents()
        before = await world.offers()
        started = time.perf_counter()
        await drained(router)
        seconds += time.perf_counter() - started
        offered += await world.offers() - before
    await release(world)
    return offered / seconds


async def drained(router: Router) -> None:
    while await router.step():
        pass


async def release(world: World) -> None:
    await world.connection.execute(f"""DELETE FROM {world.table("lease")}""")


# The reference: each worker takes one agent and runs one statement that finds, locks, offers and
# tells.
DISPATCH = """
WITH me AS (SELECT id, queues, skills FROM {agent} WHERE id = $1),
picked AS (
    SELECT c.id, c.queue_id, c.unit, c.channel, c.tier, c.customer_id, c.waiting_since
    FROM {contact} c JOIN {queue} q ON q.id = c.queue_id JOIN {tier_treatment} t ON t.tier =
    coalesce(c.tier::text, 'none'), me
    WHERE c.state = 'queued' AND c.queue_id = ANY (me.queues)
      AND NOT EXISTS (SELECT 1 FROM jsonb_each_text(q.skills) need WHERE coalesce((me.skills ->>
      need.key)::int, 0) < need.value::int)
    ORDER BY (clock_timestamp() - c.waiting_since >= make_interval(secs => t.longest_wait_seconds))
    DESC,
             c.waiting_since - make_interval(secs => t.head_start_seconds + c.priority_seconds),
             c.arrived_at, c.id
    LIMIT 1 FOR UPDATE OF c SKIP LOCKED
),
taken AS (
    UPDATE {contact} c SET state = 'offered', offer_id = $2, agent_id = $1, offer_expires_at = now()
    + interval '20 s',
           version = c.version + 1, updated_at = now()
    FROM picked WHERE c.id = picked.id RETURNING c.id
),
offered AS (
    INSERT INTO {offer} (contact_id, id, unit, agent_id, queue_id, channel, state, made_at,
    expires_at)
    SELECT id, $2, unit, $1, queue_id, channel, 'pending', now(), now() + interval '20 s' FROM
    picked
),
placed AS (
    INSERT INTO {agent_work} (agent_id, channel, slot, contact_id, queue_id, state, since, until)
    SELECT $1, channel, 1, id, queue_id, 'offered', now(), now() + interval '20 s' FROM picked
),
facts AS (
    SELECT picked.id AS subject, 'contact.offered' AS type, unit, $3::uuid AS event_id,
           jsonb_build_object('contact_id', id, 'offer_id', $2::uuid, 'agent_id', $1::uuid,
           'queue_id', queue_id, 'tier', tier) AS payload
    FROM picked
    UNION ALL
    SELECT $2, 'offer.made', unit, $4::uuid,
           jsonb_build_object('contact_id', id, 'offer_id', $2::uuid, 'agent_id', $1::uuid,
           'queue_id', queue_id, 'tier', tier)
    FROM picked
),
told AS (
    INSERT INTO {event} (subject, id, type, unit, occurred_at, payload)
    SELECT subject, event_id, type, unit, now(), payload FROM facts
),
audited AS (
    INSERT INTO {audit_entry} (subject, sequence, at, action, client_id, actor, unit, salt, digest,
    hash, values) SELECT facts.subject,
    coalesce(previous.sequence, 0) + 1, now(), type, 'router', 'system', unit,
    $5, sha256(payload::text::bytea),
           sha256(coalesce(previous.hash, ''::bytea) || sha256(payload::text::bytea)), payload
    FROM facts LEFT JOIN LATERAL (
        SELECT sequence, hash FROM {audit_entry} a WHERE a.subject = facts.subject ORDER BY sequence
        DESC LIMIT 1
    ) previous ON true
)
SELECT count(*) FROM taken
"""
TABLES = (
    "agent",
    "contact",
    "queue",
    "tier_treatment",
    "offer",
    "agent_work",
    "event",
    "audit_entry",
)


async def dispatched(world: World, waves: int) -> float:
    """Offers committed per second by eight workers that share the agents and run one
    statement per agent.
    """
    await world.clear()
    await world.insert_contacts(AGENTS * waves)
    statement = DISPATCH.format(**{name: world.table(name) for name in TABLES})
    connections = [await connect(world.database.url) for _ in range(WORKERS)]
    offered, seconds = 0, 0.0
    try:
        for wave in range(waves):
            if wave:
                await world.free_agents()
            before = await world.offers()
            started = time.perf_counter()
            agents = iter(world.agents)
            await asyncio.gather(
                *(serve(connection, statement, agents) for connection in connections)
            )
            seconds += time.perf_counter() - started
            offered += await world.offers() - before
    finally:
        for connection in connections:
            await connection.close()
    return offered / seconds


async def serve(connection: Any, statement: str, agents: Any) -> None:
    for agent_id in agents:
        await connection.execute(statement, agent_id, new_id(), new_id(), new_id(), os.urandom(16))


async def latencies(world: World, *, seconds: float, rate: int) -> list[float]:
    """Milliseconds from the COMMIT of a contact to the COMMIT of its offer, at a steady rate,
    with the hint of the same process.
    """
    await world.clear()
    router = await a_router(world)
    running = asyncio.create_task(router.run())
    begun: dict[UUID, float] = {}
    ended: dict[UUID, float] = {}
    watching = asyncio.create_task(watch_offers(world, ended))
    started = time.perf_counter()
    for number in range(int(seconds * rate)):
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        (contact_id,) = await world.insert_contacts(1)
        begun[contact_id] = time.perf_counter()
        world.database.signals.wake("outbox")
        if number % AGENTS == AGENTS - 1:
            await world.free_agents()
    await asyncio.sleep(0.5)
    for task in (running, watching):
        task.cancel()
    await asyncio.gather(running, watching, return_exceptions=True)
    await release(world)
    return [
        1_000 * (ended[contact_id] - at) for contact_id, at in begun.items() if contact_id in ended
    ]


async def watch_offers(world: World, ended: dict[UUID, float]) -> None:
    """Note when each offer is first seen by another connection."""
    connection = await connect(world.database.url)
    try:
        last = datetime(2000, 1, 1, tzinfo=UTC)
        while True:
            rows = await connection.fetch(
                f"""SELECT contact_id, made_at FROM {world.table("offer")} WHERE made_at > $1""",
                last,
            )
            for row in rows:
                ended.setdefault(row["contact_id"], time.perf_counter())
            last = max([last, *(row["made_at"] for row in rows)])
            await asyncio.sleep(0.001)
    finally:
        await connection.close()


async def measured() -> list[Row]:
    async with a_world() as world:
        # As the service does once it has started.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        router_rates, reference_rates = [], []
        for _ in range(ROUNDS):
            router_rates.append(await routed(world, 2))
            reference_rates.append(await dispatched(world, 1))
        waits = sorted(await latencies(world, seconds=LATENCY_SECONDS, rate=LATENCY_RATE))
    return [throughput_row(router_rates, reference_rates), latency_row(waits)]


def throughput_row(router_rates: Sequence[float], reference_rates: Sequence[float]) -> Row:
    rate, reference = statistics.median(router_rates), statistics.median(reference_rates)
    return {
        "name": "routing: offers committed per second, 2,000 agents, 20 skills",
        "goal": "2x and 1,000/s; aim 5x",
        "measured": round(rate),
        "range": [round(min(router_rates)), round(max(router_rates))],
        "reference": round(reference),
        "reference_range": [round(min(reference_rates)), round(max(reference_rates))],
        "reference_name": f"single-statement SKIP LOCKED, {WORKERS} workers",
        "ratio": round(rate / reference, 2),
        "unit": "offers/s",
    }


def latency_row(waits: Sequence[float]) -> Row:
    place = min(len(waits) - 1, int(len(waits) * 0.99))
    return {
        "name": f"routing: insert to offer at {LATENCY_RATE}/s",
        "goal": "p99 50 ms",
        "measured": round(waits[place], 1),
        "range": [round(statistics.median(waits), 1), round(waits[-1], 1)],
        "reference": None,
        "reference_name": "none",
        "ratio": None,
        "unit": "ms p99 (range: p50, max)",
        "count": len(waits),
    }


def rows() -> list[Row]:
    """The figures, for `make bench`."""
    return uvloop.run(measured())


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for row in rows():
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
