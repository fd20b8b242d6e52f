"""The clocks of one case together:
started, paused, resumed and ended by the states that it enters.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from complaints.clock.domain import NEXT_UPDATE, Clock, Mark, Terms, Timeline, runs_in
from complaints.course.domain import ENDED, State

Timelines = Callable[[Terms], Timeline]


@dataclass(frozen=True)
class Reached:
    """A mark that was reached: of which clock, and what it says."""

    clock: Clock
    mark: Mark


@dataclass(frozen=True)
class Clocks:
    """All clocks of a case, ended ones too."""

    all: tuple[Clock, ...]

    @property
    def latest(self) -> tuple[Clock, ...]:
        """The last round of each clock, by name."""
        rounds = {clock.name: clock for clock in sorted(self.all, key=lambda clock: clock.round)}
        return tuple(rounds[name] for name in sorted(rounds))

    @property
    def due_at(self) -> datetime | None:
        """When the case is late, or since when:
        the earliest due date among the clocks that count.
        """
        return min(
            (clock.due_at for clock in self.all if not clock.is_ended and not clock.is_paused),
            default=None,
        )

    def tell(self, *, at: datetime) -> tuple["Clocks", tuple[Reached, ...]]:
        """What the clocks have to tell by now, in the order in which it fell due."""
        clocks: list[Clock] = []
        told: list[tuple[datetime, Reached]] = []
        for clock in self.all:
            later, marks = clock.tell(at=at)
            clocks.append(later)
            times = clock.mark_times[clock.told : later.told]
            told += [(time, Reached(later, mark)) for time, mark in zip(times, marks, strict=True)]
        return Clocks(tuple(clocks)), tuple(
            each for _, each in sorted(told, key=lambda pair: pair[0])
        )

    def begin(
        self, terms: Iterable[Terms], timelines: Timelines, *, state: State, at: datetime
    ) -> "Clocks":
        """With the clocks started that run in the state and do not run yet."""
        running = {clock.name for clock in self.all if not clock.is_ended}
        fresh = [
            Clock.start(each, timeline=timelines(each), at=at, round=self._next_round(each.name))
            for each in terms
            if each.name not in running and runs_in(each.name, state)
        ]
        return Clocks((*self.all, *fresh))

    def promise(self, terms: Terms, timelines: Timelines, *, at: datetime) -> "Clocks":
        """With the promised next update in place of an earlier promise,
        which was kept by this very update.
        """
        kept = tuple(
            clock.stop(at=at) if clock.name == NEXT_UPDATE else clock for clock in self.all
        )
        fresh = Clock.start(
            terms, timeline=timelines(terms), at=at, round=self._next_round(terms.name)
        )
        return Clocks((*kept, fresh))

    def enter(
        self, state: State, terms: Iterable[Terms], timelines: Timelines, *, at: datetime
    ) -> "Clocks":
        """The clocks after a move into a state:
        a pause holds them, an end or another stage ends what does not run there.
        """
        if state is State.PAUSED:
            return Clocks(tuple(_held(clock, timelines, at=at) for clock in self.all))
        counting = [_counting(clock, timelines, at=at) for clock in self.all]
        kept = [
            clock if state not in ENDED and runs_in(clock.name, state) else clock.stop(at=at)
            for clock in counting
        ]
        return Clocks(tuple(kept)).begin(terms, timelines, state=state, at=at)

    def dated_anew(self, timeline_of: Callable[[Terms], tuple[Terms, Timeline] | None]) -> "Clocks":
        """With those clocks reckoned again for which there are newer terms."""
        return Clocks(tuple(_dated_anew(clock, timeline_of(clock.terms)) for clock in self.all))

    @property
    def by_round(self) -> Mapping[tuple[str, int], Clock]:
        return {clock.key: clock for clock in self.all}

    def changed_since(self, before: "Clocks") -> tuple[Clock, ...]:
        known = before.by_round
        return tuple(clock for clock in self.all if known.get(clock.key) != clock)

    def _next_round(self, name: str) -> int:
        rounds: Sequence[int] = [clock.round for clock in self.all if clock.name == name]
        return max(rounds, default=0) + 1


# An ended clock is reckoned no more: nobody asks for its timeline, which may be that of a version
# of the calendar long replaced.
def _held(clock: Clock, timelines: Timelines, *, at: datetime) -> Clock:
    return clock if clock.is_ended else clock.pause(timeline=timelines(clock.terms), at=at)


def _counting(clock: Clock, timelines: Timelines, *, at: datetime) -> Clock:
    return clock.resume(timeline=timelines(clock.terms), at=at) if clock.is_paused else clock


def _dated_anew(clock: Clock, newer: tuple[Terms, Timeline] | None) -> Clock:
    if newer is None or clock.is_ended or not clock.is_provisional:
        return clock
    terms, timeline = newer
    renewed = replace(clock, terms=terms)
    # A paused clock is dated when it resumes.
    return renewed if clock.is_paused else renewed.dated_by(timeline)
