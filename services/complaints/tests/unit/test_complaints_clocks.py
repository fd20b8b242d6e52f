"""Which clocks run in which state of the case."""

from datetime import UTC, datetime, timedelta

from complaints.calendar.domain import AroundTheClock
from complaints.clock.clocks import Clocks
from complaints.clock.domain import Terms, Timeline
from complaints.course.domain import State
from complaints.sla.domain import Applies, closest
from complaints.testing import a_policy, some_terms
from complaints.words import Channel, ClockState, Kind, Severity

START = datetime(2026, 3, 11, 2, 0, tzinfo=UTC)


def elapsed(_terms: Terms) -> Timeline:
    return AroundTheClock()


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


TERMS = [
    some_terms(name="first_reply"),
    some_terms(name="resolution"),
    some_terms(name="validity"),
    some_terms(name="archive"),
]


def states_of(clocks: Clocks) -> dict[str, str]:
    return {clock.name: str(clock.state) for clock in clocks.latest}


def begun() -> Clocks:
    return Clocks(()).begin(TERMS, elapsed, state=State.RECEIVED, at=START)


def test_a_new_case_starts_the_clocks_of_its_first_state() -> None:
    assert states_of(begun()) == {
        "archive": "running",
        "first_reply": "running",
        "resolution": "running",
    }


def test_a_move_ends_the_clock_it_was_waited_for_and_starts_the_next() -> None:
    clocks = begun().enter(State.ACKNOWLEDGED, TERMS, elapsed, at=after(1))

    assert states_of(clocks)["first_reply"] == "met"
    assert states_of(clocks)["validity"] == "running"
    assert states_of(clocks)["resolution"] == "running"


def test_no_move_asks_for_the_timeline_of_an_ended_clock() -> None:
    def only_of_living(terms: Terms) -> Timeline:
        assert terms.name != "first_reply"
        return AroundTheClock()

    clocks = begun().enter(State.ACKNOWLEDGED, TERMS, elapsed, at=after(1))

    paused = clocks.enter(State.PAUSED, TERMS, only_of_living, at=after(2))
    resumed = paused.enter(State.ACKNOWLEDGED, TERMS, only_of_living, at=after(3))
    withdrawn = resumed.enter(State.WITHDRAWN, TERMS, only_of_living, at=after(4))

    assert states_of(withdrawn)["first_reply"] == "met"


def test_an_answer_meets_the_resolution_and_closing_ends_all() -> None:
    answered = begun().enter(State.ANSWERED, TERMS, elapsed, at=after(1))
    closed = answered.enter(State.CLOSED, TERMS, elapsed, at=after(2))

    assert states_of(answered) == {"archive": "running", "first_reply": "met", "resolution": "met"}
    assert all(clock.is_ended for clock in closed.all)


def test_a_pause_holds_every_running_clock_and_nothing_is_due() -> None:
    paused = begun().enter(State.PAUSED, TERMS, elapsed, at=after(1))

    assert {clock.state for clock in paused.all} == {ClockState.PAUSED}
    assert paused.due_at is None
    assert paused.enter(State.RECEIVED, TERMS, elapsed, at=after(3)).due_at == after(6)


def test_a_reopened_case_gets_a_new_round_of_its_resolution() -> None:
    closed = begun().enter(State.CLOSED, TERMS, elapsed, at=after(1))

    reopened = closed.enter(State.REOPENED, TERMS, elapsed, at=after(9))

    resolution = next(clock for clock in reopened.latest if clock.name == "resolution")
    assert (resolution.round, resolution.due_at) == (2, after(13))


def test_a_withdrawal_while_paused_ends_the_clocks() -> None:
    withdrawn = (
        begun()
        .enter(State.PAUSED, TERMS, elapsed, at=after(1))
        .enter(State.WITHDRAWN, TERMS, elapsed, at=after(2))
    )

    assert {clock.state for clock in withdrawn.all} == {ClockState.MET}


def test_a_new_promise_keeps_the_earlier_one() -> None:
    promise = some_terms(name="next_update", allowed=timedelta(hours=10))
    first = begun().promise(promise, elapsed, at=after(1))

    second = first.promise(promise, elapsed, at=after(2))

    updates = [clock for clock in second.all if clock.name == "next_update"]
    assert [(clock.round, clock.state, clock.due_at) for clock in updates] == [
        (1, ClockState.MET, after(11)),
        (2, ClockState.RUNNING, after(12)),
    ]


def test_what_is_told_comes_in_the_order_in_which_it_fell_due() -> None:
    terms = [
        some_terms(name="resolution", allowed=timedelta(hours=8)),
        some_terms(name="first_reply"),
    ]
    clocks = Clocks(()).begin(terms, elapsed, state=State.RECEIVED, at=START)

    _, told = clocks.tell(at=after(5))

    assert [(each.clock.name, each.mark.percent) for each in told] == [
        ("first_reply", 50), ("first_reply", 75), ("resolution", 50), ("first_reply", 100),
        ("first_reply", 100),
    ]  # fmt: skip


def test_the_policy_that_describes_the_case_most_closely_is_taken() -> None:
    everything = a_policy(name="standard")
    severe = a_policy(name="severe", applies=Applies(severity=Severity.CRITICAL))
    golden = a_policy(name="golden", applies=Applies(severity=Severity.CRITICAL, tier_min=4))
    policies = [everything, severe, golden]

    def found(severity: Severity, tier: int | None) -> str:
        policy = closest(
            policies, kind=Kind.COMPLAINT, severity=severity, tier=tier, channel=Channel.WEB
        )
        return policy.name if policy else ""

    assert found(Severity.LOW, 6) == "standard"
    assert found(Severity.CRITICAL, None) == "severe"
    assert found(Severity.CRITICAL, 3) == "severe"
    assert found(Severity.CRITICAL, 5) == "golden"
    newer = a_policy(name="a", written_at=after(48))
    assert (
        closest(
            [everything, newer],
            kind=Kind.COMPLAINT,
            severity=Severity.LOW,
            tier=1,
            channel=Channel.WEB,
        )
        == newer
    )
    assert (
        closest([severe], kind=Kind.COMPLAINT, severity=Severity.LOW, tier=1, channel=Channel.WEB)
        is None
    )
