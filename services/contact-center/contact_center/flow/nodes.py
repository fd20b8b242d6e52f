"""The kinds of nodes that a flow is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar
from uuid import UUID

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One announcement in both languages."""

    zh: str
    en: str

    def spoken(self, language: str | None) -> str:
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, kw_only=True)
class Window:
    """Opening hours of a day; a window that ends before it begins runs past midnight."""

    opens: time
    closes: time

    def covers(self, moment: time) -> bool:
        if self.opens < self.closes:
            return self.opens <= moment < self.closes
        return moment >= self.opens

    def runs_into_next_day_until(self, moment: time) -> bool:
        return self.opens >= self.closes and moment < self.closes


@dataclass(frozen=True, kw_only=True)
class Say:
    """Speaks, then goes on."""

    kind: ClassVar[str] = "say"
    text: Wording
    next: str

    def exits(self) -> Iterator[tuple[str, str]]:
        yield "next", self.next


@dataclass(frozen=True, kw_only=True)
class Collect:
    """Speaks and waits for digits;
    without the asked number of them it asks again, then takes the other way.
    """

    kind: ClassVar[str] = "collect"
    text: Wording
    name: str
    min_digits: int
    max_digits: int
    timeout_seconds: int
    tries: int
    next: str
    otherwise: str

    def exits(self) -> Iterator[tuple[str, str]]:
        yield "next", self.next
        yield "otherwise", self.otherwise


@dataclass(frozen=True, kw_only=True)
class Menu:
    """Speaks and waits for one of its choices;
    after as many wrong ones as it allows it takes the other way.
    """

    kind: ClassVar[str] = "menu"
    text: Wording
    choices: Mapping[str, str]
    timeout_seconds: int
    tries: int
    otherwise: str

    def exits(self) -> Iterator[tuple[str, str]]:
        for digits, target in self.choices.items():
            yield f"choices/{digits}", target
        yield "otherwise", self.otherwise


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Asks the clock of the company: open or closed."""

    kind: ClassVar[str] = "hours"
    windows: Mapping[str, tuple[Window, ...]]
    holidays: frozenset[date]
    working_days: frozenset[date]
    open: str
    closed: str

    def exits(self) -> Iterator[tuple[str, str]]:
        yield "open", self.open
        yield "closed", self.closed

    def is_open(self, local: datetime) -> bool:
        """Whether the local moment lies in the hours of its day,
        or in those of the day before that run past midnight.
        """
        moment = local.time()
        if any(window.covers(moment) for window in self._windows_of(local.date())):
            return True
        return any(
            window.runs_into_next_day_until(moment)
            for window in self._windows_of(local.date() - timedelta(days=1))
        )

    def _windows_of(self, day: date) -> tuple[Window, ...]:
        """A make-up working day keeps the hours of the first day of the week that has any."""
        own = self.windows.get(WEEKDAYS[day.weekday()], ())
        if day in self.holidays:
            return ()
        if day in self.working_days and not own:
            return next((self.windows[name] for name in WEEKDAYS if self.windows.get(name)), ())
        return own


@dataclass(frozen=True, kw_only=True)
class SetNeeds:
    """Adds needs to the contact: skills, seconds of priority, a language."""

    kind: ClassVar[str] = "set"
    skills: Mapping[str, int]
    priority_seconds: int
    language: str | None
    next: str

    def exits(self) -> Iterator[tuple[str, str]]:
        yield "next", self.next


@dataclass(frozen=True, kw_only=True)
class Check:
    """Asks what is known of the caller; every condition that is given must hold."""

    kind: ClassVar[str] = "check"
    tier_min: int | None
    is_known: bool | None
    is_key_contact: bool | None
    has_open_complaint: bool | None
    tag: str | None
    then: str
    otherwise: str

    def exits(self) -> Iterator[tuple[str, str]]:
        yield "then", self.then
        yield "otherwise", self.otherwise


@dataclass(frozen=True, kw_only=True)
class ToQueue:
    """Ends the flow: the contact waits in this queue."""

    kind: ClassVar[str] = "queue"
    queue_id: UUID

    def exits(self) -> Iterator[tuple[str, str]]:
        yield from ()


@dataclass(frozen=True, kw_only=True)
class HangUp:
    """Ends the flow and the contact."""

    kind: ClassVar[str] = "hang_up"
    text: Wording | None

    def exits(self) -> Iterator[tuple[str, str]]:
        yield from ()


Node = Say | Collect | Menu | Hours | SetNeeds | Check | ToQueue | HangUp
Asking = Collect | Menu
