"""A contact's way through a flow: what it hears, picks up and how long it stays where."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from contact_center.flow.domain import MOST_VISITS, Caller, Flow, Journey, Walk
from contact_center.flow.nodes import (
    WEEKDAYS,
    Check,
    Collect,
    HangUp,
    Hours,
    Menu,
    Node,
    Say,
    SetNeeds,
    ToQueue,
    Window,
    Wording,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUEUE, DESK = UUID(int=1), UUID(int=2)
MONDAY_TEN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def said(text: str) -> Wording:
    return Wording(zh=f"{text}!", en=text)


def a_walk(start: str, nodes: dict[str, Node], caller: Caller | None = None) -> Walk:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    flow = Flow(
        id=UUID(int=9),
        unit="cn",
        name="f",
        start=start,
        nodes=nodes,
        written={},
        version=1,
        created_at=at,
        updated_at=at,
    )
    return Walk(flow, caller or Caller(), SHANGHAI)


NODES: dict[str, Node] = {
    "hello": Say(text=said("Hello"), next="menu"),
    "menu": Menu(
        text=said("1 bills, 2 again"),
        choices={"1": "bills", "2": "hello"},
        timeout_seconds=8,
        tries=2,
        otherwise="bye",
    ),
    "bills": SetNeeds(skills={"billing": 2}, priority_seconds=30, language="en", next="account"),
    "account": Collect(
        text=said("Account"),
        name="account",
        min_digits=4,
        max_digits=6,
        timeout_seconds=8,
        tries=2,
        next="line",
        otherwise="line",
    ),
    "line": ToQueue(queue_id=QUEUE),
    "bye": HangUp(text=said("Bye")),
}


def spoken(journey: Journey) -> list[str]:
    return [say.en for say in journey.says]


def test_it_goes_on_to_the_first_question() -> None:
    journey = a_walk("hello", NODES).begin(Journey(), at=MONDAY_TEN)

    assert (journey.node, spoken(journey), journey.has_ended) == (
        "menu",
        ["Hello", "1 bills, 2 again"],
        False,
    )


def test_a_choice_leads_on_and_needs_are_picked_up() -> None:
    walk = a_walk("hello", NODES)
    journey = walk.begin(Journey(priority_seconds=10), at=MONDAY_TEN)

    journey = walk.answer(journey, "1", at=MONDAY_TEN + timedelta(seconds=5))

    assert (journey.node, dict(journey.skills), journey.priority_seconds, journey.language) == (
        "account",
        {"billing": 2},
        40,
        "en",
    )
    assert spoken(journey) == ["Account"]


def test_the_seconds_in_each_node_are_kept() -> None:
    walk = a_walk("hello", NODES)
    journey = walk.begin(Journey(), at=MONDAY_TEN)
    journey = walk.answer(journey, "1", at=MONDAY_TEN + timedelta(seconds=5))
    journey = walk.answer(journey, "12345", at=MONDAY_TEN + timedelta(seconds=17))

    assert [(visit.node, visit.seconds) for visit in journey.visits] == [
        ("hello", 0.0),
        ("menu", 5.0),
        ("bills", 0.0),
        ("account", 12.0),
        ("line", 0.0),
    ]
    assert (journey.queue_id, journey.has_ended, dict(journey.collected)) == (
        QUEUE,
        True,
        {"account": "12345"},
    )


def test_a_wrong_choice_is_asked_again_and_then_led_elsewhere() -> None:
    walk = a_walk("hello", NODES)
    journey = walk.begin(Journey(), at=MONDAY_TEN)

    again = walk.answer(journey, "9", at=MONDAY_TEN)
    gone = walk.answer(again, "", at=MONDAY_TEN)

    assert (again.node, spoken(again)) == ("menu", ["1 bills, 2 again"])
    assert (gone.node, gone.has_ended, gone.queue_id, spoken(gone)) == ("bye", True, None, ["Bye"])


def test_too_few_digits_are_not_kept() -> None:
    walk = a_walk("account", NODES)
    journey = walk.begin(Journey(), at=MONDAY_TEN)

    journey = walk.answer(walk.answer(journey, "12", at=MONDAY_TEN), "1234567", at=MONDAY_TEN)

    assert (journey.queue_id, dict(journey.collected)) == (QUEUE, {})


def test_tries_count_anew_at_each_question() -> None:
    walk = a_walk("hello", NODES)
    journey = walk.answer(walk.begin(Journey(), at=MONDAY_TEN), "9", at=MONDAY_TEN)

    journey = walk.answer(walk.answer(journey, "2", at=MONDAY_TEN), "9", at=MONDAY_TEN)

    assert (journey.node, journey.has_ended) == ("menu", False)


def test_whoever_goes_round_for_ever_is_brought_to_a_queue() -> None:
    walk = a_walk("hello", NODES)
    journey = walk.begin(Journey(), at=MONDAY_TEN)

    for _ in range(MOST_VISITS):
        if journey.has_ended:
            break
        journey = walk.answer(journey, "2", at=MONDAY_TEN)

    assert (journey.has_ended, journey.queue_id) == (True, QUEUE)
    assert len(journey.visits) == MOST_VISITS


@pytest.mark.parametrize(
    ("caller", "queue_id"),
    [
        (Caller(is_known=True, tier=6), DESK),
        (Caller(is_known=True, tier=5), QUEUE),
        (Caller(), QUEUE),
    ],
)
def test_a_check_sends_six_stars_to_their_desk(caller: Caller, queue_id: UUID) -> None:
    check = Check(
        tier_min=6,
        is_known=True,
        is_key_contact=None,
        has_open_complaint=None,
        tag=None,
        then="desk",
        otherwise="line",
    )
    nodes: dict[str, Node] = {
        "check": check,
        "desk": ToQueue(queue_id=DESK),
        "line": ToQueue(queue_id=QUEUE),
    }

    assert a_walk("check", nodes, caller).begin(Journey(), at=MONDAY_TEN).queue_id == queue_id


def test_every_condition_of_a_check_must_hold() -> None:
    check = Check(
        tier_min=None,
        is_known=None,
        is_key_contact=True,
        has_open_complaint=True,
        tag="campus",
        then="desk",
        otherwise="line",
    )
    nodes: dict[str, Node] = {
        "check": check,
        "desk": ToQueue(queue_id=DESK),
        "line": ToQueue(queue_id=QUEUE),
    }
    all_of_it = Caller(
        is_known=True, is_key_contact=True, open_complaints=1, tags=frozenset({"campus"})
    )

    assert a_walk("check", nodes, all_of_it).begin(Journey(), at=MONDAY_TEN).queue_id == DESK
    for lacking in (
        replace(all_of_it, is_key_contact=False),
        replace(all_of_it, open_complaints=0),
        replace(all_of_it, tags=frozenset()),
    ):
        assert a_walk("check", nodes, lacking).begin(Journey(), at=MONDAY_TEN).queue_id == QUEUE


def an_hours(**windows: tuple[Window, ...]) -> Hours:
    return Hours(
        windows={day: windows.get(day, ()) for day in WEEKDAYS},
        holidays=frozenset({date(2026, 10, 1)}),
        working_days=frozenset({date(2026, 2, 14)}),
        open="line",
        closed="bye",
    )


NINE_TO_SIX = (Window(opens=time(9), closes=time(12)), Window(opens=time(13), closes=time(18)))


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-03-02T08:59", False),
        ("2026-03-02T09:00", True),
        ("2026-03-02T12:00", False),
        ("2026-03-02T17:59", True),
        ("2026-03-02T18:00", False),
        ("2026-03-07T10:00", False),
        ("2026-10-01T10:00", False),
        ("2026-02-14T10:00", True),
    ],
)
def test_hours_know_weekdays_holidays_and_make_up_days(local: str, is_open: bool) -> None:
    hours = an_hours(**dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), NINE_TO_SIX))

    assert hours.is_open(datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)) is is_open


@pytest.mark.parametrize(
    ("local", "is_open"),
    [("2026-03-02T23:00", True), ("2026-03-03T05:59", True), ("2026-03-03T06:00", False)],
)
def test_a_window_may_run_past_midnight(local: str, is_open: bool) -> None:
    hours = an_hours(mon=(Window(opens=time(22), closes=time(6)),))

    assert hours.is_open(datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)) is is_open


def test_hours_are_those_of_the_company() -> None:
    nodes: dict[str, Node] = {
        "hours": an_hours(mon=NINE_TO_SIX),
        "line": ToQueue(queue_id=QUEUE),
        "bye": HangUp(text=None),
    }

    assert a_walk("hours", nodes).begin(Journey(), at=MONDAY_TEN).queue_id == QUEUE
    assert (
        a_walk("hours", nodes).begin(Journey(), at=MONDAY_TEN + timedelta(hours=9)).queue_id is None
    )
