"""Service-level policies in Postgres, and the levels that one case is held to."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from service_kit.store.running import Reader, Record
from service_kit.words.errors import NotFound

from complaints.calendar.domain import AroundTheClock
from complaints.calendar.store import CALENDARS, CalendarStore
from complaints.case.records import Channel, Kind, Severity
from complaints.clock.course import Course
from complaints.clock.domain import Clock, Measure, Terms, Timeline
from complaints.shelf import Shelf
from complaints.sla.domain import Applies, ClockRule, EscalationRule, Levels, Policy
from complaints.tables import sla_policy, sla_policy_version
from complaints.versioned import Documents

POLICIES = Documents(sla_policy, sla_policy_version)
AROUND_THE_CLOCK = AroundTheClock()


class PolicyUnknown(NotFound):
    """There is no service-level policy of this name."""


class SlaStore:
    """The port `ServiceLevels`."""

    def __init__(self, reader: Reader, shelf: Shelf) -> None:
        self._reader = reader
        self._shelf = shelf
        self._calendars = CalendarStore(reader, shelf)

    async def policies(self) -> list[Policy]:
        """All policies in their present versions."""
        return [self._kept(row) for row in await self._reader.fetch(POLICIES.all_present)]

    async def levels(self, policy: Policy | None, clocks: Iterable[Clock] = ()) -> Levels:
        """What a case of this policy is held to: new clocks count by the present calendars, running ones by those they began with."""
        rules = policy.clocks if policy else ()
        named = [rule.calendar for rule in rules if rule.measure is Measure.BUSINESS]
        present = await CALENDARS.present(self._reader, named) if named else {}
        terms = tuple(policy.terms(rule, calendar_version=present.get(rule.calendar)) for rule in rules) if policy else ()
        held_to = [*terms, *(clock.terms for clock in clocks if not clock.is_ended)]
        return Levels(policy=policy, terms=terms, timelines=await self._timelines(held_to))

    async def levels_of(self, policy: tuple[str, int] | None, course: Course) -> Levels:
        """The same for a case that was recorded under a version of a policy."""
        if policy is None:
            return await self.levels(None, course.clocks)
        kept = self._shelf.policies.get(policy)
        if kept is None:
            row = await POLICIES.find(self._reader, policy[0], version=policy[1])
            kept = self._kept(row) if row else None
        return await self.levels(kept, course.clocks)

    def _kept(self, row: Record) -> Policy:
        key = (row["name"], row["version"])
        kept = self._shelf.policies.get(key)
        if kept is None:
            kept = self._shelf.policies[key] = policy_of(row)
        return kept

    async def _timelines(self, held_to: Iterable[Terms]) -> dict[tuple[str | None, int | None], Timeline]:
        timelines: dict[tuple[str | None, int | None], Timeline] = {(None, None): AROUND_THE_CLOCK}
        for terms in held_to:
            if terms.calendar is not None and terms.calendar_version is not None:
                timeline = await self._calendars.get(terms.calendar, terms.calendar_version)
                timelines[terms.calendar, terms.calendar_version] = timeline
        return timelines


def policy_of(row: Record) -> Policy:
    """A policy from its row; its content is as the API writes it."""
    content = row["content"]
    return Policy(
        name=row["name"],
        version=row["version"],
        applies=_applies(content["applies"]),
        clocks=tuple(_clock_rule(rule) for rule in content["clocks"]),
        escalation=tuple(EscalationRule(**rule) for rule in content["escalation"]),
        written_at=row["written_at"],
    )


def _applies(content: Mapping[str, Any]) -> Applies:
    kind, severity, channel = content["kind"], content["severity"], content["channel"]
    return Applies(
        kind=Kind(kind) if kind else None,
        severity=Severity(severity) if severity else None,
        tier_min=content["tier_min"],
        channel=Channel(channel) if channel else None,
    )


def _clock_rule(content: Mapping[str, Any]) -> ClockRule:
    return ClockRule(
        name=content["name"],
        allowed=timedelta(hours=content["hours"]),
        measure=Measure(content["time"]),
        calendar=content["calendar"],
        warn_at=tuple(content["warn_at"]),
    )
