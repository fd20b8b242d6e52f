"""Random walks through a case: whatever is done, in whatever order, its promises hold."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from complaints.approval.domain import Books, exceed, sums
from complaints.calendar.domain import AroundTheClock
from complaints.case import records
from complaints.case.domain import Complaint, MoveNotAllowed, Step
from complaints.clock.clocks import Clocks, Reached
from complaints.clock.domain import Terms, Timeline
from complaints.course.domain import Move, Outcome, State
from complaints.testing import NOON, a_complaint, a_hand, a_policy, a_proposal, yuan
from complaints.testing import a_clock_rule as rule
from complaints.words import Channel, ClockState, Decision, Verdict
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition
from hypothesis.stateful import rule as step_rule
from service_kit.words.errors import Forbidden
from service_kit.words.money import Money

GIVING = (Move.PROPOSAL, Move.APPROVAL, Move.WITHDRAWAL)
WHY = records.Reason(reason="because")
LIMITS = {"li": yuan("100"), "wang": yuan("1000"), "zhou": None, "zhao": yuan("100000")}
people = st.sampled_from(sorted(LIMITS))
POLICY = a_policy(
    clocks=[
        rule("first_reply", hours=2),
        rule("resolution", hours=30),
        rule("approval", hours=1),
        rule("all", hours=99),
    ]
)
TERMS = [POLICY.terms(each, calendar_version=1) for each in POLICY.clocks]


def elapsed(_terms: Terms) -> Timeline:
    return AroundTheClock()


class Case(RuleBasedStateMachine):
    """A complaint with its clocks, and a ledger of all that was done."""

    @initialize()
    def record(self) -> None:
        self.at: datetime = NOON
        self.complaint: Complaint = a_complaint(id=uuid4())
        self.clocks = Clocks(()).begin(TERMS, elapsed, state=State.RECEIVED, at=self.at)
        self.steps: list[Step] = []
        self.told: list[Reached] = []
        self.given: dict[int, tuple[Money, ...]] = {}

    def books(self) -> Books:
        """What a store would keep."""
        proposals = [step for step in self.steps if step.move is Move.PROPOSAL]
        return Books(
            given=sums(each for given in self.given.values() for each in given),
            authors=tuple(step.by.sub for step in proposals),
            is_rejected=any(step.outcome is Outcome.REJECTED for step in self.steps),
            proposal_step=proposals[-1].number if proposals else None,
        )

    def make(self, move: Move, moved: tuple[Complaint, Step]) -> None:
        before = self.complaint
        assert move in before.allowed_moves, "a move was made that was not offered"
        self.complaint, step = moved
        self.steps.append(step)
        proposal = self.complaint.proposal
        if move in GIVING and proposal is not None and proposal.step is not None:
            self.given[proposal.step] = self.complaint.given
        self.clocks, told = self.clocks.tell(at=self.at)
        self.told += told
        self.clocks = self.clocks.enter(self.complaint.state, TERMS, elapsed, at=self.at)

    @step_rule(minutes=st.integers(0, 600))
    def time_passes(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)
        self.clocks, told = self.clocks.tell(at=self.at)
        self.told += told
        for each in told:
            if each.mark.is_escalation:
                self.complaint = self.complaint.escalate(
                    None if each.mark.level < 0 else each.mark.level
                )

    @step_rule(
        who=people, move=st.sampled_from(list(Move)), yes=st.booleans(), amount=st.integers(0, 2000)
    )
    def any_move(self, who: str, move: Move, yes: bool, amount: int) -> None:
        by = a_hand(who, limit=LIMITS[who])
        case, at = self.complaint, self.at
        verdict = Verdict.UPHELD if yes else Verdict.NOT_UPHELD
        proposal = a_proposal(yuan(str(amount)), None)
        decision = Decision.APPROVED if yes else (Decision.RETURNED, Decision.REJECTED)[amount % 2]
        answer = records.Response(language="en", channel=Channel.LETTER, letter_id=uuid4())
        attempts = {
            Move.ACKNOWLEDGEMENT: lambda: case.acknowledge(
                records.Acknowledgement(message=None), by=by, at=at
            ),
            Move.VALIDITY: lambda: case.assess(
                records.Validity(verdict=verdict, reason=""), by=by, at=at
            ),
            Move.RESPONSIBILITY: lambda: case.assign(
                records.Responsibility(department="d", handler=who), by=by, at=at
            ),
            Move.CAUSE: lambda: case.analyze(
                records.Cause(category="c", whys=(), evidence=None), by=by, at=at
            ),
            Move.PROPOSAL: lambda: case.propose(proposal, self.books(), by=by, at=at),
            Move.APPROVAL: lambda: case.decide(
                records.Approval(decision=decision, comment=None), self.books(), by=by, at=at
            ),
            Move.IMPLEMENTATION: lambda: case.implement(None, None if yes else (1,), by=by, at=at),
            Move.RESPONSE: lambda: case.respond(answer, by=by, at=at),
            Move.FEEDBACK: lambda: case.hear(
                records.Feedback(accepted=yes, satisfaction=3, comment=None), by=by, at=at
            ),
            Move.SUMMARY: lambda: case.close(
                records.Summary(lesson="l", calmed_by=None, improvement_told=None, would_stay=yes),
                by=by,
                at=at,
            ),
            Move.WITHDRAWAL: lambda: case.withdraw(WHY, by=by, at=at),
            Move.REOPENING: lambda: case.reopen(WHY, by=by, at=at),
            Move.REASSIGNMENT: lambda: case.reassign(
                records.Reassignment(reason="r", department=None, handler=who), by=by, at=at
            ),
            Move.PAUSE: lambda: case.pause(WHY, by=by, at=at),
            Move.RESUMPTION: lambda: case.resume(WHY, by=by, at=at),
        }
        try:
            moved = attempts[move]()
        except MoveNotAllowed:
            assert move not in case.allowed_moves, "an offered move was refused"
        except Forbidden:
            assert move is Move.APPROVAL
            books = self.books()
            assert who in books.authors or (
                yes and (by.limit is None or exceed(case.totals, by.limit, given=books.given))
            )
        else:
            self.make(move, moved)

    @precondition(lambda self: self.complaint.is_open and self.complaint.state is not State.PAUSED)
    @step_rule()
    def the_walk_goes_on_by_a_step(self) -> None:
        """Keeps random walks from ending early:
        there is always a move other than the sideways ones.
        """
        sideways = {Move.WITHDRAWAL, Move.REASSIGNMENT, Move.PAUSE}
        assert set(self.complaint.allowed_moves) - sideways

    @invariant()
    def money_is_spent_only_with_somebodys_right(self) -> None:
        if (
            self.complaint.state not in {State.APPROVED, State.IMPLEMENTED}
            or self.complaint.proposal is None
        ):
            return
        proposal = next(step for step in reversed(self.steps) if step.move is Move.PROPOSAL)
        totals = sums(remedy.amount for remedy in proposal.record.remedies)  # type: ignore[union-attr]  # A proposal's step holds a proposal.
        after = self.steps[self.steps.index(proposal) :]
        decided = [
            step for step in after if step.move is Move.APPROVAL and step.entered is State.APPROVED
        ]
        by_other = any(
            step.by.sub != proposal.by.sub and not exceed(totals, step.by.limit) for step in decided
        )
        assert by_other or not exceed(totals, proposal.by.limit)

    @invariant()
    def nobody_gives_more_than_their_limit_alone_over_all_rounds(self) -> None:
        last = self.steps[-1] if self.steps else None
        if (
            last is None
            or last.move is not Move.PROPOSAL
            or last.entered is not State.APPROVED
            or not self.complaint.totals
        ):
            return
        limit = LIMITS[last.by.sub]
        costs = sum(each.amount for each in self.complaint.totals)
        assert not costs or (limit is not None and self.carried_out() + costs <= limit.amount)
        assert not any(step.outcome is Outcome.REJECTED for step in self.steps)

    def carried_out(self) -> Decimal:
        """What was really done for the customer so far, recounted from the steps alone."""
        paid, remedies = Decimal(0), {}
        for step in self.steps:
            if isinstance(step.record, records.Proposal):
                remedies = {remedy.number: remedy.amount for remedy in step.record.remedies}
            elif isinstance(step.record, records.Implementation):
                paid += sum(
                    amount.amount
                    for number in step.record.done
                    if (amount := remedies[number]) is not None
                )
        return paid

    @invariant()
    def each_mark_of_each_clock_is_told_once(self) -> None:
        told = [(each.clock.name, each.clock.round, each.mark) for each in self.told]
        assert len(told) == len(set(told))

    @invariant()
    def clocks_run_only_in_open_cases(self) -> None:
        if not self.complaint.is_open:
            assert all(clock.is_ended for clock in self.clocks.all)
        if self.complaint.state is State.PAUSED:
            assert not any(clock.state is ClockState.RUNNING for clock in self.clocks.all)

    @invariant()
    def a_met_clock_was_stopped_before_it_was_due(self) -> None:
        for clock in self.clocks.all:
            if clock.state is ClockState.MET and not clock.counted_before:
                assert clock.stopped_at is not None
                assert clock.stopped_at < clock.due_at

    @invariant()
    def the_steps_are_numbered_without_a_gap(self) -> None:
        assert [step.number for step in self.steps] == list(range(1, len(self.steps) + 1))
        assert self.complaint == replace(self.complaint, steps=len(self.steps))


Case.TestCase.settings = settings(max_examples=80, stateful_step_count=60, deadline=None)
TestCaseWalks = Case.TestCase
