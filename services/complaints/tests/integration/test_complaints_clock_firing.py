"""Clocks over a real database:
each warning, breach and escalation is told once, whatever happens around it.
"""

import asyncio
from collections import Counter
from typing import Any

from complaints.case.due import DueClocks
from complaints.clock.store import TIMER_KIND
from complaints.testing import THE_USUAL_WAY, Desk, StoppedClock, clock_named
from service_kit.store.database import Database
from service_kit.store.tables import timer
from service_kit.testing import Api
from service_kit.work.timers import Timers
from sqlalchemy import bindparam, func, select

TIMERS_LEFT = select(func.count()).select_from(timer)
DUE = TIMERS_LEFT.where(timer.c.due_at <= bindparam("at"))
CLOCK_EVENTS = (
    "guanxi.clock.warned.v1",
    "guanxi.clock.breached.v1",
    "guanxi.complaint.escalated.v1",
)


def timers_of(api: Api, clock: StoppedClock, *, batch: int = 500) -> Timers:
    return Timers(api.service.database, TIMER_KIND, DueClocks(clock), clock=clock, batch=batch)


async def fire(api: Api, clock: StoppedClock) -> None:
    """Fire all that is due, beside the service's own worker,
    and wait for what that one has under way.
    """
    timers = timers_of(api, clock)
    async with api.service.database.reading() as reader:
        while await timers.step() or await reader.fetch_value(DUE, at=clock()):  # noqa: ASYNC110  # The other worker tells nobody.
            await asyncio.sleep(0.01)


async def told(api: Api, complaint: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """What the feed says of the clocks of a complaint, in order."""
    await asyncio.sleep(0.4)  # the sequencer numbers what was committed
    events = [
        event
        for event in await api.events()
        if event["subject"] == complaint["id"] and event["type"] in CLOCK_EVENTS
    ]
    return [
        (
            event["type"].split(".")[2],
            event["data"]["clock"],
            event["data"].get("percent", event["data"].get("level")),
        )
        for event in events
    ]


async def with_policy(
    api: Api, *, clocks: list[dict[str, Any]], escalation: list[dict[str, Any]] | None = None
) -> None:
    body = {
        "applies": {"kind": "complaint", "severity": "high"},
        "clocks": clocks,
        "escalation": escalation,
    }
    answer = await api.request(
        "PUT", "/v1/sla-policies/tried", json=body, headers={"If-None-Match": "*"}
    )
    assert answer.status_code == 201, answer.text


def elapsed(name: str, hours: float, *warn_at: int) -> dict[str, Any]:
    return {"name": name, "hours": hours, "time": "elapsed", "warn_at": list(warn_at)}


async def test_warnings_breach_and_escalation_come_in_their_time_and_once(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    rises = [
        {"clock": "first_reply", "at_percent": 100, "level": 1, "notify": "team_lead"},
        {"clock": "first_reply", "at_percent": 150},
    ]
    await with_policy(api, clocks=[elapsed("first_reply", 10, 50, 75, 90)], escalation=rises)
    complaint = await desk.record()

    for hours in (4.9, 0.2, 2.5, 1.5, 1, 5, 100):
        clock.forward(hours=hours)
        await fire(api, clock)
        await fire(api, clock)

    assert await told(api, complaint) == [
        ("warned", "first_reply", 50),
        ("warned", "first_reply", 75),
        ("warned", "first_reply", 90),
        ("breached", "first_reply", 100),
        ("escalated", "first_reply", 1),
        ("escalated", "first_reply", 2),
    ]
    after = await desk.read(complaint)
    assert (after["escalation_level"], clock_named(after, "first_reply")["state"]) == (
        2,
        "breached",
    )
    assert clock_named(after, "first_reply")["warned"] == [50, 75, 90]


async def test_without_escalation_rules_every_breach_raises_the_case_one_level(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    await with_policy(api, clocks=[elapsed("first_reply", 1), elapsed("resolution", 2)])
    complaint = await desk.record()

    clock.forward(hours=3)
    await fire(api, clock)

    assert (await desk.read(complaint))["escalation_level"] == 2


async def test_an_empty_list_of_rules_means_that_nothing_rises(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    await with_policy(api, clocks=[elapsed("first_reply", 1)], escalation=[])
    complaint = await desk.record()

    clock.forward(hours=3)
    await fire(api, clock)

    assert (await desk.read(complaint))["escalation_level"] == 0
    assert await told(api, complaint) == [("breached", "first_reply", 100)]


async def test_a_late_move_tells_the_breach_itself_and_the_timer_tells_nothing_more(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    await with_policy(api, clocks=[elapsed("first_reply", 1, 50)], escalation=[])
    complaint = await desk.record()

    clock.forward(hours=2)
    acknowledged = await desk.move(complaint, "acknowledgement")
    await fire(api, clock)

    assert clock_named(acknowledged, "first_reply")["state"] == "breached"
    assert clock_named(acknowledged, "first_reply")["stopped_at"] is not None
    assert await told(api, complaint) == [
        ("warned", "first_reply", 50),
        ("breached", "first_reply", 100),
    ]


async def test_a_met_clock_leaves_no_timer_behind(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    await with_policy(api, clocks=[elapsed("first_reply", 1, 50)])
    complaint = await desk.record()

    await desk.move(complaint, "acknowledgement")

    async with api.service.database.reading() as reader:
        assert await reader.fetch_value(TIMERS_LEFT) == 0
    clock.forward(hours=5)
    await fire(api, clock)
    assert await told(api, complaint) == []


async def test_a_paused_clock_tells_nothing_until_its_moved_due_date(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    await with_policy(api, clocks=[elapsed("resolution", 10)], escalation=[])
    complaint = await desk.record()
    clock.forward(hours=4)
    paused = await desk.move(complaint, "pause")
    assert (paused["state"], paused["due_at"], clock_named(paused, "resolution")["state"]) == (
        "paused",
        None,
        "paused",
    )

    clock.forward(hours=100)
    await fire(api, clock)
    assert await told(api, complaint) == []
    resumed = await desk.move(paused, "resumption")
    assert (resumed["state"], clock_named(resumed, "resolution")["state"]) == (
        "received",
        "running",
    )

    clock.forward(hours=5.9)
    await fire(api, clock)
    assert await told(api, complaint) == []
    clock.forward(hours=0.1)
    await fire(api, clock)
    assert await told(api, complaint) == [("breached", "resolution", 100)]


async def test_what_fell_due_before_it_was_recorded_is_told_at_once(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    await with_policy(api, clocks=[elapsed("first_reply", 1, 50)], escalation=[])

    complaint = await desk.record(received_at="2026-03-01T00:00:00Z")
    await fire(api, clock)

    assert await told(api, complaint) == [
        ("warned", "first_reply", 50),
        ("breached", "first_reply", 100),
    ]


async def test_a_promised_update_has_a_clock_of_its_own(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    complaint = await desk.walk(await desk.record(), through="cause")

    promised = await desk.move(complaint, "proposal", next_update_at="2026-03-12T04:00:00Z")

    assert clock_named(promised, "next_update")["due_at"] == "2026-03-12T04:00:00Z"
    clock.forward(hours=25)
    await fire(api, clock)
    assert clock_named(await desk.read(complaint), "next_update")["state"] == "breached"


async def test_hundreds_of_marks_told_at_once_stand_in_one_audit_row_that_can_be_read(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    clocks = [elapsed(f"own-{number}", 1, *range(1, 21)) for number in range(20)]
    await with_policy(api, clocks=clocks, escalation=[{"at_percent": 1_000}])
    complaint = await desk.record(received_at="2026-03-01T00:00:00Z")

    await fire(api, clock)

    entries = await api.get("/v1/audit-entries", params={"subject": complaint["id"]})
    assert entries.status_code == 200, entries.text
    assert len(entries.json()["items"][-1]["values"]) > 400


async def test_an_update_cannot_be_promised_for_a_moment_that_is_over(api: Api, desk: Desk) -> None:
    complaint = await desk.walk(await desk.record(), through="cause")
    body = {**THE_USUAL_WAY["proposal"], "next_update_at": "1800-01-01T00:00:00Z"}

    answer = await api.post(f"/v1/complaints/{complaint['id']}/proposal", body)
    too_early = await api.post(f"/v1/complaints/{(await desk.record())['id']}/proposal", body)

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        422,
        "update-promised-in-past",
    )
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/next_update_at"]
    assert too_early.status_code == 409
    assert (await desk.read(complaint))["escalation_level"] == 0


async def test_workers_that_compete_tell_everything_once(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    await with_policy(api, clocks=[elapsed("first_reply", 1, 50), elapsed("resolution", 2)])
    complaints = await asyncio.gather(*(desk.record() for _ in range(30)))
    clock.forward(hours=5)

    rivals = [timers_of(api, clock, batch=7) for _ in range(4)]
    moves = [
        desk.api.post(f"/v1/complaints/{each['id']}/acknowledgement", {})
        for each in complaints[::2]
    ]
    answers = await asyncio.gather(*(exhaust(rival) for rival in rivals), *moves)

    assert {answer.status_code for answer in answers[len(rivals) :]} == {200}
    await asyncio.sleep(0.5)
    events = Counter(
        (event["type"], event["subject"], event["data"].get("clock"))
        for event in await api.events()
    )
    counted = {key: count for key, count in events.items() if key[0] in CLOCK_EVENTS}
    assert set(counted.values()) == {1}
    assert len(counted) == len(complaints) * 5  # a warning, two breaches and two escalations each


async def exhaust(timers: Timers) -> None:
    for _ in range(60):
        if not await timers.step():
            await asyncio.sleep(0.01)


async def test_the_service_s_own_worker_fires_what_is_due(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    await with_policy(api, clocks=[elapsed("first_reply", 1)])
    complaint = await desk.record()

    clock.forward(hours=2)

    (breached,) = await api.events("clock.breached")
    assert breached["subject"] == complaint["id"]


async def test_a_failing_commit_tells_nothing_and_the_timer_stays(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    """What fired rolls back with its timer: the next try tells it."""
    await with_policy(api, clocks=[elapsed("resolution", 1)], escalation=[])
    complaint = await desk.record()
    await api.service.database.close()
    database = Database(api.service.settings.database_url, "complaints")
    await database.open()
    clock.forward(hours=2)
    handler = DueClocks(clock)

    async def dies(tx: Any, timers: Any) -> None:
        await handler(tx, timers)
        raise ConnectionError("the worker dies before its commit")

    await Timers(database, TIMER_KIND, dies, clock=clock).step()
    async with database.reading() as reader:
        assert await reader.fetch_value(TIMERS_LEFT) == 1
    clock.forward(minutes=10)
    await Timers(database, TIMER_KIND, handler, clock=clock).step()

    async with database.reading() as reader:
        assert await reader.fetch_value(TIMERS_LEFT) == 0
        row = await reader.connection.fetchrow(
            "SELECT state, told FROM complaints.clock WHERE complaint_id = $1", complaint["id"]
        )
        assert tuple(row) == ("breached", 1)
    await database.close()
    await api.service.database.open()
