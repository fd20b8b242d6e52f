"""The daily look at birthdays:
a durable timer that sets itself for the next day, and one of each plan that greets batch by batch.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from service_kit.store.database import Database, Transaction
from service_kit.store.tables import timer as timer_table
from service_kit.words.identity import Clock
from service_kit.work import timers
from service_kit.work.timers import Timer, Timers
from sqlalchemy import select

from customer_profile.care.caring import caring
from customer_profile.care.domain import Occasion, Place
from customer_profile.care.store import CareStore
from customer_profile.settings import Settings

KIND = "birthdays"
# The daily look is one timer of the whole company; all others are of plans.
COMPANY = UUID("0b1d0000-0000-7000-8000-000000000001")
LOOKS_AT = time(0, 10)
# A greeting that is more than a month late is none: days that nobody looked at are made up for no
# further back.
LATEST = timedelta(days=31)
IDLE_SECONDS = 5.0
# How often it is made sure that the daily timer is set.
SURE_FOR = timedelta(hours=1)

IS_SET = select(timer_table.c.key).where(
    timer_table.c.subject == COMPANY,
    timer_table.c.kind == KIND,
    timer_table.c.parked_reason.is_(None),
)


def daily(day: date, zone: str) -> Timer:
    """The look at one day, shortly after its midnight in the company's time zone."""
    due_at = datetime.combine(day, LOOKS_AT, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return Timer(
        subject=COMPANY,
        kind=KIND,
        key=day.isoformat(),
        due_at=due_at,
        payload={"day": day.isoformat()},
    )


def greeting(plan_id: UUID, place: Place, *, key: str, at: datetime) -> Timer:
    """The next batch of a plan's greetings; `key` tells walks through its birthdays apart."""
    payload = {"day": place.day.isoformat(), "after": str(place.after)}
    return Timer(subject=plan_id, kind=KIND, key=key, due_at=at, payload=payload)


async def look_soon(tx: Transaction, plan_id: UUID, *, zone: str, at: datetime) -> None:
    """Look at birthdays at once, since a plan for them is new or changed."""
    await timers.schedule(
        tx, greeting(plan_id, Place(at.astimezone(ZoneInfo(zone)).date()), key="plan", at=at)
    )


class Birthdays:
    """Keeps the daily timer of a schema set, and fires one timer in each transaction:
    what fails stops neither the days nor other plans.
    """

    def __init__(self, database: Database, settings: Settings, *, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._timers = Timers(database, KIND, self._fire, clock=clock, batch=1)
        self._sure_until: datetime | None = None

    async def step(self) -> bool:
        """Make sure of the daily timer now and then, and fire one timer that is due."""
        at = self._clock()
        if self._sure_until is None or at >= self._sure_until:
            await self._set_daily()
            self._sure_until = at + SURE_FOR
        return await self._timers.step()

    async def _set_daily(self) -> None:
        async with self._database.transaction() as tx:
            if await tx.fetch_value(IS_SET) is None:
                await timers.schedule(tx, daily(self._today(), self._settings.time_zone))

    async def _fire(self, tx: Transaction, due: Sequence[Timer]) -> None:
        for timer in due:
            day = date.fromisoformat(timer.payload["day"])
            if timer.subject == COMPANY:
                await self._look(tx, since=day)
            else:
                await self._greet(tx, timer, Place(day, UUID(timer.payload["after"])))

    async def _look(self, tx: Transaction, *, since: date) -> None:
        """Let every plan greet from the day that is looked at to today and ahead,
        and look again tomorrow.
        """
        today, at = self._today(), self._clock()
        place = Place(max(since, today - LATEST))
        plans = await CareStore(tx, None).plans(Occasion.BIRTHDAY)
        greetings = [greeting(plan.id, place, key=today.isoformat(), at=at) for plan in plans]
        await timers.schedule(
            tx, daily(today + timedelta(days=1), self._settings.time_zone), *greetings
        )

    async def _greet(self, tx: Transaction, timer: Timer, place: Place) -> None:
        at = self._clock()
        following = await caring(tx, self._settings, at=at).celebrate(
            timer.subject, place, today=self._today()
        )
        if following is not None:
            await timers.schedule(tx, greeting(timer.subject, following, key=timer.key, at=at))

    def _today(self) -> date:
        return self._clock().astimezone(ZoneInfo(self._settings.time_zone)).date()
