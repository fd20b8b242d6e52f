"""One clock of a case: when it is due, what it told so far, and how it pauses and ends."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from complaints.course.domain import AT_WORK, State
from complaints.words import ClockState, Measure

BREACH = 100
ONE_LEVEL_UP = -1

NEXT_UPDATE = "next_update"
_UNANSWERED = frozenset(AT_WORK) - {State.ANSWERED, State.ACCEPTED}

# A clock runs while the case is in one of these states: it starts on entering them and ends on
# leaving. The clocks named like a step run while the case waits for that step. Names that are not
# here run from recording to closing.
RUNS_IN: dict[str, frozenset[State]] = {
    "acknowledgement": frozenset({State.RECEIVED}),
    "first_reply": frozenset({State.RECEIVED}),
    "validity": frozenset({State.ACKNOWLEDGED, State.REOPENED, State.DISPUTED}),
    "responsibility": frozenset({State.ASSESSED}),
    "cause": frozenset({State.ASSIGNED}),
    "proposal": frozenset({State.ANALYZED}),
    "approval": frozenset({State.PROPOSED}),
    "implementation": frozenset({State.APPROVED}),
    "response": frozenset({State.IMPLEMENTED, State.NOT_UPHELD}),
    "feedback": frozenset({State.ANSWERED}),
    "summary": frozenset({State.ACCEPTED, State.DISPUTED}),
    "resolution": _UNANSWERED,
    NEXT_UPDATE: frozenset({State.ANALYZED, State.PROPOSED, State.APPROVED, State.IMPLEMENTED}),
}
_TO_THE_END = frozenset(AT_WORK)


def runs_in(clock: str, state: State) -> bool:
    """Whether the clock of this name runs while a case is in this state."""
    return state in RUNS_IN.get(clock, _TO_THE_END)


class Timeline(Protocol):
    """What a clock counts by: the working time of a calendar, or time around the clock."""

    def after(self, start: datetime, amounts: Sequence[timedelta]) -> list[datetime]: ...

    def between(self, start: datetime, end: datetime) -> timedelta: ...

    def is_provisional(self, at: datetime) -> bool: ...


@dataclass(frozen=True)
class Mark:
    """A share of the allowed time at which something is told:
    a warning, the breach, or (with a level) an escalation.
    """

    percent: int
    level: int = 0
    notify: str = ""

    @property
    def is_escalation(self) -> bool:
        return self.level != 0


THE_BREACH = Mark(BREACH)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a policy says of a clock:
    how long it may run, counted by what, and its marks in order, the breach among them.
    """

    name: str
    allowed: timedelta
    measure: Measure
    calendar: str | None
    calendar_version: int | None
    marks: tuple[Mark, ...]

    def counted_by(self, calendar_version: int) -> "Terms":
        """The same terms by another version of the calendar."""
        return replace(self, calendar_version=calendar_version)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A running, paused or ended clock;
    `mark_times` say when each mark falls, `told` how many of them were told.
    """

    terms: Terms
    round: int
    started_at: datetime
    counted_from: datetime
    due_at: datetime
    state: ClockState = ClockState.RUNNING
    counted_before: timedelta = timedelta(0)
    mark_times: tuple[datetime, ...] = ()
    told: int = 0
    is_provisional: bool = False
    is_paused: bool = False
    stopped_at: datetime | None = None

    @classmethod
    def start(cls, terms: Terms, *, timeline: Timeline, at: datetime, round: int = 1) -> "Clock":
        """A new clock that counts from `at`, which may lie in the past."""
        return cls(terms=terms, round=round, started_at=at, counted_from=at, due_at=at).dated_by(
            timeline
        )

    @property
    def name(self) -> str:
        return self.terms.name

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from the other clocks of its case."""
        return self.name, self.round

    @property
    def is_ended(self) -> bool:
        return self.stopped_at is not None

    @property
    def next_at(self) -> datetime | None:
        """When this clock has something to tell next; None when it has not, or waits."""
        if self.is_ended or self.is_paused or self.told == len(self.mark_times):
            return None
        return self.mark_times[self.told]

    def dated_by(self, timeline: Timeline) -> "Clock":
        """The same clock with what it has not told yet reckoned from the record and
        the timeline alone.
        """
        marks = self.terms.marks
        needed = [
            self.terms.allowed * mark.percent / BREACH - self.counted_before for mark in marks
        ]
        times = self.mark_times[: self.told] + tuple(
            timeline.after(self.counted_from, needed)[self.told :]
        )
        due_at = times[marks.index(THE_BREACH)]
        return replace(
            self, mark_times=times, due_at=due_at, is_provisional=timeline.is_provisional(due_at)
        )

    def tell(self, *, at: datetime) -> tuple["Clock", tuple[Mark, ...]]:
        """Every mark that has been reached by `at` and was not told before;
        each is told once in a clock's life.
        """
        if self.next_at is None or self.next_at > at:
            return self, ()
        told = bisect_right(self.mark_times, at, lo=self.told)
        marks = self.terms.marks[self.told : told]
        is_breached = marks[-1].percent >= BREACH
        return replace(
            self, told=told, state=ClockState.BREACHED if is_breached else self.state
        ), marks

    def pause(self, *, timeline: Timeline, at: datetime) -> "Clock":
        """Stop counting; what has been counted so far is kept."""
        if self.is_ended or self.is_paused:
            return self
        counted = self.counted_before + timeline.between(self.counted_from, at)
        state = ClockState.PAUSED if self.state is ClockState.RUNNING else self.state
        return replace(self, counted_before=counted, counted_from=at, is_paused=True, state=state)

    def resume(self, *, timeline: Timeline, at: datetime) -> "Clock":
        """Count on: the due date moves by the time of the timeline that was waited."""
        if not self.is_paused:
            return self
        state = ClockState.RUNNING if self.state is ClockState.PAUSED else self.state
        return replace(self, counted_from=at, is_paused=False, state=state).dated_by(timeline)

    def stop(self, *, at: datetime) -> "Clock":
        """End it: met unless it was breached before."""
        if self.is_ended:
            return self
        state = ClockState.BREACHED if self.state is ClockState.BREACHED else ClockState.MET
        return replace(self, state=state, stopped_at=at, is_paused=False)
