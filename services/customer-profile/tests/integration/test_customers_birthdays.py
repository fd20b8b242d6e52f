"""Birthdays in Postgres:
one batch in each transaction, days that were missed, and plans that fail alone.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from customer_profile.app import compose
from customer_profile.care import use_cases
from customer_profile.care.birthdays import KIND, Birthdays
from customer_profile.settings import Settings
from customer_profile.testing import customer_body
from service_kit.testing import Api, serving

NOON = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)
PLAN = {
    "name": "Birthday",
    "occasion": "birthday",
    "within_days": 0,
    "channel": "letter",
    "template": {"en": "Dear {name}"},
}


@pytest.fixture
async def idle(settings: Settings, signing_keys: Any) -> AsyncIterator[Api]:
    """The service with nobody who looks at birthdays:
    the days of these tests have a clock of their own.
    """
    service = compose(settings, keys=signing_keys)
    service.workers = [
        worker for worker in service.workers if "<" not in worker.name and worker.name != KIND
    ]
    async with serving(service, signing_keys) as api:
        yield api


class Days:
    """The daily look at birthdays at a moment that the test sets."""

    def __init__(self, api: Api) -> None:
        self.at = NOON
        self._look = Birthdays(api.service.database, api.service.settings, clock=lambda: self.at)

    async def work(self) -> None:
        """Do all that is due."""
        while await self._look.step():
            pass


async def born(api: Api, day: str, **other: Any) -> str:
    made = await api.post(
        "/v1/customers", customer_body(identifiers=[], facts={"basic": {"birth_date": day}}) | other
    )
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def planned(api: Api, **other: Any) -> str:
    """A plan for birthdays that only the daily look knows of."""
    made = await api.post("/v1/care-plans", PLAN | other)
    assert made.status_code == 201, made.text
    await forget_timers(api)
    return str(made.json()["id"])


async def forget_timers(api: Api) -> None:
    async with api.service.database.transaction() as tx:
        await tx.connection.execute("DELETE FROM customer_profile.timer WHERE kind = $1", KIND)


async def days_ahead(api: Api) -> list[str]:
    async with api.service.database.transaction() as tx:
        rows = await tx.connection.fetch(
            "SELECT key FROM customer_profile.timer WHERE kind = $1 AND parked_reason IS NULL", KIND
        )
    return [row["key"] for row in rows]


async def greeted(api: Api) -> list[str]:
    tasks = (await api.get("/v1/care-tasks", params={"limit": 200})).json()["items"]
    return sorted(task["customer_id"] for task in tasks)


async def test_birthdays_of_days_on_which_nobody_worked_are_made_up_for(idle: Api) -> None:
    missed = await born(idle, "1990-03-03")
    await born(idle, "1990-02-27")
    await planned(idle)
    days = Days(idle)
    await days.work()

    days.at = NOON + timedelta(days=4)
    await days.work()

    assert await greeted(idle) == [missed]
    assert await days_ahead(idle) == ["2027-03-06"]


async def test_only_those_of_the_unit_and_the_segment_are_greeted(idle: Api) -> None:
    fitting = await born(idle, "1990-03-01", tags=["vip"])
    await born(idle, "1990-03-01", tags=["vip"], unit="cn.bj")
    await born(idle, "1990-03-01", tags=[])
    await born(idle, "1990-03-01", tags=["vip"], kind="organization")
    await planned(idle, unit="cn.gd", segment={"tag": "vip", "kind": "individual"})
    await planned(idle, name="For the best", segment={"tier_min": 6})

    await Days(idle).work()

    assert await greeted(idle) == [fitting]


async def test_more_birthdays_than_a_batch_are_greeted_in_several_transactions(
    idle: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_cases, "BATCH", 2)
    everybody = sorted([await born(idle, "1990-03-01") for _ in range(5)])
    await planned(idle)

    await Days(idle).work()

    assert await greeted(idle) == everybody
    async with idle.service.database.transaction() as tx:
        writers = await tx.connection.fetchval(
            "SELECT count(DISTINCT xmin::text) FROM customer_profile.care_task"
        )
    assert writers == 3
    assert len(await idle.events("care_task.created", least=5)) == 5


async def test_a_text_that_names_make_too_long_is_cut(idle: Api) -> None:
    await born(idle, "1990-03-01", name="x" * 200)
    await planned(idle, template={"en": "{name}" * 1_000})

    await Days(idle).work()

    (task,) = (await idle.get("/v1/care-tasks")).json()["items"]
    assert len(task["text"]) == 20_000


async def test_a_plan_that_fails_stops_neither_the_days_nor_the_other_plans(
    idle: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await born(idle, "1990-03-01")
    poison, sound = await planned(idle, name="Poison"), await planned(idle, name="Sound")
    celebrate = use_cases.Caring.celebrate

    async def failing(caring: Any, plan_id: Any, *given: Any, **named: Any) -> Any:
        if str(plan_id) == poison:
            raise ValueError("poison")
        return await celebrate(caring, plan_id, *given, **named)

    monkeypatch.setattr(use_cases.Caring, "celebrate", failing)
    await Days(idle).work()

    assert [task["plan_id"] for task in (await idle.get("/v1/care-tasks")).json()["items"]] == [
        sound
    ]
    assert "2027-03-02" in await days_ahead(idle)


async def test_a_daily_timer_that_was_lost_is_set_again(idle: Api) -> None:
    days = Days(idle)
    await days.work()
    await forget_timers(idle)

    days.at = NOON + timedelta(days=1)
    await days.work()

    assert await days_ahead(idle) == ["2027-03-03"]


async def test_touches_and_refusals_of_everybody_in_a_batch_are_obeyed(idle: Api) -> None:
    busy, refusing, free = [await born(idle, "1990-03-01") for _ in range(3)]
    touch = {
        "customer_id": busy,
        "channel": "voice",
        "direction": "out",
        "purpose": "care",
        "subject": "Hello",
    }
    for _ in range(8):
        assert (
            await idle.post("/v1/interactions", touch | {"occurred_at": "2027-03-01T02:00:00Z"})
        ).status_code == 201
    await idle.post(
        "/v1/consents",
        {"customer_id": refusing, "purpose": "care", "status": "denied", "source": "call"},
    )
    await planned(idle)

    await Days(idle).work()

    reasons = {
        task["customer_id"]: task["reasons"]
        for task in (await idle.get("/v1/care-tasks")).json()["items"]
    }
    assert reasons == {busy: ["monthly_cap"], refusing: ["consent_denied"], free: []}
