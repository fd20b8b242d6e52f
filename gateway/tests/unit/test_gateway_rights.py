"""Nobody hands on more than they hold."""

from decimal import Decimal
from uuid import UUID

import pytest
from gateway.rights.domain import Rights, RightsExceeded, shared_units, units_lie_within
from hypothesis import given
from hypothesis import strategies as st
from service_kit.words.money import Money

AGENT = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
PATHS = st.lists(st.sampled_from(["cn", "gd", "sh", "gz"]), min_size=1, max_size=3).map(".".join)
UNITS = st.none() | st.lists(PATHS, max_size=3).map(tuple)
LIMITS = st.none() | st.builds(
    Money, st.integers(0, 5).map(Decimal), st.sampled_from(["CNY", "USD"])
)
RIGHTS = st.builds(
    Rights,
    scopes=st.frozensets(st.sampled_from(["customers:read", "customers:write", "audit:read"])),
    units=UNITS,
    approval_limit=LIMITS,
    agent_id=st.none() | st.just(AGENT),
)


def cny(amount):
    return Money(Decimal(amount), "CNY")


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        (("cn.gd",), ("cn",), True),
        (("cn.gd",), ("cn.gd",), True),
        (("cn.gdx",), ("cn.gd",), False),
        (("cn",), ("cn.gd",), False),
        (None, ("cn",), False),
        (("cn",), None, True),
        ((), ("cn",), True),
        (("cn.gd", "cn.sh"), ("cn.gd",), False),
    ],
)
def test_units_lie_within_by_whole_path_segments(inner, outer, expected):
    assert units_lie_within(inner, outer) is expected


@pytest.mark.parametrize(
    ("limit", "held", "is_allowed"),
    [
        (None, None, True),
        (cny(0), None, True),
        (cny(1), None, False),
        (cny("5.00"), cny(5), True),
        (cny("5.01"), cny(5), False),
        (Money(Decimal(1), "USD"), cny(5), False),
    ],
)
def test_an_approval_limit_stays_within_that_of_its_giver(limit, held, is_allowed):
    asked, giver = (
        Rights(scopes=frozenset(), approval_limit=limit),
        Rights(scopes=frozenset(), approval_limit=held),
    )

    assert (asked.excess_over(giver) is None) is is_allowed


def test_somebody_bound_to_an_agent_hands_on_that_agent_only():
    giver = Rights(scopes=frozenset(), agent_id=AGENT)

    with pytest.raises(RightsExceeded):
        Rights(scopes=frozenset()).require_within(giver)


@given(RIGHTS, RIGHTS)
def test_rights_that_were_limited_never_exceed_their_source(asked, held):
    left = asked.limited_to(held)

    excess = left.excess_over(held)

    assert excess is None
    assert left.scopes <= asked.scopes


@given(UNITS, UNITS, PATHS)
def test_shared_units_see_what_both_see_and_nothing_else(one, other, unit):
    def sees(units):
        return units is None or units_lie_within((unit,), units)

    assert sees(shared_units(one, other)) == (sees(one) and sees(other))
