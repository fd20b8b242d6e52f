"""The complaint and its table of moves."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from complaints.approval.domain import Books, ProposerMayNotDecide, SumAboveYourLimit, exceed, sums
from complaints.case import records
from complaints.case.domain import MoveNotAllowed, RemedyUnknown
from complaints.case.records import COSTS_NOTHING
from complaints.course.domain import (
    AT_WORK,
    ENDED,
    TABLE,
    Duty,
    Move,
    Outcome,
    State,
    allowed_moves,
)
from complaints.testing import NOON, a_complaint, a_hand, a_proposal, yuan
from complaints.words import Decision, RemedyType, Verdict
from service_kit.words.money import Money

WHY = records.Reason(reason="because")
LI = a_hand("li", limit=yuan("500"))


def upheld(verdict: Verdict = Verdict.UPHELD) -> records.Validity:
    return records.Validity(verdict=verdict, reason="The log shows it.")


def a_decision(decision: Decision = Decision.APPROVED) -> records.Approval:
    return records.Approval(decision=decision, comment=None)


def test_a_new_complaint_waits_for_its_acknowledgement() -> None:
    assert allowed_moves(State.RECEIVED) == (
        Move.ACKNOWLEDGEMENT,
        Move.WITHDRAWAL,
        Move.REASSIGNMENT,
        Move.PAUSE,
    )


def test_every_pair_of_state_and_move_stands_in_the_table_once() -> None:
    pairs = [(state, row.move) for row in TABLE for state in row.states]

    assert len(pairs) == len(set(pairs))
    assert {move for _, move in pairs} == set(Move)
    assert {state for state, _ in pairs} == set(State)


def test_every_state_is_reached_and_none_is_a_dead_end() -> None:
    reached = {State.RECEIVED} | {
        target for row in TABLE for target in row.to.values() if isinstance(target, State)
    }

    assert reached == set(State)
    assert all(allowed_moves(state) for state in State)
    assert set(AT_WORK) | set(ENDED) | {State.PAUSED} == set(State)


def test_only_the_decision_needs_the_right_to_approve() -> None:
    assert {row.move for row in TABLE if row.duty.scope == "complaints:approve"} == {Move.APPROVAL}
    assert Duty.HANDLER.scope == "complaints:write"


def test_a_move_out_of_turn_is_refused_with_the_moves_that_are_allowed() -> None:
    with pytest.raises(MoveNotAllowed) as refused:
        a_complaint().assess(upheld(), by=LI, at=NOON)

    assert refused.value.extras["allowed_moves"] == [
        "acknowledgement",
        "withdrawal",
        "reassignment",
        "pause",
    ]


def test_what_is_not_upheld_is_answered_next() -> None:
    complaint, step = a_complaint(state=State.ACKNOWLEDGED).assess(
        upheld(Verdict.NOT_UPHELD), by=LI, at=NOON
    )

    assert complaint.state is State.NOT_UPHELD
    assert step.event == "not_upheld"
    assert Move.RESPONSE in complaint.allowed_moves
    assert Move.RESPONSIBILITY not in complaint.allowed_moves


@pytest.mark.parametrize("verdict", [Verdict.UPHELD, Verdict.PARTLY_UPHELD, Verdict.UNDECIDABLE])
def test_what_may_be_true_goes_to_a_department(verdict: Verdict) -> None:
    complaint, _ = a_complaint(state=State.ACKNOWLEDGED).assess(upheld(verdict), by=LI, at=NOON)

    assert Move.RESPONSIBILITY in complaint.allowed_moves


@pytest.mark.parametrize(
    ("amount", "state"), [("500.00", State.APPROVED), ("500.01", State.PROPOSED)]
)
def test_a_proposal_waits_for_approval_only_above_the_limit(amount: str, state: State) -> None:
    complaint, step = a_complaint(state=State.ANALYZED).propose(
        a_proposal(yuan(amount)), Books(), by=LI, at=NOON
    )

    assert complaint.state is state
    assert step.event == "proposed"


def test_the_remedies_of_a_proposal_count_together() -> None:
    complaint, _ = a_complaint(state=State.ANALYZED).propose(
        a_proposal(yuan("300"), None, yuan("300")), Books(), by=LI, at=NOON
    )

    assert complaint.state is State.PROPOSED


def test_without_a_limit_any_sum_needs_approval_and_an_apology_none() -> None:
    analyzed, nobody = a_complaint(state=State.ANALYZED), a_hand("li", limit=None)

    assert (
        analyzed.propose(a_proposal(yuan("0.01")), Books(), by=nobody, at=NOON)[0].state
        is State.PROPOSED
    )
    assert (
        analyzed.propose(a_proposal(None), Books(), by=nobody, at=NOON)[0].state is State.APPROVED
    )


def test_currencies_are_summed_apart_and_a_limit_covers_its_own_only() -> None:
    dollars = Money(Decimal(1), "USD")

    assert sums([yuan("2"), dollars, yuan("3"), None]) == (yuan("5"), dollars)
    assert exceed([yuan("5"), dollars], yuan("1000"))
    assert not exceed([yuan("5")], yuan("5"))
    complaint, _ = a_complaint(state=State.ANALYZED).propose(
        a_proposal(yuan("1"), dollars), Books(), by=LI, at=NOON
    )
    assert complaint.state is State.PROPOSED


def proposed(*, by: str = "li", amount: str = "600") -> records.Proposal:
    return a_proposal(yuan(amount))


@pytest.mark.parametrize("decision", list(Decision))
def test_nobody_decides_on_their_own_proposal(decision: Decision) -> None:
    complaint = a_complaint(state=State.PROPOSED, proposal=proposed(), proposer="li")

    with pytest.raises(ProposerMayNotDecide):
        complaint.decide(
            a_decision(decision), Books(), by=a_hand("li", limit=yuan("9999")), at=NOON
        )


def test_nobody_approves_above_their_own_limit() -> None:
    complaint = a_complaint(state=State.PROPOSED, proposal=proposed(), proposer="li")

    with pytest.raises(SumAboveYourLimit):
        complaint.decide(a_decision(), Books(), by=a_hand("wang", limit=yuan("599.99")), at=NOON)


@pytest.mark.parametrize(
    ("decision", "state", "event"),
    [
        (Decision.APPROVED, State.APPROVED, "approved"),
        (Decision.RETURNED, State.ANALYZED, "returned"),
        (Decision.REJECTED, State.ANALYZED, "rejected"),
    ],
)
def test_a_decision_leads_on_or_back(decision: Decision, state: State, event: str) -> None:
    complaint = a_complaint(state=State.PROPOSED, proposal=proposed(), proposer="li")

    decided, step = complaint.decide(
        a_decision(decision), Books(), by=a_hand("wang", limit=yuan("600")), at=NOON
    )

    assert (decided.state, step.event) == (state, event)


def test_who_changes_a_proposal_becomes_its_proposer() -> None:
    waiting = a_complaint(state=State.PROPOSED, proposal=proposed(), proposer="li")

    changed, _ = waiting.propose(
        proposed(amount="800"), Books(), by=a_hand("wang", limit=yuan("700")), at=NOON
    )

    with pytest.raises(ProposerMayNotDecide):
        changed.decide(a_decision(), Books(), by=a_hand("wang", limit=yuan("9999")), at=NOON)


@pytest.mark.parametrize("kind", [kind for kind in RemedyType if kind not in COSTS_NOTHING])
@pytest.mark.parametrize("amount", [None, yuan("0.00"), yuan("0")])
def test_what_costs_something_and_does_not_say_how_much_waits_for_somebody_with_a_limit(
    kind: RemedyType, amount: Money | None
) -> None:
    unvalued = replace(
        a_proposal(),
        remedies=(records.Remedy(number=1, type=kind, amount=amount, description="all of it"),),
    )

    complaint, _ = a_complaint(state=State.ANALYZED).propose(unvalued, Books(), by=LI, at=NOON)

    assert complaint.state is State.PROPOSED
    with pytest.raises(SumAboveYourLimit):
        complaint.decide(a_decision(), Books(), by=a_hand("wang", limit=None), at=NOON)
    assert (
        complaint.decide(a_decision(), Books(), by=a_hand("wang", limit=yuan("1")), at=NOON)[
            0
        ].state
        is State.APPROVED
    )


@pytest.mark.parametrize("kind", sorted(COSTS_NOTHING))
def test_words_and_attention_need_nobodys_approval(kind: RemedyType) -> None:
    kindness = replace(
        a_proposal(), remedies=(records.Remedy(number=1, type=kind, amount=None, description=None),)
    )

    complaint, _ = a_complaint(state=State.ANALYZED).propose(
        kindness, Books(given=(yuan("9999"),)), by=a_hand(limit=None), at=NOON
    )

    assert complaint.state is State.APPROVED


@pytest.mark.parametrize(("given", "state"), [("400", State.APPROVED), ("400.01", State.PROPOSED)])
def test_what_was_given_before_counts_against_the_proposer_s_limit(
    given: str, state: State
) -> None:
    books = Books(given=(Money(Decimal(9999), "USD"), yuan(given)))

    complaint, _ = a_complaint(state=State.ANALYZED).propose(
        a_proposal(yuan("100")), books, by=LI, at=NOON
    )

    assert complaint.state is state


def test_what_was_given_before_counts_against_the_approver_s_limit() -> None:
    complaint = a_complaint(state=State.PROPOSED, proposal=proposed(), proposer="li")

    with pytest.raises(SumAboveYourLimit, match=r"after 0\.01 CNY before"):
        complaint.decide(
            a_decision(),
            Books(given=(yuan("0.01"),)),
            by=a_hand("wang", limit=yuan("600")),
            at=NOON,
        )


def test_after_a_rejection_nobody_proposes_alone_whatever_the_sum() -> None:
    complaint, _ = a_complaint(state=State.ANALYZED).propose(
        a_proposal(None), Books(is_rejected=True), by=LI, at=NOON
    )

    assert complaint.state is State.PROPOSED


@pytest.mark.parametrize("decision", [Decision.RETURNED, Decision.REJECTED])
def test_a_team_leader_without_a_limit_may_return_and_reject(decision: Decision) -> None:
    complaint = a_complaint(state=State.PROPOSED, proposal=proposed(), proposer="li")

    decided, _ = complaint.decide(
        a_decision(decision), Books(), by=a_hand("wang", limit=None), at=NOON
    )

    assert decided.state is State.ANALYZED


def test_a_decision_names_the_step_and_the_sums_that_it_decides_on() -> None:
    complaint, _ = a_complaint(state=State.ANALYZED).propose(proposed(), Books(), by=LI, at=NOON)

    _, step = complaint.decide(
        a_decision(), Books(proposal_step=1), by=a_hand("wang", limit=yuan("600")), at=NOON
    )

    assert step.record == records.Approval(
        decision=Decision.APPROVED, comment=None, proposal_step=1, sums=(yuan("600"),)
    )


def test_the_first_author_does_not_decide_on_what_a_colleague_made_of_it() -> None:
    waiting = a_complaint(state=State.PROPOSED, proposal=proposed(), proposer="wang")

    with pytest.raises(ProposerMayNotDecide):
        waiting.decide(
            a_decision(),
            Books(authors=("li", "wang")),
            by=a_hand("li", limit=yuan("9999")),
            at=NOON,
        )


def test_a_withdrawn_case_has_given_what_was_done_of_it() -> None:
    approved = a_complaint(state=State.APPROVED, proposal=a_proposal(yuan("1"), yuan("20")))
    partly, _ = approved.implement("paid", (1,), by=LI, at=NOON)

    withdrawn, _ = partly.withdraw(WHY, by=LI, at=NOON)

    assert (approved.given, withdrawn.given) == ((yuan("21"),), (yuan("1"),))
    assert approved.withdraw(WHY, by=LI, at=NOON)[0].given == ()


def test_remedies_are_carried_out_one_by_one() -> None:
    approved = a_complaint(state=State.APPROVED, proposal=a_proposal(yuan("1"), None))

    partly, first = approved.implement("paid", (1,), by=LI, at=NOON)
    done, second = partly.implement(None, None, by=LI, at=NOON + timedelta(days=1))

    assert (partly.state, first.outcome) == (State.APPROVED, Outcome.PARTLY)
    assert (done.state, second.record) == (
        State.IMPLEMENTED,
        records.Implementation(note=None, done=(2,)),
    )


def test_an_unknown_remedy_is_refused() -> None:
    with pytest.raises(RemedyUnknown):
        a_complaint(state=State.APPROVED, proposal=a_proposal(None)).implement(
            None, (2,), by=LI, at=NOON
        )


def test_a_proposal_without_remedies_is_implemented_at_once() -> None:
    done, _ = a_complaint(state=State.APPROVED, proposal=a_proposal()).implement(
        None, (), by=LI, at=NOON
    )

    assert done.state is State.IMPLEMENTED


@pytest.mark.parametrize("state", AT_WORK)
def test_a_resumed_case_is_where_it_was(state: State) -> None:
    paused, _ = a_complaint(state=state).pause(WHY, by=LI, at=NOON)
    moved, _ = paused.reassign(
        records.Reassignment(reason="ill", department=None, handler="wu"), by=LI, at=NOON
    )

    resumed, step = moved.resume(WHY, by=LI, at=NOON)

    assert (resumed.state, resumed.resumes_to, step.entered) == (state, None, state)


@pytest.mark.parametrize("state", ENDED)
def test_an_ended_case_takes_nothing_but_reopening(state: State) -> None:
    ended = replace(a_complaint(state=state), closed_at=NOON)

    reopened, _ = ended.reopen(WHY, by=LI, at=NOON)

    assert allowed_moves(state) == (Move.REOPENING,)
    assert reopened.is_open
    assert reopened.closed_at is None


@pytest.mark.parametrize(
    ("department", "handler", "expected"),
    [
        ("repairs", None, ("repairs", None)),
        (None, "wu", ("billing", "wu")),
        (None, None, (None, None)),
        ("it", "xu", ("it", "xu")),
    ],
)
def test_a_reassignment_names_department_or_handler_or_the_desk(
    department: str | None, handler: str | None, expected: tuple[str | None, str | None]
) -> None:
    assigned = replace(a_complaint(state=State.ASSIGNED), department="billing", handler="li")

    moved, _ = assigned.reassign(
        records.Reassignment(reason="x", department=department, handler=handler), by=LI, at=NOON
    )

    assert (moved.department, moved.handler) == expected


def test_an_answer_that_is_not_accepted_can_be_examined_again_or_closed() -> None:
    feedback = records.Feedback(accepted=False, satisfaction=1, comment=None)

    disputed, step = a_complaint(state=State.ANSWERED).hear(feedback, by=LI, at=NOON)

    assert step.event == "feedback"
    assert {Move.VALIDITY, Move.SUMMARY} <= set(disputed.allowed_moves)


def test_a_case_rises_and_never_falls() -> None:
    complaint = a_complaint(escalation_level=1)

    assert complaint.escalate(None).escalation_level == 2
    assert complaint.escalate(3).escalation_level == 3
    assert complaint.escalate(1).escalation_level == 1
    assert a_complaint(escalation_level=9).escalate(None).escalation_level == 9
