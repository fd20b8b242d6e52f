"""What is recommended to an agent, by rule."""

from dataclasses import replace
from uuid import UUID

import pytest
from contact_center.screen_pop.recommendations import Grounds, Subject, recommendations

AGENT, OTHER = UUID(int=1), UUID(int=2)
CASE = Subject(type="complaint", id=UUID(int=3), about="C-1")
TASK = Subject(type="care_task", id=UUID(int=4), about="Thank for the delivery")


def lit(grounds: Grounds) -> dict[str, bool]:
    return {each.code: each.is_lit for each in recommendations(grounds)}


def test_of_somebody_nothing_is_known_of_nothing_is_recommended() -> None:
    assert lit(Grounds()) == {}


def test_a_customer_is_brought_to_the_dedicated_agent_unless_that_one_serves_already() -> None:
    grounds = Grounds(tier=6, has_manager=True, dedicated_agent_id=AGENT, serving_agent_id=OTHER)

    assert lit(grounds) == {"bring_to_dedicated_agent": True}
    assert lit(replace(grounds, serving_agent_id=AGENT)) == {}


@pytest.mark.parametrize(
    ("tier", "has_manager", "asked_for"),
    [
        (None, False, set()),
        (3, False, set()),
        (4, False, {"name_account_manager"}),
        (5, True, set()),
        (5, None, set()),
        (6, True, {"name_dedicated_agent"}),
        (6, False, {"name_dedicated_agent", "name_account_manager"}),
    ],
)
def test_the_upper_tiers_are_given_persons_of_their_own(
    tier: int | None, has_manager: bool | None, asked_for: set[str]
) -> None:
    assert {
        code for code, is_lit in lit(Grounds(tier=tier, has_manager=has_manager)).items() if is_lit
    } == asked_for


def test_a_due_care_task_is_done_in_the_conversation() -> None:
    (found,) = recommendations(Grounds(due_tasks=[TASK]))

    assert (found.code, found.is_lit, found.subject, found.cautions) == (
        "do_care_task",
        True,
        TASK,
        (),
    )
    assert found.text("en").endswith("Thank for the delivery")
    assert found.text("zh-CN").startswith("关怀任务")


def test_an_open_complaint_comes_before_everything_and_speaks_against_offers() -> None:
    found = list(recommendations(Grounds(open_cases=[CASE], open_count=1, due_tasks=[TASK])))

    assert [(each.code, each.is_lit, each.cautions) for each in found] == [
        ("settle_open_complaint", True, ()),
        ("do_care_task", False, ("complaint_is_open",)),
    ]
    assert "C-1" in found[0].text("en")


def test_a_complaint_that_is_only_counted_is_named_without_its_number() -> None:
    (found,) = recommendations(Grounds(open_count=2))

    assert found.subject is None
    assert "(its number is not at hand)" in found.text("en")
    assert "（编号暂不可查）" in found.text("zh-CN")


def test_who_asked_not_to_be_contacted_is_offered_nothing() -> None:
    found = list(
        recommendations(Grounds(tier=5, has_manager=False, due_tasks=[TASK], do_not_contact=True))
    )

    assert [(each.code, each.is_lit, each.cautions) for each in found] == [
        ("name_account_manager", False, ("do_not_contact",)),
        ("do_care_task", False, ("do_not_contact",)),
    ]
