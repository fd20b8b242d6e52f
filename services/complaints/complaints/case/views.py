"""From cases to what the API shows of them."""

from collections.abc import Sequence
from typing import Any

from service_kit.store.running import Record
from service_kit.words.fields import MoneyOut

from complaints.case.domain import Case, Complaint
from complaints.case.labels import called
from complaints.case.moves import TABLE, Move, Row, State
from complaints.case.records import Channel
from complaints.case.schemas import (
    ClockView,
    ComplaintView,
    CourseView,
    LetterView,
    MoveView,
    PolicyRef,
    ProductView,
    ProposalView,
    RecordedComplaintView,
    RemedyView,
    StateLabel,
    StepView,
    WayView,
)
from complaints.clock.domain import BREACH, Clock
from complaints.letter.domain import LetterSent


def complaint_view(case: Case, letters: Sequence[LetterSent] = (), *, is_degraded: bool = False) -> ComplaintView:
    # Lists show hundreds of these, made of checked values: they are not checked again.
    return ComplaintView.model_construct(**_members(case, letters, is_degraded=is_degraded))


def recorded_view(case: Case, *, tracking_token: str) -> RecordedComplaintView:
    return RecordedComplaintView.model_construct(tracking_token=tracking_token, **_members(case, ()))


def _members(case: Case, letters: Sequence[LetterSent], *, is_degraded: bool = False) -> dict[str, Any]:
    complaint = case.complaint
    report = complaint.report
    product = ProductView(name=report.product_name, lot=report.product_lot) if report.product_name else None
    return {
        "id": complaint.id,
        "number": complaint.number,
        "state": complaint.state,
        "allowed_moves": list(complaint.allowed_moves),
        "clocks": [_clock(clock) for clock in case.course.latest],
        "due_at": case.course.due_at,
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
        "policy": PolicyRef(name=complaint.policy[0], version=complaint.policy[1]) if complaint.policy else None,
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


def course_view(language: str) -> CourseView:
    """The table of moves with its labels in a language."""
    rows = sorted(TABLE, key=lambda row: list(Move).index(row.move))
    return CourseView(
        states=[StateLabel(state=state, label=called(state, language)) for state in State],
        moves=[_move(row, language) for row in rows],
    )


def _move(row: Row, language: str) -> MoveView:
    ways = [WayView(outcome=outcome, state=str(to), event=f"complaint.{row.events[outcome]}") for outcome, to in row.to.items()]
    return MoveView(
        move=row.move,
        label=called(row.move, language),
        duty=row.duty,
        scope=row.duty.scope,
        states=list(row.states),
        leads_to=ways,
    )
