"""The laws of routing by example, as a supervisor would ask for them."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from contact_center.routing.domain import (
    SECOND,
    Agent,
    Overflow,
    Preference,
    QueueRules,
    Relaxation,
    Waiting,
    skills_of,
)
from contact_center.routing.matcher import Matcher

NOW = 10_000 * SECOND
HOTLINE = UUID(int=1)
DESK = UUID(int=2)
ANN, BEN, EVE = UUID(int=11), UUID(int=12), UUID(int=13)


def an_agent(
    agent_id: UUID, *, queue: UUID = HOTLINE, idle: int = 0, free: int = 1, **levels: int
) -> Agent:
    return Agent(
        agent_id, frozenset((queue,)), levels, frozenset(), {"voice": free}, NOW - idle * SECOND
    )


def a_contact(
    number: int,
    rules: QueueRules | None = None,
    *,
    waited: int = 0,
    head_start: int = 0,
    longest_wait: int | None = None,
    preferences: tuple[Preference, ...] = (),
    declined: Mapping[UUID, int] = MappingProxyType({}),
) -> Waiting:
    rules = rules or QueueRules(HOTLINE)
    since = NOW - waited * SECOND
    return Waiting(
        UUID(int=100 + number),
        "voice",
        since,
        since,
        rules.stages((), None),
        head_start * SECOND,
        None if longest_wait is None else longest_wait * SECOND,
        rules.asked(()),
        preferences=preferences,
        declined=declined,
    )


def offers(
    contacts: list[Waiting], agents: list[Agent], *, after: int = 0
) -> list[tuple[int, UUID]]:
    matcher = Matcher()
    for agent in agents:
        matcher.put_agent(agent)
    for contact in contacts:
        matcher.put_contact(contact)
    return [
        (match.contact_id.int - 100, match.agent_id)
        for match in matcher.match(NOW + after * SECOND)
    ]


def test_who_waits_longer_goes_first() -> None:
    assert offers([a_contact(1, waited=5), a_contact(2, waited=9)], [an_agent(ANN)]) == [(2, ANN)]


def test_a_head_start_counts_as_seconds_already_waited() -> None:
    six_stars, one_star = a_contact(1, waited=0, head_start=60), a_contact(2, waited=59)

    assert offers([six_stars, one_star], [an_agent(ANN)]) == [(1, ANN)]


def test_a_longer_wait_outweighs_a_head_start() -> None:
    six_stars, one_star = a_contact(1, waited=0, head_start=60), a_contact(2, waited=61)

    assert offers([six_stars, one_star], [an_agent(ANN)]) == [(2, ANN)]


def test_who_passed_the_longest_wait_of_its_tier_goes_before_all_others() -> None:
    six_stars, one_star = (
        a_contact(1, waited=50, head_start=3_600),
        a_contact(2, waited=300, longest_wait=300),
    )

    assert offers([six_stars, one_star], [an_agent(ANN)]) == [(2, ANN)]


def test_equal_ones_go_in_order_of_arrival() -> None:
    early, late = a_contact(1, waited=30), a_contact(2, waited=10, head_start=20)

    assert offers([late, early], [an_agent(ANN)]) == [(1, ANN)]


def test_the_better_skill_match_goes_before_the_longer_idle() -> None:
    billing = QueueRules(HOTLINE, skills_of({"billing": 2}))

    assert offers(
        [a_contact(1, billing)], [an_agent(ANN, idle=90, billing=2), an_agent(BEN, billing=5)]
    ) == [(1, BEN)]


def test_among_equal_skills_the_longest_idle_is_chosen() -> None:
    assert offers(
        [a_contact(1)], [an_agent(ANN, idle=10), an_agent(BEN, idle=90), an_agent(EVE, idle=50)]
    ) == [(1, BEN)]


def test_an_agent_below_the_needed_level_is_not_offered_the_contact() -> None:
    assert (
        offers(
            [a_contact(1, QueueRules(HOTLINE, skills_of({"billing": 3})))],
            [an_agent(ANN, billing=2)],
        )
        == []
    )


def test_needs_relax_when_the_queue_says_so_and_not_before() -> None:
    rules = QueueRules(HOTLINE, skills_of({"billing": 3}), (Relaxation(60 * SECOND, ()),))

    assert offers([a_contact(1, rules)], [an_agent(ANN)], after=59) == []
    assert offers([a_contact(1, rules)], [an_agent(ANN)], after=60) == [(1, ANN)]


def test_after_relaxing_the_agent_nearest_to_the_first_need_is_chosen() -> None:
    rules = QueueRules(HOTLINE, skills_of({"billing": 3}), (Relaxation(60 * SECOND, ()),))

    assert offers(
        [a_contact(1, rules)], [an_agent(ANN, idle=900), an_agent(BEN, billing=2)], after=60
    ) == [(1, BEN)]


def test_an_overflow_lets_agents_of_the_other_queue_in_after_its_time() -> None:
    rules = QueueRules(DESK, overflow=Overflow(20 * SECOND, HOTLINE))

    assert offers([a_contact(1, rules)], [an_agent(ANN)], after=19) == []
    assert offers([a_contact(1, rules)], [an_agent(ANN)], after=20) == [(1, ANN)]


def test_the_dedicated_agent_goes_before_a_better_one() -> None:
    dedicated = Preference(ANN, NOW + 60 * SECOND, is_personal=True)
    billing = QueueRules(HOTLINE, skills_of({"billing": 3}))

    assert offers(
        [a_contact(1, billing, preferences=(dedicated,))], [an_agent(ANN), an_agent(BEN, billing=5)]
    ) == [(1, ANN)]


def test_the_preference_ends_with_its_time() -> None:
    dedicated = Preference(ANN, NOW + 60 * SECOND, is_personal=True)
    contact = a_contact(1, QueueRules(HOTLINE, skills_of({"billing": 3})), preferences=(dedicated,))

    assert offers([contact], [an_agent(ANN), an_agent(BEN, billing=5)], after=60) == [(1, BEN)]


@pytest.mark.parametrize(
    "cannot",
    [
        {"agents": [an_agent(ANN, free=0)]},
        {"agents": [replace(an_agent(ANN), free={"chat": 3})]},
        {"agents": []},
        {"declined": {ANN: NOW + 30 * SECOND}},
    ],
    ids=["busy", "lacks the channel", "away or silent", "declined"],
)
@pytest.mark.parametrize("is_personal", [True, False])
def test_nobody_waits_for_an_agent_who_cannot_take_the_contact_now(
    cannot: dict[str, Any], is_personal: bool
) -> None:
    contact = a_contact(
        1,
        preferences=(Preference(ANN, NOW + 60 * SECOND, is_personal),),
        declined=cannot.get("declined", {}),
    )

    assert offers([contact], [*cannot.get("agents", [an_agent(ANN)]), an_agent(BEN)]) == [(1, BEN)]


def test_who_declined_is_asked_again_where_nobody_else_can_but_not_in_the_same_breath() -> None:
    contact = a_contact(1, declined={ANN: NOW + 30 * SECOND})
    busy = an_agent(BEN, free=0)

    assert offers([contact], [an_agent(ANN), busy]) == []
    assert offers([contact], [an_agent(ANN), busy], after=1) == [(1, ANN)]
    assert offers([contact], [an_agent(ANN), an_agent(BEN)], after=29) == [(1, BEN)]


def test_who_is_spared_takes_the_next_contact_meanwhile() -> None:
    declined, behind = (
        a_contact(1, waited=9, declined={ANN: NOW + 30 * SECOND}),
        a_contact(2, waited=1),
    )

    assert offers([declined, behind], [an_agent(ANN)]) == [(2, ANN)]


def test_a_last_known_agent_who_lacks_the_skill_is_passed_over() -> None:
    last_known = Preference(ANN, NOW + 60 * SECOND, is_personal=False)
    billing = QueueRules(HOTLINE, skills_of({"billing": 3}))

    assert offers(
        [a_contact(1, billing, preferences=(last_known,))],
        [an_agent(ANN), an_agent(BEN, billing=3)],
    ) == [(1, BEN)]


def test_an_agent_is_given_no_more_than_there_are_free_places() -> None:
    contacts = [a_contact(number) for number in range(4)]

    assert len(offers(contacts, [an_agent(ANN, free=3)])) == 3


def test_chats_are_spread_over_the_agents_before_anybody_gets_a_second() -> None:
    contacts = [a_contact(1, waited=9), a_contact(2, waited=8)]

    assert offers(contacts, [an_agent(ANN, idle=90, free=2), an_agent(BEN, idle=10, free=2)]) == [
        (1, ANN),
        (2, BEN),
    ]
