"""Calendars in Postgres: every version is kept, since due dates were reckoned by it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from service_kit.database import Reader, Record, Transaction
from service_kit.errors import NotFound, PreconditionFailed
from sqlalchemy import ARRAY, String, any_, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from complaints.calendar.domain import DAY, WEEKDAYS, Calendar, Window
from complaints.calendar.zone import HOUR
from complaints.shelf import Shelf
from complaints.tables import calendar, calendar_version

_present = calendar.join(
    calendar_version, (calendar_version.c.name == calendar.c.name) & (calendar_version.c.version == calendar.c.version)
)
PRESENT = select(calendar_version).select_from(_present)
FIND = PRESENT.where(calendar.c.name == bindparam("name"))
LOCK = FIND.with_for_update(of=calendar)
FIND_VERSION = select(calendar_version).where(
    calendar_version.c.name == bindparam("name"), calendar_version.c.version == bindparam("version")
)
LIST = PRESENT.where(calendar.c.name > bindparam("after")).order_by(calendar.c.name).limit(bindparam("limit"))
VERSIONS = select(calendar.c.name, calendar.c.version).where(calendar.c.name == any_(bindparam("names", type_=ARRAY(String))))
CREATE = upsert(calendar).values(name=bindparam("name"), version=1).on_conflict_do_nothing().returning(calendar.c.name)
RAISE = update(calendar).where(calendar.c.name == bindparam("of")).values(version=bindparam("to"))
WRITE = insert(calendar_version)


class CalendarUnknown(NotFound):
    """There is no calendar of this name."""


class CalendarStore:
    def __init__(self, reader: Reader, shelf: Shelf) -> None:
        self._reader = reader
        self._shelf = shelf

    async def row(self, name: str, *, version: int | None = None, is_locked: bool = False) -> Record | None:
        """The present version, or the asked one."""
        if version is not None:
            return await self._reader.fetch_one(FIND_VERSION, name=name, version=version)
        return await self._reader.fetch_one(LOCK if is_locked else FIND, name=name)

    async def rows(self, *, after: str, limit: int) -> Sequence[Record]:
        return await self._reader.fetch(LIST, after=after, limit=limit)

    async def versions(self, names: Iterable[str]) -> Mapping[str, int]:
        """The present version of each calendar."""
        rows = await self._reader.fetch(VERSIONS, names=sorted(set(names)))
        return {row["name"]: row["version"] for row in rows}

    async def get(self, name: str, version: int) -> Calendar:
        """Raises CalendarUnknown."""
        kept = self._shelf.calendars.get((name, version))
        if kept is None:
            row = await self.row(name, version=version)
            if row is None:
                raise CalendarUnknown
            kept = self._shelf.calendars[name, version] = calendar_of(name, version, row["content"])
        return kept


async def create_calendar(tx: Transaction, name: str, content: Mapping[str, Any], *, at: datetime) -> int:
    """Version 1; PreconditionFailed when there is one already."""
    if await tx.fetch_one(CREATE, name=name) is None:
        raise PreconditionFailed
    await _write(tx, name, 1, content, at)
    return 1


async def replace_calendar(tx: Transaction, name: str, content: Mapping[str, Any], *, was: int, at: datetime) -> int:
    """The next version of a locked calendar."""
    await tx.execute(RAISE, of=name, to=was + 1)
    await _write(tx, name, was + 1, content, at)
    return was + 1


async def _write(tx: Transaction, name: str, version: int, content: Mapping[str, Any], at: datetime) -> None:
    until = content["published_until"]
    published_until = date.fromisoformat(until) if until else None
    await tx.execute(WRITE, name=name, version=version, content=dict(content), published_until=published_until, written_at=at)


def calendar_of(name: str, version: int, content: Mapping[str, Any]) -> Calendar:
    """A calendar from its content as the API writes it."""
    week = content["windows"]
    windows = {weekday: tuple(window_of(*pair) for pair in week[day]) for weekday, day in enumerate(WEEKDAYS) if week.get(day)}
    until = content["published_until"]
    return Calendar(
        name=name,
        version=version,
        time_zone=content["time_zone"],
        windows=windows,
        holidays=frozenset(map(date.fromisoformat, content["holidays"])),
        working_days=frozenset(map(date.fromisoformat, content["working_days"])),
        published_until=date.fromisoformat(until) if until else None,
    )


def window_of(opens: str, closes: str) -> Window:
    begin, end = _since_midnight(opens), _since_midnight(closes)
    return begin, end + (DAY if end <= begin else 0)


def _since_midnight(time: str) -> int:
    hours, minutes = time.split(":")
    return (int(hours) * 60 + int(minutes)) * HOUR // 60
