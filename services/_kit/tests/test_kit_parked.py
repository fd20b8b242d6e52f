"""Operators see what background work has given up, and let it go again over the API."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from service_kit.store.tables import parked_event
from service_kit.testing import serving
from service_kit.work import timers
from service_kit.work.timers import MOST_ATTEMPTS, Timer, Timers
from sqlalchemy import insert, select

AT = datetime(2026, 1, 31, tzinfo=UTC)
REQUEUED = select(parked_event.c.consumer, parked_event.c.requeued).order_by(
    parked_event.c.consumer
)


@pytest.fixture
async def api(compose, signing_keys):
    async with serving(compose(work=False), signing_keys) as api:
        yield api


def envelope(number: int, unit: str | None) -> dict[str, object]:
    event = {
        "id": str(UUID(int=number)),
        "type": "guanxi.note.written.v1",
        "subject": str(UUID(int=100)),
        "data": {"number": number},
    }
    return event if unit is None else {**event, "unit": unit}


async def park(database, number: int, *, consumer: str = "me", unit: str | None = "cn") -> None:
    row = {
        "source": "notes",
        "consumer": consumer,
        "id": UUID(int=number),
        "subject": UUID(int=100),
        "envelope": envelope(number, unit),
        "reason": "ValueError: +8613800138000 is taken",
        "parked_at": AT,
        "requeued": False,
    }
    async with database.transaction() as tx:
        await tx.execute(insert(parked_event), **row)


async def park_timer(database, number: int, *, kind: str = "clock") -> None:
    """By the work itself, as it would."""

    async def fail(_tx, _due) -> None:
        raise ValueError("the calendar of li is gone")

    subject = UUID(int=number)
    async with database.transaction() as tx:
        await timers.schedule(
            tx, Timer(subject=subject, kind=kind, key="first_reply", due_at=AT, payload={})
        )
    firing = Timers(database, kind, fail, clock=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    for _ in range(MOST_ATTEMPTS):
        async with database.transaction() as tx:
            row = await tx.fetch_one(
                select(timers.timer).where(
                    timers.timer.c.subject == subject, timers.timer.c.kind == kind
                )
            )
        await firing._fail(timers.timer_of(row), ValueError("the calendar of li is gone"))


async def test_a_parked_event_is_listed_with_what_it_was(api):
    await park(api.service.database, 1)

    items = (await api.get("/v1/parked-events")).json()["items"]

    assert items == [
        {
            "id": str(UUID(int=1)),
            "source": "notes",
            "consumer": "me",
            "type": "guanxi.note.written.v1",
            "subject": str(UUID(int=100)),
            "unit": "cn",
            "reason": "ValueError: +8613800138000 is taken",
            "parked_at": "2026-01-31T00:00:00Z",
            "requeued": False,
            "event": envelope(1, "cn"),
        }
    ]


async def test_only_operators_are_told_more_of_a_reason_than_its_kind(api):
    await park(api.service.database, 1)
    await park_timer(api.service.database, 2)
    reader = api.as_("events:read", "notes:read")

    answers = [await reader.get(f"/v1/parked-{kind}") for kind in ("events", "timers")]

    assert [answer.json()["items"][0]["reason"] for answer in answers] == [
        "ValueError",
        "ValueError",
    ]


@pytest.mark.parametrize("kind", ["events", "timers"])
async def test_a_walk_over_the_pages_sees_each_once(api, kind):
    for number in range(1, 6):
        await (park if kind == "events" else park_timer)(api.service.database, number)
    seen, cursor = [], ""
    while cursor is not None:
        page = (await api.get(f"/v1/parked-{kind}?limit=2{cursor and f'&cursor={cursor}'}")).json()
        seen += [item["id" if kind == "events" else "subject"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert seen == [str(UUID(int=number)) for number in range(1, 6)]


async def test_a_requeued_event_is_marked_for_every_consumer_that_parked_it_and_it_is_audited(api):
    database = api.service.database
    await park(database, 1, consumer="a")
    await park(database, 1, consumer="b")
    await park(database, 2, consumer="c")

    answer = await api.post(f"/v1/parked-events/{UUID(int=1)}/requeue")

    assert (answer.status_code, answer.json()) == (200, {"requeued": 2})
    async with database.reading() as reader:
        assert [tuple(row) for row in await reader.fetch(REQUEUED)] == [
            ("a", True),
            ("b", True),
            ("c", False),
        ]
    entries = (await api.get("/v1/audit-entries", params={"subject": str(UUID(int=100))})).json()[
        "items"
    ]
    assert [(entry["action"], entry["actor"]) for entry in entries] == [
        ("event.requeued", "tester")
    ]


async def test_what_was_parked_of_a_resource_falls_due_again(api):
    database = api.service.database
    await park_timer(database, 1)
    await park_timer(database, 1, kind="care")
    await park_timer(database, 2)
    listed = (await api.get("/v1/parked-timers")).json()["items"]
    fired = []

    answer = await api.post(f"/v1/parked-timers/{UUID(int=1)}/requeue")

    async def fire(_tx, due) -> None:
        fired.extend(due)

    await Timers(database, "clock", fire, clock=lambda: datetime.now(UTC)).step()
    assert [(item["kind"], item["key"], item["attempts"]) for item in listed[:2]] == [
        ("care", "first_reply", MOST_ATTEMPTS),
        ("clock", "first_reply", MOST_ATTEMPTS),
    ]
    assert answer.json() == {"requeued": 2}
    assert [each.subject for each in fired] == [UUID(int=1)]
    assert [item["subject"] for item in (await api.get("/v1/parked-timers")).json()["items"]] == [
        str(UUID(int=2))
    ]


async def test_a_caller_of_few_units_reaches_only_what_lies_there(api):
    database = api.service.database
    await park(database, 1, unit="cn.gd")
    await park(database, 2, unit="us")
    await park(database, 3, unit=None)
    await park_timer(database, 4)
    local = api.as_("events:read", "events:admin", units=["cn"])

    assert [item["unit"] for item in (await local.get("/v1/parked-events")).json()["items"]] == [
        "cn.gd"
    ]
    assert (await local.get("/v1/parked-timers")).json()["items"] == []
    paths = [f"/v1/parked-events/{UUID(int=number)}/requeue" for number in (1, 2, 3)]
    paths.append(f"/v1/parked-timers/{UUID(int=4)}/requeue")
    assert [(await local.post(path)).status_code for path in paths] == [200, 404, 404, 404]


async def test_letting_go_again_takes_the_scope_of_operators(api):
    await park(api.service.database, 1)
    reader = api.as_("events:read", "notes:read")

    assert (await reader.post(f"/v1/parked-events/{UUID(int=1)}/requeue")).status_code == 403
    assert (await reader.post(f"/v1/parked-timers/{UUID(int=1)}/requeue")).status_code == 403
    assert (await api.as_("notes:read").get("/v1/parked-events")).status_code == 403
    assert "events:admin" in api.service.scopes


async def test_what_is_not_parked_cannot_be_let_go(api):
    assert (await api.post(f"/v1/parked-events/{UUID(int=9)}/requeue")).status_code == 404
    assert (await api.post(f"/v1/parked-timers/{UUID(int=9)}/requeue")).status_code == 404
