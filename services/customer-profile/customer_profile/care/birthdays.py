"""The daily look at birthdays: a durable timer that sets itself for the next day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit import timers
from service_kit.database import Database, Transaction
from service_kit.identity import Clock
from service_kit.tables import timer as timer_table
from service_kit.timers import Timer, Timers
from sqlalchemy import select

from customer_profile.care.making import caring
from customer_profile.settings import Settings

KIND = "birthdays"
# One timer of the whole company; plans that were made or changed get one of their own, at once.
COMPANY = UUID("0b1d0000-0000-7000-8000-000000000001")
LOOKS_AT = time(0, 10)

IS_SET = select(timer_table.c.key).where(
    timer_table.c.subject == COMPANY, timer_table.c.kind == KIND, timer_table.c.parked_reason.is_(None)
)


def daily(day: date, zone: str) -> Timer:
    """The look at one day, shortly after its midnight in the company's time zone."""
    due_at = datetime.combine(day, LOOKS_AT, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Timer(subject=COMPANY, kind=KIND, key=day.isoformat(), due_at=due_at, payload={"day": day.isoformat()})


async def look_soon(tx: Transaction, plan_id: UUID, *, at: datetime) -> None:
    """Look at birthdays at once, since a plan for them is new or changed."""
    await timers.schedule(tx, Timer(subject=plan_id, kind=KIND, key="plan", due_at=at, payload={}))


class Birthdays:
    """Sets the first daily timer of a schema; from then on each look sets the next one."""

    def __init__(self, database: Database, settings: Settings, *, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._timers = Timers(database, KIND, self._look, clock=clock)
        self._is_set = False

    async def step(self) -> bool:
        """Make sure of the daily timer once, then fire what is due."""
        if not self._is_set:
            await self._set_daily()
            self._is_set = True
        return await self._timers.step()

    async def _set_daily(self) -> None:
        async with self._database.transaction() as tx:
            if await tx.fetch_value(IS_SET) is None:
                await timers.schedule(tx, daily(self._today(), self._settings.time_zone))

    async def _look(self, tx: Transaction, due: Sequence[Timer]) -> None:
        await caring(tx, self._settings, at=self._clock()).celebrate(self._today())
        if any(timer.subject == COMPANY for timer in due):
            await timers.schedule(tx, daily(self._today() + timedelta(days=1), self._settings.time_zone))

    def _today(self) -> date:
        return self._clock().astimezone(ZoneInfo(self._settings.time_zone)).date()
