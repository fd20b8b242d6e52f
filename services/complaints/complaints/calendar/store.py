"""Calendars in Postgres: every version is kept, since due dates were reckoned by it."""

from datetime import date

from service_kit.store.documents import Documents
from service_kit.store.running import Record

from complaints.calendar.domain import DAY, WEEKDAYS, Calendar, CalendarNotFound, Window
from complaints.calendar.zone import HOUR
from complaints.tables import calendar, calendar_version


def calendar_of(row: Record) -> Calendar:
    """A calendar from its row; its content is as the API writes it."""
    content = row["content"]
    week, until = content["windows"], content["published_until"]
    return Calendar(
        name=row["name"],
        version=row["version"],
        time_zone=content["time_zone"],
        windows={
            weekday: tuple(window_of(*pair) for pair in week[day])
            for weekday, day in enumerate(WEEKDAYS)
            if week.get(day)
        },
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


CALENDARS = Documents(calendar, calendar_version, made=calendar_of, missing=CalendarNotFound)
