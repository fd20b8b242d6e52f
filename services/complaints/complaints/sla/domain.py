"""Service-level policies:
which case they fit, which clocks they set, and which case a lateness rises to.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from service_kit.words.errors import Conflict, NotFound

from complaints.clock.domain import (
    BREACH,
    NEXT_UPDATE,
    ONE_LEVEL_UP,
    THE_BREACH,
    Mark,
    Terms,
    Timeline,
)
from complaints.words import Channel, Kind, Measure, Severity

PROMISE_WARNS_AT = (75,)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class PolicyNotFound(NotFound):
    """There is no service-level policy of this name."""


class CalendarMissing(Conflict):
    """A clock counts by a calendar that does not exist; PUT the calendar first.

    A conflict with what is there now: the same policy is accepted once the calendar exists.
    """


class ClockNamedTwice(Conflict):
    """Every clock of a policy has a name of its own.

    A conflict between two members of the body: a JSON Schema can ask for different items, but not
    for different names of them.
    """


@dataclass(frozen=True, kw_only=True)
class Applies:
    """The cases that a policy is for; None means all."""

    kind: Kind | None = None
    severity: Severity | None = None
    tier_min: int | None = None
    channel: Channel | None = None

    def fits(self, *, kind: Kind, severity: Severity, tier: int | None, channel: Channel) -> bool:
        return (
            self.kind in {None, kind}
            and self.severity in {None, severity}
            and self.channel in {None, channel}
            and (self.tier_min is None or (tier is not None and tier >= self.tier_min))
        )

    @property
    def closeness(self) -> tuple[int, int]:
        """How closely a policy describes its cases; of those that fit the closest one is taken."""
        conditions = (self.kind, self.severity, self.channel, self.tier_min)
        return sum(condition is not None for condition in conditions), self.tier_min or 0


@dataclass(frozen=True, kw_only=True)
class ClockRule:
    """One clock of a policy: how long it may run, and at which percents of that time it warns."""

    name: str
    allowed: timedelta
    measure: Measure
    calendar: str
    warn_at: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class EscalationRule:
    """At which percent of a clock (of every clock when None) the case rises,
    to which level (one up when None), and who is told.
    """

    clock: str | None = None
    at_percent: int = BREACH
    level: int | None = None
    notify: str = ""


@dataclass(frozen=True, kw_only=True)
class Policy:
    name: str
    version: int
    applies: Applies
    clocks: tuple[ClockRule, ...]
    escalation: tuple[EscalationRule, ...]
    written_at: datetime

    @classmethod
    def without_clocks(cls) -> "Policy":
        """For cases that no policy fits: a promise is kept track of all the same."""
        return cls(
            name="",
            version=0,
            applies=Applies(),
            clocks=(),
            escalation=(EscalationRule(),),
            written_at=LONG_AGO,
        )

    def terms(self, rule: ClockRule, *, calendar_version: int | None) -> Terms:
        """What one clock of a case runs by."""
        is_business = rule.measure is Measure.BUSINESS
        return Terms(
            name=rule.name,
            allowed=rule.allowed,
            measure=rule.measure,
            calendar=rule.calendar if is_business else None,
            calendar_version=calendar_version if is_business else None,
            marks=marks(
                rule.warn_at, [own for own in self.escalation if own.clock in {None, rule.name}]
            ),
        )

    def promise(self, allowed: timedelta) -> Terms:
        """The clock of a promised next update, which runs around the clock."""
        rules = [own for own in self.escalation if own.clock in {None, NEXT_UPDATE}]
        return Terms(
            name=NEXT_UPDATE,
            allowed=allowed,
            measure=Measure.ELAPSED,
            calendar=None,
            calendar_version=None,
            marks=marks(PROMISE_WARNS_AT, rules),
        )


def marks(warn_at: Iterable[int], escalation: Sequence[EscalationRule]) -> tuple[Mark, ...]:
    """Warnings, the breach and escalations in the order in which they fall;
    of the same percent, the escalation comes last.
    """
    warnings = {Mark(percent) for percent in warn_at if percent < BREACH}
    rises = {
        Mark(rule.at_percent, ONE_LEVEL_UP if rule.level is None else rule.level, rule.notify)
        for rule in escalation
    }
    return tuple(
        sorted(
            {*warnings, THE_BREACH, *rises},
            key=lambda mark: (mark.percent, mark.is_escalation, mark.level, mark.notify),
        )
    )


def closest(
    policies: Iterable[Policy],
    *,
    kind: Kind,
    severity: Severity,
    tier: int | None,
    channel: Channel,
) -> Policy | None:
    """The policy that describes the case most closely, or None when none fits;
    among equals the one written last.
    """
    fitting = [
        policy
        for policy in policies
        if policy.applies.fits(kind=kind, severity=severity, tier=tier, channel=channel)
    ]
    return max(
        fitting,
        key=lambda policy: (policy.applies.closeness, policy.written_at, policy.name),
        default=None,
    )


@dataclass(frozen=True, kw_only=True)
class Levels:
    """What one case is held to:
    its policy, the terms of its clocks, and the timelines that they count by.
    """

    policy: Policy | None = None
    terms: tuple[Terms, ...] = ()
    timelines: Mapping[tuple[str | None, int | None], Timeline] = field(default_factory=dict)

    def timeline(self, terms: Terms) -> Timeline:
        return self.timelines[terms.calendar, terms.calendar_version]
