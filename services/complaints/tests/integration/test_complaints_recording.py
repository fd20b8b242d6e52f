"""Recording: whose complaint it is, with and without customer-profile."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

from complaints.case import use_cases
from complaints.case.number import complaint_number, is_well_formed
from complaints.case.store import CaseStore
from complaints.customer.domain import Standing
from complaints.sla.store import Shelves, SlaStore
from complaints.testing import (
    A_REPORT,
    NOON,
    CustomerFiles,
    Desk,
    StoppedClock,
    a_hand,
    a_report,
    clock_named,
)
from service_kit.access.caller import SYSTEM
from service_kit.testing import Api

DAY = NOON.date()


async def test_a_complaint_belongs_to_the_unit_of_its_customer(desk: Desk) -> None:
    complaint = await desk.record(unit="cn.sh")

    assert (complaint["unit"], complaint["tier"], complaint["degraded"]) == ("cn.gd.gz", 3, [])


async def test_numbers_are_readable_and_name_the_day_in_the_company_s_time_zone(
    desk: Desk, clock: StoppedClock
) -> None:
    clock.forward(hours=12)  # past midnight in Shanghai, still the day before in UTC

    complaint = await desk.record()

    assert complaint["number"].startswith("C20260312-")
    assert is_well_formed(complaint["number"])


async def test_a_report_of_few_words_is_enough(api: Api, files: CustomerFiles) -> None:
    answer = await api.post(
        "/v1/complaints", {"customer_id": str(files.add()), "channel": "web", "title": "?"}
    )

    assert answer.status_code == 201
    assert answer.json()["channel"] == "web"
    assert answer.headers["location"] == f"/v1/complaints/{answer.json()['id']}"
    assert answer.headers["etag"] == '"1"'


async def test_an_unknown_customer_is_not_found(api: Api) -> None:
    answer = await api.post("/v1/complaints", {**A_REPORT, "customer_id": str(uuid4())})

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        404,
        "customer-not-found",
    )


async def test_a_customer_of_another_unit_is_not_found(api: Api, files: CustomerFiles) -> None:
    outsider = api.as_("complaints:write", units=["cn.sh"])

    answer = await outsider.post(
        "/v1/complaints", {**A_REPORT, "customer_id": str(files.add(unit="cn.gd"))}
    )

    assert answer.status_code == 404


async def test_while_customer_profile_is_away_the_complaint_is_recorded_and_set_right_later(
    desk: Desk, files: CustomerFiles, clock: StoppedClock
) -> None:
    customer_id = files.add(unit="cn.sh.pd", stars=6)
    files.is_away = True
    complaint = await desk.record(customer_id=customer_id, unit="cn.gd")
    assert (complaint["unit"], complaint["tier"], complaint["degraded"]) == (
        "cn.gd",
        None,
        ["customer-profile"],
    )

    files.is_away = False
    complaint = await confirmed(desk, clock, complaint)

    assert (complaint["unit"], complaint["tier"], complaint["degraded"]) == ("cn.sh.pd", 6, [])


async def confirmed(desk: Desk, clock: StoppedClock, complaint: dict[str, Any]) -> dict[str, Any]:
    """The complaint once its customer's file was asked again."""
    for _ in range(200):
        clock.forward(seconds=1)
        complaint = await desk.read(complaint)
        if not complaint["degraded"]:
            return complaint
        await asyncio.sleep(0.05)
    raise AssertionError("it was not confirmed")


async def test_a_customer_who_turns_out_unknown_is_asked_for_no_more(
    api: Api, desk: Desk, files: CustomerFiles, clock: StoppedClock
) -> None:
    files.is_away = True
    complaint = await desk.record(customer_id=uuid4(), unit="cn.gd")

    files.is_away = False
    complaint = await confirmed(desk, clock, complaint)

    assert (complaint["unit"], complaint["tier"], complaint["version"]) == ("cn.gd", None, 2)
    entries = (await api.get("/v1/audit-entries", params={"subject": complaint["id"]})).json()[
        "items"
    ]
    assert [entry["action"] for entry in entries] == [
        "complaint.received",
        "complaint.customer_not_found",
    ]


async def test_without_customer_profile_the_unit_is_that_of_the_token(
    api: Api, files: CustomerFiles
) -> None:
    files.is_away = True
    recorder = api.as_("complaints:write", units=["cn.gd.sz"])
    report = {**A_REPORT, "customer_id": str(uuid4())}

    own = await recorder.post("/v1/complaints", report)
    foreign = await recorder.post("/v1/complaints", {**report, "unit": "cn.bj"})
    nobodys = await api.post("/v1/complaints", report)

    assert (own.status_code, own.json()["unit"]) == (201, "cn.gd.sz")
    assert foreign.status_code == 403
    assert (nobodys.status_code, nobodys.json()["unit"]) == (201, "cn")


async def test_clocks_count_from_when_the_complaint_was_received(desk: Desk) -> None:
    received = NOON - timedelta(days=1)  # yesterday at noon: four hours are over at 17:00

    complaint = await desk.record(received_at=received.isoformat())

    first_reply = clock_named(complaint, "first_reply")
    assert first_reply["started_at"] == "2026-03-10T04:00:00Z"
    assert first_reply["due_at"] == "2026-03-10T09:00:00Z"


async def test_a_complaint_cannot_be_received_in_the_future(api: Api, files: CustomerFiles) -> None:
    report = {
        **A_REPORT,
        "customer_id": str(files.add()),
        "received_at": (NOON + timedelta(hours=1)).isoformat(),
    }

    answer = await api.post("/v1/complaints", report)

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        409,
        "received-in-future",
    )


async def test_a_complaint_of_nine_years_ago_is_only_late(desk: Desk) -> None:
    complaint = await desk.record(received_at="2017-03-11T00:00:00Z")

    assert clock_named(complaint, "resolution")["due_at"].startswith("2017-03-")


async def test_a_complaint_of_two_centuries_ago_is_refused(api: Api, files: CustomerFiles) -> None:
    report = {**A_REPORT, "customer_id": str(files.add()), "received_at": "1800-01-01T00:00:00Z"}

    answer = await api.post("/v1/complaints", report)

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        409,
        "received-too-long-ago",
    )


async def test_the_tracking_token_is_shown_once(api: Api, files: CustomerFiles) -> None:
    report = {**A_REPORT, "customer_id": str(files.add())}

    first = await api.post("/v1/complaints", report, key="once")
    replayed = await api.post("/v1/complaints", report, key="once")

    assert first.json()["tracking_token"]
    assert replayed.status_code == 201
    assert replayed.json() == first.json() | {"tracking_token": None}


async def test_a_replay_answers_though_the_customer_is_gone(api: Api, files: CustomerFiles) -> None:
    customer_id = files.add()
    report = {**A_REPORT, "customer_id": str(customer_id)}
    first = await api.post("/v1/complaints", report, key="once")
    del files.files[customer_id]

    replayed = await api.post("/v1/complaints", report, key="once")

    assert (replayed.status_code, replayed.json()["id"]) == (201, first.json()["id"])


async def test_of_two_numbers_alike_the_second_is_drawn_again(api: Api) -> None:
    complaint_id = uuid4()
    taken = complaint_number(complaint_id, day=DAY)

    async with api.service.database.transaction() as tx:
        cases = CaseStore(tx, SYSTEM)
        assert await cases.claim_number(taken, uuid4())
        case = await use_cases.record(
            cases,
            SlaStore(tx, Shelves()),
            a_report(),
            Standing(customer_id=uuid4(), unit="cn", is_confirmed=True, tier=None),
            id=complaint_id,
            day=DAY,
            tracking_digest=b"",
            by=a_hand(),
            at=NOON,
        )

    assert case.complaint.number == complaint_number(complaint_id, day=DAY, attempt=1) != taken
