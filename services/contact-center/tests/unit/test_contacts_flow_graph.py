"""Which graphs are sound flows, and what is said of those that are not."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from contact_center.flow.domain import Flow, FlowInconsistent, checked, graph_faults
from contact_center.flow.nodes import (
    Check,
    Collect,
    HangUp,
    Menu,
    Node,
    Say,
    SetNeeds,
    ToQueue,
    Wording,
)

QUEUE = UUID(int=1)
TEXT = Wording(zh="您好", en="Hello")


def a_say(next: str) -> Say:
    return Say(text=TEXT, next=next)


def a_menu(*targets: str, otherwise: str = "bye") -> Menu:
    choices = {str(number): target for number, target in enumerate(targets, 1)}
    return Menu(text=TEXT, choices=choices, timeout_seconds=8, tries=2, otherwise=otherwise)


def a_collect(**others: object) -> Collect:
    usual = {
        "text": TEXT,
        "name": "account",
        "min_digits": 4,
        "max_digits": 8,
        "timeout_seconds": 8,
        "tries": 2,
    }
    return Collect(**{**usual, "next": "line", "otherwise": "bye", **others})


def a_check(then: str, otherwise: str) -> Check:
    return Check(
        tier_min=4,
        is_known=None,
        is_key_contact=None,
        has_open_complaint=None,
        tag=None,
        then=then,
        otherwise=otherwise,
    )


ENDS: dict[str, Node] = {"line": ToQueue(queue_id=QUEUE), "bye": HangUp(text=None)}


def faults(start: str, **nodes: Node) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.detail) for fault in graph_faults(start, nodes)]


def test_a_menu_with_ends_is_sound() -> None:
    assert faults("menu", menu=a_menu("line"), **ENDS) == []


def test_a_ring_through_a_menu_is_sound() -> None:
    assert faults("hello", hello=a_say("menu"), menu=a_menu("line", "hello"), **ENDS) == []


def test_a_missing_start_is_named() -> None:
    assert faults("nowhere", **ENDS)[0] == ("/start", "there is no node of this name")


def test_a_missing_target_is_named_with_its_place() -> None:
    found = faults("menu", menu=a_menu("line", "gone"), **ENDS)

    assert found == [("/nodes/menu/choices/2", "there is no node of this name")]


def test_a_node_that_nothing_leads_to_is_named() -> None:
    assert faults("line", line=ToQueue(queue_id=QUEUE), alone=HangUp(text=None)) == [
        ("/nodes/alone", "no way leads from the start to this node")
    ]


def test_a_ring_that_asks_nobody_is_refused() -> None:
    found = faults(
        "one", one=a_say("two"), two=a_check("one", "line"), line=ToQueue(queue_id=QUEUE)
    )

    assert ("/nodes/one", "goes round in itself without asking the caller") in found
    assert ("/nodes/two", "goes round in itself without asking the caller") in found


def test_a_node_that_leads_into_a_ring_is_not_itself_blamed_for_it() -> None:
    found = faults(
        "first", first=a_say("one"), one=a_check("one", "line"), line=ToQueue(queue_id=QUEUE)
    )

    assert found == [("/nodes/one", "goes round in itself without asking the caller")]


def test_a_way_without_an_end_is_refused() -> None:
    found = faults("menu", menu=a_menu("menu", otherwise="menu"))

    assert ("/nodes/menu", "no way leads from this node to a queue or a hang-up") in found


def test_more_digits_at_least_than_at_most_are_refused() -> None:
    assert ("/nodes/ask/min_digits", "is larger than max_digits") in faults(
        "ask", ask=a_collect(min_digits=9), **ENDS
    )


def test_setting_needs_is_no_question() -> None:
    needs = SetNeeds(skills={"billing": 2}, priority_seconds=0, language=None, next="needs")

    assert faults("needs", needs=needs)


def test_a_flow_into_a_queue_that_does_not_exist_is_refused_with_every_fault() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    flow = Flow(
        id=UUID(int=9),
        unit="cn",
        name="f",
        start="x",
        nodes=dict(ENDS),
        written={},
        version=1,
        created_at=now,
        updated_at=now,
    )

    with pytest.raises(FlowInconsistent) as refused:
        checked(flow, known_queues=frozenset())

    assert [error["pointer"] for error in refused.value.extras["errors"]] == [
        "/start",
        "/nodes/line/queue_id",
    ]
