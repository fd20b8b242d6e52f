"""Care over the API and by news:
plans, told occasions, closed complaints, birthdays, tiers and contacts from the neighbors.
"""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from customer_profile.care.birthdays import Birthdays
from customer_profile.care.domain import birthday_key
from customer_profile.news.handlers import CONTACTS, TIERS, complaints
from customer_profile.testing import customer_body
from customer_profile.timeline.domain import READ_SCOPES
from service_kit.testing import Api
from service_kit.testing.news import envelope_of, hear
from service_kit.work.consumer import Reads

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PLAN = {
    "name": "Thanks",
    "occasion": "after_delivery",
    "within_days": 3,
    "channel": "voice",
    "template": {"zh-CN": "{name}，感谢您", "en": "Dear {name}, thank you"},
    "segment": None,
}


async def told(api: Api, reads: Reads, source: str, name: str, **data: Any) -> None:
    about = {"unit": "cn.gd", "at": AT} | data
    await hear(api.service.database, reads, envelope_of(source, name, **about))


async def tasks(api: Api, customer: dict[str, Any], **asked: str) -> list[dict[str, Any]]:
    return (await api.get("/v1/care-tasks", params={"customer_id": customer["id"]} | asked)).json()[
        "items"
    ]


async def timeline(
    api: Api, customer: dict[str, Any], language: str = "en"
) -> list[dict[str, Any]]:
    path = f"/v1/customers/{customer['id']}/timeline"
    reader = api.as_(*READ_SCOPES.values())
    return (await reader.get(path, headers={"Accept-Language": language})).json()["items"]


async def close(
    api: Api, customer: dict[str, Any], *, subject: UUID | None = None, at: datetime = AT
) -> None:
    reads = complaints(api.service.settings, clock=lambda: AT)
    about = {"customer_id": customer["id"], "number": "C20261121-7KQ2MXD", "state": "closed"}
    await told(
        api, reads, "complaints", "complaint.closed", subject=subject or uuid4(), at=at, **about
    )


async def test_a_told_occasion_makes_the_tasks_of_its_plans_once(
    api: Api, customer: dict[str, Any]
) -> None:
    plan = await api.post("/v1/care-plans", PLAN)
    told = {
        "customer_id": customer["id"],
        "occasion": "after_delivery",
        "occurred_at": "2026-03-02T12:00:00+08:00",
        "key": "D-1",
    }

    first = await api.post("/v1/care-occasions", told)
    again = await api.post("/v1/care-occasions", told)

    assert plan.status_code == 201, plan.text
    (task,) = first.json()["tasks"]
    assert again.json()["tasks"] == []
    assert (task["plan"], task["plan_id"], task["state"]) == ("Thanks", plan.json()["id"], "open")
    assert (task["due_at"], task["text"]) == ("2026-03-05T04:00:00Z", "张伟，感谢您")
    assert await tasks(api, customer, state="open") == [task]
    assert (await api.get(f"/v1/care-tasks/{task['id']}")).json() == task


async def test_an_occasion_without_a_key_counts_once_a_day_of_the_company(
    api: Api, customer: dict[str, Any]
) -> None:
    await api.post("/v1/care-plans", PLAN)
    told = {"customer_id": customer["id"], "occasion": "after_delivery"}

    # Half past seven and nine in the morning of one day in Shanghai, before and after midnight in
    # Greenwich; then the next day.
    made = [
        len((await api.post("/v1/care-occasions", told | {"occurred_at": at})).json()["tasks"])
        for at in ("2026-03-01T23:30:00Z", "2026-03-02T01:00:00Z", "2026-03-02T16:30:00Z")
    ]

    assert made == [1, 0, 1]


async def test_a_told_birthday_does_not_take_the_place_of_the_one_that_is_noticed(
    api: Api, customer: dict[str, Any]
) -> None:
    await api.post("/v1/care-plans", PLAN | {"occasion": "birthday", "within_days": 0})
    year = datetime.now(UTC).year

    told = await api.post(
        "/v1/care-occasions",
        {"customer_id": customer["id"], "occasion": "birthday", "key": str(year)},
    )

    assert len(told.json()["tasks"]) == 1
    async with api.service.database.transaction() as tx:
        keys = await tx.connection.fetch("SELECT occasion_key FROM customer_profile.care_task")
    assert birthday_key(date(year, 1, 1)) not in {row["occasion_key"] for row in keys}


async def test_a_closed_complaint_is_followed_up_within_seven_days(
    api: Api, customer: dict[str, Any]
) -> None:
    complaint = uuid4()

    await close(api, customer, subject=complaint)

    (task,) = await tasks(api, customer, state="open")
    assert task["due_at"] <= (AT + timedelta(days=7)).isoformat().replace("+00:00", "Z")
    assert "C20261121-7KQ2MXD" in task["text"]
    (event,) = await api.events("care_task.created")
    assert event["data"]["occasion"] == "after_complaint"
    shown = {(entry["kind"], entry["title"]) for entry in await timeline(api, customer)}
    assert ("case", "Complaint C20261121-7KQ2MXD closed") in shown
    assert ("case", "投诉 C20261121-7KQ2MXD 已结案") in {
        (entry["kind"], entry["title"]) for entry in await timeline(api, customer, "zh-CN")
    }


async def test_a_case_closed_again_is_followed_up_again_and_a_told_one_is_not(
    api: Api, customer: dict[str, Any]
) -> None:
    complaint = uuid4()

    for at in (AT, AT + timedelta(days=1)):
        await close(api, customer, subject=complaint, at=at)
    await close(api, customer, subject=complaint, at=AT)

    assert len(await tasks(api, customer)) == 2


async def test_the_companys_own_plan_replaces_the_built_in_one(
    api: Api, customer: dict[str, Any]
) -> None:
    built_in = [
        plan for plan in (await api.get("/v1/care-plans")).json()["items"] if plan["built_in"]
    ]
    await api.post(
        "/v1/care-plans",
        PLAN | {"name": "Our own", "occasion": "after_complaint", "within_days": 2},
    )

    await close(api, customer)

    assert len(built_in) == 1
    assert [task["plan"] for task in await tasks(api, customer)] == ["Our own"]


async def test_a_task_is_completed_once_and_another_is_skipped(
    api: Api, customer: dict[str, Any]
) -> None:
    await api.post("/v1/care-plans", PLAN)
    for key in ("D-1", "D-2"):
        await api.post(
            "/v1/care-occasions",
            {"customer_id": customer["id"], "occasion": "after_delivery", "key": key},
        )
    one, two = await tasks(api, customer)

    done = await api.post(
        f"/v1/care-tasks/{one['id']}/completion", {"outcome": "content", "note": "likes tea"}
    )
    again = await api.post(f"/v1/care-tasks/{one['id']}/completion", {"outcome": "content"})
    skipped = await api.post(f"/v1/care-tasks/{two['id']}/skipping", {"reason": "moved away"})

    assert (done.status_code, done.json()["state"], done.json()["outcome"]) == (
        200,
        "done",
        "content",
    )
    assert again.status_code == 409
    assert (skipped.json()["state"], skipped.json()["outcome"]) == ("skipped", "moved away")
    assert await tasks(api, customer, state="open") == []
    (event,) = await api.events("care_task.completed")
    assert event["subject"] == one["id"]
    titles = [entry["title"] for entry in await timeline(api, customer) if entry["kind"] == "care"]
    assert sorted(titles) == [
        "Care task done: Thanks",
        "Care task skipped: Thanks",
        "Care task: Thanks",
        "Care task: Thanks",
    ]


async def test_a_plan_is_changed_and_removed(api: Api) -> None:
    made = await api.post("/v1/care-plans", PLAN)
    path = made.headers["location"]

    changed = await api.patch(
        path, {"enabled": False, "segment": {"tier_min": 4}}, match=made.headers["etag"]
    )
    removed = await api.delete(path, match=changed.headers["etag"])

    assert (changed.json()["enabled"], changed.json()["segment"]) == (
        False,
        {"kind": None, "tier_min": 4, "tag": None},
    )
    assert removed.status_code == 204
    assert (await api.get(path)).status_code == 404
    log = (await api.get("/v1/audit-entries", params={"subject": made.json()["id"]})).json()[
        "items"
    ]
    assert [entry["action"] for entry in log] == [
        "care_plan.created",
        "care_plan.changed",
        "care_plan.removed",
    ]
    assert log[1]["values"]["care_plan.changed"]["is_enabled"] is False


async def test_texts_and_segment_of_a_plan_are_merged_member_by_member(api: Api) -> None:
    made = await api.post("/v1/care-plans", PLAN | {"segment": {"tag": "vip"}})
    path = made.headers["location"]

    greeting = {"template": {"en": "Hi"}, "segment": {"tier_min": 4}}
    changed = await api.patch(path, greeting, match=made.headers["etag"])
    shorter = await api.patch(
        path, {"template": {"zh-CN": None}, "segment": {"tag": None}}, match=changed.headers["etag"]
    )
    silent = await api.patch(path, {"template": {"en": None}}, match=shorter.headers["etag"])
    everybody = await api.patch(path, {"segment": None}, match=shorter.headers["etag"])

    assert changed.json()["template"] == {"zh-CN": "{name}，感谢您", "en": "Hi"}
    assert changed.json()["segment"] == {"kind": None, "tier_min": 4, "tag": "vip"}
    assert (shorter.json()["template"], shorter.json()["segment"]) == (
        {"en": "Hi"},
        {"kind": None, "tier_min": 4, "tag": None},
    )
    assert (silent.status_code, silent.json()["type"].rpartition("/")[2]) == (
        409,
        "care-plan-without-text",
    )
    assert everybody.json()["segment"] is None


async def test_plans_of_the_company_are_read_by_all_and_changed_by_the_company_only(
    api: Api,
) -> None:
    companys = (await api.post("/v1/care-plans", PLAN)).headers
    unit = api.as_("care:read", "care:write", units=["cn.gd"])
    own = await unit.post("/v1/care-plans", PLAN)

    assert own.json()["unit"] == "cn.gd"
    assert (await unit.get(companys["location"])).status_code == 200
    refused = [
        await unit.patch(companys["location"], {"name": "x"}, match=companys["etag"]),
        await unit.delete(companys["location"], match=companys["etag"]),
    ]
    assert [answer.status_code for answer in refused] == [403, 403]
    assert refused[0].json()["type"].rpartition("/")[2] == "care-plan-of-the-company"
    assert (
        await api.as_("care:read", units=["cn.bj"]).get(own.headers["location"])
    ).status_code == 404


async def test_tasks_of_customers_elsewhere_are_not_there(
    api: Api, customer: dict[str, Any]
) -> None:
    await close(api, customer)
    (task,) = await tasks(api, customer)
    outside = api.as_("care:read", "care:write", units=["cn.bj"])

    assert (await outside.get(f"/v1/care-tasks/{task['id']}")).status_code == 404
    assert (await outside.get("/v1/care-tasks")).json()["items"] == []
    assert (
        await outside.post(f"/v1/care-tasks/{task['id']}/completion", {"outcome": "x"})
    ).status_code == 404


async def test_birthdays_make_their_task_as_soon_as_there_is_a_plan(api: Api) -> None:
    today = datetime.now(UTC).astimezone().date() + timedelta(days=2)
    born = date(1992, today.month, min(today.day, 28)).isoformat()
    customer = (
        await api.post("/v1/customers", customer_body(facts={"basic": {"birth_date": born}}))
    ).json()

    await api.post(
        "/v1/care-plans", PLAN | {"name": "Birthday", "occasion": "birthday", "within_days": 30}
    )

    for _ in range(200):
        if made := await tasks(api, customer):
            break
        await asyncio.sleep(0.05)
    assert [task["plan"] for task in made] == ["Birthday"]


async def test_the_daily_look_at_birthdays_sets_the_next_day_and_repeats_nothing(api: Api) -> None:
    now = [datetime(2027, 2, 27, 4, 0, tzinfo=UTC)]
    leapling = (
        await api.post(
            "/v1/customers", customer_body(facts={"basic": {"birth_date": "1992-02-29"}})
        )
    ).json()
    plan = PLAN | {"name": "Birthday", "occasion": "birthday", "within_days": 0}
    await api.post("/v1/care-plans", plan)
    async with api.service.database.transaction() as tx:
        await tx.connection.execute("DELETE FROM customer_profile.timer")
    daily = Birthdays(api.service.database, api.service.settings, clock=lambda: now[0])

    made = []
    for _ in range(4):
        await daily.step()
        await daily.step()
        made.append(len(await tasks(api, leapling)))
        now[0] += timedelta(days=1)

    assert made == [0, 1, 1, 1]


async def test_a_new_tier_stands_on_the_file_and_the_timeline(
    api: Api, customer: dict[str, Any]
) -> None:
    rated = {
        "customer_id": customer["id"],
        "old": None,
        "new": 5,
        "reason": "clv",
        "scheme": "stars",
    }
    tag = (await api.get(f"/v1/customers/{customer['id']}")).headers["etag"]

    await told(api, TIERS, "scoring", "tier.changed", **rated)
    await told(api, TIERS, "scoring", "tier.changed", **rated | {"old": 5, "new": 5})

    read = await api.get(f"/v1/customers/{customer['id']}")
    assert read.json()["tier"] == {"stars": 5}
    assert read.headers["etag"] != tag
    (entry,) = await timeline(api, customer)
    assert (entry["kind"], entry["title"]) == ("score", "Rated 5 stars for the first time")
    assert [
        item["id"]
        for item in (await api.get("/v1/customers", params={"tier_min": 5})).json()["items"]
    ] == [customer["id"]]
    assert (await api.get("/v1/customers", params={"tier_min": 6})).json()["items"] == []
    log = (await api.get("/v1/audit-entries", params={"subject": customer["id"]})).json()["items"]
    assert [entry["action"] for entry in log] == ["customer.created", "customer.rated"]
    assert log[1]["values"]["customer.rated"] == {"new": 5, "reason": "clv", "scheme": "stars"}


async def test_a_contact_has_one_entry_that_goes_on_with_it(
    api: Api, customer: dict[str, Any]
) -> None:
    contact = uuid4()
    payload = {
        "contact_id": str(contact),
        "customer_id": customer["id"],
        "channel": "voice",
        "state": "queued",
        "arrived_at": AT.isoformat(),
        "waited_seconds": 0,
        "nodes": [{"node": "menu", "kind": "menu", "seconds": 4}],
    }

    await told(api, CONTACTS, "contact-center", "contact.queued", subject=contact, **payload)
    over = payload | {"state": "completed", "waited_seconds": 9, "wrap_up_code": "solved"}
    later = AT + timedelta(minutes=5)
    await told(
        api, CONTACTS, "contact-center", "contact.completed", subject=contact, at=later, **over
    )
    nobody = payload | {"customer_id": None}
    await told(api, CONTACTS, "contact-center", "contact.queued", **nobody)

    (entry,) = await timeline(api, customer)
    assert (entry["kind"], entry["title"], entry["occurred_at"]) == (
        "contact",
        "Call",
        "2026-03-02T04:00:00Z",
    )
    assert (entry["details"]["state"], entry["details"]["waited_seconds"]) == ("completed", 9)
    assert entry["details"]["nodes"] == payload["nodes"]
    assert entry["ref"] == {"type": "contact", "id": str(contact)}


async def test_news_of_strangers_and_of_the_erased_changes_nothing(
    api: Api, customer: dict[str, Any]
) -> None:
    tag = (await api.get(f"/v1/customers/{customer['id']}")).headers["etag"]
    await api.delete(f"/v1/customers/{customer['id']}", match=tag)

    for who in (customer["id"], str(uuid4())):
        await close(api, {"id": who})
        await told(api, TIERS, "scoring", "tier.changed", customer_id=who, old=None, new=5)
        await told(api, CONTACTS, "contact-center", "contact.queued", customer_id=who)
        await told(api, TIERS, "scoring", "score_run.completed")

    async with api.service.database.transaction() as tx:
        assert (
            await tx.connection.fetchval("SELECT count(*) FROM customer_profile.timeline_entry")
            == 0
        )
        assert await tx.connection.fetchval("SELECT count(*) FROM customer_profile.care_task") == 0
