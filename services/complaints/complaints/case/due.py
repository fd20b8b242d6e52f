"""The background work of clocks: telling what is due, and dating anew what was provisional."""

import asyncio
from collections.abc import Callable, Sequence

from service_kit.access.caller import SYSTEM
from service_kit.store.database import Database, Transaction
from service_kit.store.documents import Shelf
from service_kit.store.running import Record
from service_kit.words.identity import Clock
from service_kit.work.timers import Timer, Timers
from sqlalchemy import bindparam, select

from complaints.calendar.domain import Calendar
from complaints.case import use_cases
from complaints.case.store import CaseStore
from complaints.clock.domain import Terms, Timeline
from complaints.clock.store import TIMER_KIND
from complaints.tables import calendar, clock

DATED_AT_ONCE = 200
ABREAST = 2
# How often it is looked for calendars that were published; nobody waits for it.
REDATING_SECONDS = 5.0
PROVISIONAL = (
    select(clock.c.complaint_id, clock.c.calendar, calendar.c.version)
    .join(calendar, calendar.c.name == clock.c.calendar)
    .where(
        clock.c.is_provisional,
        clock.c.stopped_at.is_(None),
        clock.c.calendar_version < calendar.c.version,
    )
    .limit(bindparam("limit"))
)


class DueClocks:
    """Handles a batch of timers: all their cases are locked, told and saved together."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, tx: Transaction, timers: Sequence[Timer]) -> None:
        await use_cases.tell_due(
            CaseStore(tx, SYSTEM), [timer.subject for timer in timers], at=self._clock()
        )


class Firing:
    """Fires what is due in batches, several at a time when thousands of clocks come due at once.

    The setting `clock_poll_seconds` says how often.
    """

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._timers = Timers(database, TIMER_KIND, DueClocks(clock), clock=clock)

    async def step(self) -> bool:
        """All that is due; True when there may be more."""
        if not await self._timers.step():
            return False
        # While Postgres works on one batch, another one is reckoned here.
        lanes = await asyncio.gather(
            *(self._drained() for _ in range(ABREAST)), return_exceptions=True
        )
        for failure in lanes:
            if isinstance(failure, BaseException):
                raise failure
        return False

    async def _drained(self) -> None:
        while await self._timers.step():
            pass


class Redating:
    """Reckons provisional due dates again once their calendar has a newer version."""

    def __init__(self, database: Database, calendars: Shelf[Calendar], *, clock: Clock) -> None:
        self._database = database
        self._calendars = calendars
        self._clock = clock

    async def step(self) -> bool:
        """One batch; True when there may be more."""
        async with self._database.transaction() as tx:
            rows = await tx.fetch(PROVISIONAL, limit=DATED_AT_ONCE)
            newer = await self._newer(tx, rows)
            await use_cases.date_anew(
                CaseStore(tx, SYSTEM),
                [row["complaint_id"] for row in rows],
                newer,
                at=self._clock(),
            )
        return len(rows) == DATED_AT_ONCE

    async def _newer(
        self, tx: Transaction, rows: Sequence[Record]
    ) -> Callable[[Terms], tuple[Terms, Timeline] | None]:
        present = {
            row["calendar"]: await self._calendars.get(tx, row["calendar"], row["version"])
            for row in rows
        }

        def newer(terms: Terms) -> tuple[Terms, Timeline] | None:
            timeline = present.get(terms.calendar)
            if timeline is None or (terms.calendar_version or 0) >= timeline.version:
                return None
            return terms.counted_by(timeline.version), timeline

        return newer
