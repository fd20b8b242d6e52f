"""Calendars and service-level policies: versions, and what cases make of them."""

import asyncio
from typing import Any

import pytest
from complaints.testing import Desk, StoppedClock, clock_named
from service_kit.testing import Api

CALENDAR: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "windows": {"mon": [["08:00", "12:00"], ["22:00", "02:00"]], "sat": [["00:00", "24:00"]]},
    "holidays": ["2026-12-25"],
    "working_days": [],
    "published_until": "2026-12-31",
}
POLICY: dict[str, Any] = {
    "applies": {"kind": "complaint", "severity": "high", "tier_min": 3},
    "clocks": [
        {
            "name": "first_reply",
            "hours": 4,
            "time": "business",
            "calendar": "cn-standard",
            "warn_at": [50, 75, 90],
        }
    ],
    "escalation": [{"clock": "first_reply", "at_percent": 100, "level": 1, "notify": "team_lead"}],
}


async def put(api: Api, path: str, body: dict[str, Any], **headers: str) -> Any:
    return await api.request(
        "PUT",
        path,
        json=body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


async def test_a_calendar_is_created_once_and_replaced_by_versions(api: Api) -> None:
    created = await put(api, "/v1/calendars/berlin", CALENDAR, if_none_match="*")
    again = await put(api, "/v1/calendars/berlin", CALENDAR, if_none_match="*")
    blind = await put(api, "/v1/calendars/berlin", CALENDAR)
    stale = await put(api, "/v1/calendars/berlin", CALENDAR, if_match='"7"')
    changed = await put(
        api, "/v1/calendars/berlin", CALENDAR | {"holidays": []}, if_match=created.headers["etag"]
    )

    assert [answer.status_code for answer in (created, again, blind, stale, changed)] == [
        201,
        412,
        428,
        412,
        200,
    ]
    assert created.headers["location"] == "/v1/calendars/berlin"
    assert created.json() | {"written_at": None} == CALENDAR | {
        "name": "berlin",
        "version": 1,
        "written_at": None,
    }
    assert (changed.json()["version"], changed.json()["holidays"]) == (2, [])
    first = await api.get("/v1/calendars/berlin", params={"version": 1})
    assert first.json()["holidays"] == ["2026-12-25"]


async def test_what_is_not_there_is_created_only_on_purpose(api: Api) -> None:
    blind = await put(api, "/v1/calendars/none", CALENDAR)
    matched = await put(api, "/v1/calendars/none", CALENDAR, if_match="*")
    missing = await api.get("/v1/calendars/none")

    assert [blind.status_code, matched.status_code, missing.status_code] == [428, 412, 404]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"time_zone": "Mars/Olympus"}, 409),
        ({"windows": {"mon": [["9:00", "12:00"]]}}, 422),
        ({"windows": {"mon": [["09:00"]]}}, 422),
        ({"windows": {"mon": []}}, 422),
        ({"windows": {"mon": None}}, 422),
        ({"windows": {"monday": [["09:00", "12:00"]]}}, 422),
        ({"windows": {}}, 422),
        ({"holidays": ["2026-02-30"]}, 422),
        ({"published_until": "soon"}, 422),
        ({"colour": "red"}, 422),
    ],
)
async def test_a_calendar_that_makes_no_sense_is_refused(
    api: Api, change: dict[str, Any], status: int
) -> None:
    answer = await put(api, "/v1/calendars/odd", CALENDAR | change, if_none_match="*")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_calendar_of_china_ships_with_its_holidays_and_make_up_days(api: Api) -> None:
    china = (await api.get("/v1/calendars/cn-standard")).json()

    assert china["published_until"] == "2026-12-31"
    assert "2026-02-14" in china["working_days"]
    assert {"2025-10-08", "2026-02-23", "2026-10-07"} <= set(china["holidays"])
    assert china["windows"]["mon"] == [["09:00", "12:00"], ["13:00", "18:00"]]


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (
            "2026-09-30T17:00:00+08:00",
            "2026-10-08T04:00:00Z",
        ),  # one hour, the national holiday, three hours
        (
            "2026-02-13T17:00:00+08:00",
            "2026-02-14T04:00:00Z",
        ),  # the Saturday before the Spring Festival is worked
        (
            "2026-02-14T17:30:00+08:00",
            "2026-02-24T05:30:00Z",
        ),  # and ten days later somebody is there again
        ("2025-01-27T16:00:00+08:00", "2025-02-05T03:00:00Z"),
    ],
)
async def test_due_dates_know_the_holidays_of_china(
    desk: Desk, clock: StoppedClock, received: str, due: str
) -> None:
    clock.forward(days=300)

    complaint = await desk.record(received_at=received)

    assert clock_named(complaint, "first_reply") | {
        "due_at": due,
        "provisional": False,
    } == clock_named(complaint, "first_reply")


async def test_a_provisional_due_date_is_reckoned_again_when_the_holidays_are_published(
    api: Api, desk: Desk, clock: StoppedClock
) -> None:
    clock.forward(days=295, hours=5)  # 17:00 of New Year's Eve in Shanghai
    complaint = await desk.record()
    assert clock_named(complaint, "first_reply") | {
        "due_at": "2027-01-01T04:00:00Z",
        "provisional": True,
    } == clock_named(complaint, "first_reply")

    china = await api.get("/v1/calendars/cn-standard")
    body = {
        name: china.json()[name] for name in ("time_zone", "windows", "holidays", "working_days")
    }
    longer = body | {"holidays": [*body["holidays"], "2027-01-01"], "published_until": "2027-12-31"}
    answer = await put(api, "/v1/calendars/cn-standard", longer, if_match=china.headers["etag"])
    assert answer.status_code == 200

    first_reply = clock_named(complaint, "first_reply")
    for _ in range(100):
        first_reply = clock_named(await desk.read(complaint), "first_reply")
        if not first_reply["provisional"]:
            break
        await asyncio.sleep(0.05)
    assert (first_reply["due_at"], first_reply["calendar_version"]) == ("2027-01-04T04:00:00Z", 2)
    last = (await api.get("/v1/audit-entries", params={"subject": complaint["id"]})).json()[
        "items"
    ][-1]
    clocks = last["values"]["complaint.dated_anew"]["clocks"]
    assert {(clock["clock"], clock["calendar_version"]) for clock in clocks} == {
        ("first_reply", 2),
        ("resolution", 2),
    }


async def test_a_running_clock_keeps_the_calendar_that_it_began_with(api: Api, desk: Desk) -> None:
    before = await desk.record()
    china = await api.get("/v1/calendars/cn-standard")
    body = {
        name: china.json()[name]
        for name in ("time_zone", "windows", "holidays", "working_days", "published_until")
    }
    off = body | {"holidays": [*body["holidays"], "2026-03-11"]}

    await put(api, "/v1/calendars/cn-standard", off, if_match=china.headers["etag"])
    after = await desk.record()

    assert (
        clock_named(await desk.read(before), "first_reply")["due_at"]
        == clock_named(before, "first_reply")["due_at"]
    )
    assert (
        clock_named(after, "first_reply")["due_at"] > clock_named(before, "first_reply")["due_at"]
    )


async def test_a_policy_is_versioned_and_cases_keep_the_version_of_their_recording(
    api: Api, desk: Desk
) -> None:
    created = await put(api, "/v1/sla-policies/vip", POLICY, if_none_match="*")
    assert (created.status_code, created.headers["location"]) == (201, "/v1/sla-policies/vip")
    before = await desk.record()
    faster = POLICY | {"clocks": [POLICY["clocks"][0] | {"hours": 0.5}]}

    changed = await put(api, "/v1/sla-policies/vip", faster, if_match=created.headers["etag"])
    after = await desk.record()

    assert (created.json()["version"], changed.json()["version"]) == (1, 2)
    assert (before["policy"], after["policy"]) == (
        {"name": "vip", "version": 1},
        {"name": "vip", "version": 2},
    )
    assert clock_named(before, "first_reply")["due_at"] == "2026-03-11T09:00:00Z"
    assert clock_named(after, "first_reply")["due_at"] == "2026-03-11T05:30:00Z"


async def test_the_tier_of_the_customer_decides_between_policies(api: Api, desk: Desk) -> None:
    await put(api, "/v1/sla-policies/vip", POLICY, if_none_match="*")

    ordinary = await desk.record(customer_id=desk.files.add(stars=2))
    unknown = await desk.record(customer_id=desk.files.add(stars=None))
    valued = await desk.record(customer_id=desk.files.add(stars=3))

    assert [each["policy"]["name"] for each in (ordinary, unknown, valued)] == [
        "standard",
        "standard",
        "vip",
    ]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"clocks": [{"name": "a", "hours": 1, "calendar": "none"}]}, 409),
        ({"clocks": [{"name": "a", "hours": 1}, {"name": "a", "hours": 2}]}, 409),
        ({"clocks": [{"name": "a", "hours": 0}]}, 422),
        ({"clocks": [{"name": "a", "hours": "4"}]}, 422),
        ({"clocks": [{"name": "a", "hours": 4, "warn_at": [100]}]}, 422),
        ({"applies": {"severity": "awful"}}, 422),
        ({"escalation": [{"level": 10}]}, 422),
    ],
)
async def test_a_policy_that_makes_no_sense_is_refused(
    api: Api, change: dict[str, Any], status: int
) -> None:
    answer = await put(api, "/v1/sla-policies/odd", POLICY | change, if_none_match="*")

    assert answer.status_code == status


async def test_levels_are_listed_by_name_and_written_with_their_own_scope(api: Api) -> None:
    reader = api.as_("sla:read")

    policies = (await reader.get("/v1/sla-policies")).json()
    calendars = (await reader.get("/v1/calendars")).json()
    refused = await put(reader, "/v1/sla-policies/critical", POLICY, if_match='"1"')

    assert [each["name"] for each in policies["items"]] == ["critical", "standard"]
    assert [each["name"] for each in calendars["items"]] == ["cn-standard"]
    assert refused.status_code == 403


async def test_a_token_kept_to_units_reads_the_levels_of_the_company_and_changes_none(
    api: Api,
) -> None:
    branch = api.as_("sla:read", "sla:write", units=["cn.gd.gz"])
    read = [
        await branch.get(path)
        for path in ("/v1/calendars/cn-standard", "/v1/sla-policies/standard")
    ]

    written = [
        await put(branch, "/v1/calendars/cn-standard", CALENDAR, if_match=read[0].headers["etag"]),
        await put(branch, "/v1/calendars/own", CALENDAR, if_none_match="*"),
        await put(branch, "/v1/sla-policies/standard", POLICY, if_match=read[1].headers["etag"]),
    ]

    assert [answer.status_code for answer in read] == [200, 200]
    assert {
        (answer.status_code, answer.json()["type"].rpartition("/")[2]) for answer in written
    } == {(403, "levels-are-company-wide")}


@pytest.mark.parametrize("path", ["/v1/calendars/cn-standard", "/v1/sla-policies/critical"])
async def test_what_is_read_is_what_can_be_put_back(api: Api, path: str) -> None:
    read = await api.get(path)
    document = {
        name: value
        for name, value in read.json().items()
        if name not in {"name", "version", "written_at"}
    }

    written = await put(api, path, document, if_match=read.headers["etag"])

    assert written.status_code == 200, written.text
    assert written.json() == read.json() | {
        "version": 2,
        "written_at": written.json()["written_at"],
    }


async def test_two_at_once_create_a_calendar_once(api: Api) -> None:
    answers = await asyncio.gather(
        *(put(api, "/v1/calendars/raced", CALENDAR, if_none_match="*") for _ in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412, 412]
