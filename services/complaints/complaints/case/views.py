"""What the API shows of complaints, and how it is made of cases."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from service_kit.store.running import Record
from service_kit.words.fields import (
    Id,
    JsonObject,
    Language,
    MoneyOut,
    Output,
    Rating,
    Text,
    Timestamp,
    UnitPath,
    Version,
)

from complaints.case.domain import Case, Complaint
from complaints.case.fields import (
    Category,
    EscalationLevel,
    Number,
    Path,
    Percent,
    Person,
    RemedyNumber,
    Round,
    Sha256,
    TrackingToken,
)
from complaints.case.letters import LetterSent
from complaints.clock.domain import BREACH, Clock
from complaints.course.domain import Move, Outcome, State
from complaints.words import (
    Channel,
    ClockState,
    Kind,
    Measure,
    RemedyType,
    Severity,
    Stars,
    Verdict,
)


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
    provisional: Annotated[
        bool, Field(description="The holidays of that time are not published yet.")
    ]
    stopped_at: Timestamp | None
    time: Measure
    calendar: Annotated[str | None, Field(max_length=64)]
    calendar_version: Version | None
    warned: Annotated[
        list[Percent], Field(max_length=100, description="Percents at which a warning was given.")
    ]


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
    step: Annotated[
        Round | None,
        Field(
            description=(
                "Number of the step in which it was proposed; null in cases of before it was kept."
            )
        ),
    ]


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
    due_at: Annotated[
        Timestamp | None, Field(description="Earliest due date among the clocks that count now.")
    ]
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
            description=(
                "Services that could not be asked; `customer-profile` here means that the unit is"
                " not confirmed, or that the answer just given goes by what the case keeps of its"
                " customer."
            ),
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


def complaint_view(
    case: Case, letters: Sequence[LetterSent] = (), *, is_degraded: bool = False
) -> ComplaintView:
    # Lists show hundreds of these, made of checked values: they are not checked again.
    return ComplaintView.model_construct(**_members(case, letters, is_degraded=is_degraded))


def recorded_view(case: Case, *, tracking_token: str) -> RecordedComplaintView:
    return RecordedComplaintView.model_construct(
        tracking_token=tracking_token, **_members(case, ())
    )


def _members(
    case: Case, letters: Sequence[LetterSent], *, is_degraded: bool = False
) -> dict[str, Any]:
    complaint = case.complaint
    report = complaint.report
    product = (
        ProductView(name=report.product_name, lot=report.product_lot)
        if report.product_name
        else None
    )
    return {
        "id": complaint.id,
        "number": complaint.number,
        "state": complaint.state,
        "allowed_moves": list(complaint.allowed_moves),
        "clocks": [_clock(clock) for clock in case.clocks.latest],
        "due_at": case.clocks.due_at,
        "escalation_level": complaint.escalation_level,
        "unit": complaint.unit,
        "customer_id": report.customer_id,
        "contact_id": report.contact_id,
        "kind": report.kind,
        "channel": report.channel,
        "received_at": report.received_at,
        "recorded_at": complaint.recorded_at,
        "title": report.title,
        "narrative": report.narrative,
        "wish": report.wish,
        "category": report.category,
        "severity": report.severity,
        "dissatisfaction": report.dissatisfaction,
        "product": product,
        "tier": complaint.tier,
        "verdict": complaint.verdict,
        "department": complaint.department,
        "handler": complaint.handler,
        "proposal": _proposal(complaint),
        "satisfaction": complaint.satisfaction,
        "closed_at": complaint.closed_at,
        "policy": (
            PolicyRef(name=complaint.policy[0], version=complaint.policy[1])
            if complaint.policy
            else None
        ),
        "letters": [_letter(letter) for letter in letters],
        "degraded": ["customer-profile"] if is_degraded or not complaint.is_unit_confirmed else [],
        "version": complaint.version,
    }


def _clock(clock: Clock) -> ClockView:
    terms = clock.terms
    told = terms.marks[: clock.told]
    return ClockView.model_construct(
        name=clock.name,
        round=clock.round,
        state=clock.state,
        started_at=clock.started_at,
        due_at=clock.due_at,
        provisional=clock.is_provisional,
        stopped_at=clock.stopped_at,
        time=terms.measure,
        calendar=terms.calendar,
        calendar_version=terms.calendar_version,
        warned=[mark.percent for mark in told if mark.percent < BREACH and not mark.is_escalation],
    )


def _proposal(complaint: Complaint) -> ProposalView | None:
    proposal = complaint.proposal
    if proposal is None:
        return None
    remedies = [
        RemedyView.model_construct(
            number=remedy.number,
            type=remedy.type,
            amount=MoneyOut.of(remedy.amount) if remedy.amount else None,
            description=remedy.description,
            done_at=remedy.done_at,
        )
        for remedy in proposal.remedies
    ]
    return ProposalView.model_construct(
        problem_restated=proposal.problem_restated,
        remedies=remedies,
        sums=[MoneyOut.of(total) for total in complaint.totals],
        proposer=complaint.proposer or "",
        customer_agrees=proposal.customer_agrees,
        customer_satisfied=proposal.customer_satisfied,
        next_update_at=proposal.next_update_at,
        step=proposal.step,
    )


def _letter(letter: LetterSent) -> LetterView:
    address = f"/v1/complaints/{letter.complaint_id}/letters/{letter.id}"
    return LetterView.model_construct(
        id=letter.id,
        language="en" if letter.language == "en" else "zh-CN",
        channel=Channel(letter.channel),
        written_at=letter.written_at,
        pdf_url=f"{address}/pdf",
        docx_url=f"{address}/docx",
        sha256=letter.pdf_sha256,
        docx_sha256=letter.docx_sha256,
    )


def step_view(row: Record) -> StepView:
    return StepView(
        number=row["number"],
        move=row["move"],
        outcome=row["outcome"],
        left=row["left_state"],
        entered=row["entered_state"],
        record=row["record"],
        by=row["actor"],
        client_id=row["client_id"],
        at=row["at"],
    )
