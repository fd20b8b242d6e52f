"""Care: who gets a task, when it is due, in which words, and that an occasion makes it once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from customer_profile.care.domain import (
    LONGEST_TEXT,
    CareTaskNotOpen,
    Happening,
    Occasion,
    Place,
    Segment,
    TaskState,
    birthdays_of,
    due,
    plans_for,
    worded,
)
from customer_profile.care.use_cases import Caring
from customer_profile.consent.domain import Standing, Status
from customer_profile.customer.domain import Customer, Kind
from customer_profile.testing import (
    AT,
    RULES,
    FakeCares,
    FakeStandings,
    a_consent,
    a_customer,
    a_plan,
    a_standing,
)
from customer_profile.touch import Purpose

CLOSED = Happening(
    key="complaint:1", occasion=Occasion.AFTER_COMPLAINT, at=AT, places={"number": "C-7"}
)


def caring(cares: FakeCares, standings: dict[UUID, Standing] | None = None) -> Caring:
    ids = (UUID(int=number) for number in count(1))
    return Caring(cares, FakeStandings(standings), RULES, ids=lambda: next(ids), at=AT)


async def test_a_closed_complaint_is_followed_up_within_seven_days() -> None:
    customer = a_customer(account_manager="li")
    cares = FakeCares(a_plan(template={"zh-CN": "{name}，投诉 {number}"}, owner="desk"))

    (task,) = await caring(cares).answer(customer, CLOSED)

    assert task.due_at == AT + timedelta(days=7)
    assert (task.owner, task.text, task.state) == ("li", "张伟，投诉 C-7", TaskState.OPEN)


async def test_an_occasion_makes_its_task_once() -> None:
    customer, cares = a_customer(), FakeCares(a_plan())

    first = await caring(cares).answer(customer, CLOSED)
    again = await caring(cares).answer(customer, CLOSED)

    assert (len(first), len(again)) == (1, 0)


async def test_a_task_is_skipped_with_its_reason_where_contact_is_not_allowed() -> None:
    customer, cares = a_customer(), FakeCares(a_plan())
    refused = a_standing(consents=(a_consent(Status.DENIED, purpose=Purpose.CARE),))

    (task,) = await caring(cares, {customer.id: refused}).answer(customer, CLOSED)

    assert (task.state, task.reasons) == (TaskState.SKIPPED, ("consent_denied",))


async def test_the_follow_up_is_owed_beyond_the_cap_and_thanks_are_not() -> None:
    customer = a_customer()
    cares = FakeCares(a_plan(), a_plan(Occasion.AFTER_DELIVERY))
    busy = {customer.id: a_standing(touches=4)}

    (owed,) = await caring(cares, busy).answer(customer, CLOSED)
    (thanks,) = await caring(cares, busy).answer(
        customer, replace(CLOSED, occasion=Occasion.AFTER_DELIVERY)
    )

    assert owed.state is TaskState.OPEN
    assert thanks.reasons == ("monthly_cap",)


def test_a_built_in_plan_steps_back_for_the_companys_own() -> None:
    customer = a_customer()
    built_in, own = a_plan(is_built_in=True), a_plan()
    elsewhere = a_plan(unit="cn.bj")

    assert plans_for(customer, [built_in, elsewhere], Occasion.AFTER_COMPLAINT) == [built_in]
    assert plans_for(customer, [built_in, own, elsewhere], Occasion.AFTER_COMPLAINT) == [own]


@pytest.mark.parametrize(
    ("segment", "is_for"),
    [
        (Segment(), True),
        (Segment(kind=Kind.ORGANIZATION), False),
        (Segment(tier_min=4), True),
        (Segment(tier_min=6), False),
        (Segment(tag="vip"), True),
        (Segment(tag="gold"), False),
    ],
)
def test_a_plan_is_for_its_segment(segment: Segment, is_for: bool) -> None:
    assert a_plan(segment=segment).is_for(a_customer(tier=5, tags=("vip",))) is is_for


def test_a_plan_of_a_unit_is_for_those_in_or_under_it() -> None:
    assert a_plan(unit="cn.gd").is_for(a_customer(unit="cn.gd.gz"))
    assert not a_plan(unit="cn.g").is_for(a_customer(unit="cn.gd.gz"))
    assert not a_plan(is_enabled=False).is_for(a_customer())


def test_a_task_is_due_before_the_quiet_hours_of_its_day() -> None:
    evening = replace(
        CLOSED, at=datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    )  # eleven in the evening in Shanghai

    assert due(a_plan(), a_customer(), evening, RULES.quiet) == datetime(
        2026, 3, 9, 12, 59, tzinfo=UTC
    )
    assert due(a_plan(within_days=0), a_customer(), evening, RULES.quiet) == datetime(
        2026, 3, 3, 0, 0, tzinfo=UTC
    ), "never before the occasion"


@pytest.mark.parametrize(
    ("language", "text"), [("zh-CN", "您好"), ("zh-TW", "您好"), ("en-GB", "Hello"), ("fr", "您好")]
)
def test_a_text_is_in_the_customers_language_or_a_close_one(language: str, text: str) -> None:
    assert worded({"zh-CN": "您好", "en": "Hello"}, language, {}) == text


def test_places_that_nobody_fills_stay_as_they_are() -> None:
    assert (
        worded({"en": "{name} {nothing} {name.__class__}"}, "en", {"name": "Ann"})
        == "Ann {nothing} {name.__class__}"
    )


def test_february_29_is_kept_on_the_28th_of_other_years() -> None:
    assert birthdays_of(date(2027, 2, 28)) == [228, 229]
    assert birthdays_of(date(2028, 2, 28)) == [228]
    assert birthdays_of(date(2028, 2, 29)) == [229]


def test_a_text_that_its_places_make_too_long_is_cut() -> None:
    assert len(worded({"en": "{name}" * 1_000}, "en", {"name": "x" * 200})) == LONGEST_TEXT


def born(day: str, **other: object) -> Customer:
    return a_customer(facts={"basic": {"birth_date": day}}, **other)


async def greeted(cares: FakeCares, today: date, *, since: date | None = None) -> list[int]:
    """How many tasks each batch of the first plan's birthdays made."""
    place, batches = Place(since or today), []
    while place is not None:
        before = len(cares.tasks)
        place = await caring(cares).celebrate(cares.known_plans[0].id, place, today=today)
        batches.append(len(cares.tasks) - before)
    return batches


async def test_birthdays_ahead_get_their_task_once_in_the_customers_morning() -> None:
    soon, later = born("1990-03-05", time_zone="Europe/Berlin"), born("1990-03-20")
    cares = FakeCares(a_plan(Occasion.BIRTHDAY), customers=[soon, later])

    made = await greeted(cares, date(2026, 3, 2))
    again = await greeted(cares, date(2026, 3, 3))

    assert (made, again) == ([1], [0])
    (task,) = cares.tasks.values()
    assert task.customer_id == soon.id
    assert task.due_at == datetime(2026, 3, 5, 8, 0, tzinfo=ZoneInfo("Europe/Berlin"))


async def test_who_was_born_on_february_29_is_greeted_every_year() -> None:
    leapling = born("1992-02-29")
    cares = FakeCares(a_plan(Occasion.BIRTHDAY, within_days=0), customers=[leapling])

    assert await greeted(cares, date(2027, 2, 28)) == [1]
    assert await greeted(cares, date(2028, 2, 28)) == [0]
    assert await greeted(cares, date(2028, 2, 29)) == [1]


async def test_those_whom_a_plan_is_not_for_do_not_stop_the_others() -> None:
    others = [born("1990-03-02", unit="cn.bj") for _ in range(501)]
    fitting = [born("1990-03-02") for _ in range(3)]
    cares = FakeCares(
        a_plan(Occasion.BIRTHDAY, unit="cn.gd", within_days=0), customers=[*others, *fitting]
    )

    assert await greeted(cares, date(2026, 3, 2)) == [3]


async def test_birthdays_are_greeted_batch_by_batch_over_the_days() -> None:
    customers = [born(f"1990-03-{day:02}") for day in (2, 3, 4) for _ in range(300)]
    cares = FakeCares(a_plan(Occasion.BIRTHDAY, within_days=7), customers=customers)

    assert await greeted(cares, date(2026, 3, 2)) == [500, 400]


async def test_the_days_that_nobody_looked_at_are_made_up_for() -> None:
    missed, ahead = born("1990-02-27"), born("1990-03-03")
    cares = FakeCares(a_plan(Occasion.BIRTHDAY, within_days=1), customers=[missed, ahead])

    assert await greeted(cares, date(2026, 3, 2), since=date(2026, 2, 27)) == [2]


async def test_a_plan_that_is_gone_greets_nobody() -> None:
    cares = FakeCares(a_plan(Occasion.BIRTHDAY, is_enabled=False), customers=[born("1990-03-02")])

    assert await greeted(cares, date(2026, 3, 2)) == [0]


async def test_a_task_is_ended_once() -> None:
    (task,) = await caring(FakeCares(a_plan())).answer(a_customer(id=uuid4()), CLOSED)

    done = task.completed("content", note=None, at=AT)

    assert done.state is TaskState.DONE
    with pytest.raises(CareTaskNotOpen):
        done.skipped("late", note=None, at=AT)
