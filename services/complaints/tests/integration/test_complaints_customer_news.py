"""Customers who are merged or erased."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from complaints.customer.news import Following
from complaints.testing import A_REPORT, CustomerFiles, Desk
from service_kit.testing import Api
from service_kit.testing.news import envelope_of, hear


async def eventually(look: Callable[[], Awaitable[Any]]) -> Any:
    """What `look` finds, once it finds something."""
    for _ in range(150):
        if found := await look():
            return found
        await asyncio.sleep(0.03)
    raise AssertionError("it did not come about")


async def test_erasing_a_customer_leaves_the_books_and_no_words(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add()
    complaint = await desk.walk(await desk.record(customer_id=customer_id), through="summary")
    letter = complaint["letters"][0]

    files.tell("customer.erased", customer_id, customer_id=str(customer_id))

    async def erased() -> dict[str, Any] | None:
        seen = await desk.read(complaint)
        return seen if seen["narrative"] is None else None

    seen = await eventually(erased)
    assert (seen["title"], seen["wish"], seen["state"]) == ("(erased)", None, "closed")
    assert seen["proposal"]["sums"] == [{"amount": "1200.00", "currency": "CNY"}]
    assert {remedy["description"] for remedy in seen["proposal"]["remedies"]} == {None}
    assert (await api.get(letter["pdf_url"])).status_code == 410
    assert seen["letters"][0]["sha256"] == letter["sha256"]
    steps = (await api.get(f"/v1/complaints/{complaint['id']}/steps")).json()["items"]
    assert {str(step["record"]) for step in steps} == {"{'erased': True}"}
    entries = (await api.get("/v1/audit-entries", params={"subject": complaint["id"]})).json()[
        "items"
    ]
    assert [entry["values"] is None for entry in entries] == [True] * (len(entries) - 1) + [False]
    await whole_schema_is_silent_about(api, "重启", "日志属实", "张伟")


async def test_answers_kept_for_their_keys_are_erased_with_the_customer(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    customer_id = files.add()
    report = {**A_REPORT, "customer_id": str(customer_id)}
    other = {"customer_id": str(files.add()), "channel": "web", "title": "?"}
    recorded = await api.post("/v1/complaints", report, key="record")
    path = f"/v1/complaints/{recorded.json()['id']}/acknowledgement"
    acknowledged = await api.post(path, {"message": "已受理"}, key="move")
    kept = await api.post("/v1/complaints", other, key="other")

    files.tell("customer.erased", customer_id, customer_id=str(customer_id))

    async def erased() -> bool:
        return (await desk.read(acknowledged.json()))["narrative"] is None

    await eventually(erased)
    await whole_schema_is_silent_about(api, "重启", "已受理")
    again = [
        await api.post("/v1/complaints", report, key="record"),
        await api.post(path, {"message": "已受理"}, key="move"),
    ]
    assert [answer.status_code for answer in again] == [201, 200]
    assert [answer.headers["etag"] for answer in again] == [
        recorded.headers["etag"],
        acknowledged.headers["etag"],
    ]
    assert {(answer.json()["id"], answer.json()["narrative"]) for answer in again} == {
        (recorded.json()["id"], None)
    }
    assert (await api.post("/v1/complaints", other, key="other")).json() == kept.json() | {
        "tracking_token": None
    }


async def whole_schema_is_silent_about(api: Api, *words: str) -> None:
    """No row of any table holds one of the words."""
    async with api.service.database.reading() as reader:
        tables = await reader.connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'complaints'"
        )
        for table in tables:
            rows = await reader.connection.fetch(f'SELECT r::text FROM complaints."{table[0]}" r')
            for word in words:
                said = (word, word.encode().hex())  # bytea columns read as hexadecimal digits
                assert not any(form in row[0] for row in rows for form in said), (
                    f"{table[0]} still says {word}"
                )


async def test_complaints_of_a_merged_customer_follow_the_surviving_file(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    merged, survivor = files.add(unit="cn.gd"), files.add(unit="cn.sh")
    complaint = await desk.record(customer_id=merged)

    files.tell("customer.merged", merged, merged_id=merged, unit="cn.sh", survivor_id=str(survivor))

    async def followed() -> list[Any]:
        items: list[Any] = (
            await api.get("/v1/complaints", params={"customer_id": str(survivor)})
        ).json()["items"]
        return items

    (seen,) = await eventually(followed)
    assert (seen["id"], seen["unit"]) == (complaint["id"], "cn.sh")


async def test_news_of_no_concern_is_passed_over(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    complaint = await desk.record()

    files.tell("interaction.recorded", files.add())
    files.tell("customer.changed", desk.files.add(), unit="cn.bj")
    await asyncio.sleep(0.5)

    assert (await desk.read(complaint))["version"] == 1
    async with api.service.database.reading() as reader:
        assert (
            await reader.connection.fetchval(
                "SELECT cursor FROM complaints.feed_cursor WHERE source = 'customer-profile'"
            )
            == "2"
        )
        assert await reader.connection.fetchval("SELECT count(*) FROM complaints.parked_event") == 0


async def test_an_older_word_of_the_other_lane_takes_a_complaint_nowhere(
    api: Api, desk: Desk, files: CustomerFiles
) -> None:
    """An import's news come behind the live ones:
    the customer was made in one unit and lives in another by now.
    """
    customer_id = files.add()
    complaint = await desk.record(customer_id=customer_id)
    now = datetime.now(UTC)
    following = Following(api.service.database, files, api.service.kept_answers)
    for type_, unit, at in [
        ("changed", "cn.sh", now),
        ("created", "cn.bj", now - timedelta(hours=1)),
        ("changed", "cn.tj", now - timedelta(hours=1)),
    ]:
        envelope = envelope_of(
            "customer-profile", f"customer.{type_}", subject=customer_id, unit=unit, at=at
        )
        await hear(api.service.database, following.reads, envelope)

    assert (await desk.read(complaint))["unit"] == "cn.sh"
