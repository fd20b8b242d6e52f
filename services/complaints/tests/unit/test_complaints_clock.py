"""The clocks of a case: what they tell, when, and how they pause."""

from datetime import UTC, datetime, timedelta

from complaints.calendar.domain import AroundTheClock
from complaints.clock.domain import BREACH, ONE_LEVEL_UP, Clock, Mark, Terms
from complaints.testing import a_calendar, a_clock_rule, a_policy, some_terms
from complaints.words import ClockState
from hypothesis import given, settings
from hypothesis import strategies as st

START = datetime(2026, 3, 11, 2, 0, tzinfo=UTC)  # Wednesday, 10:00 in Shanghai
ELAPSED = AroundTheClock()


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def a_clock(terms: Terms | None = None) -> Clock:
    return Clock.start(terms or some_terms(), timeline=ELAPSED, at=START)


def test_a_clock_tells_each_mark_once() -> None:
    clock = a_clock()

    clock, first = clock.tell(at=START + hours(2))
    clock, again = clock.tell(at=START + hours(2.5))
    clock, late = clock.tell(at=START + hours(9))
    clock, nothing = clock.tell(at=START + hours(99))

    assert [mark.percent for mark in first] == [50]
    assert again == ()
    assert late == (Mark(75), Mark(BREACH), Mark(BREACH, 1))
    assert nothing == ()
    assert clock.state is ClockState.BREACHED


def test_a_clock_stopped_in_time_is_met_and_tells_nothing_more() -> None:
    clock = a_clock().stop(at=START + hours(1))

    clock, marks = clock.tell(at=START + hours(9))

    assert (clock.state, marks, clock.next_at) == (ClockState.MET, (), None)


def test_a_clock_is_breached_at_the_due_date_itself() -> None:
    clock, _ = a_clock().tell(at=START + hours(4))

    assert clock.stop(at=START + hours(4)).state is ClockState.BREACHED


def test_a_breached_clock_keeps_its_due_date_through_a_pause() -> None:
    clock, _ = a_clock().tell(at=START + hours(5))

    resumed = clock.pause(timeline=ELAPSED, at=START + hours(5)).resume(
        timeline=ELAPSED, at=START + hours(8)
    )

    assert (resumed.state, resumed.due_at) == (ClockState.BREACHED, START + hours(4))


def test_an_escalation_beyond_the_breach_waits_through_a_pause() -> None:
    terms = some_terms(marks=(Mark(BREACH), Mark(200, 2)))
    clock, _ = Clock.start(terms, timeline=ELAPSED, at=START).tell(at=START + hours(5))

    paused = clock.pause(timeline=ELAPSED, at=START + hours(5))
    resumed = paused.resume(timeline=ELAPSED, at=START + hours(15))

    assert paused.next_at is None
    assert resumed.next_at == START + hours(18)


def test_a_pause_moves_the_due_date_by_the_working_time_that_was_left() -> None:
    calendar = a_calendar()
    clock = Clock.start(some_terms(), timeline=calendar, at=START)
    assert clock.due_at == START + hours(5)  # 15:00, over the lunch hour

    paused = clock.pause(timeline=calendar, at=START + hours(1))
    assert (paused.state, paused.next_at) == (ClockState.PAUSED, None)
    resumed = paused.resume(
        timeline=calendar, at=START + hours(7)
    )  # 17:00: one of three hours left today

    assert (resumed.state, resumed.due_at) == (
        ClockState.RUNNING,
        datetime(2026, 3, 12, 3, 0, tzinfo=UTC),
    )


def test_time_before_the_recording_counts() -> None:
    received = START - timedelta(days=3)

    clock, marks = Clock.start(some_terms(), timeline=ELAPSED, at=received).tell(at=START)

    assert clock.due_at == received + hours(4)
    assert clock.state is ClockState.BREACHED
    assert len(marks) == len(clock.terms.marks)


@settings(max_examples=200, deadline=None)
@given(
    gaps=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=6),
    allowed=st.integers(1, 6000),
)
def test_what_is_counted_before_the_due_date_is_just_the_allowed_time(
    gaps: list[tuple[int, int]], allowed: int
) -> None:
    """However often a clock pauses,
    the working time in which it ran until its due date is what the policy allows.
    """
    calendar = a_calendar()
    clock = Clock.start(some_terms(allowed=timedelta(minutes=allowed)), timeline=calendar, at=START)
    at, counted = START, timedelta(0)

    for run, wait in gaps:
        ends = at + timedelta(minutes=run)
        clock, _ = clock.tell(at=ends)
        if clock.state is ClockState.BREACHED:
            break
        counted += calendar.between(at, ends)
        at = ends + timedelta(minutes=wait)
        clock = clock.pause(timeline=calendar, at=ends).resume(timeline=calendar, at=at)

    assert counted + calendar.between(at, clock.due_at) == timedelta(minutes=allowed)


@settings(max_examples=200, deadline=None)
@given(moments=st.lists(st.integers(0, 60), max_size=20).map(sorted))
def test_the_marks_told_are_those_in_the_past_each_once(moments: list[int]) -> None:
    clock, told = a_clock(), []

    for minutes in moments:
        clock, marks = clock.tell(at=START + timedelta(minutes=10 * minutes))
        told += marks

    last = moments[-1] * 10 if moments else 0
    assert told == [mark for mark in clock.terms.marks if mark.percent * 4 * 60 / 100 <= last]


def test_marks_fall_in_order_with_the_escalation_after_its_breach() -> None:
    rule = a_clock_rule(warn_at=(90, 50, 90, 100))

    terms = a_policy().terms(rule, calendar_version=1)

    assert terms.marks == (Mark(50), Mark(90), Mark(BREACH), Mark(BREACH, ONE_LEVEL_UP))
