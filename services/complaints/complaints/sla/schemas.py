"""Service-level policies as the API reads and writes them."""

from typing import Annotated, Literal

from pydantic import Field
from service_kit.store.running import Record
from service_kit.words.fields import Code, Input, Output, Timestamp, Version
from service_kit.words.names import NAME

from complaints.words import Channel, Kind, Severity, Stars

Percent = Annotated[int, Field(ge=1, le=99, json_schema_extra={"format": "int32"})]
# An escalation may come before the breach and long after it.
LatePercent = Annotated[int, Field(ge=1, le=1_000, json_schema_extra={"format": "int32"})]
Hours = Annotated[
    float,
    Field(
        ge=0.0001,
        le=10_000,
        description="Time allowed, in hours; fractions are accepted.",
        examples=[4],
        json_schema_extra={"format": "double"},
    ),
]
Level = Annotated[int, Field(ge=1, le=9, json_schema_extra={"format": "int32"})]
Notify = Annotated[
    str,
    Field(
        max_length=200,
        pattern=f"^$|{NAME}",
        description="Who is to be told, in the words of the company.",
        examples=["team_lead"],
    ),
]
WarnAt = Annotated[
    list[Percent],
    Field(
        max_length=20,
        description="Percents of the allowed time at which to warn.",
        examples=[[50, 75, 90]],
    ),
]
TimeMeasure = Annotated[
    Literal["business", "elapsed"],
    Field(description="`business` counts by the calendar, `elapsed` around the clock."),
]


class AppliesBody(Input):
    """The cases that the policy is for; what is left out means all.
    Of several policies that fit, the closest description wins.
    """

    kind: Annotated[Kind | None, Field(strict=False)] = None
    severity: Annotated[Severity | None, Field(strict=False)] = None
    tier_min: Stars | None = None
    channel: Annotated[Channel | None, Field(strict=False)] = None


class ClockRuleBody(Input):
    """One clock.

    `acknowledgement` and `first_reply` run until the customer is acknowledged; `validity`,
    `responsibility`, `cause`, `proposal`, `approval`, `implementation`, `response`, `feedback` and
    `summary` while the case waits for that step; `resolution` until the answer; a name of your own
    from recording to closing.
    """

    name: Code
    hours: Hours
    time: TimeMeasure = "business"
    calendar: Code = "cn-standard"
    warn_at: Annotated[WarnAt, Field(default_factory=lambda: [75])]


class EscalationRuleBody(Input):
    """When a case rises: at which percent of a clock (of every clock when none is
    named) to which level (one up when none is named).
    """

    clock: Code | None = None
    at_percent: LatePercent = 100
    level: Level | None = None
    notify: Notify = ""


class PolicyBody(Input):
    """Which clocks run for which cases.
    Without `escalation` every breach raises the case one level.
    """

    applies: AppliesBody = AppliesBody()
    clocks: Annotated[list[ClockRuleBody], Field(max_length=20)]
    escalation: Annotated[list[EscalationRuleBody] | None, Field(max_length=50)] = None


class AppliesOut(Output):
    kind: Kind | None
    severity: Severity | None
    tier_min: Stars | None
    channel: Channel | None


class ClockRuleOut(Output):
    name: Code
    hours: Hours
    time: TimeMeasure
    calendar: Code
    warn_at: WarnAt


class EscalationRuleOut(Output):
    clock: Code | None
    at_percent: LatePercent
    level: Level | None
    notify: Notify


class PolicyView(Output):
    """A policy in one of its versions. A case keeps the version under which it was recorded."""

    name: Code
    version: Version
    applies: AppliesOut
    clocks: Annotated[list[ClockRuleOut], Field(max_length=20)]
    escalation: Annotated[list[EscalationRuleOut], Field(max_length=50)]
    written_at: Timestamp


def policy_view(row: Record) -> PolicyView:
    return PolicyView(
        name=row["name"], version=row["version"], written_at=row["written_at"], **row["content"]
    )
