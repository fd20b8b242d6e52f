"""The complaint: every move gives the next state and the record of the step, or is refused."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service_kit.words.errors import Conflict, Invalid, NotFound
from service_kit.words.messages import said
from service_kit.words.money import Money

from complaints.approval.domain import Books, Hand, check_approval, check_decision, exceed, sums
from complaints.case import records
from complaints.case.records import StepRecord
from complaints.clock.clocks import Clocks
from complaints.course.domain import TABLE, Move, Outcome, State, Where, allowed_moves
from complaints.customer.domain import Recipient, Standing
from complaints.words import Channel, Decision, Kind, Severity, Verdict

HIGHEST_LEVEL = 9


class ComplaintNotFound(NotFound):
    """There is no such complaint, or it lies outside the units of this token."""


class ComplaintChanged(Conflict):
    """The complaint changed at the same time; read it again and repeat the request."""


class MoveNotAllowed(Conflict):
    """This move cannot be made in the present state; `allowed_moves` says which can."""


class RemedyUnknown(Conflict):
    """The proposal has no remedy of this number.

    A conflict and not a fault of form: which numbers there are is a matter of the case, and no
    schema can name them.
    """


class ReceivedInFuture(Conflict):
    """A complaint cannot have been received later than now.

    A conflict and not a fault of form: what is allowed depends on the moment, and no schema can
    name it.
    """


class ReceivedTooLongAgo(Conflict):
    """A complaint cannot have been received more than ten years ago.

    A conflict and not a fault of form: what is allowed depends on the moment, and no schema can
    name it.
    """


class UpdatePromisedInPast(Invalid):
    """The next update is promised for a moment to come: `next_update_at` lies after now."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the customer said: the first of the eight steps."""

    customer_id: UUID
    contact_id: UUID | None = None
    kind: Kind
    channel: Channel
    received_at: datetime
    title: str
    narrative: str | None = None
    wish: str | None = None
    category: str
    severity: Severity
    dissatisfaction: int | None = None
    product_name: str | None = None
    product_lot: str | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One move as it was made."""

    number: int
    move: Move
    outcome: Outcome
    left: State
    entered: State
    record: StepRecord
    by: Hand
    at: datetime

    @property
    def event(self) -> str:
        """What the feed tells of this step: `complaint.<event>`."""
        return TABLE[self.left, self.move].events[self.outcome]


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """A case in one of its states; immutable, every move returns the next one."""

    id: UUID
    number: str
    report: Report
    recorded_at: datetime
    unit: str
    is_unit_confirmed: bool
    tier: int | None
    recipient: Recipient
    policy: tuple[str, int] | None
    state: State = State.RECEIVED
    resumes_to: State | None = None
    verdict: Verdict | None = None
    department: str | None = None
    handler: str | None = None
    proposal: records.Proposal | None = None
    proposer: str | None = None
    satisfaction: int | None = None
    escalation_level: int = 0
    steps: int = 0
    closed_at: datetime | None = None
    version: int = 1

    @classmethod
    def receive(
        cls,
        report: Report,
        standing: Standing,
        *,
        id: UUID,
        number: str,
        policy: tuple[str, int] | None,
        at: datetime,
    ) -> "Complaint":
        """A complaint just recorded: nothing is judged, nothing is proposed."""
        return cls(
            id=id,
            number=number,
            report=report,
            recorded_at=at,
            unit=standing.unit,
            is_unit_confirmed=standing.is_confirmed,
            tier=standing.tier,
            recipient=standing.recipient,
            policy=policy,
        )

    @property
    def allowed_moves(self) -> tuple[Move, ...]:
        return allowed_moves(self.state)

    @property
    def is_open(self) -> bool:
        return self.state not in {State.CLOSED, State.WITHDRAWN}

    @property
    def totals(self) -> tuple[Money, ...]:
        """What the present proposal costs, one sum per currency."""
        return sums(remedy.amount for remedy in self.proposal.remedies) if self.proposal else ()

    @property
    def given(self) -> tuple[Money, ...]:
        """What the present proposal gives away:
        nothing before it stands, and after a withdrawal only what was done of it.
        """
        remedies = self.proposal.remedies if self.proposal else ()
        match self.state:
            case State.APPROVED:
                return self.totals
            case State.WITHDRAWN:
                return sums(remedy.amount for remedy in remedies if remedy.done_at)
            case _:
                return ()

    def check(self, move: Move) -> None:
        """Raises MoveNotAllowed unless the table has this move in the present state."""
        if (self.state, move) not in TABLE:
            moves = [str(allowed) for allowed in self.allowed_moves]
            raise MoveNotAllowed(
                said("A complaint that is {state} takes no {move}.", state=self.state, move=move),
                allowed_moves=moves,
            )

    def _take(
        self,
        move: Move,
        record: StepRecord,
        outcome: Outcome = Outcome.DONE,
        *,
        by: Hand,
        at: datetime,
        **changes: object,
    ) -> tuple["Complaint", Step]:
        self.check(move)
        entered = self._target(TABLE[self.state, move].to[outcome])
        step = Step(
            number=self.steps + 1,
            move=move,
            outcome=outcome,
            left=self.state,
            entered=entered,
            record=record,
            by=by,
            at=at,
        )
        kept = self.resumes_to if entered is State.PAUSED else None
        moved = replace(self, state=entered, resumes_to=kept, steps=step.number)
        return replace(moved, **changes) if changes else moved, step  # type: ignore[arg-type]  # The names are this class's own.

    def _target(self, target: State | Where) -> State:
        match target:
            case Where.STAYS:
                return self.state
            case Where.WHERE_IT_WAS:
                return self.resumes_to or State.RECEIVED
            case _:
                return target

    def acknowledge(
        self, record: records.Acknowledgement, *, by: Hand, at: datetime
    ) -> tuple["Complaint", Step]:
        return self._take(Move.ACKNOWLEDGEMENT, record, by=by, at=at)

    def assess(
        self, record: records.Validity, *, by: Hand, at: datetime
    ) -> tuple["Complaint", Step]:
        outcome = Outcome.NOT_UPHELD if record.verdict is Verdict.NOT_UPHELD else Outcome.DONE
        return self._take(
            Move.VALIDITY,
            record,
            outcome,
            by=by,
            at=at,
            verdict=record.verdict,
            proposal=None,
            proposer=None,
        )

    def assign(
        self, record: records.Responsibility, *, by: Hand, at: datetime
    ) -> tuple["Complaint", Step]:
        return self._take(
            Move.RESPONSIBILITY,
            record,
            by=by,
            at=at,
            department=record.department,
            handler=record.handler,
        )

    def analyze(self, record: records.Cause, *, by: Hand, at: datetime) -> tuple["Complaint", Step]:
        return self._take(Move.CAUSE, record, by=by, at=at)

    def propose(
        self, record: records.Proposal, books: Books, *, by: Hand, at: datetime
    ) -> tuple["Complaint", Step]:
        """Within the proposer's limit it stands approved; otherwise it waits for a decision. Raises
        UpdatePromisedInPast.

        It waits above the limit, counted with what the customer was given before; when a remedy
        does not say what it costs; and whatever it costs, once a proposal of this case was
        rejected.
        """
        self.check(Move.PROPOSAL)
        if record.next_update_at is not None and record.next_update_at <= at:
            raise UpdatePromisedInPast(pointer="/next_update_at")
        is_above = exceed(
            sums(remedy.amount for remedy in record.remedies), by.limit, given=books.given
        )
        is_unvalued = any(remedy.is_unvalued for remedy in record.remedies)
        outcome = (
            Outcome.ABOVE_LIMIT if is_above or is_unvalued or books.is_rejected else Outcome.DONE
        )
        written = replace(record, step=self.steps + 1)
        return self._take(
            Move.PROPOSAL, written, outcome, by=by, at=at, proposal=written, proposer=by.sub
        )

    def decide(
        self, record: records.Approval, books: Books, *, by: Hand, at: datetime
    ) -> tuple["Complaint", Step]:
        """The record says what was decided on.
        Raises Forbidden for all authors of the proposal, and for approving beyond a limit.
        """
        self.check(Move.APPROVAL)
        check_decision(by, [*books.authors, self.proposer or ""])
        if record.decision is Decision.APPROVED:
            check_approval(self.totals, by, books)
        outcome = Outcome.DONE if record.decision is Decision.APPROVED else Outcome(record.decision)
        seen = replace(record, proposal_step=books.proposal_step, sums=self.totals)
        proposal = replace(self.proposal, step=books.proposal_step) if self.proposal else None
        return self._take(Move.APPROVAL, seen, outcome, by=by, at=at, proposal=proposal)

    def implement(
        self, note: str | None, done: tuple[int, ...] | None, *, by: Hand, at: datetime
    ) -> tuple["Complaint", Step]:
        """Remedies are done by number, all that are open when `done` is None;
        the step is over when none is open.
        """
        self.check(Move.IMPLEMENTATION)
        remedies = self.proposal.remedies if self.proposal else ()
        unknown = set(done or ()) - {remedy.number for remedy in remedies}
        if unknown:
            raise RemedyUnknown(
                said("The proposal has no remedy number {number}.", number=min(unknown))
            )
        carried_out = tuple(
            replace(remedy, done_at=at)
            if remedy.done_at is None and (done is None or remedy.number in done)
            else remedy
            for remedy in remedies
        )
        fresh = tuple(
            new.number for old, new in zip(remedies, carried_out, strict=True) if old != new
        )
        outcome = Outcome.DONE if all(remedy.done_at for remedy in carried_out) else Outcome.PARTLY
        record = records.Implementation(note=note, done=fresh)
        proposal = replace(self.proposal, remedies=carried_out) if self.proposal else None
        return self._take(Move.IMPLEMENTATION, record, outcome, by=by, at=at, proposal=proposal)

    def respond(
        self, record: records.Response, *, by: Hand, at: datetime
    ) -> tuple["Complaint", Step]:
        return self._take(Move.RESPONSE, record, by=by, at=at)

    def hear(self, record: records.Feedback, *, by: Hand, at: datetime) -> tuple["Complaint", Step]:
        """The customer's feedback; an answer that is not accepted opens the matter again."""
        outcome = Outcome.DONE if record.accepted else Outcome.NOT_ACCEPTED
        return self._take(
            Move.FEEDBACK, record, outcome, by=by, at=at, satisfaction=record.satisfaction
        )

    def close(self, record: records.Summary, *, by: Hand, at: datetime) -> tuple["Complaint", Step]:
        return self._take(Move.SUMMARY, record, by=by, at=at, closed_at=at)

    def withdraw(
        self, record: records.Reason, *, by: Hand, at: datetime
    ) -> tuple["Complaint", Step]:
        return self._take(Move.WITHDRAWAL, record, by=by, at=at, closed_at=at)

    def reopen(self, record: records.Reason, *, by: Hand, at: datetime) -> tuple["Complaint", Step]:
        """The matter is examined anew;
        the earlier verdict, proposal and feedback stay in the steps.
        """
        blank = replace(
            self, closed_at=None, verdict=None, proposal=None, proposer=None, satisfaction=None
        )
        return blank._take(Move.REOPENING, record, by=by, at=at)

    def reassign(
        self, record: records.Reassignment, *, by: Hand, at: datetime
    ) -> tuple["Complaint", Step]:
        department = record.department or (self.department if record.handler else None)
        return self._take(
            Move.REASSIGNMENT, record, by=by, at=at, department=department, handler=record.handler
        )

    def pause(self, record: records.Reason, *, by: Hand, at: datetime) -> tuple["Complaint", Step]:
        """Wait for the customer: the clocks stand still."""
        return self._take(Move.PAUSE, record, by=by, at=at, resumes_to=self.state)

    def resume(self, record: records.Reason, *, by: Hand, at: datetime) -> tuple["Complaint", Step]:
        return self._take(Move.RESUMPTION, record, by=by, at=at)

    def escalate(self, level: int | None) -> "Complaint":
        """To a level, or one level up when it is None; never down."""
        raised = self.escalation_level + 1 if level is None else max(self.escalation_level, level)
        return replace(self, escalation_level=min(raised, HIGHEST_LEVEL))


@dataclass(frozen=True)
class Case:
    """A complaint with its clocks: what is loaded, moved and saved as one."""

    complaint: Complaint
    clocks: Clocks

    @property
    def id(self) -> UUID:
        return self.complaint.id
