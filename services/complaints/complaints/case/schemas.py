"""Complaints as the API reads and writes them."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from service_kit.words.fields import (
    Id,
    Input,
    JsonObject,
    Language,
    Line,
    MoneyOut,
    Output,
    PositiveMoneyIn,
    Rating,
    Stars,
    Text,
    Timestamp,
    UnitPath,
    Version,
)

from complaints.case.moves import Duty, Move, Outcome, State
from complaints.case.number import PATTERN
from complaints.case.records import Channel, Decision, Kind, RemedyType, Severity, Verdict
from complaints.clock.domain import ClockState, Measure


def _flag(value: object) -> object:
    """A query's `true` or `false`, and nothing else that could be taken for one."""
    if isinstance(value, str) and value not in {"true", "false"}:
        raise ValueError("write true or false")
    return value == "true" if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_flag)]
# Something to read, and no NUL, which text in a database cannot hold.
READABLE = r"^[^\x00]*[^\s\x00][^\x00]*$"
Category = Annotated[str, Field(min_length=1, max_length=64, pattern=READABLE, examples=["billing"])]
Reason = Annotated[str, Field(min_length=1, max_length=10_000, pattern=READABLE)]
Number = Annotated[str, Field(min_length=17, max_length=17, pattern=PATTERN, examples=["C20261121-7KQ2MXD"])]
TrackingToken = Annotated[str, Field(min_length=20, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
RemedyNumber = Annotated[int, Field(ge=1, le=20, json_schema_extra={"format": "int32"})]
EscalationLevel = Annotated[int, Field(ge=0, le=9, json_schema_extra={"format": "int32"})]
Percent = Annotated[int, Field(ge=1, le=1_000, json_schema_extra={"format": "int32"})]
Round = Annotated[int, Field(ge=1, le=2**31 - 1, json_schema_extra={"format": "int32"})]
Sha256 = Annotated[str, Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]
Path = Annotated[str, Field(max_length=200, pattern=r"^/v1/[!-~]+$")]
Person = Annotated[str, Field(max_length=200)]

KindIn = Annotated[Kind, Field(strict=False)]
ChannelIn = Annotated[Channel, Field(strict=False)]
SeverityIn = Annotated[Severity, Field(strict=False)]


class ProductIn(Input):
    """What the complaint is about, with its lot so that others of it can be found."""

    name: Line
    lot: Line | None = None


class NewComplaint(Input):
    """What the customer said. `received_at` may lie up to ten years in the past: the clocks count from it."""

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
    unit: Annotated[UnitPath | None, Field(description="Stands in while the customer's file cannot be asked for its unit.")] = None


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
    whys: Annotated[list[Annotated[str, Field(max_length=1_000)]], Field(default_factory=list, max_length=10)]
    evidence: Text | None = None


class RemedyIn(Input):
    """One thing to be done for the customer; `amount` is what it costs."""

    type: Annotated[RemedyType, Field(strict=False)]
    amount: PositiveMoneyIn | None = None
    description: Annotated[str | None, Field(max_length=1_000)] = None


class NewProposal(Input):
    """The remedies, and what the customer said to them. `next_update_at`, a moment to come, starts a clock of its own."""

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

    Its letter is printed in this language, and addressed to this recipient; the customer's own when they are left out.
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


class ProductView(Output):
    name: Annotated[str, Field(max_length=200)]
    lot: Annotated[str | None, Field(max_length=200)]


class ClockView(Output):
    """One clock of the case, in its last round."""

    name: Annotated[str, Field(max_length=64)]
    round: Round
    state: ClockState
    started_at: Timestamp
    due_at: Timestamp
    provisional: Annotated[bool, Field(description="The holidays of that time are not published yet.")]
    stopped_at: Timestamp | None
    time: Measure
    calendar: Annotated[str | None, Field(max_length=64)]
    calendar_version: Version | None
    warned: Annotated[list[Percent], Field(max_length=100, description="Percents at which a warning was given.")]


class RemedyView(Output):
    number: RemedyNumber
    type: RemedyType
    amount: MoneyOut | None
    description: Annotated[str | None, Field(max_length=1_000)]
    done_at: Timestamp | None


class ProposalView(Output):
    problem_restated: Text
    remedies: Annotated[list[RemedyView], Field(max_length=20)]
    sums: Annotated[list[MoneyOut], Field(max_length=20, description="One sum per currency.")]
    proposer: Person
    customer_agrees: bool | None
    customer_satisfied: bool | None
    next_update_at: Timestamp | None
    step: Annotated[Round | None, Field(description="Number of the step in which it was proposed; null in cases of before it was kept.")]


class LetterView(Output):
    id: Id
    language: Language
    channel: Channel
    written_at: Timestamp
    pdf_url: Path
    docx_url: Path
    sha256: Annotated[Sha256, Field(description="Digest of the PDF.")]
    docx_sha256: Sha256


class PolicyRef(Output):
    name: Annotated[str, Field(max_length=64)]
    version: Version


class ComplaintView(Output):
    """A complaint with its clocks, the moves that are allowed now, and its letters."""

    id: Id
    number: Number
    state: State
    allowed_moves: Annotated[list[Move], Field(max_length=20)]
    clocks: Annotated[list[ClockView], Field(max_length=50)]
    due_at: Annotated[Timestamp | None, Field(description="Earliest due date among the clocks that count now.")]
    escalation_level: EscalationLevel
    unit: UnitPath
    customer_id: Id
    contact_id: Id | None
    kind: Kind
    channel: Channel
    received_at: Timestamp
    recorded_at: Timestamp
    title: Annotated[str, Field(max_length=200)]
    narrative: Text | None
    wish: Text | None
    category: Category
    severity: Severity
    dissatisfaction: Rating | None
    product: ProductView | None
    tier: Stars | None
    verdict: Verdict | None
    department: Annotated[str | None, Field(max_length=200)]
    handler: Annotated[str | None, Field(max_length=200)]
    proposal: ProposalView | None
    satisfaction: Rating | None
    closed_at: Timestamp | None
    policy: PolicyRef | None
    letters: Annotated[list[LetterView], Field(max_length=100)]
    degraded: Annotated[
        list[Annotated[str, Field(max_length=50)]],
        Field(
            max_length=5,
            description="Services that could not be asked; `customer-profile` here means that the unit is not confirmed, or that the "
            "answer just given goes by what the case keeps of its customer.",
        ),
    ]
    version: Version


class RecordedComplaintView(ComplaintView):
    """A complaint just recorded, with the token by which the customer can follow it."""

    tracking_token: Annotated[TrackingToken | None, Field(description="Shown this once.")]


class StepView(Output):
    """One move as it was made; `record` holds what was written down."""

    number: Round
    move: Move
    outcome: Outcome
    left: State
    entered: State
    record: JsonObject
    by: Person
    client_id: Annotated[str, Field(max_length=100)]
    at: Timestamp


class WayView(Output):
    """Where a move leads by its outcome; `stays` and `where_it_was` are no states but say what happens to the present one."""

    outcome: Outcome
    state: Annotated[str, Field(max_length=20)]
    event: Annotated[str, Field(max_length=60)]


class MoveView(Output):
    """One row of the table by which cases move."""

    move: Move
    label: Annotated[str, Field(max_length=100)]
    duty: Duty
    scope: Annotated[str, Field(max_length=60)]
    states: Annotated[list[State], Field(max_length=30)]
    leads_to: Annotated[list[WayView], Field(max_length=10)]


class StateLabel(Output):
    state: State
    label: Annotated[str, Field(max_length=100)]


class CourseView(Output):
    """The whole table of moves, and what states and moves are called."""

    states: Annotated[list[StateLabel], Field(max_length=30)]
    moves: Annotated[list[MoveView], Field(max_length=30)]
