"""Interactions, the timeline, consents and the contact decision over the API."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from customer_profile.timeline.domain import READ_SCOPES, Entry, EntryKind
from customer_profile.timeline.store import TimelineStore
from service_kit.testing import Api

NOON = "2026-03-02T12:00:00+08:00"
NIGHT = "2026-03-02T23:00:00+08:00"


def touch(customer: dict[str, Any], **other: Any) -> dict[str, Any]:
    body = {
        "customer_id": customer["id"],
        "channel": "voice",
        "direction": "in",
        "purpose": "inquiry",
        "subject": "Asked for the bill",
        "occurred_at": "2026-03-01T10:00:00+08:00",
        "ended_at": "2026-03-01T10:05:00+08:00",
        "details": {"nodes": [{"node": "menu", "seconds": 4}]},
    }
    return body | other


async def record(api: Api, customer: dict[str, Any], **other: Any) -> dict[str, Any]:
    made = await api.post("/v1/interactions", touch(customer, **other))
    assert made.status_code == 201, made.text
    return made.json()


async def test_an_interaction_is_read_listed_and_stands_on_the_timeline(
    api: Api, customer: dict[str, Any]
) -> None:
    made = await record(api, customer, external_id="call-1")

    read = await api.get(f"/v1/interactions/{made['id']}")
    listed = (await api.get("/v1/interactions", params={"customer_id": customer["id"]})).json()[
        "items"
    ]
    (entry,) = (await api.get(f"/v1/customers/{customer['id']}/timeline")).json()["items"]

    assert read.json() == made == listed[0]
    assert made["unit"] == customer["unit"]
    assert entry["ref"] == {"type": "interaction", "id": made["id"]}
    assert (entry["kind"], entry["channel"], entry["title"]) == (
        "interaction",
        "voice",
        "Asked for the bill",
    )
    assert entry["details"]["seconds"] == 300
    assert entry["details"]["nodes"] == [{"node": "menu", "seconds": 4}]
    (event,) = await api.events("interaction.recorded")
    assert event["data"]["customer_id"] == customer["id"]
    assert "bill" not in str(event)


async def test_a_changed_interaction_changes_its_timeline_entry(
    api: Api, customer: dict[str, Any]
) -> None:
    made = await record(api, customer)
    tag = (await api.get(f"/v1/interactions/{made['id']}")).headers["etag"]

    changed = await api.patch(
        f"/v1/interactions/{made['id']}",
        {"subject": "Bill explained", "outcome": "content"},
        match=tag,
    )

    assert changed.status_code == 200, changed.text
    (entry,) = (await api.get(f"/v1/customers/{customer['id']}/timeline")).json()["items"]
    assert (entry["title"], entry["details"]["outcome"]) == ("Bill explained", "content")


async def test_the_longest_trail_is_shown_on_the_timeline_and_a_longer_one_is_refused(
    api: Api, customer: dict[str, Any]
) -> None:
    longest = {f"page-{number}": number for number in range(480)}
    made = await record(api, customer, details=longest, outcome="content")

    refused = await api.post("/v1/interactions", touch(customer, details=longest | {"one": "more"}))

    (entry,) = (await api.get(f"/v1/customers/{customer['id']}/timeline")).json()["items"]
    assert made["details"] == longest
    assert entry["details"] == longest | {
        "direction": "in",
        "purpose": "inquiry",
        "outcome": "content",
        "seconds": 300,
    }
    assert refused.status_code == 422


async def test_the_trail_of_an_interaction_is_merged_member_by_member(
    api: Api, customer: dict[str, Any]
) -> None:
    made = await record(api, customer, details={"ivr": {"menu": 4, "queue": 9}, "page": "home"})
    path = f"/v1/interactions/{made['id']}"

    changed = await api.patch(
        path, {"details": {"ivr": {"queue": None, "agent": 60}, "page": None}}, match='"1"'
    )
    grown = await api.patch(
        path, {"details": {f"page-{number}": number for number in range(480)}}, match='"2"'
    )

    assert changed.json()["details"] == {"ivr": {"menu": 4, "agent": 60}}
    assert (grown.status_code, grown.json()["type"].rpartition("/")[2]) == (409, "trail-too-long")


async def test_the_same_external_id_is_recorded_once(api: Api, customer: dict[str, Any]) -> None:
    made = await record(api, customer, external_id="call-1")

    again = await api.post("/v1/interactions", touch(customer, external_id="call-1"))

    assert again.status_code == 409
    assert again.json()["interaction_id"] == made["id"]


async def test_an_interaction_does_not_end_before_it_begins(
    api: Api, customer: dict[str, Any]
) -> None:
    refused = await api.post(
        "/v1/interactions", touch(customer, ended_at="2026-03-01T09:59:59+08:00")
    )

    assert refused.status_code == 409


async def test_the_timeline_is_filtered_by_time_and_channel_and_paged_newest_first(
    api: Api, customer: dict[str, Any]
) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for day in range(6):
        at = (start + timedelta(days=day)).isoformat()
        await record(
            api,
            customer,
            subject=f"day {day}",
            occurred_at=at,
            ended_at=None,
            channel="voice" if day % 2 else "chat",
        )
    path = f"/v1/customers/{customer['id']}/timeline"

    titles = []
    page = (await api.get(path, params={"limit": 4})).json()
    titles += [entry["title"] for entry in page["items"]]
    page = (await api.get(path, params={"limit": 4, "cursor": page["next_cursor"]})).json()
    titles += [entry["title"] for entry in page["items"]]
    recent = (await api.get(path, params={"since": "2026-03-05T00:00:00Z"})).json()["items"]
    calls = (await api.get(path, params={"channel": "voice"})).json()["items"]

    assert titles == [f"day {day}" for day in (5, 4, 3, 2, 1, 0)]
    assert page["next_cursor"] is None
    assert [entry["title"] for entry in recent] == ["day 5", "day 4"]
    assert [entry["title"] for entry in calls] == ["day 5", "day 3", "day 1"]


async def test_what_lies_outside_the_own_units_is_not_there(
    api: Api, customer: dict[str, Any]
) -> None:
    made = await record(api, customer)
    outside = api.as_(
        "customers:read",
        "interactions:read",
        "interactions:write",
        "consents:read",
        "consents:write",
        units=["cn.bj"],
    )

    answers = [
        await outside.get(f"/v1/interactions/{made['id']}"),
        await outside.get("/v1/interactions", params={"customer_id": customer["id"]}),
        await outside.get(f"/v1/customers/{customer['id']}/timeline"),
        await outside.get("/v1/consents", params={"customer_id": customer["id"]}),
        await outside.get(
            f"/v1/customers/{customer['id']}/contact-decision",
            params={"purpose": "care", "channel": "voice"},
        ),
        await outside.post("/v1/interactions", touch(customer)),
        await outside.post("/v1/consents", consent(customer)),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)


async def test_each_kind_of_entry_is_shown_to_whoever_may_read_it_elsewhere(
    api: Api, customer: dict[str, Any]
) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    async with api.service.database.transaction() as tx:
        given = {
            "customer_id": UUID(customer["id"]),
            "occurred_at": at,
            "channel": "voice",
            "ref_type": "thing",
        }
        await TimelineStore(tx, None).add(
            *(Entry(id=uuid4(), kind=kind, ref_id=uuid4(), **given) for kind in EntryKind)
        )
    path, seen = f"/v1/customers/{customer['id']}/timeline", {}
    for scope in set(READ_SCOPES.values()):
        page = (await api.as_("customers:read", scope).get(path, params={"limit": 2})).json()
        assert page["next_cursor"] is None
        seen[scope] = {entry["kind"] for entry in page["items"]}
    everything = (await api.as_(*READ_SCOPES.values()).get(path)).json()["items"]

    assert READ_SCOPES.keys() == set(EntryKind)
    assert seen == {
        scope: {"import"} | {kind for kind, needed in READ_SCOPES.items() if needed == scope}
        for scope in seen
    }
    assert {entry["kind"] for entry in everything} == set(EntryKind)


async def test_an_unknown_customer_has_no_timeline(api: Api) -> None:
    assert (await api.get(f"/v1/customers/{uuid4()}/timeline")).status_code == 404


def consent(customer: dict[str, Any], status: str = "granted", **other: Any) -> dict[str, Any]:
    body = {
        "customer_id": customer["id"],
        "purpose": "marketing",
        "channel": "voice",
        "status": status,
        "source": "phone call",
        "proof": "recording 7",
        "expires_at": None,
    }
    return body | other


async def decision(
    api: Api, customer: dict[str, Any], *, language: str = "en", **asked: str
) -> dict[str, Any]:
    params = {"purpose": "marketing", "channel": "voice", "at": NOON} | asked
    path = f"/v1/customers/{customer['id']}/contact-decision"
    answer = await api.get(path, params=params, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.json()


def codes(answer: dict[str, Any]) -> list[str]:
    assert answer["allowed"] is not bool(answer["reasons"])
    return [reason["code"] for reason in answer["reasons"]]


async def test_consent_is_a_history_whose_newest_statement_counts(
    api: Api, customer: dict[str, Any]
) -> None:
    before = await decision(api, customer)
    granted = await api.post("/v1/consents", consent(customer))
    during = await decision(api, customer)
    await api.post("/v1/consents", consent(customer, "withdrawn"))
    after = await decision(api, customer)

    assert granted.status_code == 201, granted.text
    assert (await api.get(granted.headers["location"])).json() == granted.json()
    assert [codes(answer) for answer in (before, during, after)] == [
        ["no_consent"],
        [],
        ["consent_withdrawn"],
    ]
    listed = (await api.get("/v1/consents", params={"customer_id": customer["id"]})).json()["items"]
    assert [item["status"] for item in listed] == ["withdrawn", "granted"]
    events = await api.events("consent.changed")
    assert [event["data"]["status"] for event in events] == ["granted", "withdrawn"]


async def test_the_decision_knows_quiet_hours_in_both_languages(
    api: Api, customer: dict[str, Any]
) -> None:
    chinese = await decision(api, customer, purpose="care", at=NIGHT, language="zh-CN")
    english = await decision(api, customer, purpose="care", at=NIGHT)

    assert codes(chinese) == codes(english) == ["quiet_hours"]
    assert chinese["reasons"][0]["text"] == "客户当地为免打扰时段"
    assert english["quiet_until"] == "2026-03-03T00:00:00Z"


async def test_touches_on_our_own_initiative_reach_the_cap(
    api: Api, customer: dict[str, Any]
) -> None:
    cap = api.service.settings.touches_per_month
    for number in range(cap):
        assert codes(await decision(api, customer, purpose="care")) == []
        await record(
            api,
            customer,
            direction="out",
            purpose="care",
            occurred_at=f"2026-03-{number + 1:02}T10:00:00+08:00",
            ended_at=None,
        )

    assert codes(await decision(api, customer, purpose="care")) == ["monthly_cap"]
    assert (
        codes(await decision(api, customer, purpose="care", at="2026-04-01T12:00:00+08:00")) == []
    )
    assert codes(await decision(api, customer, purpose="complaint")) == []


async def test_who_wants_no_contact_gets_none(api: Api, customer: dict[str, Any]) -> None:
    tag = (await api.get(f"/v1/customers/{customer['id']}")).headers["etag"]
    await api.patch(f"/v1/customers/{customer['id']}", {"do_not_contact": True}, match=tag)

    assert codes(await decision(api, customer, purpose="care")) == ["do_not_contact"]


@pytest.mark.parametrize("asked", [{"purpose": "fun"}, {"channel": "pigeon"}, {"at": "yesterday"}])
async def test_a_broken_question_is_refused(
    api: Api, customer: dict[str, Any], asked: dict[str, str]
) -> None:
    params = {"purpose": "care", "channel": "voice"} | asked
    assert (
        await api.get(f"/v1/customers/{customer['id']}/contact-decision", params=params)
    ).status_code == 422
