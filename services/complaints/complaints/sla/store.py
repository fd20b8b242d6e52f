"""Service-level policies in Postgres, and the levels that one case is held to."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from service_kit.store.documents import Documents, Shelf
from service_kit.store.running import Reader, Record

from complaints.calendar.domain import AroundTheClock
from complaints.calendar.store import CALENDARS
from complaints.clock.clocks import Clocks
from complaints.clock.domain import Clock, Terms, Timeline
from complaints.sla.domain import Applies, ClockRule, EscalationRule, Levels, Policy, PolicyNotFound
from complaints.tables import sla_policy, sla_policy_version
from complaints.words import Channel, Kind, Measure, Severity

AROUND_THE_CLOCK = AroundTheClock()


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


POLICIES = Documents(sla_policy, sla_policy_version, made=policy_of, missing=PolicyNotFound)


class Shelves:
    """The calendars and policies that this process has read."""

    def __init__(self) -> None:
        self.calendars = Shelf(CALENDARS)
        self.policies = Shelf(POLICIES)


class SlaStore:
    """The port `ServiceLevels`."""

    def __init__(self, reader: Reader, shelves: Shelves) -> None:
        self._reader = reader
        self._shelves = shelves

    async def policies(self) -> list[Policy]:
        """All policies in their present versions."""
        return await self._shelves.policies.all(self._reader)

    async def levels(self, policy: Policy | None, clocks: Iterable[Clock] = ()) -> Levels:
        """What a case of this policy is held to:
        new clocks count by the present calendars, running ones by those they began with.
        """
        rules = policy.clocks if policy else ()
        named = [rule.calendar for rule in rules if rule.measure is Measure.BUSINESS]
        present = await CALENDARS.versions(self._reader, named) if named else {}
        terms = (
            tuple(policy.terms(rule, calendar_version=present.get(rule.calendar)) for rule in rules)
            if policy
            else ()
        )
        held_to = [*terms, *(clock.terms for clock in clocks if not clock.is_ended)]
        return Levels(policy=policy, terms=terms, timelines=await self._timelines(held_to))

    async def levels_of(self, policy: tuple[str, int] | None, clocks: Clocks) -> Levels:
        """The same for a case that was recorded under a version of a policy."""
        kept = await self._shelves.policies.get(self._reader, *policy) if policy else None
        return await self.levels(kept, clocks.all)

    async def _timelines(
        self, held_to: Iterable[Terms]
    ) -> dict[tuple[str | None, int | None], Timeline]:
        timelines: dict[tuple[str | None, int | None], Timeline] = {(None, None): AROUND_THE_CLOCK}
        for terms in held_to:
            if terms.calendar is not None and terms.calendar_version is not None:
                timeline = await self._shelves.calendars.get(
                    self._reader, terms.calendar, terms.calendar_version
                )
                timelines[terms.calendar, terms.calendar_version] = timeline
        return timelines
