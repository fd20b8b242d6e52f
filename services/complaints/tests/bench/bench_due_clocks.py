"""Seconds until 10,000 of 300,000 running clocks that come due at once have told what
they have to tell.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop
from complaints.app import MIGRATIONS
from complaints.case.due import Firing
from complaints.clock.store import TIMER_KIND
from service_kit.postgres.server import PostgresServer
from service_kit.store.database import Database, PoolLimits, connect
from service_kit.store.migrations import migrate
from service_kit.words.identity import new_id

SCHEMA = "complaints"
CLOCKS = 300_000
DUE = 10_000
ROUNDS = 5
START = datetime(2026, 3, 11, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAR = timedelta(days=300)
Row = dict[str, Any]

COMPLAINT = (
    "id", "number", "customer_id", "kind", "channel", "received_at", "recorded_at", "title",
    "narrative", "category", "severity", "unit", "is_unit_confirmed", "tier", "state",
    "escalation_level", "policy_name", "policy_version", "steps", "due_at", "tracking_digest",
    "version",
)  # fmt: skip
CLOCK = (
    "complaint_id", "name", "round", "state", "allowed", "measure", "calendar", "calendar_version",
    "mark_percents", "mark_levels", "mark_notify", "mark_times", "told", "started_at",
    "counted_from", "counted_before", "due_at", "is_provisional", "is_paused",
)  # fmt: skip
TIMER = ("subject", "kind", "key", "due_at", "payload", "attempts")
AUDIT = (
    "subject",
    "sequence",
    "at",
    "action",
    "client_id",
    "actor",
    "unit",
    "salt",
    "digest",
    "hash",
    "values",
)
FILLED = ("complaint", "clock", "timer", "audit_entry")


class World:
    """Open complaints with a first reply and a resolution running each;
    the first replies of ten thousand at a time are due together.
    """

    def __init__(self, database: Database, connection: Any) -> None:
        self.database = database
        self.connection = connection
        self.complaints = [new_id() for _ in range(CLOCKS // 2)]

    @staticmethod
    def due_at(place: int) -> datetime:
        return START + HOUR * (1 + place // DUE)

    async def build(self) -> None:
        async with self.database.transaction(statement_within=600) as tx:
            await tx.copy_rows("complaint", columns=COMPLAINT, rows=self._complaints())
            await tx.copy_rows("clock", columns=CLOCK, rows=self._clocks())
            await tx.copy_rows("timer", columns=TIMER, rows=self._timers())
            await tx.copy_rows("audit_entry", columns=AUDIT, rows=self._audit())
        for name in FILLED:
            await self.connection.execute(f'VACUUM ANALYZE "{SCHEMA}"."{name}"')
        await self.connection.execute("CHECKPOINT")

    def _complaints(self) -> Iterator[tuple[object, ...]]:
        for place, complaint_id in enumerate(self.complaints):
            said = (
                "Router restarts every night",
                "Since Monday the router restarts at two in the morning. " * 10,
            )
            stands = (
                "cn.gd.gz",
                True,
                3,
                "received",
                0,
                "standard",
                1,
                0,
                self.due_at(place),
                os.urandom(32),
                1,
            )
            what = (new_id(), "complaint", "voice", START, START, *said, "equipment", "medium")
            yield complaint_id, f"C20260311-{place:07}", *what, *stands

    def _clocks(self) -> Iterator[tuple[object, ...]]:
        for place, complaint_id in enumerate(self.complaints):
            for name, due_at, told in (
                ("first_reply", self.due_at(place), 1),
                ("resolution", START + FAR, 0),
            ):
                # A warning, which the first replies have given already, the breach, and the rise of
                # the case by one level.
                marks = ([75, 100, 100], [0, 0, -1], ["", "", ""], [due_at] * 3, told)
                times = (START, START, timedelta(0), due_at, False, False)
                yield (
                    complaint_id,
                    name,
                    1,
                    "running",
                    4 * HOUR,
                    "business",
                    "cn-standard",
                    1,
                    *marks,
                    *times,
                )

    def _timers(self) -> Iterator[tuple[object, ...]]:
        for place, complaint_id in enumerate(self.complaints):
            yield complaint_id, TIMER_KIND, "first_reply#1", self.due_at(place), {}, 0
            yield complaint_id, TIMER_KIND, "resolution#1", START + FAR, {}, 0

    def _audit(self) -> Iterator[tuple[object, ...]]:
        digest = os.urandom(32)
        for complaint_id in self.complaints:
            yield (
                complaint_id,
                1,
                START,
                "complaint.received",
                "desk",
                "li",
                "cn.gd.gz",
                digest[:16],
                digest,
                digest,
                {},
            )

    async def count(self, table: str) -> int:
        return int(await self.connection.fetchval(f'SELECT count(*) FROM "{SCHEMA}"."{table}"'))


@asynccontextmanager
async def a_world() -> AsyncIterator[World]:
    """A durable PostgreSQL of its own with the migrated schema."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with PostgresServer(Path(folder) / "pg", durable=True) as server:
            connection = await connect(server.url())
            await connection.execute(f'CREATE SCHEMA "{SCHEMA}"')
            await migrate(server.url(), SCHEMA, str(MIGRATIONS))
            database = Database(server.url(), SCHEMA, limits=PoolLimits())
            await database.open()
            try:
                world = World(database, connection)
                await world.build()
                yield world
            finally:
                await database.close()
                await connection.close()


async def fired(world: World, number: int) -> float:
    """Seconds in which the first replies of one group are told late,
    and their cases raised: two events each.
    """
    at = START + HOUR * (1 + number)
    firing = Firing(world.database, clock=lambda: at)
    before = await world.count("event")
    started = time.perf_counter()
    while await firing.step():
        pass
    seconds = time.perf_counter() - started
    assert await world.count("event") - before == 2 * DUE, (
        "each clock tells its breach and raises its case, once"
    )
    return seconds


async def measured() -> list[Row]:
    async with a_world() as world:
        # As the service does once it has started.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        seconds = [await fired(world, number) for number in range(ROUNDS)]
    return [
        {
            "name": (
                "due clocks: 10,000 of 300,000 running come due at once, breach and escalation told"
            ),
            "goal": "3 s; aim 1 s",
            "measured": round(statistics.median(seconds), 2),
            "range": [round(min(seconds), 2), round(max(seconds), 2)],
            "reference": None,
            "reference_name": "none",
            "ratio": None,
            "unit": "s",
        }
    ]


def rows() -> list[Row]:
    """The figures, for `make bench`."""
    return uvloop.run(measured())


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    for row in rows():
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
