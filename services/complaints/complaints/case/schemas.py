"""What the API takes of complaints: a report, and the body of each move."""

from typing import Annotated

from pydantic import Field
from service_kit.words.fields import (
    Id,
    Input,
    Language,
    Line,
    PositiveMoneyIn,
    Rating,
    Text,
    Timestamp,
    UnitPath,
)

from complaints.case.fields import Category, Reason, RemedyNumber
from complaints.words import Channel, Decision, Kind, RemedyType, Severity, Verdict

KindIn = Annotated[Kind, Field(strict=False)]
ChannelIn = Annotated[Channel, Field(strict=False)]
SeverityIn = Annotated[Severity, Field(strict=False)]


class ProductIn(Input):
    """What the complaint is about, with its lot so that others of it can be found."""

    name: Line
    lot: Line | None = None


class NewComplaint(Input):
    """What the customer said.
    `received_at` may lie up to ten years in the past: the clocks count from it.
    """

    customer_id: Id
    contact_id: Id | None = None
    kind: KindIn = Kind.COMPLAINT
    channel: ChannelIn
    received_at: Timestamp | None = None
    title: Line
    narrative: Text | None = None
    wish: Text | None = None
    category: Category = "other"
    severity: SeverityIn = Severity.MEDIUM
    dissatisfaction: Rating | None = None
    product: ProductIn | None = None
    unit: Annotated[
        UnitPath | None,
        Field(description="Stands in while the customer's file cannot be asked for its unit."),
    ] = None


class NewAcknowledgement(Input):
    """What the customer was told when the complaint was taken up."""

    message: Text | None = None


class NewValidity(Input):
    """Whether the complaint is justified, and why."""

    verdict: Annotated[Verdict, Field(strict=False)]
    reason: Reason


class NewResponsibility(Input):
    """Which department answers for it, and who there."""

    department: Line
    handler: Line | None = None


class NewCause(Input):
    """Why it happened: the category, up to ten whys, the evidence."""

    category: Category
    whys: Annotated[
        list[Annotated[str, Field(max_length=1_000)]], Field(default_factory=list, max_length=10)
    ]
    evidence: Text | None = None


class RemedyIn(Input):
    """One thing to be done for the customer; `amount` is what it costs."""

    type: Annotated[RemedyType, Field(strict=False)]
    amount: PositiveMoneyIn | None = None
    description: Annotated[str | None, Field(max_length=1_000)] = None


class NewProposal(Input):
    """The remedies, and what the customer said to them.
    `next_update_at`, a moment to come, starts a clock of its own.
    """

    problem_restated: Reason
    remedies: Annotated[list[RemedyIn], Field(default_factory=list, max_length=20)]
    customer_agrees: bool | None = None
    customer_satisfied: bool | None = None
    next_update_at: Timestamp | None = None


class NewApproval(Input):
    """The decision on a proposal; `returned` and `rejected` ask for another one."""

    decision: Annotated[Decision, Field(strict=False)]
    comment: Text | None = None


class NewImplementation(Input):
    """What was done: remedies by number, all that are open when `done` is left out."""

    note: Text | None = None
    done: Annotated[list[RemedyNumber] | None, Field(max_length=20)] = None


class NewResponse(Input):
    """The final answer.

    Its letter is printed in this language, and addressed to this recipient; the customer's own when
    they are left out.
    """

    language: Language | None = None
    recipient: Line | None = None
    channel: ChannelIn = Channel.LETTER


class NewFeedback(Input):
    """What the customer says to the answer; one that is not accepted opens the matter again."""

    accepted: bool
    satisfaction: Rating | None = None
    comment: Text | None = None


class NewSummary(Input):
    """What was learned, and the five questions that make a complaint valuable."""

    lesson: Reason
    calmed_by: Text | None = None
    improvement_told: Text | None = None
    would_stay: bool | None = None


class NewReason(Input):
    """Why the case leaves its usual course."""

    reason: Reason


class NewReassignment(Input):
    """Why, and to whom; without department and handler the case goes back to the desk."""

    reason: Reason
    department: Line | None = None
    handler: Line | None = None
