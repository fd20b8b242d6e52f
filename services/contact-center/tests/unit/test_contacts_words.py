"""Addresses, advice, presence and treatment: the small rules."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID

import pytest
from contact_center import identifiers
from contact_center.agent.domain import Agent, Presence, Profile, RoutingStatus
from contact_center.identifiers import identifier_filed, identifier_keys
from contact_center.routing.domain import SECOND, Treatment
from contact_center.screen_pop.advice import Situation, advice_codes
from contact_center.treatment.domain import treatment_for
from contact_center.words import Address, Channel
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from service_kit.words.not_readable import IdentifierNotReadable

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def written(channel: str, address: str) -> str:
    return identifiers.written(channel, address, region="CN", pointer="/from")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("10086", "10086"),
        ("020 8888 6666", "+862088886666"),
        ("+1 202-456-1111", "+12024561111"),
        ("anonymous", "anonymous"),
        ("sip:1001@pbx.example.com", "sip:1001@pbx.example.com"),
        ("0755-88888888-802", "+8675588888888;ext=802"),
        ("87654321", "87654321"),
        ("110", "110"),
        ("12345", "12345"),
        ("95588", "95588"),
        ("1069012345678901", "1069012345678901"),
        ("400-820-8820", "+864008208820"),
    ],
)
def test_a_phone_is_kept_in_one_form(address: str, kept: str) -> None:
    assert written("voice", address) == kept


@pytest.mark.parametrize(
    "address", ["139111100100", "+86 1391111001", "139111100100转8", "-13911110010", "1", "()"]
)
@pytest.mark.parametrize("channel", ["voice", "sms", "fax"])
def test_a_number_that_nobody_could_dial_is_refused_where_it_stands(
    channel: str, address: str
) -> None:
    with pytest.raises(IdentifierNotReadable) as refused:
        written(channel, address)

    assert [fault.pointer for fault in refused.value.faults] == ["/from"]


def is_recognized(channel: str, address: str, *filed: str) -> bool:
    """Whether who comes from this address is found by this identifier of a file."""
    asked = identifier_keys(channel, written(channel, address), region="CN")
    return not set(asked).isdisjoint(identifier_filed(*filed))


ADDRESS: TypeAdapter[str] = TypeAdapter(Address)


@pytest.mark.parametrize("address", ["\x1c", "\x1c\x1f", "10086\x00", "\u3000", " ", "\x85"])
def test_what_cannot_be_seen_is_no_address(address: str) -> None:
    with pytest.raises(ValidationError):
        ADDRESS.validate_python(address)


def is_address(text: str) -> bool:
    try:
        return bool(ADDRESS.validate_python(text))
    except ValidationError:
        return False


@given(
    channel=st.sampled_from(get_args(Channel)),
    address=st.text(min_size=1, max_size=200).filter(is_address),
)
def test_whatever_is_an_address_stays_one_in_its_written_form(channel: str, address: str) -> None:
    try:
        kept = written(channel, address)
    except IdentifierNotReadable:
        return

    assert is_address(kept)
    assert written(channel, kept) == kept


def test_a_mailbox_is_compared_without_case() -> None:
    assert written("email", " Zhang.Wei@Example.com ") == "zhang.wei@example.com"
    assert is_recognized("email", "Zhang.Wei@Example.com", "email", "zhang.wei@example.com")


def test_a_caller_is_looked_up_by_phone_however_the_call_writes_it() -> None:
    assert is_recognized("voice", "138 0013 8000", "phone", "+8613800138000")
    assert not is_recognized("voice", "138 0013 8001", "phone", "+8613800138000")


def test_a_switchboard_finds_who_is_behind_it_and_an_extension_no_other() -> None:
    inside = ("phone", "+8675588888888;ext=802")

    assert is_recognized("voice", "0755-88888888", *inside)
    assert is_recognized("voice", "0755-88888888-802", *inside)
    assert not is_recognized("voice", "0755-88888888-803", *inside)
    assert is_recognized("voice", "0755-88888888-802", "phone", "+8675588888888")


@pytest.mark.parametrize(
    ("address", "filed"),
    [
        ("weibo:zw1990", ("social", "zw1990", "weibo")),
        ("zw_1990", ("wechat", "zw_1990")),
        ("Zw1@im.wechat", ("wechat", "Zw1@im.wechat")),
        ("Zw@example.com", ("email", "zw@example.com")),
        ("138 0013 8000", ("phone", "+8613800138000")),
    ],
)
def test_a_chat_may_come_from_any_kind_of_id(address: str, filed: tuple[str, ...]) -> None:
    assert is_recognized("chat", address, *filed)


def test_a_visitor_of_a_chat_is_not_found_by_a_short_number() -> None:
    assert not is_recognized("chat", "8888", "phone", "8888")


def test_nobody_calls_from_a_loyalty_number() -> None:
    assert identifier_filed("loyalty", "L-1") == ()


def test_advice_names_what_is_pressing_first() -> None:
    situation = Situation(
        is_known=True,
        behavior="owl",
        tags=frozenset({"agitated"}),
        tier=6,
        open_cases=1,
        waited_seconds=300,
        churn_risk=0.9,
    )

    assert list(advice_codes(situation)) == [
        "long_wait",
        "open_complaint",
        "top_tier",
        "at_risk",
        "agitated",
        "owl",
    ]


def test_an_unknown_caller_is_to_be_asked() -> None:
    assert list(advice_codes(Situation(is_known=False))) == ["unknown_caller"]


def an_agent(presence: Presence = Presence.AVAILABLE, *, is_responding: bool = True) -> Agent:
    profile = Profile(
        name="Li Na", team=None, skills={}, capacity={"voice": 1}, languages=(), queues=()
    )
    return Agent(
        id=UUID(int=1),
        unit="cn",
        profile=profile,
        presence=presence,
        presence_since=AT,
        is_responding=is_responding,
        idle_since=AT,
        version=1,
        created_at=AT,
        updated_at=AT,
    )


@pytest.mark.parametrize(
    ("agent", "works", "status"),
    [
        (an_agent(), [], RoutingStatus.IDLE),
        (an_agent(), ["offered"], RoutingStatus.OFFERED),
        (an_agent(), ["wrapping", "assigned"], RoutingStatus.INTERACTING),
        (an_agent(), ["on_hold"], RoutingStatus.INTERACTING),
        (an_agent(), ["wrapping"], RoutingStatus.WRAPPING),
        (an_agent(is_responding=False), [], RoutingStatus.NOT_RESPONDING),
        (an_agent(Presence.MEAL), [], RoutingStatus.OFF_QUEUE),
        (an_agent(Presence.OFFLINE), ["assigned"], RoutingStatus.INTERACTING),
    ],
)
def test_the_routing_status_follows_from_presence_and_works(
    agent: Agent, works: list[str], status: RoutingStatus
) -> None:
    assert agent.status(works) is status


def test_saying_available_again_begins_a_new_idle_time_only_after_silence() -> None:
    later = AT + timedelta(minutes=5)

    assert an_agent().present(Presence.AVAILABLE, at=later).idle_since == AT
    assert an_agent(is_responding=False).present(Presence.AVAILABLE, at=later).idle_since == later
    assert an_agent(Presence.MEAL).present(Presence.AVAILABLE, at=later).idle_since == later


def test_presence_keeps_its_beginning_while_it_stays() -> None:
    later = AT + timedelta(minutes=5)

    assert an_agent().present(Presence.AVAILABLE, at=later).presence_since == AT
    assert an_agent().present(Presence.BREAK, at=later).presence_since == later


def test_a_key_contact_has_the_better_of_two_treatments() -> None:
    treatments = {
        "none": Treatment(),
        "6": Treatment(head_start=120 * SECOND),
        "key_contact": Treatment(head_start=60 * SECOND),
    }

    assert treatment_for(treatments, None, is_key_contact=True).head_start == 60 * SECOND
    assert treatment_for(treatments, 6, is_key_contact=True).head_start == 120 * SECOND
    assert treatment_for(treatments, None, is_key_contact=False) == Treatment()
    assert treatment_for(treatments, 3, is_key_contact=False) == Treatment()
