"""Calendars in Postgres: every version is kept, since due dates were reckoned by it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from service_kit.store.running import Reader
from service_kit.words.errors import NotFound

from complaints.calendar.domain import DAY, WEEKDAYS, Calendar, Window
from complaints.calendar.zone import HOUR
from complaints.shelf import Shelf
from complaints.tables import calendar, calendar_version
from complaints.versioned import Documents

CALENDARS = Documents(calendar, calendar_version)


class CalendarUnknown(NotFound):
    """There is no calendar of this name."""


class CalendarStore:
    """Calendars to reckon by."""

    def __init__(self, reader: Reader, shelf: Shelf) -> None:
        self._reader = reader
        self._shelf = shelf

    async def get(self, name: str, version: int) -> Calendar:
        """Raises CalendarUnknown."""
        kept = self._shelf.calendars.get((name, version))
        if kept is None:
            row = await CALENDARS.find(self._reader, name, version=version)
            if row is None:
                raise CalendarUnknown
            kept = self._shelf.calendars[name, version] = calendar_of(name, version, row["content"])
        return kept


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
