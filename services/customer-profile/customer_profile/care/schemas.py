"""Care plans and tasks as callers send and receive them."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import (
    Code,
    Id,
    Input,
    Language,
    Line,
    Output,
    Patch,
    Text,
    Timestamp,
    UnitPath,
)

from customer_profile.care.domain import CarePlan, CareTask, Occasion, Segment, TaskState
from customer_profile.customer.domain import Kind
from customer_profile.touch import Channel, Purpose
from customer_profile.words import Stars, Tag

WithinDays = Annotated[int, Field(ge=0, le=366, json_schema_extra={"format": "int32"})]
Template = Annotated[
    dict[Language, Text],
    Field(
        min_length=1,
        max_length=2,
        description="The text by language; `{name}` becomes the customer's name.",
    ),
]


class SegmentIn(Input):
    """Which customers a plan is for; what is left out does not matter."""

    kind: Annotated[Kind | None, Field(strict=False)] = None
    tier_min: Stars | None = None
    tag: Tag | None = None

    def segment(self) -> Segment:
        return Segment(kind=self.kind, tier_min=self.tier_min, tag=self.tag)


class NewCarePlan(Input):
    """When customers are cared for, by which means, and with what words."""

    name: Line
    occasion: Annotated[Occasion, Field(strict=False)]
    within_days: Annotated[
        WithinDays,
        Field(
            description=(
                "From the occasion to the due moment; for birthdays, how long before the day the"
                " task is made."
            )
        ),
    ] = 7
    channel: Annotated[Channel, Field(strict=False)]
    purpose: Annotated[
        Purpose, Field(strict=False, description="What the contact decision is asked about.")
    ] = Purpose.CARE
    template: Template
    segment: SegmentIn | None = None
    unit: Annotated[
        UnitPath | None,
        Field(description="For customers in or under this unit; null means the whole company."),
    ] = None
    owner: Annotated[
        Line | None,
        Field(description="Whose task it is where the customer has no account manager."),
    ] = None
    enabled: bool = True


class CarePlanChange(Patch):
    """A merge patch: what is left out stays, null empties;
    texts and segment are merged member by member.
    """

    name: Annotated[Line, Field(default_factory=str)]
    within_days: Annotated[WithinDays, Field(default_factory=int)]
    channel: Annotated[Channel, Field(strict=False, default_factory=lambda: Channel.VOICE)]
    purpose: Annotated[Purpose, Field(strict=False, default_factory=lambda: Purpose.CARE)]
    template: Annotated[dict[Language, Text | None], Field(max_length=2, default_factory=dict)]
    segment: SegmentIn | None = None
    owner: Line | None = None
    enabled: Annotated[bool, Field(default_factory=bool)]


class SegmentOut(Output):
    """Which customers a plan is for."""

    kind: Kind | None
    tier_min: Stars | None
    tag: Annotated[str | None, Field(max_length=64)]


class CarePlanView(Output):
    """A care plan. A built-in plan steps back where the company has one of its own
    for the occasion.
    """

    id: Id
    name: Annotated[str, Field(max_length=200)]
    occasion: Occasion
    within_days: WithinDays
    channel: Channel
    purpose: Purpose
    template: Template
    segment: SegmentOut | None
    unit: Annotated[str | None, Field(max_length=200)]
    owner: Annotated[str | None, Field(max_length=200)]
    enabled: bool
    built_in: bool
    created_at: Timestamp


class CareTaskView(Output):
    """What is to be done for a customer; `reasons` says why a task was skipped from the start."""

    id: Id
    plan: Annotated[str, Field(max_length=200)]
    plan_id: Id
    customer_id: Id
    due_at: Timestamp
    owner: Annotated[str | None, Field(max_length=200)]
    channel: Channel
    text: Annotated[str, Field(max_length=20_000)]
    state: TaskState
    reasons: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=10)]
    outcome: Annotated[str | None, Field(max_length=200)]
    note: Annotated[str | None, Field(max_length=10_000)]
    ended_at: Timestamp | None
    created_at: Timestamp


class Completion(Input):
    """How a care task went."""

    outcome: Line
    note: Text | None = None


class Skipping(Input):
    """Why a care task is left undone."""

    reason: Line
    note: Text | None = None


class NewOccasion(Input):
    """Something happened that care plans wait for, such as a delivery.
    Told twice with one `key`, it counts once.
    """

    customer_id: Id
    occasion: Annotated[Occasion, Field(strict=False)]
    occurred_at: Timestamp | None = None
    key: Annotated[
        Code | None, Field(description="Names the happening, such as a delivery's number.")
    ] = None


class OccasionView(Output):
    """The tasks that an occasion made."""

    customer_id: Id
    occasion: Occasion
    tasks: Annotated[list[CareTaskView], Field(max_length=200)]


def plan_view(plan: CarePlan) -> CarePlanView:
    segment = plan.segment
    return CarePlanView(
        id=plan.id,
        name=plan.name,
        occasion=plan.occasion,
        within_days=plan.within_days,
        channel=plan.channel,
        purpose=plan.purpose,
        template=dict(plan.template),
        segment=(
            None
            if segment is None
            else SegmentOut(kind=segment.kind, tier_min=segment.tier_min, tag=segment.tag)
        ),
        unit=plan.unit,
        owner=plan.owner,
        enabled=plan.is_enabled,
        built_in=plan.is_built_in,
        created_at=plan.created_at,
    )


def task_view(task: CareTask) -> CareTaskView:
    return CareTaskView(
        id=task.id,
        plan=task.plan,
        plan_id=task.plan_id,
        customer_id=task.customer_id,
        due_at=task.due_at,
        owner=task.owner,
        channel=task.channel,
        text=task.text,
        state=task.state,
        reasons=list(task.reasons),
        outcome=task.outcome,
        note=task.note,
        ended_at=task.ended_at,
        created_at=task.created_at,
    )
