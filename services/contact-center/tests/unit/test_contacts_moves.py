"""What each move makes of a contact."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from contact_center.contact.domain import (
    DECLINED_FOR,
    PASSED_ON_FOR,
    TABLE,
    Contact,
    ContactMoveNotAllowed,
    Move,
    State,
    allowed_moves,
    way,
)
from contact_center.contact.offers import (
    Offer,
    OfferEnd,
    OfferOfAnotherAgent,
    OfferOver,
    OfferState,
)

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
QUEUE, OTHER = UUID(int=1), UUID(int=2)
ANN, BEN = UUID(int=11), UUID(int=12)
OFFER = UUID(int=21)


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def a_contact() -> Contact:
    return Contact(
        id=UUID(int=31),
        unit="cn",
        channel="voice",
        from_address="+8613800138000",
        to_address="10086",
        arrived_at=AT,
    )


def a_queued() -> Contact:
    return a_contact().queued(QUEUE, at=AT)[0]


def an_offered(at: float = 5) -> Contact:
    offered = replace(
        a_queued(),
        state=State.OFFERED,
        offer_id=OFFER,
        agent_id=ANN,
        offer_expires_at=later(at + 20),
        version=2,
    )
    assert way(State.QUEUED, Move.OFFERING).to is offered.state
    return offered


def an_assigned(at: float = 8) -> Contact:
    return an_offered().accepted(at=later(at))[0]


def test_waiting_grows_while_a_contact_waits_and_stands_still_when_it_is_answered() -> None:
    assert a_queued().waited(later(7)) == 7
    assert an_offered().waited(later(7)) == 7
    assert an_assigned(8).waited(later(100)) == 8


def test_an_unanswered_offer_returns_with_the_waiting_time_kept() -> None:
    returned, happened = an_offered().returned(OfferEnd(OfferState.TIMED_OUT), at=later(25))

    assert (returned.state, returned.queue_id, returned.agent_id, returned.offer_id) == (
        State.QUEUED,
        QUEUE,
        None,
        None,
    )
    assert returned.waited(later(30)) == 30
    assert happened.offer_end == OfferEnd(OfferState.TIMED_OUT)


def test_who_let_an_offer_pass_is_not_asked_again_for_a_while() -> None:
    returned, _ = an_offered().returned(OfferEnd(OfferState.REJECTED, "busy"), at=later(6))

    assert returned.declined == {ANN: later(6) + DECLINED_FOR}


def test_a_withdrawn_offer_is_nobodys_refusal() -> None:
    returned, _ = an_offered().returned(OfferEnd(OfferState.WITHDRAWN, "agent_left"), at=later(6))

    assert returned.declined == {}


def test_old_refusals_are_forgotten() -> None:
    before = replace(an_offered(), declined={BEN: later(1)})

    returned, _ = before.returned(OfferEnd(OfferState.REJECTED), at=later(6))

    assert set(returned.declined) == {ANN}


def test_a_transfer_takes_the_waiting_time_along_but_not_the_talking_time() -> None:
    transferred, happened = an_assigned(8).transferred(queue_id=OTHER, at=later(300))

    assert (
        transferred.state,
        transferred.queue_id,
        transferred.agent_id,
        transferred.transfers,
    ) == (State.QUEUED, OTHER, None, 1)
    assert transferred.waited(later(302)) == 10
    assert happened.extras == {"from_agent_id": str(ANN)}


def test_a_transfer_does_not_come_straight_back_to_the_one_who_made_it() -> None:
    transferred, _ = an_assigned(8).transferred(queue_id=OTHER, at=later(300))

    assert transferred.declined == {ANN: later(300) + PASSED_ON_FOR}


def test_waiting_in_a_queue_begins_anew_with_a_transfer() -> None:
    transferred, _ = an_assigned(8).transferred(queue_id=OTHER, at=later(300))

    assert an_offered().waited_in_queue(later(8)) == 8
    assert transferred.waited_in_queue(later(302)) == 2


def test_the_first_answer_counts_after_a_transfer_too() -> None:
    transferred, _ = an_assigned(8).transferred(queue_id=OTHER, at=later(300))
    offered = replace(
        transferred, state=State.OFFERED, offer_id=OFFER, agent_id=BEN, offer_expires_at=later(330)
    )

    assert offered.accepted(at=later(310))[0].answered_at == later(8)


def test_time_on_hold_adds_up() -> None:
    held, _ = an_assigned(8).held(at=later(10))
    resumed, _ = held.resumed(at=later(13))
    again, _ = resumed.held(at=later(20))

    assert again.ended(at=later(22), wrap_up_seconds=30)[0].held_seconds == 5


def test_the_end_of_a_conversation_begins_the_wrap_up_time() -> None:
    wrapping, happened = an_assigned().ended(
        at=later(60), wrap_up_seconds=30, wrap_up_code="solved"
    )

    assert (wrapping.state, wrapping.wrap_up_until, wrapping.ended_at, wrapping.wrap_up_code) == (
        State.WRAPPING,
        later(90),
        later(60),
        "solved",
    )
    assert happened.type == "contact.wrapping"


def test_a_second_end_completes_and_keeps_the_first_code() -> None:
    wrapping, _ = an_assigned().ended(at=later(60), wrap_up_seconds=30, wrap_up_code="solved")

    completed, _ = wrapping.ended(at=later(70), wrap_up_seconds=30, notes="called back")

    assert (completed.state, completed.wrap_up_code, completed.notes, completed.ended_at) == (
        State.COMPLETED,
        "solved",
        "called back",
        later(60),
    )


def test_a_queue_without_wrap_up_time_completes_at_once() -> None:
    assert an_assigned().ended(at=later(60), wrap_up_seconds=0)[0].state is State.COMPLETED


def test_abandoning_withdraws_the_offer_that_stands() -> None:
    abandoned, happened = an_offered().abandoned(at=later(9))

    assert (abandoned.state, abandoned.agent_id, abandoned.waited_seconds) == (
        State.ABANDONED,
        None,
        9,
    )
    assert happened.offer_end == OfferEnd(OfferState.WITHDRAWN, "customer_left")


def test_abandoning_the_queue_ends_no_offer() -> None:
    assert a_queued().abandoned(at=later(9))[1].offer_end is None


@pytest.mark.parametrize("state", list(State))
def test_every_state_refuses_what_the_table_does_not_list(state: State) -> None:
    for row in TABLE:
        if state in row.states:
            assert way(state, row.move) is row
        else:
            with pytest.raises(ContactMoveNotAllowed) as refused:
                way(state, row.move)
            assert refused.value.extras["allowed_moves"] == allowed_moves(state)


def test_every_move_raises_the_version() -> None:
    assert a_contact().version == 0
    assert a_queued().version == 1
    assert an_assigned().version == 3


def an_offer(state: OfferState = OfferState.PENDING) -> Offer:
    ended_at = None if state is OfferState.PENDING else later(9)
    return Offer(
        id=OFFER,
        contact_id=UUID(int=31),
        unit="cn",
        agent_id=ANN,
        queue_id=QUEUE,
        channel="voice",
        state=state,
        made_at=later(5),
        expires_at=later(25),
        ended_at=ended_at,
        reason=None,
    )


def test_an_offer_can_be_answered_until_it_expires() -> None:
    assert an_offer().answerable(at=later(24.9), by_agent=str(ANN)) == an_offer()
    with pytest.raises(OfferOver) as refused:
        an_offer().answerable(at=later(25), by_agent=None)
    assert refused.value.extras["state"] == "timed_out"


@pytest.mark.parametrize(
    "state", [OfferState.ACCEPTED, OfferState.REJECTED, OfferState.TIMED_OUT, OfferState.WITHDRAWN]
)
def test_an_offer_that_is_over_says_how_it_ended(state: OfferState) -> None:
    with pytest.raises(OfferOver) as refused:
        an_offer(state).answerable(at=later(10), by_agent=None)
    assert refused.value.extras["state"] == state.value


def test_an_offer_is_answered_by_its_own_agent() -> None:
    with pytest.raises(OfferOfAnotherAgent):
        an_offer().answerable(at=later(10), by_agent=str(BEN))
