"""The moves of a complaint over HTTP, one path each."""

from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

from service_kit.store.database import Transaction
from service_kit.web.routing import Router, requires
from service_kit.words.fields import Id
from starlette.responses import Response

from complaints.approval.domain import Books, Hand, ProposerMayNotDecide, SumAboveYourLimit
from complaints.call import Call
from complaints.case import records, use_cases
from complaints.case.domain import (
    Case,
    Complaint,
    ComplaintNotFound,
    MoveNotAllowed,
    RemedyUnknown,
    Step,
    UpdatePromisedInPast,
)
from complaints.case.letters import letters_of
from complaints.case.schemas import (
    NewAcknowledgement,
    NewApproval,
    NewCause,
    NewFeedback,
    NewImplementation,
    NewProposal,
    NewReason,
    NewReassignment,
    NewResponsibility,
    NewSummary,
    NewValidity,
)
from complaints.case.store import CaseStore
from complaints.case.use_cases import Take
from complaints.case.views import ComplaintView, complaint_view
from complaints.course.domain import DUTY_OF, Move
from complaints.sla.store import Shelves, SlaStore

router = Router(tags=["complaints"])
Record_contra = TypeVar("Record_contra", contravariant=True)
PATH = "/v1/complaints/{complaint_id}"
REFUSALS = (ComplaintNotFound, MoveNotAllowed)


class Way(Protocol[Record_contra]):
    """A move as the complaint makes it."""

    def __call__(
        self, complaint: Complaint, record: Record_contra, /, *, by: Hand, at: datetime
    ) -> tuple[Complaint, Step]: ...


class WeighedWay(Protocol[Record_contra]):
    """A move that is weighed by what the customer was given before."""

    def __call__(
        self,
        complaint: Complaint,
        record: Record_contra,
        books: Books,
        /,
        *,
        by: Hand,
        at: datetime,
    ) -> tuple[Complaint, Step]: ...


async def moved(
    call: Call, complaint_id: UUID, way: Way[Record_contra], record: Record_contra
) -> Response:
    """Make a move in a transaction of its own and answer with the complaint."""
    by = Hand.of(call.caller)
    return await _made(
        call, complaint_id, lambda complaint, _: way(complaint, record, by=by, at=call.at)
    )


async def weighed(
    call: Call, complaint_id: UUID, way: WeighedWay[Record_contra], record: Record_contra
) -> Response:
    """The same for a move that is weighed."""
    by = Hand.of(call.caller)
    window = timedelta(days=call.settings.compensation_days)
    return await _made(
        call,
        complaint_id,
        lambda complaint, books: way(complaint, record, books, by=by, at=call.at),
        window,
    )


async def _made(
    call: Call, complaint_id: UUID, take: Take, window: timedelta | None = None
) -> Response:
    async with call.transaction() as tx:
        case = await move_within(call, tx, complaint_id, take, window=window)
        letters = await letters_of(tx, [case.id])
        return call.answer(complaint_view(case, letters[case.id]), version=case.complaint.version)


async def move_within(
    call: Call, tx: Transaction, complaint_id: UUID, take: Take, *, window: timedelta | None = None
) -> Case:
    """Make a move within a transaction, if the complaint is the one that the caller has seen."""

    def matched(complaint: Complaint, books: Books) -> tuple[Complaint, Step]:
        call.honor_match(complaint.version)
        return take(complaint, books)

    cases, service_levels = CaseStore(tx, call.caller), SlaStore(tx, call.part(Shelves))
    return await use_cases.move(
        cases, service_levels, complaint_id, matched, window=window, at=call.at
    )


@router.post(f"{PATH}/acknowledgement", response_model=ComplaintView, raises=REFUSALS)
async def acknowledge_complaint(
    complaint_id: Id,
    body: NewAcknowledgement,
    call: Annotated[Call, requires(DUTY_OF[Move.ACKNOWLEDGEMENT].scope)],
) -> Response:
    """Tell the customer that the complaint is taken up.

    Meets the clocks `acknowledgement` and `first_reply`.
    """
    return await moved(
        call, complaint_id, Complaint.acknowledge, records.Acknowledgement(message=body.message)
    )


@router.post(f"{PATH}/validity", response_model=ComplaintView, raises=REFUSALS)
async def judge_complaint(
    complaint_id: Id,
    body: NewValidity,
    call: Annotated[Call, requires(DUTY_OF[Move.VALIDITY].scope)],
) -> Response:
    """Judge whether the complaint is justified (step 2).

    One that is not upheld is answered next, politely and with reasons.
    """
    return await moved(
        call,
        complaint_id,
        Complaint.assess,
        records.Validity(verdict=body.verdict, reason=body.reason),
    )


@router.post(f"{PATH}/responsibility", response_model=ComplaintView, raises=REFUSALS)
async def assign_complaint(
    complaint_id: Id,
    body: NewResponsibility,
    call: Annotated[Call, requires(DUTY_OF[Move.RESPONSIBILITY].scope)],
) -> Response:
    """Name the responsible department and person (step 3)."""
    return await moved(
        call,
        complaint_id,
        Complaint.assign,
        records.Responsibility(department=body.department, handler=body.handler),
    )


@router.post(f"{PATH}/cause", response_model=ComplaintView, raises=REFUSALS)
async def analyze_complaint(
    complaint_id: Id, body: NewCause, call: Annotated[Call, requires(DUTY_OF[Move.CAUSE].scope)]
) -> Response:
    """Record why it happened (step 4)."""
    return await moved(
        call,
        complaint_id,
        Complaint.analyze,
        records.Cause(category=body.category, whys=tuple(body.whys), evidence=body.evidence),
    )


@router.post(
    f"{PATH}/proposal", response_model=ComplaintView, raises=(*REFUSALS, UpdatePromisedInPast)
)
async def propose_remedies(
    complaint_id: Id,
    body: NewProposal,
    call: Annotated[Call, requires(DUTY_OF[Move.PROPOSAL].scope)],
) -> Response:
    """Propose remedies (step 5).

    Within the caller's approval limit the proposal stands approved; above it, or in a currency that
    the limit does not cover, it waits for somebody else's decision. What the customer was given in
    earlier rounds of this case, and in other cases of the last days, counts. A remedy that costs
    something (all but `help`, `information`, `apology` and `visit`) and names no amount waits as
    well, and so does everything that is proposed after a proposal of the case was rejected. Sums of
    different currencies are never added.
    """
    return await weighed(call, complaint_id, Complaint.propose, _proposal(body))


def _proposal(body: NewProposal) -> records.Proposal:
    remedies = tuple(
        records.Remedy(
            number=number,
            type=remedy.type,
            amount=remedy.amount.money() if remedy.amount else None,
            description=remedy.description,
        )
        for number, remedy in enumerate(body.remedies, start=1)
    )
    return records.Proposal(
        problem_restated=body.problem_restated,
        remedies=remedies,
        customer_agrees=body.customer_agrees,
        customer_satisfied=body.customer_satisfied,
        next_update_at=body.next_update_at,
    )


@router.post(
    f"{PATH}/approval",
    response_model=ComplaintView,
    raises=(*REFUSALS, ProposerMayNotDecide, SumAboveYourLimit),
    conditional=True,
)
async def decide_on_proposal(
    complaint_id: Id,
    body: NewApproval,
    call: Annotated[Call, requires(DUTY_OF[Move.APPROVAL].scope)],
) -> Response:
    """Decide on a proposal above its proposer's limit (step 6).

    Name with If-Match the version that was read: what was proposed since is another matter. Refused
    to everybody who has written a proposal of this case, and `approved` to whoever has no limit or
    whose limit the sum exceeds, counted with what the customer was given before. `returned` and
    `rejected` lead back to the proposal. Remedies without an amount are approved by whoever has a
    limit; return the proposal to have the amount named.
    """
    record = records.Approval(decision=body.decision, comment=body.comment)

    def decide(
        complaint: Complaint, record: records.Approval, books: Books, /, *, by: Hand, at: datetime
    ) -> tuple[Complaint, Step]:
        decided = complaint.decide(record, books, by=by, at=at)
        # Last of all: who may not decide at all, or not now, is told so first.
        call.require_match(complaint.version, names_one=True)
        return decided

    return await weighed(call, complaint_id, decide, record)


@router.post(
    f"{PATH}/implementation", response_model=ComplaintView, raises=(*REFUSALS, RemedyUnknown)
)
async def carry_out_remedies(
    complaint_id: Id,
    body: NewImplementation,
    call: Annotated[Call, requires(DUTY_OF[Move.IMPLEMENTATION].scope)],
) -> Response:
    """Record what was done (step 7).

    The step is over when no remedy is open; until then it is repeated.
    """
    done = None if body.done is None else tuple(body.done)
    return await moved(call, complaint_id, partial(Complaint.implement, done=done), body.note)


@router.post(f"{PATH}/feedback", response_model=ComplaintView, raises=REFUSALS)
async def record_feedback(
    complaint_id: Id,
    body: NewFeedback,
    call: Annotated[Call, requires(DUTY_OF[Move.FEEDBACK].scope)],
) -> Response:
    """Record what the customer says to the answer.

    An answer that is not accepted may be examined again, or the case closed all the same.
    """
    return await moved(
        call,
        complaint_id,
        Complaint.hear,
        records.Feedback(
            accepted=body.accepted, satisfaction=body.satisfaction, comment=body.comment
        ),
    )


@router.post(f"{PATH}/summary", response_model=ComplaintView, raises=REFUSALS)
async def close_complaint(
    complaint_id: Id, body: NewSummary, call: Annotated[Call, requires(DUTY_OF[Move.SUMMARY].scope)]
) -> Response:
    """Sum up what was learned and close the case (step 8)."""
    record = records.Summary(
        lesson=body.lesson,
        calmed_by=body.calmed_by,
        improvement_told=body.improvement_told,
        would_stay=body.would_stay,
    )
    return await moved(call, complaint_id, Complaint.close, record)


@router.post(f"{PATH}/withdrawal", response_model=ComplaintView, raises=REFUSALS)
async def withdraw_complaint(
    complaint_id: Id,
    body: NewReason,
    call: Annotated[Call, requires(DUTY_OF[Move.WITHDRAWAL].scope)],
) -> Response:
    """Withdraw a complaint as its customer wishes."""
    return await moved(call, complaint_id, Complaint.withdraw, records.Reason(reason=body.reason))


@router.post(f"{PATH}/reopening", response_model=ComplaintView, raises=REFUSALS)
async def reopen_complaint(
    complaint_id: Id,
    body: NewReason,
    call: Annotated[Call, requires(DUTY_OF[Move.REOPENING].scope)],
) -> Response:
    """Reopen a closed or withdrawn complaint.

    It is judged anew; what was decided before stays in its steps.
    """
    return await moved(call, complaint_id, Complaint.reopen, records.Reason(reason=body.reason))


@router.post(f"{PATH}/reassignment", response_model=ComplaintView, raises=REFUSALS)
async def reassign_complaint(
    complaint_id: Id,
    body: NewReassignment,
    call: Annotated[Call, requires(DUTY_OF[Move.REASSIGNMENT].scope)],
) -> Response:
    """Hand an open complaint to another department or person.

    Without both it goes back to the desk; with a handler alone the department stays.
    """
    return await moved(
        call,
        complaint_id,
        Complaint.reassign,
        records.Reassignment(reason=body.reason, department=body.department, handler=body.handler),
    )


@router.post(f"{PATH}/pause", response_model=ComplaintView, raises=REFUSALS)
async def pause_complaint(
    complaint_id: Id, body: NewReason, call: Annotated[Call, requires(DUTY_OF[Move.PAUSE].scope)]
) -> Response:
    """Wait for the customer: all clocks stand still until the resumption."""
    return await moved(call, complaint_id, Complaint.pause, records.Reason(reason=body.reason))


@router.post(f"{PATH}/resumption", response_model=ComplaintView, raises=REFUSALS)
async def resume_complaint(
    complaint_id: Id,
    body: NewReason,
    call: Annotated[Call, requires(DUTY_OF[Move.RESUMPTION].scope)],
) -> Response:
    """Go on where the case was paused; due dates move by the working time that was waited."""
    return await moved(call, complaint_id, Complaint.resume, records.Reason(reason=body.reason))
