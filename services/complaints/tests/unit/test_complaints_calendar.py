"""Working time against a slow reference that looks at every single minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from complaints.calendar.domain import HORIZON, AroundTheClock, Calendar
from complaints.calendar.zone import HOUR, is_known
from complaints.testing import a_calendar
from hypothesis import given, settings
from hypothesis import strategies as st

MINUTE = timedelta(minutes=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
# With half-hour steps, a skipped day, Ramadan, odd offsets, changes at midnight, and the usual
# ones.
ZONES = [
    "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia",
    "Africa/Casablanca", "Asia/Kathmandu", "America/Sao_Paulo", "America/St_Johns", "Africa/Cairo",
    "Pacific/Chatham", "Antarctica/Troll", "UTC",
]  # fmt: skip
NEAR_CHANGES = [
    date(2026, 3, 8), date(2026, 11, 1), date(2026, 3, 29), date(2026, 10, 25), date(2011, 12, 29),
    date(2026, 2, 15), date(2026, 3, 22), date(2018, 11, 4), date(2018, 2, 17), date(2026, 4, 5),
    date(2026, 10, 3), date(2026, 4, 24), date(2026, 10, 29),
]  # fmt: skip

minutes = st.integers(0, 24 * 60 - 1)
windows = st.lists(st.tuples(minutes, minutes), min_size=0, max_size=3).map(
    lambda pairs: tuple(
        (opens * HOUR // 60, (closes + (1440 if closes <= opens else 0)) * HOUR // 60)
        for opens, closes in pairs
    )
)
starts = st.sampled_from(NEAR_CHANGES).flatmap(
    lambda day: st.integers(-2 * 1440, 2 * 1440).map(
        lambda offset: datetime.combine(day, time(), UTC) + offset * MINUTE
    )
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    start = draw(st.sampled_from(NEAR_CHANGES))
    days = st.integers(-3, 6).map(lambda offset: start + timedelta(days=offset))
    return a_calendar(
        time_zone=draw(st.sampled_from(ZONES)),
        windows={weekday: draw(windows) for weekday in draw(st.sets(st.integers(0, 6)))},
        holidays=draw(st.frozensets(days, max_size=3)),
        working_days=draw(st.frozensets(days, max_size=3)),
    )


def is_worked(calendar: Calendar, at: datetime) -> bool:
    """What the calendar means, read off the wall clock at one moment."""
    wall = at.astimezone(ZoneInfo(calendar.time_zone))
    since_midnight = (wall.hour * 60 + wall.minute) * HOUR // 60
    today, yesterday = (
        windows_of(calendar, wall.date()),
        windows_of(calendar, wall.date() - timedelta(days=1)),
    )
    return any(opens <= since_midnight < closes for opens, closes in today) or any(
        opens <= since_midnight + 24 * HOUR < closes for opens, closes in yesterday
    )


def windows_of(calendar: Calendar, day: date) -> tuple[tuple[int, int], ...]:
    if day in calendar.working_days:
        usual = next(
            (
                calendar.windows[weekday]
                for weekday in sorted(calendar.windows)
                if calendar.windows[weekday]
            ),
            (),
        )
        return calendar.windows.get(day.weekday(), ()) or usual
    return () if day in calendar.holidays else calendar.windows.get(day.weekday(), ())


def worked_minutes(calendar: Calendar, start: datetime, end: datetime) -> int:
    return sum(
        is_worked(calendar, start + offset * MINUTE)
        for offset in range(int((end - start) / MINUTE))
    )


@settings(max_examples=60, deadline=None)
@given(calendar=calendars(), start=starts, length=st.integers(0, 3 * 1440))
def test_the_time_between_two_moments_is_that_of_the_minutes_worked(
    calendar: Calendar, start: datetime, length: int
) -> None:
    end = start + length * MINUTE

    assert calendar.between(start, end) == worked_minutes(calendar, start, end) * MINUTE


@settings(max_examples=60, deadline=None)
@given(calendar=calendars(), start=starts, amount=st.integers(1, 1440))
def test_a_due_date_is_the_first_minute_at_which_enough_was_worked(
    calendar: Calendar, start: datetime, amount: int
) -> None:
    (due,) = calendar.after(start, [amount * MINUTE])

    worked = 0
    for offset in range(4 * 1440):
        worked += is_worked(calendar, start + offset * MINUTE)
        if worked == amount:
            assert due == start + (offset + 1) * MINUTE
            return
    assert due >= start + timedelta(days=4)


@settings(max_examples=200, deadline=None)
@given(
    calendar=calendars(),
    start=starts,
    seconds=st.lists(st.integers(0, 20 * 3600), min_size=1, max_size=4).map(sorted),
    micros=st.integers(0, 59_999_999),
)
def test_due_dates_are_exact_to_the_microsecond_and_in_order(
    calendar: Calendar, start: datetime, seconds: list[int], micros: int
) -> None:
    begin = start + timedelta(microseconds=micros)
    amounts = [timedelta(seconds=second, microseconds=second % 7) for second in seconds]

    dues = calendar.after(begin, amounts)

    assert dues == sorted(dues)
    for due, amount in zip(dues, amounts, strict=True):
        if due < begin + HORIZON:
            assert calendar.between(begin, due) == amount
            assert (
                amount == timedelta(0)
                or calendar.between(begin, due - timedelta(microseconds=1)) < amount
            )


@settings(max_examples=100, deadline=None)
@given(calendar=calendars(), start=starts, first=st.integers(0, 4000), second=st.integers(0, 4000))
def test_working_time_adds_up(calendar: Calendar, start: datetime, first: int, second: int) -> None:
    middle = start + first * MINUTE
    end = middle + second * MINUTE

    assert calendar.between(start, end) == calendar.between(start, middle) + calendar.between(
        middle, end
    )


def test_four_hours_from_friday_afternoon_end_on_monday() -> None:
    calendar = a_calendar()
    friday = datetime(2026, 3, 13, 16, 0, tzinfo=SHANGHAI)

    assert calendar.after(friday, [timedelta(hours=4)]) == [
        datetime(2026, 3, 16, 11, 0, tzinfo=SHANGHAI)
    ]


def test_a_due_date_at_the_end_of_the_day_stays_on_that_day() -> None:
    calendar = a_calendar()
    afternoon = datetime(2026, 3, 12, 14, 0, tzinfo=SHANGHAI)

    assert calendar.after(afternoon, [timedelta(hours=4)]) == [
        datetime(2026, 3, 12, 18, 0, tzinfo=SHANGHAI)
    ]


def test_a_make_up_saturday_is_worked_and_a_holiday_is_not() -> None:
    calendar = a_calendar(holidays={date(2026, 2, 16)}, working_days={date(2026, 2, 14)})

    def worked_on(day: int) -> timedelta:
        midnight = datetime(2026, 2, day, tzinfo=SHANGHAI)
        return calendar.between(midnight, midnight + timedelta(days=1))

    assert (worked_on(13), worked_on(14), worked_on(15), worked_on(16)) == (
        timedelta(hours=8), timedelta(hours=8), timedelta(0), timedelta(0),
    )  # fmt: skip


def test_a_day_that_is_holiday_and_working_day_is_worked() -> None:
    calendar = a_calendar(holidays={date(2026, 3, 12)}, working_days={date(2026, 3, 12)})
    midnight = datetime(2026, 3, 12, tzinfo=SHANGHAI)

    assert calendar.between(midnight, midnight + timedelta(days=1)) == timedelta(hours=8)


def test_a_calendar_that_never_works_ends_on_the_horizon() -> None:
    calendar = a_calendar(windows={0: ()})
    start = datetime(2026, 1, 1, tzinfo=UTC)

    assert calendar.after(start, [timedelta(seconds=1)]) == [start + HORIZON]


@pytest.mark.parametrize("year", [1800, 1899, 2199])
def test_far_moments_are_reckoned_too(year: int) -> None:
    start = datetime(year, 6, 1, tzinfo=UTC)

    (due,) = a_calendar(time_zone="America/New_York").after(start, [timedelta(hours=8)])

    assert start < due < start + timedelta(days=5)


def test_a_due_date_is_provisional_from_the_day_after_the_last_published_one() -> None:
    calendar = a_calendar(published_until=date(2026, 12, 31))

    assert not calendar.is_provisional(datetime.combine(date(2026, 12, 31), time(23, 59), SHANGHAI))
    assert calendar.is_provisional(datetime.combine(date(2027, 1, 1), time(0, 1), SHANGHAI))
    assert not a_calendar(published_until=None).is_provisional(datetime(2150, 1, 1, tzinfo=UTC))


def test_elapsed_time_knows_no_night() -> None:
    start = datetime(2026, 1, 1, 22, 0, tzinfo=UTC)
    elapsed = AroundTheClock()

    assert elapsed.after(start, [timedelta(hours=-1), timedelta(hours=5)]) == [
        start,
        start + timedelta(hours=5),
    ]
    assert elapsed.between(start, start - timedelta(hours=1)) == timedelta(0)


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "", "/etc/passwd", "../../etc", "Asia", "x" * 300, "Asia/Shanghai\0"]
)
def test_a_zone_that_the_database_lacks_is_not_known(name: str) -> None:
    assert not is_known(name)
