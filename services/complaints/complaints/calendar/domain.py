"""A business calendar as plain values,
and the exact working time between moments that follows from it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from service_kit.access.caller import Caller
from service_kit.words.errors import Conflict, Forbidden, NotFound

from complaints.calendar.zone import HOUR, constant_offsets, instant, moment

DAY = 24 * HOUR
EPOCH_DAY = date(1970, 1, 1).toordinal()
# A policy whose hours a calendar does not offer within this span has no due date worth the name;
# the walk ends here.
HORIZON = timedelta(days=20 * 366)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_THURSDAY = 3  # 1 January 1970

Window = tuple[int, int]
"""Working time of one day in microseconds after its local midnight;
an end past 24 hours reaches into the next day.
"""
Span = tuple[int, int]
"""Microseconds since 1970 in UTC, the end not included."""


class CalendarNotFound(NotFound):
    """There is no calendar of this name."""


class TimeZoneUnknown(Conflict):
    """The time zone database has no zone of this name; Asia/Shanghai is one.

    A conflict and not a fault of form: the names change with the database that the service finds,
    and no schema can list them.
    """


class LevelsAreCompanyWide(Forbidden):
    """Calendars and service-level policies hold for the whole company;
    a token that is limited to units may read them, not change them.
    """


def check_whole_company(caller: Caller) -> None:
    """Raises LevelsAreCompanyWide for a caller who is kept to units."""
    if caller.units is not None:
        raise LevelsAreCompanyWide


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Weekly windows in a time zone, the days off, the make-up working days, and how far the
    holidays are published.

    A day that is both a holiday and a working day is worked. A make-up working day has the windows
    of its weekday where that has any, else those of the week's first working weekday.
    """

    name: str
    version: int
    time_zone: str
    windows: Mapping[int, tuple[Window, ...]]
    holidays: frozenset[date]
    working_days: frozenset[date]
    published_until: date | None

    @cached_property
    def _off(self) -> frozenset[int]:
        return frozenset(day.toordinal() - EPOCH_DAY for day in self.holidays - self.working_days)

    @cached_property
    def _made_up(self) -> frozenset[int]:
        return frozenset(day.toordinal() - EPOCH_DAY for day in self.working_days)

    @cached_property
    def _usual(self) -> tuple[Window, ...]:
        return next(
            (self.windows[weekday] for weekday in sorted(self.windows) if self.windows[weekday]), ()
        )

    @cached_property
    def _merged(self) -> dict[tuple[tuple[Window, ...], tuple[Window, ...]], tuple[Window, ...]]:
        return {}

    def windows_on(self, day: int) -> tuple[Window, ...]:
        """The windows that begin on a day, given as days since 1970."""
        if day in self._off:
            return ()
        own = self.windows.get((day + _THURSDAY) % 7, ())
        return own or (self._usual if day in self._made_up else ())

    def working_time_on(self, day: int) -> tuple[Window, ...]:
        """The disjoint, ordered windows within one day,
        with what the night before reaches into it.
        """
        pair = (self.windows_on(day - 1), self.windows_on(day))
        merged = self._merged.get(pair)
        if merged is None:
            merged = self._merged[pair] = _merge_nights(*pair)
        return merged

    def spans(self, start: int, until: int) -> Iterator[Span]:
        """Working time from one instant to another, in order."""
        for begin, end, offset in constant_offsets(self.time_zone, start, until):
            for day in range((begin + offset) // DAY, (end - 1 + offset) // DAY + 1):
                midnight = day * DAY - offset
                for opens, closes in self.working_time_on(day):
                    first, last = max(begin, midnight + opens), min(end, midnight + closes)
                    if first < last:
                        yield first, last

    def after(self, start: datetime, amounts: Sequence[timedelta]) -> list[datetime]:
        """The first moments at which each of the ascending amounts of working time has passed since
        `start`.

        What the calendar does not offer within the horizon falls on the horizon.
        """
        begin = instant(start)
        horizon = begin + HORIZON // timedelta(microseconds=1)
        needed = [amount // timedelta(microseconds=1) for amount in amounts]
        found = [begin for amount in needed if amount <= 0]
        passed = 0
        for opens, closes in self.spans(begin, horizon):
            while len(found) < len(needed) and needed[len(found)] <= passed + closes - opens:
                found.append(opens + needed[len(found)] - passed)
            if len(found) == len(needed):
                break
            passed += closes - opens
        found += [horizon] * (len(needed) - len(found))
        return [moment(at) for at in found]

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time that passes from one moment to another;
        nothing when they are reversed.
        """
        return timedelta(
            microseconds=sum(
                closes - opens for opens, closes in self.spans(instant(start), instant(end))
            )
        )

    def is_provisional(self, at: datetime) -> bool:
        """Whether a due date lies where the holidays are not published yet."""
        if self.published_until is None:
            return False
        midnight_after = (self.published_until.toordinal() - EPOCH_DAY + 1) * DAY
        due = instant(at)
        _, _, offset = next(iter(constant_offsets(self.time_zone, due, due + 1)))
        return due + offset > midnight_after


class AroundTheClock:
    """Elapsed time, as if it were a calendar without a night."""

    def after(self, start: datetime, amounts: Sequence[timedelta]) -> list[datetime]:
        return [start.astimezone(UTC) + max(amount, timedelta(0)) for amount in amounts]

    def between(self, start: datetime, end: datetime) -> timedelta:
        return max(end - start, timedelta(0))

    def is_provisional(self, at: datetime) -> bool:
        return False


def _merge_nights(yesterday: tuple[Window, ...], today: tuple[Window, ...]) -> tuple[Window, ...]:
    spill = [(max(0, opens - DAY), closes - DAY) for opens, closes in yesterday if closes > DAY]
    merged: list[Window] = []
    for opens, closes in sorted(spill + [(opens, min(closes, DAY)) for opens, closes in today]):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return tuple(merged)
